"""Evaluators: one file each, found by path; ``drift.psi`` is ``drift/psi.py``."""
