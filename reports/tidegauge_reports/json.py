"""The report as JSON, every field as it is in the records."""

from tidegauge.records import Report


def render(report: Report) -> str:
    """Write the report as JSON text on one line; ``tidegauge.report.from_json`` reads it back."""
    return report.to_json() + "\n"
