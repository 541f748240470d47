"""Limits learned from the baseline's own windows, and baselines that move along."""
