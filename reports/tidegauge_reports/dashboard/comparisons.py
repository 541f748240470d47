"""Stored comparisons of two models, newest first."""

from __future__ import annotations

from tidegauge.views import ComparisonsView, PageContext
from tidegauge_reports.comparison._said import HEADLINES
from tidegauge_reports.dashboard._shell import again, shell


def render(view: ComparisonsView, *, page: PageContext) -> str:
    """Write the list."""
    return shell(
        "comparisons.html.j2",
        page=page,
        title="Comparisons of models",
        here="compare",
        of_suite="",
        view=view,
        headlines=HEADLINES,
        older=again(page, before=view.older) if view.older else "",
    )
