"""Where everything is: addresses of pages, forms, data and events, and what events carry."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

SUITES = "/"
SUITE = "/suites/{suite}"
RUN = "/runs/{run}"
RUN_REPORT = "/runs/{run}/report.html"
"""The report as the page that ``tidegauge run`` writes, on its own."""
RUN_FILE = "/runs/{run}/report.{format}"
"""The report as ``json``, ``md`` or ``junit``."""
INCIDENTS = "/incidents"
INCIDENT = "/incidents/{incident}"
DIFF = "/compare"
"""Two runs side by side: ``?before=RUN&after=RUN``; without them a choice of runs."""
COMPARISONS = "/comparisons"
COMPARISON = "/comparisons/{comparison}"
BASELINES = "/baselines"
LOGIN = "/login"

ACKNOWLEDGE = "/incidents/{incident}/acknowledge"
"""Form: ``comment``, optional."""
RESOLVE = "/incidents/{incident}/resolve"
"""Form: ``comment``, optional."""
COMMENT = "/incidents/{incident}/comment"
"""Form: ``comment``."""
START = "/suites/{suite}/run"
"""Form: ``window``, optional (``2026-11-21`` or ``START/END``)."""
LOGOUT = "/logout"
THEME = "/theme"
"""Form: ``theme``, one of ``auto``, ``light``, ``dark``."""

ASSET = "/static/{name}"
EVENTS = "/events"
API = "/api/v1"
API_DOCS = "/api/v1/openapi.json"
METRICS = "/metrics"
HEALTH = "/healthz"
READY = "/readyz"

CSRF = "csrf"
"""Name of the hidden field that every form with ``method="post"`` must hold."""
BACK = "back"
"""Name of the hidden field with the page to return to: ``PageContext.path``."""

RANGES: Mapping[str, int] = {"7d": 7, "30d": 30, "90d": 90, "1y": 366, "all": 0}
"""Values of ``?range=`` on a suite's page, in days; 0 = everything. ``90d`` unless asked."""

RUN_STARTED = "run.started"
RUN_PROGRESS = "run.progress"
RUN_FINISHED = "run.finished"
RUN_FAILED = "run.failed"
INCIDENT_CHANGED = "incident.changed"
SUITE_CHANGED = "suite.changed"
EVENT_FIELDS: Mapping[str, tuple[str, ...]] = {
    RUN_STARTED: ("job", "suite", "window", "at"),
    RUN_PROGRESS: ("job", "suite", "stage", "done", "of", "share", "at"),
    RUN_FINISHED: ("job", "suite", "run", "outcome", "because", "at"),
    RUN_FAILED: ("job", "suite", "because", "hint", "at"),
    INCIDENT_CHANGED: ("incident", "suite", "state", "severity", "at"),
    SUITE_CHANGED: ("suite", "at"),
}
"""Name of a server-sent event -> keys of the JSON object that is its data.

``share`` runs from 0 to 1 and is ``null`` where nobody knows; ``of`` likewise. All times are
ISO 8601, UTC.
"""


def link(
    place: str, base: str = "", query: Mapping[str, object] | None = None, **parts: str
) -> str:
    """Fill an address, every part quoted; what is empty in ``query`` is left out.

    Examples
    --------
    >>> link(SUITE, suite="credit/eu", query={"range": "30d", "check": ""})
    '/suites/credit%2Feu?range=30d'
    """
    path = place.format(**{name: quote(part, safe="") for name, part in parts.items()})
    asked = {name: value for name, value in (query or {}).items() if value not in ("", None)}
    return f"{base}{path}{'?' + urlencode(asked) if asked else ''}"
