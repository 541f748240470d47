"""The number that each row has in a metric, where the metric is a mean over rows.

Nothing here defines a metric: a measure is asked for its value on one kind of row at a time, or a
row's loss is read as its profile counts it; and what comes out is taken only where its mean is the
measure's own value, on all rows and on a half of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tidegauge.comparing.metrics import Metric, values_of
from tidegauge.comparing.redrawing import narrowed
from tidegauge.errors import CannotMeasure
from tidegauge.measuring import Bench
from tidegauge.profile import (
    CategoricalProfile,
    ClassificationProfile,
    DatasetProfile,
    RegressionProfile,
)
from tidegauge.profile.arrays import dense, labels
from tidegauge.profile.classification import Judged

Numbers = NDArray[np.float64]
REPEATS = 1_000
"""Rows of one kind by which a measure is asked for its value on it."""
EXACT = 1e-9
"""How far a mean may be from a measure's value, as a share of it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rowwise:
    """A metric row by row; NaN where a row does not count."""

    before: Numbers
    now: Numbers
    root: bool = False
    """Whether the metric is the root of the mean."""

    @property
    def shares(self) -> bool:
        """Whether every row counts on both sides, as one or as nothing."""
        both = np.concatenate([self.before, self.now])
        return not self.root and bool(np.isin(both, (0.0, 1.0)).all())


def rowwise(
    metric: Metric, before: pa.Table, now: pa.Table, bench: Bench, values: tuple[float, float]
) -> Rowwise | None:
    """Find the rows' numbers; ``None`` where the metric is no mean over rows."""
    for candidate in _candidates(metric, before, now, bench):
        if _means_are(candidate, values) and _holds_on_half(metric, candidate, before, now, bench):
            return candidate
    return None


def judged(profile: DatasetProfile, table: pa.Table) -> Judged | None:
    """Read a classifier's rows one by one; ``None`` where a column is missing."""
    outcome, layout = profile.outcome, profile.layout
    if not isinstance(outcome, ClassificationProfile) or layout.target is None:
        return None
    names = table.column_names
    scored = {c: n for c, n in layout.scores.items() if c in outcome.scores and n in names}
    decided = table.column(layout.prediction) if layout.prediction in names else None
    if layout.target.column not in names or (decided is None and not scored):
        return None
    return outcome.rows(
        table.column(layout.target.column),
        decided,
        {c: table.column(n) for c, n in scored.items()},
    )


def _candidates(metric: Metric, before: pa.Table, now: pa.Table, bench: Bench) -> Iterator[Rowwise]:
    reads = metric.card.reads
    if metric.found is None:
        yield Rowwise(before=_numbers(before, metric.name), now=_numbers(now, metric.name))
    elif "classification" in reads:
        yield from _of_classes(metric, before, now, bench)
    elif "regression" in reads:
        yield from _of_residuals(before, now, bench)
    elif metric.subject.column:
        found = _of_levels(metric, before, now, bench)
        if found is not None:
            yield found
        missing = [_missing(side, metric.subject.column) for side in (before, now)]
        yield Rowwise(before=missing[0], now=missing[1])


def _of_classes(metric: Metric, before: pa.Table, now: pa.Table, bench: Bench) -> Iterator[Rowwise]:
    sides = [judged(bench.baseline, table) for table in (before, now)]
    then, today = sides
    if then is None or today is None:
        return
    table = _table_of_cells(metric, bench)
    if table is not None:
        yield Rowwise(before=_by_cell(then, table), now=_by_cell(today, table))
    yield Rowwise(before=then.log_loss, now=today.log_loss)
    yield Rowwise(before=then.brier, now=today.brier)


def _table_of_cells(metric: Metric, bench: Bench) -> Numbers | None:
    """Ask a measure for its value on rows of one target and decision: shape (k + 1, k + 1)."""
    blank = bench.baseline.outcome
    assert isinstance(blank, ClassificationProfile)
    size = len(blank.confusion)
    found = np.full((size, size), np.nan)
    for place in np.ndindex(size, size):
        confusion = np.zeros_like(blank.confusion)
        confusion[place] = REPEATS
        outcome = replace(blank.blank(), confusion=confusion, n=REPEATS)
        try:
            found[place] = _alone(metric, bench, outcome=outcome)
        except CannotMeasure:
            continue
    return None if np.isnan(found).all() else found


