"""Measures of the service around the model: how fast, how much, how often it fails."""
