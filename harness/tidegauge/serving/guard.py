"""What stands before every route: names, sizes, origins, visitors, and headers on the way out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tidegauge.serving.gate import Gate, Visitor
from tidegauge.serving.server import wants_html
from tidegauge.serving.sessions import VISITOR
from tidegauge.views import places

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Refuse = Callable[[Request, int, str, str, str], Response]
"""Makes an answer of request, status, title, reason and hint."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_BYTES = 64 * 1024
"""The largest form or document that is read; the largest sensible one has a few kilobytes."""
OPEN = (places.HEALTH, places.READY, places.LOGIN, f"{places.API}/health", f"{places.API}/ready")
"""Addresses that ask nobody who they are; they tell nothing of what is watched."""


def guarded(app: Application, gate: Gate, refuse: Refuse) -> Application:
    """Stand before an application."""

    async def standing(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        _cut_base(scope, gate.settings.base)
        request = Request(scope)
        headed = _with_headers(send, scope)
        answer = _refusal(request, gate, refuse)
        if answer is not None:
            await answer(scope, receive, headed)
            return
        if scope["method"] == "HEAD" and scope["path"] != places.EVENTS:  # routes know GET only
            scope, headed = {**scope, "method": "GET"}, _without_body(headed)
        await app(scope, _bounded(receive), headed)

    return standing


def own_origin(request: Request) -> bool:
    """Whether a request that changes something was sent by our own page, or by no page at all."""
    told = request.headers.get("sec-fetch-site", "")
    if told:  # browsers say it themselves; pages that send no referrer have the origin "null"
        return told in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == request.headers.get("host", "")


def _refusal(request: Request, gate: Gate, refuse: Refuse) -> Response | None:
    """Answer what must not reach a route; ``None`` lets it through, its visitor noted."""
    request.state.visitor = Visitor()
    if not _meant_for_us(request, gate.settings.hosts):
        return refuse(
            request, 421, "Another server is meant",
            "The request names a host that this server does not answer for.",
            "Start it with --allow-host NAME where that name is its own.",
        )  # fmt: skip
    if int(_digits(request.headers.get("content-length", "0"))) > MOST_BYTES:
        return refuse(request, 413, "Too large", f"More than {MOST_BYTES:,} bytes were sent.", "")
    if request.method not in SAFE and not own_origin(request):
        return refuse(
            request, 403, "From another site",
            "The request was sent by a page of another site.", "Send the form from our own page.",
        )  # fmt: skip
    path = request.url.path
    if path in OPEN or path.startswith("/static/"):
        request.state.visitor = gate.stranger(_headers(request))
        return None
    return _unknown(request, gate, refuse)


def _unknown(request: Request, gate: Gate, refuse: Refuse) -> Response | None:
    address = request.client.host if request.client else ""
    visitor = gate.admit(_headers(request), address)
    if visitor is not None:
        request.state.visitor = visitor
        return None
    wait = gate.wait(address) if gate.settings.access == "token" else 0
    if wait:
        answer = refuse(
            request, 429, "Too many wrong tokens",
            f"Too many wrong tokens were sent; wait {wait} seconds.", "",
        )  # fmt: skip
        answer.headers["retry-after"] = str(wait)
        return answer
    if gate.settings.access == "proxy":
        return refuse(
            request, 403, "Nobody said who you are",
            "The server believes a proxy only, and none has named a user.",
            "Come through the proxy.",
        )  # fmt: skip
    if request.method == "GET" and wants_html(request):
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = "" if asked == "/" else f"?back={quote(asked, safe='')}"
        return RedirectResponse(gate.settings.base + places.LOGIN + back, 303)
    answer = refuse(
        request, 401, "A token is needed", "The request holds no token, or a wrong one.",
        "Send the header Authorization: Bearer TOKEN, or sign in at /login.",
    )  # fmt: skip
    answer.headers["www-authenticate"] = 'Bearer realm="tidegauge"'
    return answer


def _headers(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _meant_for_us(request: Request, hosts: tuple[str, ...]) -> bool:
    if not hosts:
        return True
    named = request.headers.get("host", "").lower()
    name, colon, port = named.rpartition(":")
    bare = name if colon and (port.isdigit() or not port) else named
    return bare in hosts


def _cut_base(scope: MutableMapping[str, Any], base: str) -> None:
    """Take off what a proxy put before the path, where it did not do so itself."""
    path: str = scope["path"]
    if base and (path == base or path.startswith(f"{base}/")):
        scope["path"] = path[len(base) :] or "/"
        scope["raw_path"] = scope["path"].encode()


def _digits(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) < 19 else "0"


def _bounded(receive: Receive) -> Receive:
    """Read no more than ``MOST_BYTES``, whatever the request said of its length."""
    read = 0

    async def receiving() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MOST_BYTES:
            raise HTTPException(413, f"More than {MOST_BYTES:,} bytes were sent.")
        return message

    return receiving


def _without_body(send: Send) -> Send:
    """Pass on what an answer says of itself, and nothing of what it holds."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sending


def _with_headers(send: Send, scope: MutableMapping[str, Any]) -> Send:
    """Add the headers that every answer has, where a route has not set its own."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            there = {name.lower() for name, _ in headers}
            headers += [
                (name.encode(), value.encode())
                for name, value in HEADERS.items()
                if name.encode() not in there
            ]
            visitor: Visitor = scope["state"].get("visitor", Visitor())
            if visitor.fresh and any(v.startswith(b"text/html") for _, v in headers):
                headers.append((b"set-cookie", cookie(VISITOR, visitor.holder, scope).encode()))
            message = {**message, "headers": headers}
        await send(message)

    return sending


def cookie(
    name: str, value: str, scope: MutableMapping[str, Any], *, seconds: int | None = None
) -> str:
    """Write a cookie that scripts cannot read and other sites' pages do not send."""
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    age = "" if seconds is None else f"; Max-Age={seconds}"
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}"
