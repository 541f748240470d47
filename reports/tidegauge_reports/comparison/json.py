"""The comparison as JSON, every field as it is in the records."""

from tidegauge.comparison import Comparison


def render(found: Comparison) -> str:
    """Write the comparison as JSON on one line; ``Comparison.from_json`` reads it back."""
    return found.to_json() + "\n"
