"""Incidents as frozen records: what is wrong, since when, who looks, and who was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tidegauge.records import Severity

State = Literal["open", "acknowledged", "resolved"]
"""``acknowledged``: a person knows, and is not told again until it gets worse."""

Sort = Literal["finding", "missing", "empty"]
"""What an incident is about: alarms of a run, a window that did not come, one without rows."""

What = Literal[
    "opened", "found", "escalated", "repeated", "clean", "resolved", "reopened",
    "acknowledged", "commented", "assigned", "rejudged", "investigated",
]  # fmt: skip
"""What an event tells: ``found`` and ``clean`` are later windows, ``repeated`` is a reminder after
the cooldown, ``rejudged`` a window that was run again and came out otherwise."""

Delivering = Literal["pending", "sending", "delivered", "failed", "dropped"]
"""How far a delivery is; ``failed`` is tried again next round, ``dropped`` is not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Related findings under one cause, from the window that opened it to the one that ended it."""

    id: str
    """Short and unique: eight hexadecimal digits."""
    suite: str
    """The suite's name."""
    sort: Sort = "finding"
    """What it is about."""
    title: str
    """One line: the cause, or the column and what is wrong with it; hostile, escape it."""
    because: str = ""
    """The reason with its numbers, from the newest window that showed it; hostile, escape it."""
    cause: str = ""
    """Factor of the cause; empty where none was found."""
    findings: tuple[str, ...] = ()
    """Every finding it ever held: ``check|column|slice``."""
    severity: Severity = "critical"
    """The worst it has been since it was opened or reopened."""
    state: State = "open"
    """Where it stands."""
    opened: str
    """When it was opened first, ISO 8601, UTC."""
    updated: str
    """Moment of the newest event."""
    resolved: str = ""
    """When it ended; empty while it has not."""
    resolved_by: str = ""
    """Who ended it: a person, or ``tidegauge``."""
    first_window: str = ""
    """``start/end`` of the window that opened it; empty where a run had no window."""
    last_window: str = ""
    """The newest window that showed it."""
    windows: int = 0
    """Windows that showed it."""
    clean: int = 0
    """Windows in a row, up to the newest, that did not."""
    run: str = ""
    """Id of the newest run that showed it."""
    owner: str = ""
    """Who is to look, without secrets; empty where nobody is named."""
    acknowledged_by: str = ""
    """Who said that they know."""
    notified: str = ""
    """When anybody was told last."""
    reopened: int = 0
    """How often it came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of an incident's timeline; lines are only ever added."""

    id: int
    """Ascending in the store."""
    incident: str
    """Id of the incident."""
    at: str
    """ISO 8601, UTC."""
    what: What
    """What happened."""
    severity: Severity
    """How bad the incident was right after it."""
    by: str = "tidegauge"
    """Who did it."""
    text: str = ""
    """A comment, or the reason with its numbers; hostile, escape it."""
    run: str = ""
    """Id of the run behind it."""
    window: str = ""
    """The run's window, ``start/end``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One action for one event: to do, done, or not possible."""

    key: str
    """Idempotency key: the same for every attempt, unique for incident, event and action."""
    suite: str
    """The suite's name."""
    incident: str
    """Id of the incident."""
    event: int
    """Id of the event."""
    action: str
    """Name of the action in the suite."""
    kind: str
    """``notify``, ``webhook``, ``command``, ``trigger``, ``explain``, ``mlflow``."""
    state: Delivering = "pending"
    """How far it is."""
    attempts: int = 0
    """Rounds in which it was tried."""
    created: str = ""
    """When it was decided on, ISO 8601, UTC."""
    at: str = ""
    """When it was tried last."""
    problem: str = ""
    """Why the last attempt failed, without secrets; or why it is not done at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What an action is told; plain data, and no secret in it."""

    key: str
    """Idempotency key."""
    suite: str
    """The suite's name."""
    event: What
    """What happened."""
    severity: Severity
    """How bad it is."""
    incident: str
    """Id of the incident."""
    title: str
    """One line; hostile."""
    because: str
    """The reason with its numbers; hostile."""
    findings: tuple[Mapping[str, Any], ...] = ()
    """``check``, ``column``, ``slice``, ``outcome``, ``value``, ``streak``, ``because`` of each."""
    causes: tuple[str, ...] = ()
    """What explains it, one sentence each; hostile."""
    run: str = ""
    """Id of the run."""
    window: str = ""
    """The run's window, ``start/end``."""
    owner: str = ""
    """Who is to look."""
    at: str = ""
    """When it happened."""
    test: bool = False
    """Whether it is only a try."""
    by: str = "tidegauge"
    """Who did it, where a person did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How many false pages a suite accepts, and what follows for one run."""

    false_pages: float | None
    """Expected false pages a year that are accepted; ``None`` = every alarm pages."""
    runs: float | None
    """Runs a year; ``None`` where the suite has neither a window nor a schedule."""
    level: float | None
    """Adjusted p-value up to which one window alone pages."""
    threshold: float | None
    """Evidence, as an e-value, from which windows together page."""
    expected: float | None
    """Expected false pages a year; ``None`` where it cannot be said."""
    because: str
    """The number in a sentence, with what it assumes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a run, or a check for missing windows, made of a suite's incidents."""

    incidents: tuple[Incident, ...] = ()
    """Those that changed, as they stand now."""
    events: tuple[Event, ...] = ()
    """What was added to their timelines."""
    waiting: tuple[str, ...] = ()
    """Alarms that do not page yet, one sentence each."""
    paging: Paging | None = None
    """What the suite accepts."""
    notes: tuple[str, ...] = ()
    """For the report: expected false pages, incidents, what waits."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Further numbers by name."""
