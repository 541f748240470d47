"""Renderers: one file each, ``render(report) -> str``."""
