"""Whether responses are supported by their context: scorers, and measures of what they flag."""
