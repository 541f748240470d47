"""What a suite says of alerts and of what follows them, as frozen records.

Texts with ``${NAME}`` are kept as they were written: they are filled from the environment at the
moment of acting, and never shown or stored filled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

Occasion = Literal["critical", "warn", "resolved", "missing", "always"]
"""What an action waits for; ``missing`` = a window that did not come, or came without rows;
``always`` = every run, whatever it found, which only goes with publishing."""

DEFAULT_OWNER = "default"
"""Key of the owner of everything that has no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """When an alarm becomes an incident, and when an incident ends."""

    false_pages: float | None = 2.0
    """Expected false pages a year that are accepted; ``None`` = every alarm pages at once."""
    resolve_after: int = 3
    """Windows in a row without a finding that end an incident."""
    reopen_within: timedelta = timedelta(days=7)
    """How long after its end an incident comes back instead of a new one."""
    cooldown: timedelta = timedelta(days=7)
    """Time before an open incident that got no worse is told again."""
    expect: timedelta | None = None
    """How long after its end a window may take to arrive; ``None`` = nobody waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who looks after a column or a check."""

    name: str
    """How to call them, without secrets."""
    places: tuple[str, ...] = field(default=(), repr=False)
    """Where to reach them: apprise URLs as they were written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What sets an action off."""

    occasions: tuple[Occasion, ...] = ("critical", "warn")
    """Any of these."""
    check: str = ""
    """Id or evaluator of a check; empty = any."""
    role: str = ""
    """Role of the column; empty = any."""
    column: str = ""
    """Name of the column; empty = any."""
    critical_feature: bool = False
    """Whether the column must be one that ``columns.critical`` names."""
    windows: int = 1
    """Windows in a row that the finding must have been beyond its limit."""

    @property
    def picks(self) -> bool:
        """Whether it asks for certain findings."""
        return bool(self.check or self.role or self.column or self.critical_feature)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Tell people, through apprise."""

    places: tuple[str, ...] = field(repr=False)
    """apprise URLs as they were written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Post JSON to a URL, signed."""

    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    """Key of the signature; empty = not signed."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: timedelta = timedelta(seconds=10)
    """Of one attempt."""
    attempts: int = 3
    """In one round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Start a program, never through a shell."""

    arguments: tuple[str, ...]
    """The program and its arguments; ``{incident}`` and its like stand alone in theirs."""
    timeout: timedelta = timedelta(minutes=1)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables beside the few that every command gets."""
    folder: str = ""
    """Where it is started: the suite's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Airflow:
    """Start a run of a DAG."""

    url: str = field(repr=False)
    """Address of the web server."""
    dag: str
    token: str = field(default="", repr=False)
    api: Literal["v1", "v2"] = "v2"
    """Version of the API: v2 for Airflow 3, v1 for Airflow 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Pull a trigger that the suite defines."""

    trigger: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Investigate:
    """Look for the causes in the rows, and tell the owners what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Mark the incident in MLflow."""

    settings: Mapping[str, str] = field(default_factory=dict)
    """``tracking_uri``, ``experiment``; empty = as MLflow itself is set up."""


Deed = Notify | Webhook | Command | Airflow | Start | Investigate | Publish

KINDS: Mapping[type, str] = {
    Notify: "notify",
    Webhook: "webhook",
    Command: "command",
    Airflow: "airflow",
    Start: "trigger",
    Investigate: "explain",
    Publish: "mlflow",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is done, and when."""

    name: str
    """Unique in the suite, and the same as long as the action says the same."""
    on: Rule
    does: Deed

    @property
    def kind(self) -> str:
        """What is done, in one word."""
        return KINDS[type(self.does)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Something that ``run:`` can start, such as a training."""

    name: str
    does: Webhook | Command | Airflow
    cooldown: timedelta = timedelta(days=7)
    """Time before it can be started again."""
