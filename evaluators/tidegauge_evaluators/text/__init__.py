"""Properties of texts: length, language, format, refusals, personal data."""
