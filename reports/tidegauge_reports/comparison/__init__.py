"""Renderers of comparisons: one function from a comparison to text each."""
