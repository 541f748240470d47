"""Rows drawn again and again, and measured each time: how much any measure varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tidegauge.comparing.metrics import Metric, values_of
from tidegauge.freezing import Progress
from tidegauge.measuring import Bench
from tidegauge.profile import ClassificationProfile, DatasetProfile
from tidegauge.profile.moments import NO_MOMENTS
from tidegauge.wording import listed

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]

DRAWS = 200
"""Draws: their spread is then right to 5 %."""
MOST_ROWS = 20_000
"""Rows of a draw; of longer logs fewer rows are drawn and the spread is scaled."""
MOST_ASKED = 200
"""Metrics in segments that are drawn again: each takes about a second."""

CODED = (pa.types.is_integer, pa.types.is_floating, pa.types.is_string, pa.types.is_large_string)
"""Types that are counted more quickly by codes, and are the same labels then."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawing:
    """How rows are drawn: whole groups, the same ids on both sides or each side for itself."""

    before: pa.Table
    now: pa.Table
    groups: tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]
    paired: bool
    weights: tuple[Numbers, Numbers] | None = None
    """What each row counts, where different rows are made comparable."""

    @property
    def part(self) -> float:
        """Rows of a draw as a share of all."""
        rows = max(self.before.num_rows, self.now.num_rows)
        return min(1.0, MOST_ROWS / rows) if rows else 1.0


def within_reach(
    metrics: Sequence[Metric], sizes: Mapping[str, int]
) -> tuple[list[tuple[Metric, str]], tuple[str, ...]]:
    """Choose what to draw rows for: all rows always, the largest segments while it is quick.

    Parameters
    ----------
    metrics
        Those whose error can only be told so.
    sizes
        Segment -> its rows.

    Returns
    -------
    Metric and segment, empty for all rows; and a note on the segments that are left out.
    """
    largest = sorted(sizes, key=lambda label: -sizes[label])
    inner = [(metric, label) for label in largest for metric in metrics]
    asked = [(metric, "") for metric in metrics] + inner[:MOST_ASKED]
    left = [f"{metric.name} in {label}" for metric, label in inner[MOST_ASKED:]]
    if not left:
        return asked, ()
    return asked, (
        f"Rows are drawn anew for {MOST_ASKED} metrics in segments at most, the largest ones; "
        f"left out: {listed(left, 8)}.",
    )


def narrowed(profile: DatasetProfile, columns: Sequence[str], slices: bool) -> DatasetProfile:
    """Keep the empty grids of a few columns and of the outcome."""
    blank = profile.blank()
    kept = set(columns)

    def only(part: DatasetProfile) -> DatasetProfile:
        named = {name: one for name, one in part.columns.items() if name in kept}
        return replace(part, columns=named, keys=None, clusters={}, slices={})

    parts = {label: only(part) for label, part in blank.slices.items()} if slices else {}
    return replace(only(blank), slices=parts)


def redraw(
    asked: Sequence[tuple[Metric, str]],
    bench: Bench,
    drawing: Drawing,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
    progress: Progress | None = None,
) -> dict[tuple[str, str], Numbers]:
    """Measure rows drawn with replacement.

    Parameters
    ----------
    asked
        Metric and segment, empty for all rows.
    bench
        Both sides' grids.
    drawing
        The rows.
    rng
        Which are drawn.

    Returns
    -------
    Metric's name and segment -> baseline's and candidate's values, shape (draws, 2); NaN where
    there was none.
    """
    found = {(metric.name, label): np.full((draws, 2), np.nan) for metric, label in asked}
    sliced = any(label for _, label in asked)
    columns = [metric.subject.column for metric, _ in asked]
    grid = _plain(narrowed(bench.baseline, columns, sliced), [metric for metric, _ in asked], bench)
    wanted = _read(bench, columns, sliced)
    before, now = (_coded(side, wanted, bench) for side in (drawing.before, drawing.now))
    pickers = _pickers(drawing)
    for draw in range(draws):
        if progress is not None:
            progress("drawing rows anew", draw, draws)
        rows = _draw(pickers, drawing, rng)
        laid = replace(
            bench,
            baseline=grid.lay(before.take(pa.array(rows[0])), as_of=bench.as_of),
            current=grid.lay(now.take(pa.array(rows[1])), as_of=bench.as_of),
        )
        for metric, label in asked:
            found[metric.name, label][draw] = _measured(metric, laid, label)
    return found


