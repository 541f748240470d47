"""A suite over time: every check's score with its limits, alerts, model versions, labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tidegauge.records import Outcome
from tidegauge.views.glance import IncidentLine, RunLine, SuiteTile, Tick


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackPoint:
    """A score in one window, or in several that are too close together to draw apart."""

    at: str
    """End of the (last) window, ISO 8601, UTC."""
    value: float | None
    """``None`` where it could not be measured; of several, the one with the worst outcome."""
    low: float | None = None
    """Lower end of its confidence interval."""
    high: float | None = None
    outcome: Outcome
    warn: float | None = None
    """Where the limit lay in that window, on the scale of ``value``; ``None`` = no such limit."""
    critical: float | None = None
    run: str
    """The run's id."""
    windows: int = 1
    """How many windows it stands for."""
    least: float | None = None
    """Smallest value of those, where it stands for several."""
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A check on one column of one slice, window by window."""

    check: str
    """The check's id."""
    evaluator: str
    """``topic.name``."""
    title: str
    """The field's name for the measure: "Population stability index"."""
    explain: str = ""
    """One sentence that tells a reader what the number means."""
    unit: str = ""
    better: Literal["lower", "higher", "none"] = "none"
    column: str = ""
    """Empty for checks of the whole log."""
    slice: str = ""
    """``segment=value``; empty for all rows."""
    outcome: Outcome
    """Of the newest window."""
    because: str = ""
    """Of the newest window, in one sentence."""
    points: tuple[TrackPoint, ...]
    """Oldest first, 400 at most."""
    low: float = 0.0
    """Smallest number to be drawn: values and limits; intervals may be cut off there."""
    high: float = 1.0
    """Largest number to be drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened at a moment, to be drawn across all tracks."""

    at: str
    """ISO 8601, UTC."""
    kind: Literal["incident", "resolved", "model", "baseline"]
    said: str
    """In a few words: ``model v12``, ``income drifted``."""
    link: str = ""
    """Address without base; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """How much of the truth had arrived for a window when it was last judged."""

    at: str
    """End of the window, ISO 8601, UTC."""
    arrived: float | None
    """Share of its rows with a label, 0 to 1; ``None`` where nobody knows."""
    run: str
    revision: int = 1
    """Above 1 = judged again after labels came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteView:
    """Page ``suite``: one suite over time. Query: range, check, column, slice, find, page, before.

    ``check``, ``column`` and ``slice`` narrow the tracks to an exact name, ``find`` to names that
    hold a text; ``page`` counts pages of tracks from 1; ``before`` is a cursor into older runs.
    """

    suite: SuiteTile
    range: str = "90d"
    """One of ``places.RANGES``."""
    since: str = ""
    """First moment drawn, ISO 8601, UTC; empty where there is nothing."""
    until: str = ""
    """Last moment drawn."""
    strip: tuple[Tick, ...] = ()
    """The whole range, oldest first, 400 marks at most."""
    tracks: tuple[Track, ...] = ()
    """This page of them; those that alarm first, then those that came nearest to a limit."""
    tracks_in_all: int = 0
    page: int = 1
    pages: int = 1
    checks: tuple[str, ...] = ()
    """All checks' ids, to choose from."""
    columns: tuple[str, ...] = ()
    """All columns, to choose from."""
    slices: tuple[str, ...] = ()
    """All slices, to choose from."""
    check: str = ""
    """What was chosen; empty = all."""
    column: str = ""
    slice: str = ""
    """What was chosen; empty = all rows, ``*`` = all rows and every slice."""
    find: str = ""
    marks: tuple[Mark, ...] = ()
    """Oldest first."""
    labels: tuple[Labels, ...] = ()
    """Oldest first; empty where no check reads labels."""
    incidents: tuple[IncidentLine, ...] = ()
    """Of this range, newest first, ten at most."""
    runs: tuple[RunLine, ...] = ()
    """Newest first, 50 a page."""
    older: str = ""
    """Value of ``before`` that leads to older runs; empty at the end."""
