"""What views are made from: the history, the suites' files, and what goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tidegauge.records import Report
from tidegauge.serving.building.history import History
from tidegauge.serving.building.memory import Memory
from tidegauge.serving.jobs import Jobs
from tidegauge.serving.shelf import Shelf
from tidegauge.store import Store
from tidegauge.store.tracks import Brief, briefs, stamp_of, standing_of

REPORTS = 48
"""Reports kept in memory: a few megabytes each at most."""
STRIPS = 32
"""Suites whose runs are kept in memory."""
TRACKS = 64 * 2**20
"""Bytes of scores that are kept in memory."""


def _never(suite: str) -> datetime | None:
    return None


def _right_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a view may read."""

    store: Store
    shelf: Shelf
    jobs: Jobs
    scheduled: bool = True
    """Whether this server runs suites on their schedule."""
    next_at: Callable[[str], datetime | None] = _never
    """Suite -> when it runs next."""
    now: Callable[[], datetime] = _right_now
    reports: Memory[Report] = field(default_factory=lambda: Memory(most=REPORTS))
    strips: Memory[tuple[Brief, ...]] = field(default_factory=lambda: Memory(most=STRIPS))
    tracks: Memory[History] = field(
        default_factory=lambda: Memory(most=2_000, largest=TRACKS, size=History.size)
    )
    tiles: Memory[Any] = field(default_factory=lambda: Memory(most=1_000))

    def report(self, run: str) -> Report:
        """Read a run's report, by its whole id."""
        key = (run, stamp_of(self.store, run))
        return self.reports.get(key, lambda: self.store.report(run))

    def strip(self, suite: str, since: datetime | None = None) -> tuple[Brief, ...]:
        """List a suite's runs that count, since a moment, the oldest first."""
        key = (suite, standing_of(self.store, suite), since)
        return self.strips.get(key, lambda: briefs(self.store, suite, since=since))
