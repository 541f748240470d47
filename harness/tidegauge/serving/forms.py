"""The routes that change something for people: forms of our own pages, and nobody else's."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from tidegauge.errors import TidegaugeError
from tidegauge.serving.acting import MOST_TEXT, act, start_run
from tidegauge.serving.gate import Visitor
from tidegauge.serving.guard import cookie
from tidegauge.serving.pages import draw, own_path
from tidegauge.serving.server import DONE, THEME, THEMES, Server
from tidegauge.serving.sessions import LIFETIME, SESSION, same
from tidegauge.views import LoginView, places

MOST_FIELDS = 20
YEAR = 365 * 24 * 3600


def routes(server: Server) -> APIRouter:
    """Routes that forms are sent to; each ends in a redirect to the page it came from."""
    router = APIRouter(include_in_schema=False)

    def change_incident(path: str, what: str) -> None:
        async def changed(request: Request, incident: str) -> Response:
            form = await _read(server, request)
            said = form.get("comment", "").strip()[:MOST_TEXT]
            if what == "comment" and not said:
                return _back(server, form, "empty")
            done = await act(server, incident, what, by=_who(request), comment=said)
            return _back(server, form, done)

        router.add_api_route(path, changed, methods=["POST"])

    change_incident(places.ACKNOWLEDGE, "acknowledge")
    change_incident(places.RESOLVE, "resolve")
    change_incident(places.COMMENT, "comment")

    @router.post(places.START)
    async def start(request: Request, suite: str) -> Response:
        form = await _read(server, request)
        await start_run(server, suite, form.get("window", "").strip()[:200])
        return _back(server, form, "started")

    @router.post(places.THEME)
    async def theme(request: Request) -> Response:
        form = await _read(server, request)
        chosen = form.get("theme", "auto")
        if chosen not in THEMES:
            raise TidegaugeError(f'found the theme "{chosen}"', f"allowed: {', '.join(THEMES)}")
        answer = _back(server, form)
        answer.headers.append("set-cookie", cookie(THEME, chosen, request.scope, seconds=YEAR))
        return answer

    @router.post(places.LOGIN)
    async def login(request: Request) -> Response:
        form = await _read(server, request)
        back = own_path(form.get(places.BACK, "/"))
        address = request.client.host if request.client else ""
        wait = server.gate.wait(address)
        session = None if wait else server.gate.sign_in(form.get("token", ""), address)
        if session is None:
            trouble = f"Too many wrong tokens; wait {wait} seconds." if wait else "Wrong token."
            return draw(server, request, "login", LoginView(back=back, trouble=trouble),
                        429 if wait else 403)  # fmt: skip
        answer = RedirectResponse(server.settings.base + back, 303)
        answer.headers.append(
            "set-cookie", cookie(SESSION, session, request.scope, seconds=LIFETIME)
        )
        return answer

    @router.post(places.LOGOUT)
    async def logout(request: Request) -> Response:
        await _read(server, request)
        server.gate.sign_out(request.state.visitor)
        answer = RedirectResponse(server.settings.base + places.LOGIN, 303)
        answer.headers.append("set-cookie", cookie(SESSION, "", request.scope, seconds=0))
        return answer

    return router


async def _read(server: Server, request: Request) -> Mapping[str, str]:
    """Read a form, and refuse one that our own page cannot have sent."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Only forms are read here; programs use /api/v1.")
    text = (await request.body()).decode("utf-8", "replace")
    try:
        form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise HTTPException(400, f"More than {MOST_FIELDS} fields were sent.") from None
    expected = server.gate.csrf(request.state.visitor)
    if not same(form.get(places.CSRF, ""), expected):
        raise HTTPException(403, "The form is not one of ours, or is too old: load the page again.")
    return form


def _back(server: Server, form: Mapping[str, str], done: str = "") -> Response:
    path = own_path(form.get(places.BACK, "/"))
    mark = f"{'&' if '?' in path else '?'}{DONE}={done}" if done else ""
    return RedirectResponse(f"{server.settings.base}{path}{mark}", 303)


def _who(request: Request) -> str:
    visitor: Visitor = request.state.visitor
    return visitor.name or "somebody"
