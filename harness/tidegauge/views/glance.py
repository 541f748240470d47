"""Suites at a glance, and the small records that other pages show too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RunOutcome = Literal["pass", "warn", "critical", "inconclusive", "error"]
State = Literal["open", "acknowledged", "resolved"]
Severity = Literal["info", "warn", "critical"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """A run in a list."""

    id: str
    suite: str
    at: str
    """End of its window, or when it was made where it has none; ISO 8601, UTC."""
    window: str = ""
    """``start/end``, end excluded; empty for all rows."""
    created: str
    """When it was made."""
    outcome: RunOutcome
    because: str
    """The outcome in one sentence."""
    alarms: int = 0
    """Findings that ask for attention."""
    rows: int = 0
    """Rows of the current log."""
    model_version: str = ""
    """The version that most rows name."""
    revision: int = 1
    """1 = the first judging of its window."""
    superseded: bool = False
    """Whether a newer revision of the same window exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A window as one mark in a strip."""

    at: str
    """End of the window, ISO 8601, UTC."""
    outcome: RunOutcome
    run: str
    """The run's id."""
    windows: int = 1
    """How many windows the mark stands for; then ``outcome`` is their worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A run that goes on, waits, or has ended."""

    id: str
    suite: str
    window: str = ""
    state: Literal["waiting", "running", "finished", "failed"]
    stage: str = ""
    """``baseline``, ``current``, ``measure``, ``explain`` ..."""
    share: float | None = None
    """Of the stage, 0 to 1; ``None`` where nobody knows."""
    started: str = ""
    """ISO 8601, UTC."""
    because: str = ""
    """Why it failed, in one sentence."""
    hint: str = ""
    """What to do about it."""
    run: str = ""
    """Id of the run, once it is finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLine:
    """An incident in a list."""

    id: str
    suite: str
    title: str
    """In a few words: what is wrong."""
    severity: Severity
    state: State
    opened: str
    """ISO 8601, UTC."""
    updated: str
    resolved: str = ""
    """Empty while it is not."""
    findings: int = 0
    windows: int = 1
    """Windows in which it was seen."""
    owner: str = ""
    """Who answers for it; empty for nobody."""
    cause: str = ""
    """What the newest run names as its cause, in one sentence; empty where none was found."""
    last: str = ""
    """Its last event in a few words: ``acknowledged by ana``; empty for nothing but its opening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTile:
    """A suite in one tile."""

    name: str
    path: str = ""
    """Its file; empty where the history knows it and no file was given."""
    newest: RunLine | None = None
    """``None`` where it never ran."""
    since: str = ""
    """End of the first of the windows in a row with the newest one's outcome, ISO 8601, UTC."""
    labels_until: str = ""
    """Up to when labels have arrived, ISO 8601, UTC; empty where no check reads labels."""
    strip: tuple[Tick, ...] = ()
    """The latest windows, oldest first, 30 at most."""
    runs: int = 0
    """Windows in the history."""
    incidents: int = 0
    """Open and acknowledged ones."""
    cause: str = ""
    """The newest run's first cause, in a few words."""
    schedule: str = ""
    """In words: ``0 6 * * * (Europe/Berlin)``; empty for none."""
    next_at: str = ""
    """When it runs next, ISO 8601, UTC; empty where nothing is planned."""
    overdue: str = ""
    """Which window should be there and is not, in one sentence; empty where none."""
    job: Job | None = None
    """What is going on right now."""
    broken: str = ""
    """Why its file cannot be used; the suite is then shown from the history only."""
    hint: str = ""
    """What to do about ``broken``."""
    can_run: bool = False
    """Whether this server can start it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuitesView:
    """Page ``suites``: every suite, the worst first."""

    tiles: tuple[SuiteTile, ...]
    totals: Mapping[str, int] = field(default_factory=dict)
    """Outcome of the newest run -> suites; ``none`` counts those that never ran."""
    incidents: tuple[IncidentLine, ...] = ()
    """The worst open ones, five at most."""
    jobs: tuple[Job, ...] = ()
    """What is going on, and what failed lately."""
    notes: tuple[str, ...] = ()
    """What a reader must know of the server: schedules are off, a history is empty."""
