"""A run's whole report inside the dashboard: causes first, with its place in the history."""

from __future__ import annotations

from tidegauge.views import PageContext, RunView, places
from tidegauge_reports import html
from tidegauge_reports.dashboard._shell import shell


def render(view: RunView, *, page: PageContext) -> str:
    """Write the page of one run."""
    line = view.line
    return shell(
        "run.html.j2",
        page=page,
        title=f"{line.outcome}: {line.suite}",
        here="suites",
        view=view,
        files=[
            (label, page.url(places.RUN_FILE, run=line.id, format=name))
            for name, label in (("json", "JSON"), ("md", "Markdown"), ("junit", "JUnit"))
        ],
        compared=page.url(
            places.DIFF, {"suite": line.suite, "before": view.older, "after": line.id}
        )
        if view.older
        else "",
        **html.inside(view.report),
    )
