"""The way in: asks for the token that the server was started with."""

from __future__ import annotations

from tidegauge.views import LoginView, PageContext
from tidegauge_reports.dashboard._shell import shell


def render(view: LoginView, *, page: PageContext) -> str:
    """Write the page that asks for a token."""
    return shell("login.html.j2", page=page, title="Sign in", view=view)
