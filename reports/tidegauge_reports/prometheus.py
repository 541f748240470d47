"""The report as a page of samples that Prometheus reads, for node_exporter or a push gateway."""

from __future__ import annotations

from tidegauge.exposition import exposed, samples_of
from tidegauge.records import Report


def render(report: Report) -> str:
    """Write the run's samples, and those of its worst results, in the text format 0.0.4."""
    return exposed(samples_of(report))
