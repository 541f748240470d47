"""A run's report as a page of its own, or as a file; each is rendered once."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from tidegauge import __version__
from tidegauge.catalog import renderer
from tidegauge.errors import HistoryError
from tidegauge.serving.server import Server
from tidegauge.store import RunRow
from tidegauge.store.tracks import stamp_of

FORMATS = {
    "html": ("html", "text/html; charset=utf-8"),
    "json": ("json", "application/json"),
    "md": ("markdown", "text/markdown; charset=utf-8"),
    "junit": ("junit", "application/xml"),
    "xml": ("junit", "application/xml"),
}
META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)"')
HEAD = 4096
"""Characters in which the page says what it may do; nothing that was logged comes before that."""


def report_file(server: Server, request: Request, run: str, format: str) -> Response:
    """Answer with a report in a format, or with 304 where the asker has it.

    Raises
    ------
    HistoryError
        When there is no such run, or no such format.
    """
    if format not in FORMATS:
        raise HistoryError(f'no report format "{format}"', f"allowed: {', '.join(FORMATS)}")
    row = server.desk.store.run(run)
    stamp = stamp_of(server.desk.store, row.id)
    tag = f'"{stamp}-{__version__}-{format}"'
    headers = {"etag": tag, "cache-control": "private, no-cache", "vary": "accept, cookie"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    name, media = FORMATS[format]
    body = server.drawn.get((name, stamp, __version__), lambda: _rendered(server, row, name))
    if format == "html":
        headers["content-security-policy"] = _policy(body)
    return Response(body, media_type=media, headers=headers)


def _rendered(server: Server, row: RunRow, name: str) -> bytes:
    report = server.desk.report(row.id)
    return renderer(name)(report).encode("utf-8", "replace")


def _policy(body: bytes) -> str:
    """Let the page do what it says of itself, cut off from this site and its cookies."""
    found = META.search(body[:HEAD].decode("utf-8", "replace"))
    said = found[1].replace("&#39;", "'") if found else "default-src 'none'"
    return f"{said}; frame-ancestors 'none'; sandbox allow-scripts allow-downloads"
