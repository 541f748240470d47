"""Incidents in a list: the unresolved first, the worst of them first."""

from __future__ import annotations

from tidegauge.views import IncidentsView, PageContext
from tidegauge_reports.dashboard._shell import again, shell

_STATES = {
    "unresolved": "not resolved", "open": "open", "acknowledged": "acknowledged",
    "resolved": "resolved", "all": "all",
}  # fmt: skip


def render(view: IncidentsView, *, page: PageContext) -> str:
    """Write the list."""
    counts = dict(view.counts)
    counts["unresolved"] = counts.get("open", 0) + counts.get("acknowledged", 0)
    counts["all"] = counts["unresolved"] + counts.get("resolved", 0)
    waiting = counts["unresolved"]
    return shell(
        "incidents.html.j2",
        page=page,
        title="Incidents",
        here="incidents",
        of_incident="",
        view=view,
        headline="No incident is open" if not waiting else f"{waiting:,} not resolved",
        tone="pass" if not waiting else _tone(view),
        states=[
            (label, counts.get(name, 0), again(page, state=name, before=""),
             name == view.state)
            for name, label in _STATES.items()
        ],
        older=again(page, before=view.older) if view.older else "",
    )  # fmt: skip


def _tone(view: IncidentsView) -> str:
    """Take the tone of the worst that is listed and not resolved."""
    found = [line.severity for line in view.incidents if line.state != "resolved"]
    return next((word for word in ("critical", "warn", "info") if word in found), "warn")
