"""A run's report in the dashboard."""

from __future__ import annotations

from dataclasses import dataclass

from tidegauge.records import Report
from tidegauge.views.glance import IncidentLine, RunLine


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """Page ``run``: a run's whole report, and its place in the history."""

    line: RunLine
    report: Report
    """Every verdict, column and explanation, as the renderers of reports read them."""
    older: str = ""
    """Id of the run of the window before; empty where there is none."""
    newer: str = ""
    """Id of the run of the window after."""
    revisions: tuple[RunLine, ...] = ()
    """All judgings of this window, oldest first; more than one after labels came."""
    incidents: tuple[IncidentLine, ...] = ()
    """Those that hold findings of this run."""
