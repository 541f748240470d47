"""The application: routes together behind their guard, and what goes wrong in words."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from tidegauge import __version__
from tidegauge.errors import HistoryError, SuiteError, TidegaugeError
from tidegauge.serving import api, forms, pages
from tidegauge.serving.guard import Application, guarded
from tidegauge.serving.server import Server, problem, wants_html
from tidegauge.serving.shapes import Problem
from tidegauge.views import ErrorView, places

LOG = logging.getLogger("tidegauge.serving")
TITLES: Mapping[int, str] = {
    400: "Cannot be understood", 401: "A token is needed", 403: "Not allowed", 404: "Not found",
    405: "Not allowed here", 409: "Cannot be done", 413: "Too large", 415: "Of the wrong kind",
    422: "A value is not allowed", 429: "Too many requests", 500: "Something broke",
    503: "Not available now",
}  # fmt: skip
SAID = (
    "Runs, reports, incidents, comparisons and baselines as JSON. Moments are ISO 8601 in UTC. "
    "Lists go on with the cursor that they end with. Whatever goes wrong is a Problem."
)
NO_TELEMETRY: Any = dict.fromkeys(
    ("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False
)
"""Newer releases of FastAPI would tell OpenTelemetry of every request, where it is set up."""
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build(server: Server, lifespan: Lifespan | None = None) -> Application:
    """Put the application together."""
    app = FastAPI(
        title="tidegauge", version=__version__, description=SAID, lifespan=lifespan,
        openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False,
        telemetry=NO_TELEMETRY,
    )  # fmt: skip
    app.include_router(api.routes(server))
    app.include_router(pages.routes(server))
    app.include_router(forms.routes(server))
    _plain_routes(app, server)
    _handlers(app, server)
    app.openapi = lambda: _described(app, server)  # type: ignore[method-assign]

    def refuse(request: Request, status: int, title: str, because: str, hint: str) -> Response:
        return _answer(server, request, status, title, because, hint)

    return guarded(app, server.gate, refuse)


def _plain_routes(app: FastAPI, server: Server) -> None:
    @app.get(places.API_DOCS, include_in_schema=False)
    async def openapi() -> Response:
        return api.told(app.openapi())

    @app.get(places.METRICS, include_in_schema=False)
    def metrics() -> Response:
        from tidegauge.publishing.prometheus import metrics

        kind = "text/plain; version=0.0.4; charset=utf-8"
        return Response(metrics(server.desk.store), headers={"content-type": kind})

    @app.get(places.HEALTH, include_in_schema=False)
    async def health() -> Response:
        return PlainTextResponse("ok\n")

    @app.get(places.READY, include_in_schema=False)
    def ready() -> Response:
        return api.readiness(server)

    @app.get(places.EVENTS, include_in_schema=False)
    async def events() -> Response:
        if server.hub.full:
            raise HTTPException(503, "Too many listen already.", headers={"Retry-After": "30"})
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        stream: AsyncIterator[bytes] = server.hub.listen()
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


def _handlers(app: FastAPI, server: Server) -> None:
    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        title = TITLES.get(error.status_code, "Refused")
        because = error.detail if error.detail != "Not Found" else "There is no such page."
        answer = _answer(server, request, error.status_code, title, because, "")
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return _answer(server, request, 422, TITLES[422], f"{where}: {first['msg']}", "")

    @app.exception_handler(TidegaugeError)
    async def deliberate(request: Request, error: TidegaugeError) -> Response:
        status = _status(error)
        if status == 503:
            LOG.error("%s", error)
            return _answer(server, request, 503, TITLES[503], "The history cannot be read.",
                           "see the server's log")  # fmt: skip
        return _answer(server, request, status, TITLES[status], error.message, error.hint)

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> Response:
        LOG.error("%s %s", request.method, request.url.path, exc_info=error)
        said = "The server met an error that nobody foresaw; its log says which."
        return _answer(server, request, 500, TITLES[500], said, "")


def _status(error: TidegaugeError) -> int:
    if isinstance(error, HistoryError):
        return 503 if error.__cause__ is not None else 404
    return 422 if isinstance(error, SuiteError) else 409


def _answer(
    server: Server, request: Request, status: int, title: str, because: str, hint: str
) -> Response:
    """Say what went wrong: as a page to people, as JSON to programs."""
    if not wants_html(request):
        return problem(status, title, because, hint)
    view = ErrorView(status=status, title=title, because=because, hint=hint)
    return pages.draw_error(server, request, view)


def _described(app: FastAPI, server: Server) -> dict[str, Any]:
    """Write the OpenAPI document, once."""
    if app.openapi_schema is None:
        from fastapi.openapi.utils import get_openapi
        from pydantic import TypeAdapter

        found = get_openapi(
            title=app.title, version=app.version, description=SAID, routes=app.routes
        )
        parts = found.setdefault("components", {})
        parts["schemas"].update(Problem=TypeAdapter(Problem).json_schema())
        for name in ("HTTPValidationError", "ValidationError"):
            parts["schemas"].pop(name, None)
        if server.settings.base:
            found["servers"] = [{"url": server.settings.base}]
        if server.settings.access == "token":
            parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            found["security"] = [{"token": []}]
        app.openapi_schema = found
    return app.openapi_schema
