"""What the JSON API sends and takes, beside views and records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from tidegauge.incident import Delivery, Event, Incident
from tidegauge.store import SeriesPoint
from tidegauge.views import BaselineLine, ComparisonLine, Job, RunLine, SuiteTile

Text = Annotated[str, Field(max_length=10_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong."""

    status: int
    """HTTP status."""
    title: str
    """In a few words."""
    because: str
    """One sentence: what was found, what is allowed."""
    hint: str = ""
    """The next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the server lives, or can answer."""

    status: Literal["ok", "failing"]
    version: str
    because: str = ""
    """Why it is failing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteList:
    """Suites, by name."""

    items: tuple[SuiteTile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Runs, the newest window first."""

    items: tuple[RunLine, ...]
    next: str = ""
    """Value of ``cursor`` for the next page; empty at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Results over time, the oldest first."""

    suite: str
    items: tuple[SeriesPoint, ...]
    cut: bool = False
    """Whether older points were left out: ask for a shorter time, or for one check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPage:
    """Incidents: unresolved before resolved, the worst first, then the newest."""

    items: tuple[Incident, ...]
    next: str = ""
    """Value of ``cursor`` for the next page; empty at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStory:
    """An incident, all that happened to it, and who was told."""

    incident: Incident
    events: tuple[Event, ...]
    """The oldest first."""
    deliveries: tuple[Delivery, ...]
    """The newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPage:
    """Stored comparisons of models, the newest first."""

    items: tuple[ComparisonLine, ...]
    next: str = ""
    """Value of ``cursor`` for the next page; empty at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineList:
    """What each suite is held against."""

    items: tuple[BaselineLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList:
    """Runs that go on, then those that ended of late."""

    items: tuple[Job, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody says of an incident."""

    text: Text = ""
    by: Annotated[str, Field(max_length=200)] = ""
    """Who says it; a proxy's word goes before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Which window to run."""

    window: Annotated[str, Field(max_length=200)] = ""
    """``2026-11-21`` or ``START/END``; empty = the latest whole window."""
