"""The routes that show something: each makes a view and has its page drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from tidegauge.catalog import page, page_assets
from tidegauge.errors import HistoryError
from tidegauge.serving.building.baselines import baselines_view
from tidegauge.serving.building.comparisons import comparison_view, comparisons_view
from tidegauge.serving.building.diff import diff_view
from tidegauge.serving.building.glance import suites_view
from tidegauge.serving.building.incidents import incident_view, incidents_view
from tidegauge.serving.building.run import run_view
from tidegauge.serving.building.timeline import suite_view
from tidegauge.serving.files import report_file
from tidegauge.serving.server import Server, digests
from tidegauge.views import ErrorView, LoginView, PageContext, places

FOREVER = "public, max-age=31536000, immutable"
TYPES = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon",
    ".woff2": "font/woff2", ".json": "application/json",
}  # fmt: skip


def routes(server: Server) -> APIRouter:
    """Routes of pages, of reports on their own, and of the files that pages need."""
    router = APIRouter(include_in_schema=False)
    desk = server.desk

    def show(path: str, name: str, view: Callable[..., Any]) -> None:
        def shown(request: Request) -> Response:
            asked = {**request.query_params, **request.path_params}
            return draw(server, request, name, view(asked))

        router.add_api_route(path, shown, methods=["GET"], response_class=HTMLResponse)

    show(places.SUITES, "suites", lambda asked: suites_view(desk))
    show(places.SUITE, "suite", lambda asked: _suite(server, asked))
    show(places.RUN, "run", lambda asked: run_view(desk, asked["run"]))
    show(places.INCIDENTS, "incidents", lambda asked: incidents_view(
        desk, **_of(asked, "state", "suite", "before")))  # fmt: skip
    show(places.INCIDENT, "incident", lambda asked: incident_view(desk, asked["incident"]))
    show(places.DIFF, "diff", lambda asked: diff_view(
        desk, **_of(asked, "suite", "before", "after", "show")))  # fmt: skip
    show(places.COMPARISONS, "comparisons", lambda asked: comparisons_view(
        desk, **_of(asked, "suite", "before")))  # fmt: skip
    show(places.COMPARISON, "comparison", lambda asked: comparison_view(desk, asked["comparison"]))
    show(places.BASELINES, "baselines", lambda asked: baselines_view(desk))
    show(places.LOGIN, "login", lambda asked: LoginView(back=own_path(asked.get("back", "/"))))

    @router.get(places.RUN_FILE)
    def report(request: Request, run: str, format: str) -> Response:
        return report_file(server, request, run, format)

    @router.get(places.ASSET)
    def asset(name: str, v: str = "") -> Response:
        file = page_assets().get(name)
        if file is None or file.suffix not in TYPES:
            raise HistoryError(f'no file "{name}"')
        kept = FOREVER if v and v == digests().get(name) else "no-cache"
        return Response(
            file.read_bytes(), media_type=TYPES[file.suffix], headers={"cache-control": kept}
        )

    return router


def draw(server: Server, request: Request, name: str, view: Any, status: int = 200) -> Response:
    """Have a page drawn."""
    return HTMLResponse(page(name)(view, page=server.context(request)), status)


def draw_error(server: Server, request: Request, view: ErrorView) -> Response:
    """Have the page of an error drawn, even where the history cannot be read."""
    try:
        context = server.context(request)
    except Exception:  # whatever broke the page that was asked for may break this one too
        context = PageContext(base=server.settings.base, can_write=False, digests=digests())
    return HTMLResponse(page("error")(view, page=context), view.status)


def own_path(text: str) -> str:
    """Keep an address to come back to only where it is one of ours.

    Examples
    --------
    >>> own_path("/suites/credit?range=30d"), own_path("//evil.example"), own_path("https://e.x")
    ('/suites/credit?range=30d', '/', '/')
    """
    plain = text.isascii() and text.isprintable() and " " not in text and "\\" not in text
    return text if plain and text.startswith("/") and not text.startswith("//") else "/"


def _suite(server: Server, asked: dict[str, str]) -> Any:
    number = asked.get("page", "1")
    found = suite_view(
        server.desk,
        asked["suite"],
        page=int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1,
        **_of(asked, "range", "check", "column", "slice", "find", "before"),
    )
    if found is None:
        raise HistoryError(f'nobody knows a suite "{asked["suite"]}"', "see the list of suites")
    return found


def _of(asked: dict[str, str], *names: str) -> dict[str, str]:
    return {name: asked[name] for name in names if asked.get(name)}
