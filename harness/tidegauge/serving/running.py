"""Runs the server: what goes on beside requests, and how it begins and ends."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI

from tidegauge.errors import TidegaugeError
from tidegauge.serving.app import build
from tidegauge.serving.building.desk import Desk
from tidegauge.serving.gate import Gate
from tidegauge.serving.guard import Application
from tidegauge.serving.hub import Hub
from tidegauge.serving.jobs import Jobs, now
from tidegauge.serving.scheduling import Plan, arrivals
from tidegauge.serving.server import Server, digests
from tidegauge.serving.sessions import Seal
from tidegauge.serving.settings import Settings
from tidegauge.serving.shelf import Shelf
from tidegauge.store import Store, open_store
from tidegauge.store.incidents import since as happened
from tidegauge.store.paging import kept_since, newest
from tidegauge.views import places

LOG = logging.getLogger("tidegauge.serving")
LOOK = 2.0
"""Seconds between two looks at the history and at the suites' files."""
ARRIVALS = 60.0
"""Seconds between two looks for windows that did not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """A server with its application, ready to be run."""

    app: Application
    server: Server
    plan: Plan


def assemble(settings: Settings, store: Store | None = None) -> Assembled:
    """Put a server together.

    Parameters
    ----------
    settings
        How it runs; ``settle`` checks them.
    store
        The history; by default the one that ``settings`` names.

    Raises
    ------
    TidegaugeError
        When the history cannot be opened.
    """
    store = store or open_store(settings.history or None)
    shelf = Shelf(settings.suites)
    shelf.look()
    hub = Hub()
    jobs = Jobs(hub=hub, history=_whole_place(store), workers=settings.workers)
    plan = Plan(store=store, shelf=shelf, jobs=jobs)
    desk = Desk(
        store=store, shelf=shelf, jobs=jobs, scheduled=settings.schedule, next_at=plan.next_at
    )
    gate = Gate(settings=settings, seal=Seal.of(settings.token))
    server = Server(settings=settings, desk=desk, gate=gate, hub=hub)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(_again(each, seconds))
            for each, seconds in _chores(server, plan, settings.schedule)
        ]
        if settings.schedule:
            plan.start()
        warming = asyncio.create_task(warm(app))
        try:
            yield
        finally:
            for task in (*tasks, warming):
                task.cancel()
            hub.close()
            await plan.close()
            await jobs.close()
            await asyncio.gather(*tasks, warming, return_exceptions=True)
            store.close()

    return Assembled(app=build(server, lifespan), server=server, plan=plan)


def serve(settings: Settings, told: Callable[[str], None] = print) -> None:
    """Run the server until somebody ends it.

    Raises
    ------
    TidegaugeError
        When the history cannot be opened, or the port is taken.
    """
    import uvicorn

    class Uvicorn(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """Let listeners go first: they would be waited for in vain."""
            whole.server.hub.close()
            await super().shutdown(sockets)

    listening = _listen(settings.host, settings.port)
    whole = assemble(settings)
    config = uvicorn.Config(
        whole.app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who is believed is our own gate's matter
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=32 * 1024,
        ws="none",
        lifespan="on",
    )
    for line in _greeting(settings, whole.server, listening.getsockname()[1]):
        told(line)
    Uvicorn(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything is promised of it; 0 takes any that is free."""
    bare = host.strip("[]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    try:
        return socket.create_server((bare, port), family=family, backlog=512)
    except OSError as error:
        raise TidegaugeError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            "another server may be there: choose another by --port",
        ) from error


def _greeting(settings: Settings, server: Server, port: int) -> list[str]:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    lines = [f"tidegauge is on http://{host}:{port}{settings.base}/"]
    lines.append(f"history: {server.desk.store.place}")
    if settings.suites and not [*server.desk.shelf]:
        lines.append("no suite found: of a folder, YAML files with a line that begins with suite:")
    for one in server.desk.shelf:
        said = one.problem or (f"runs {one.suite.schedule}" if one.suite and one.suite.schedule
                               else "runs when asked to")  # fmt: skip
        lines.append(f"suite {one.name}: {said}")
    return lines


def _chores(
    server: Server, plan: Plan, scheduled: bool
) -> list[tuple[Callable[[], Awaitable[None]], float]]:
    """List what is done over and over, and how many seconds apart."""
    desk, hub = server.desk, server.hub
    seen = newest(desk.store)
    moment = datetime.now(UTC).replace(microsecond=0)

    async def look_at_history() -> None:
        nonlocal seen, moment
        for row in await asyncio.to_thread(kept_since, desk.store, seen):
            hub.tell(places.SUITE_CHANGED, suite=row.suite, at=now())
        seen = await asyncio.to_thread(newest, desk.store)
        since, moment = moment, datetime.now(UTC).replace(microsecond=0)
        for one in await asyncio.to_thread(happened, desk.store, since):
            hub.tell(places.INCIDENT_CHANGED, incident=one.id, suite=one.suite, state=one.state,
                     severity=one.severity, at=now())  # fmt: skip

    async def look_at_suites() -> None:
        for name in await asyncio.to_thread(desk.shelf.look):
            hub.tell(places.SUITE_CHANGED, suite=name, at=now())
        if scheduled:
            plan.follow()

    async def look_for_windows() -> None:
        await asyncio.to_thread(arrivals, desk.store, desk.shelf)

    chores: list[tuple[Callable[[], Awaitable[None]], float]] = [
        (look_at_history, LOOK), (look_at_suites, LOOK),
    ]  # fmt: skip
    return [*chores, (look_for_windows, ARRIVALS)] if scheduled else chores


async def _again(chore: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Do something over and over; when it fails, say so and go on."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await chore()
        except TidegaugeError as error:
            LOG.error("%s", error)
        except Exception:
            LOG.exception("a chore of the server failed")


async def warm(app: Application) -> None:
    """Load what the first visitor would otherwise wait for, and knock at our own door."""
    from tidegauge.catalog import page, page_names

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        return

    with suppress(Exception):  # whoever asks for it is told
        for name in page_names():
            await asyncio.to_thread(page, name)
        await asyncio.to_thread(digests)
        scope: dict[str, Any] = {
            "type": "http", "method": "GET", "path": places.HEALTH, "raw_path": b"/healthz",
            "query_string": b"", "headers": [(b"host", b"localhost")], "scheme": "http",
            "http_version": "1.1", "root_path": "", "client": None, "server": None, "state": {},
        }  # fmt: skip
        await app(scope, receive, send)


def _whole_place(store: Store) -> str:
    """Path or URL of a history, password included: workers are told it through a pipe."""
    url = store.engine.url
    if url.drivername.startswith("sqlite"):
        return str(url.database)
    return url.render_as_string(hide_password=False)
