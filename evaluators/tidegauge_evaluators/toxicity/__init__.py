"""How toxic texts are: scorers, and the measures of what they flag."""
