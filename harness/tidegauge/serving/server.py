"""Everything that one running server holds, in one record that routes are given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from tidegauge import __version__
from tidegauge.catalog import page_assets
from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.incidents import unresolved
from tidegauge.serving.building.lines import iso
from tidegauge.serving.building.memory import Memory
from tidegauge.serving.gate import Gate, Visitor, cookies
from tidegauge.serving.hub import Hub
from tidegauge.serving.settings import Settings
from tidegauge.views import PageContext, Theme

THEMES: tuple[Theme, ...] = ("auto", "light", "dark")
THEME = "tidegauge_theme"
"""Cookie with the theme that somebody chose."""
DONE = "done"
"""Query key by which a page learns what the last form did: a key of ``NOTICES``."""
NOTICES: Mapping[str, str] = {
    "acknowledged": "Acknowledged: nobody is told again until it gets worse.",
    "resolved": "Resolved.",
    "commented": "The comment was added.",
    "started": "The run was started; this page shows it when it is done.",
    "empty": "Nothing was added: the comment was empty.",
}
DRAWN = 256
LARGEST = 128 * 2**20
"""Bytes of rendered reports that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server."""

    settings: Settings
    desk: Desk
    gate: Gate
    hub: Hub
    drawn: Memory[bytes] = field(
        default_factory=lambda: Memory(most=DRAWN, largest=LARGEST, size=len)
    )
    """Rendered reports, by format, digest of the report, and release."""

    def context(self, request: Request) -> PageContext:
        """Gather what every page needs beside what it shows."""
        visitor: Visitor = request.state.visitor
        entered = bool(visitor.holder) or bool(visitor.name)
        return PageContext(
            base=self.settings.base,
            path=_path(request),
            csrf=self.gate.csrf(visitor),
            user=visitor.name if self.settings.access == "proxy" else "",
            can_write=entered,
            can_run=entered,
            can_sign_out=visitor.by_cookie,
            live=True,
            theme=_theme(request),
            now=iso(self.desk.now()),
            version=__version__,
            digests=digests(),
            open_incidents=sum(unresolved(self.desk).values()) if entered else 0,
            notice=NOTICES.get(request.query_params.get(DONE, ""), ""),
        )


@cache
def digests() -> Mapping[str, str]:
    """Name of an asset -> the first digits of its digest."""
    return {
        name: sha256(file.read_bytes()).hexdigest()[:12] for name, file in page_assets().items()
    }


def wants_html(request: Request) -> bool:
    """Whether an answer is for a browser, and not for a program."""
    return "text/html" in request.headers.get("accept", "") and not _for_programs(request)


def problem(status: int, title: str, because: str, hint: str) -> Response:
    """Tell a program what went wrong."""
    body = {"status": status, "title": title, "because": because, "hint": hint}
    text = json.dumps(body).encode("ascii")  # escapes whatever no encoding takes
    return Response(text, status, media_type="application/problem+json")


def _for_programs(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/metrics", "/events"))


def _path(request: Request) -> str:
    kept = "&".join(
        part for part in request.url.query.split("&") if part and not part.startswith(f"{DONE}=")
    )
    path = request.scope["path"]
    quoted = request.scope.get("raw_path", path.encode()).decode("ascii", "replace").split("?")[0]
    return f"{quoted}?{kept}" if kept else quoted


def _theme(request: Request) -> Theme:
    chosen = cookies(request.headers).get(THEME, "auto")
    return next((theme for theme in THEMES if theme == chosen), "auto")
