"""What pages and programs may set off: runs, and people's word on incidents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from starlette.exceptions import HTTPException

from tidegauge.errors import HistoryError, TidegaugeError
from tidegauge.incident import Incident
from tidegauge.serving.jobs import now
from tidegauge.serving.server import Server
from tidegauge.views import Job, places

MOST_TEXT = 10_000
"""Characters of a comment."""


async def act(server: Server, incident: str, what: str, *, by: str, comment: str) -> str:
    """Acknowledge, resolve or comment on an incident; say what was done, as pages are told.

    Raises
    ------
    HistoryError
        When there is no such incident.
    TidegaugeError
        When it cannot be done, since it is resolved already.
    """
    from tidegauge.alerts import people

    doing: Mapping[str, tuple[Callable[..., Incident], str]] = {
        "acknowledge": (people.acknowledge, "acknowledged"),
        "resolve": (people.resolve, "resolved"),
        "comment": (people.comment, "commented"),
    }
    do, told = doing[what]
    one = await asyncio.to_thread(do, server.desk.store, incident, by=by, text=comment)
    server.hub.tell(places.INCIDENT_CHANGED, incident=one.id, suite=one.suite, state=one.state,
                    severity=one.severity, at=now())  # fmt: skip
    return told


async def start_run(server: Server, suite: str, window: str) -> Job:
    """Begin a run of a suite that this server knows.

    Raises
    ------
    HistoryError
        When it does not know the suite.
    TidegaugeError
        When the suite's file is broken, the window cannot be read, or too much waits already.
    """
    from tidegauge.logs import parse_window

    file = server.desk.shelf.get(suite)
    if file is None:
        raise HistoryError(
            f'this server was given no suite "{suite}"', "start it with the suite's file"
        )
    if file.suite is None:
        raise TidegaugeError(f"the suite cannot be used: {file.problem}", file.hint)
    parse_window(window or None, file.suite.logs.current.window, now=datetime.now(UTC))
    if server.desk.jobs.full:
        raise HTTPException(503, "Too many runs wait already.", headers={"Retry-After": "60"})
    job, _ = server.desk.jobs.start(suite, file.path, window)
    return job
