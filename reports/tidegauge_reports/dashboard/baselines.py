"""Baselines: what each suite is held against, how old it is, and with which limits."""

from __future__ import annotations

from tidegauge.views import BaselinesView, PageContext
from tidegauge_reports.dashboard._shell import shell

_KINDS = {
    "file": "frozen file", "log": "log, counted anew each time",
    "rolling": "rolling over earlier windows", "seasonal": "same season of earlier windows",
}  # fmt: skip


def render(view: BaselinesView, *, page: PageContext) -> str:
    """Write the list of baselines."""
    return shell(
        "baselines.html.j2",
        page=page,
        title="Baselines",
        here="baselines",
        of_suite="",
        view=view,
        kinds=_KINDS,
    )
