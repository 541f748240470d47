"""A run's report, and its place in the history."""

from __future__ import annotations

from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.incidents import of_run
from tidegauge.serving.building.lines import run_line
from tidegauge.store.paging import beside, revisions
from tidegauge.views import RunView


def run_view(desk: Desk, run: str) -> RunView:
    """Show one run.

    Raises
    ------
    HistoryError
        When the history holds none of this name, or no report of it any more.
    """
    row = desk.store.run(run)
    older, newer = beside(desk.store, row)
    return RunView(
        line=run_line(row),
        report=desk.report(row.id),
        older=older,
        newer=newer,
        revisions=tuple(run_line(one) for one in revisions(desk.store, row)),
        incidents=of_run(desk, row),
    )
