"""What went wrong, and where to go from here."""

from __future__ import annotations

from tidegauge.views import ErrorView, PageContext
from tidegauge_reports.dashboard._shell import shell


def render(view: ErrorView, *, page: PageContext) -> str:
    """Write the page of an error."""
    return shell("error.html.j2", page=page, title=view.title, view=view)
