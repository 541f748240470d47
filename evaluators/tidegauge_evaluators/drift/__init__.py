"""Measures of how far a column has moved from its baseline."""
