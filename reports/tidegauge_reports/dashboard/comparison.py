"""One stored comparison of two models inside the dashboard: the report that the gate wrote."""

from __future__ import annotations

from tidegauge.views import ComparisonView, PageContext, places
from tidegauge_reports.comparison import html
from tidegauge_reports.dashboard._shell import shell


def render(view: ComparisonView, *, page: PageContext) -> str:
    """Write the page of one comparison."""
    inside = html.inside(view.comparison)
    return shell(
        "comparison.html.j2",
        page=page,
        title=f"{inside['headline']}: {view.comparison.suite}",
        here="compare",
        made=view.comparison.created,
        all_of_suite=page.url(places.COMPARISONS, {"suite": view.comparison.suite}),
        **inside,
    )
