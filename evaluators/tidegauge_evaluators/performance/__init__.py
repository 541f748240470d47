"""Measures of a model's outcome, predictions held against the labels that have arrived."""
