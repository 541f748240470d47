"""Incidents: what is wrong, why, who looks after it, and what was said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tidegauge.records import Cause, Outcome
from tidegauge.views.glance import IncidentLine, State, Tick


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A finding that belongs to an incident."""

    check: str
    column: str = ""
    slice: str = ""
    outcome: Outcome
    """When it was last seen."""
    because: str
    first: str = ""
    """End of the first window it was seen in, ISO 8601, UTC."""
    last: str = ""
    """End of the last one."""
    windows: int = 1
    run: str = ""
    """Run it was last seen in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of an incident's story."""

    at: str
    """ISO 8601, UTC."""
    kind: str
    """``opened``, ``seen``, ``acknowledged``, ``resolved``, ``reopened``, ``commented``,
    ``delivered``, ``failed`` ...; show an unknown word as it is."""
    who: str = ""
    """A person's name, or an action's; empty for tidegauge itself."""
    said: str = ""
    """Comment or sentence; hostile as any logged text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """Page ``incident``: one incident. Forms: acknowledge, resolve, comment."""

    line: IncidentLine
    because: str = ""
    """What it is about in one or two sentences."""
    causes: tuple[Cause, ...] = ()
    """Of the newest run that explains it, the first one first."""
    findings: tuple[Finding, ...] = ()
    """Worst first."""
    strip: tuple[Tick, ...] = ()
    """Windows of the suite since shortly before it opened, oldest first."""
    entries: tuple[Entry, ...] = ()
    """Oldest first."""
    run: str = ""
    """The newest run that shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentsView:
    """Page ``incidents``: incidents in a list. Query: state, suite, before (a cursor)."""

    incidents: tuple[IncidentLine, ...]
    """Unresolved before resolved, worst first, then newest first; 50 a page."""
    state: State | Literal["unresolved", "all"] = "unresolved"
    """What was chosen; ``unresolved`` = open and acknowledged."""
    suite: str = ""
    """What was chosen; empty = every suite."""
    suites: tuple[str, ...] = ()
    """To choose from."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """State -> incidents, over all suites or the chosen one."""
    older: str = ""
    """Value of ``before`` that leads on; empty at the end."""