def _by_cell(rows: Judged, table: Numbers) -> Numbers:
    counted = (rows.truth >= 0) & (rows.decided >= 0)
    found = np.full(len(rows.truth), np.nan)
    found[counted] = table[rows.truth[counted], rows.decided[counted]]
    return found


def _of_residuals(before: pa.Table, now: pa.Table, bench: Bench) -> Iterator[Rowwise]:
    layout = bench.baseline.layout
    if layout.target is None or not isinstance(bench.baseline.outcome, RegressionProfile):
        return
    names = (layout.target.column, layout.prediction)
    if any(name not in side.column_names for name in names for side in (before, now)):
        return
    gaps = []
    for side in (before, now):
        target, predicted = (dense(side.column(name)) for name in names)
        with np.errstate(invalid="ignore", over="ignore"):
            gap = predicted - target
        gaps.append(np.where(np.isfinite(gap), gap, np.nan))
    shapes: tuple[tuple[Callable[[Numbers], Numbers], bool], ...] = (
        (np.abs, False), (np.square, True), (np.square, False), (np.positive, False),
    )  # fmt: skip
    for shape, root in shapes:
        yield Rowwise(before=shape(gaps[0]), now=shape(gaps[1]), root=root)


def _of_levels(metric: Metric, before: pa.Table, now: pa.Table, bench: Bench) -> Rowwise | None:
    """Ask a measure of categories for its value on each of them alone."""
    column = metric.subject.column
    profile = bench.baseline.columns.get(column)
    if not isinstance(profile, CategoricalProfile) or column not in now.column_names:
        return None
    sides = [labels(table.column(column)) for table in (before, now)]
    found: dict[str, float] = {}
    for level in dict.fromkeys([*sides[0].levels, *sides[1].levels]):
        rows = profile.blank().lay([level] * REPEATS)
        try:
            found[level] = _alone(metric, bench, column=rows)
        except CannotMeasure:
            return None
    tables = [np.array([*(found[level] for level in side.levels), np.nan]) for side in sides]
    return Rowwise(before=tables[0][sides[0].codes], now=tables[1][sides[1].codes])


def _alone(metric: Metric, bench: Bench, *, outcome: Any = None, column: Any = None) -> float:
    """Ask a measure for its value on rows of one kind."""
    name = metric.subject.column
    side = replace(
        bench.baseline,
        columns={name: column} if column is not None else {},
        outcome=outcome,
        clusters={},
        n=REPEATS,
        slices={},
        windows={},
    )
    return values_of(metric, replace(bench, baseline=side, current=side))[1]


def _numbers(table: pa.Table, name: str) -> Numbers:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    found = dense(table.column(name))
    return np.where(np.isfinite(found), found, np.nan)


def _missing(table: pa.Table, name: str) -> Numbers:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    null = np.asarray(table.column(name).is_null(nan_is_null=True)).astype(np.float64)
    return np.asarray(null)


def _means_are(found: Rowwise, values: tuple[float, float]) -> bool:
    return all(
        _is(rows, value, found.root)
        for rows, value in zip((found.before, found.now), values, strict=True)
    )


def _is(rows: Numbers, value: float, root: bool) -> bool:
    known = rows[~np.isnan(rows)]
    if not len(known):
        return False
    mean = float(known.mean())
    mean = math.sqrt(mean) if root and mean >= 0 else mean
    return abs(mean - value) <= EXACT * max(abs(value), 1e-6)


def _holds_on_half(
    metric: Metric, found: Rowwise, before: pa.Table, now: pa.Table, bench: Bench
) -> bool:
    """Two measures may agree on all rows by chance, and then not on every other one."""
    halves = [table.take(pa.array(np.arange(0, table.num_rows, 2))) for table in (before, now)]
    grid = narrowed(bench.baseline, [metric.subject.column], slices=False)
    laid = [grid.lay(half, as_of=bench.as_of) for half in halves]
    half = replace(bench, baseline=laid[0], current=laid[1])
    try:
        values = values_of(metric, half)
    except CannotMeasure:
        return True  # too few rows to hold it against; the whole has been
    part = replace(found, before=found.before[::2], now=found.now[::2])
    return _means_are(part, values)