def _plain(grid: DatasetProfile, metrics: Sequence[Metric], bench: Bench) -> DatasetProfile:
    """Leave out the scores' grids where no measure reads them: they cost most of the time."""
    whole = bench.current.outcome
    if not isinstance(whole, ClassificationProfile) or not bench.baseline.layout.prediction:
        return grid
    outcome = replace(whole, scores={}, log_loss=NO_MOMENTS, brier=NO_MOMENTS)
    side = replace(bench.current, outcome=outcome)
    without = replace(bench, baseline=side, current=side)
    same = replace(bench, baseline=bench.current, current=bench.current)
    for metric in metrics:
        if _measured(metric, without, "") != _measured(metric, same, ""):
            return grid

    def bare(part: DatasetProfile) -> DatasetProfile:
        held = part.outcome
        assert isinstance(held, ClassificationProfile)
        return replace(part, outcome=replace(held, scores={}))

    return replace(bare(grid), slices={label: bare(part) for label, part in grid.slices.items()})


def _coded(side: pa.Table, wanted: set[str], bench: Bench) -> pa.Table:
    """Keep the columns that are read, classes and segments as codes, which are quick to count."""
    layout = bench.baseline.layout
    target = layout.target
    classes = {target.column, layout.prediction} if target and target.classes else set()
    kept = side.select([name for name in side.column_names if name in wanted])
    for place, name in enumerate(kept.column_names):
        column = kept.column(name)
        few = name in classes or name in layout.segments
        if few and any(fits(column.type) for fits in CODED):
            kept = kept.set_column(place, name, column.combine_chunks().dictionary_encode())
    return kept


def weighed(
    asked: Sequence[tuple[Metric, str]], bench: Bench, drawing: Drawing
) -> Mapping[tuple[str, str], tuple[float, float]]:
    """Measure both sides with each row as often as its weight says: no chance is involved."""
    assert drawing.weights is not None
    rows = [_as_often(weights, len(weights)) for weights in drawing.weights]
    grid = narrowed(bench.baseline, [metric.subject.column for metric, _ in asked], True)
    laid = replace(
        bench,
        baseline=grid.lay(drawing.before.take(pa.array(rows[0])), as_of=bench.as_of),
        current=grid.lay(drawing.now.take(pa.array(rows[1])), as_of=bench.as_of),
    )
    found = {(metric.name, label): _measured(metric, laid, label) for metric, label in asked}
    return {key: (float(value[0]), float(value[1])) for key, value in found.items()}


def _measured(metric: Metric, bench: Bench, label: str) -> tuple[float, float]:
    try:
        return values_of(metric, bench, label)
    except Exception:
        return np.nan, np.nan


def _read(bench: Bench, columns: Sequence[str], sliced: bool) -> set[str]:
    layout = bench.baseline.layout
    target = layout.target.column if layout.target else ""
    outcome = (target, layout.prediction, *layout.scores.values(), layout.timestamp)
    return {*columns, *outcome, *(layout.segments if sliced else ())} - {""}


def _pickers(drawing: Drawing) -> list[tuple[Places, Places]]:
    """Each side's rows in the order of their groups, and where each group begins."""
    sides = []
    tables = (drawing.before, drawing.now)
    for table, groups in zip(tables, drawing.groups, strict=True):
        if groups is None:
            sides.append((np.arange(table.num_rows), np.arange(table.num_rows + 1)))
            continue
        order = np.argsort(groups, kind="stable")
        starts = np.flatnonzero(np.append(True, np.diff(groups[order]) != 0))
        sides.append((order, np.append(starts, len(order))))
    return sides


def _draw(
    pickers: list[tuple[Places, Places]], drawing: Drawing, rng: np.random.Generator
) -> list[Places]:
    rows = [_drawn(pickers[0], drawing.part, rng)]
    rows.append(rows[0] if drawing.paired else _drawn(pickers[1], drawing.part, rng))
    if drawing.weights is None:
        return rows
    return [
        picked[_as_often(weights[picked], len(picked), rng)]
        for picked, weights in zip(rows, drawing.weights, strict=True)
    ]


def _drawn(picker: tuple[Places, Places], part: float, rng: np.random.Generator) -> Places:
    """Draw whole groups with replacement, in the order of the log."""
    order, edges = picker
    count = len(edges) - 1
    chosen = np.sort(rng.integers(0, count, max(2, round(count * part))))
    if count == len(order):
        return order[chosen]
    sizes = edges[chosen + 1] - edges[chosen]
    starts = np.repeat(edges[chosen] - np.append(0, np.cumsum(sizes)[:-1]), sizes)
    return order[starts + np.arange(int(sizes.sum()))]


def _as_often(weights: Numbers, n: int, rng: np.random.Generator | None = None) -> Places:
    """Repeat each row as often as its weight says, to the next whole number up or down."""
    total = float(weights.sum())
    offset = 0.5 if rng is None else float(rng.random())
    steps = (np.arange(n) + offset) * total / n
    return np.searchsorted(np.cumsum(weights), steps, "right").clip(0, len(weights) - 1)
