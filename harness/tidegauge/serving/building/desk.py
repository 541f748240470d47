"""What views are made from: the history, the suites' files, and what goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tidegauge.records import Report
from tidegauge.serving.building.memory import Memory
from tidegauge.serving.jobs import Jobs
from tidegauge.serving.shelf import Shelf
from tidegauge.store import Store

REPORTS = 48
"""Reports kept in memory: a few megabytes each at most."""


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

    def report(self, run: str) -> Report:
        """Read a run's report, by its whole id."""
        return self.reports.get(run, lambda: self.store.report(run))
