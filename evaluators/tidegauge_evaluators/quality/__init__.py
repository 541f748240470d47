"""Measures of the data as data: missing, invalid, unseen, repeated, late."""
