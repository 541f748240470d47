"""How many labels have arrived, and how good estimates and proxies were against them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from tidegauge.logs.labels import Labels, texts
from tidegauge.measuring import ARRIVED
from tidegauge.records import Report
from tidegauge.wording import amount, counted

if TYPE_CHECKING:
    from tidegauge.store import Store

PROXY = "performance.proxy"
FEWEST = 3
"""Windows below which no track record is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Labels of one window."""

    run: str
    window: str
    rows: int
    first_labelled: int
    """Rows whose label was there when the window was first judged."""
    labelled: int
    """Rows whose label is there now."""
    age: timedelta
    """Time since the window ended."""

    @property
    def share(self) -> float:
        """Part of the rows whose label is there."""
        return self.labelled / self.rows if self.rows else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What stood in for a measure, against what labels showed later."""

    check: str
    stands_for: str
    column: str = ""
    unit: str = ""
    told: tuple[float, ...] = ()
    """Estimates, or a proxy's values, the oldest window first."""
    shown: tuple[float, ...] = ()
    """What the measure came to, once labels were there."""
    held: int = 0
    """Windows whose interval held that value."""
    proxy: bool = False

    @property
    def error(self) -> float:
        """Mean size of the difference."""
        return float(np.abs(np.subtract(self.told, self.shown)).mean()) if self.told else math.nan

    @property
    def correlation(self) -> float:
        """Pearson's, over windows; NaN where either never moved."""
        if len(self.told) < FEWEST or not (np.std(self.told) > 0 and np.std(self.shown) > 0):
            return math.nan
        return float(np.corrcoef(self.told, self.shown)[0, 1])

    @property
    def _off(self) -> str:
        if self.unit.startswith("share"):
            return f"{100 * self.error:.2g} points"
        return amount(self.error, self.unit)

    @property
    def said(self) -> str:
        """One sentence for a reader."""
        windows = counted(len(self.told), "window")
        if not self.proxy:
            return (
                f"{self.check} was off by {self._off} on average over "
                f"{windows} whose labels arrived; its interval held in {self.held} of them."
            )
        known = f"{self.correlation:.2f}" if math.isfinite(self.correlation) else "unknown"
        return (
            f"{self.column} is a proxy, not a measurement of {self.stands_for}: their correlation "
            f"over {windows} whose labels arrived is {known}."
        )


def arrivals(store: Store, suite: str, *, now: datetime) -> tuple[Arrival, ...]:
    """List the windows whose labels are awaited or came late, the newest first."""
    from tidegauge.store.predictions import kept_windows

    found = [
        Arrival(
            run=kept.run,
            window=kept.window,
            rows=kept.rows,
            first_labelled=kept.first_labelled,
            labelled=kept.labelled,
            age=now - kept.at,
        )
        for kept in kept_windows(store, suite)
    ]
    return tuple(reversed(found))


def unknown(store: Store, suite: str, labels: Labels) -> int:
    """Count labels of rows that no kept window holds."""
    from tidegauge.store.predictions import kept_windows, table_of

    found = np.zeros(len(labels.ids), np.bool_)
    for kept in kept_windows(store, suite):
        table = table_of(store, kept)
        name = (table.schema.metadata or {})[b"id"].decode()
        found |= np.asarray(pc.is_in(labels.ids, value_set=texts(table.column(name))))
    return int((~found).sum())


def track_record(store: Store, report: Report) -> tuple[Track, ...]:
    """Hold the estimates and proxies of a report's checks against what labels showed before it."""
    found = []
    for check in report.checks:
        card = report.cards[check.evaluator]
        proxy = check.evaluator == PROXY
        measure = _full_name(check.params.get("stands_for", "")) if proxy else card.stands_for
        realised = [one.id for one in report.checks if one.evaluator == measure]
        if not measure or not realised:
            continue
        points = store.series(report.suite, check=check.id, column=None if proxy else "")
        rows = {point.run_id: point.n for point in points}
        shown = {
            point.run_id: point.value
            for point in store.series(report.suite, check=realised[0])
            if point.value is not None and point.n >= ARRIVED * rows.get(point.run_id, math.inf)
        }
        pairs = [point for point in points if point.run_id in shown and point.value is not None]
        inside = [
            point
            for point in pairs
            if point.low is not None
            and point.high is not None
            and point.low <= shown[point.run_id] <= point.high
        ]
        found.append(
            Track(
                check=check.id,
                stands_for=measure,
                column=pairs[0].column if pairs else "",
                unit=card.unit,
                told=tuple(point.value for point in pairs if point.value is not None),
                shown=tuple(shown[point.run_id] for point in pairs),
                held=len(inside),
                proxy=proxy,
            )
        )
    return tuple(found)


def with_track_record(report: Report, store: Store) -> Report:
    """Say in a report's notes how good its estimates and proxies were in earlier windows."""
    names = {one.evaluator for one in report.results if one.score is not None}
    if not any(name == PROXY or report.cards[name].stands_for for name in names):
        return report
    tracks: Sequence[Track] = track_record(store, report)
    said = [track.said for track in tracks if len(track.told) >= FEWEST]
    return replace(report, notes=(*report.notes, *said)) if said else report


def _full_name(measure: str) -> str:
    return measure if "." in measure or not measure else f"performance.{measure}"
