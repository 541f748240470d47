"""Units of root-cause attribution: each answers one question about a case."""
