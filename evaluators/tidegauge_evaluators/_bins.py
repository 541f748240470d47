"""Bins for measures that compare shares: frozen with the baseline, never too thin to compare."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import TooFewRows
from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge.profile.arrays import distinct

Counts = NDArray[np.int64]

EXPECTED = 5.0
"""Rows that a bin must expect on the smaller side; thinner ones are pooled."""
SPARSE = 100
"""Levels up to which evidence is also sought in those that expect one row to five."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bins:
    """Rows of both sides in the same bins."""

    labels: tuple[str, ...]
    baseline: Counts
    """Shape (k,)."""
    current: Counts
    """Shape (k,)."""
    tested: tuple[Counts, Counts]
    """Rows of both sides in the bins that evidence is judged in, shape (j,) each."""
    pooled: int = 0
    """Levels, or groups of the grid, that were too thin to stand alone."""


def require_rows(needed: int, n_baseline: int, n_current: int) -> None:
    """Raise ``TooFewRows`` unless both sides hold enough, one row at the least."""
    if min(n_baseline, n_current) < max(needed, 1):
        raise TooFewRows(needed=max(needed, 1), n_baseline=n_baseline, n_current=n_current)


def binned(
    baseline: NumericProfile | CategoricalProfile,
    current: NumericProfile | CategoricalProfile,
    *,
    bins: int,
    min_rows: int,
) -> Bins:
    """Rows of both sides in bins of about equal baseline mass, or level by level.

    Which cells share a bin is fixed by the baseline. Which groups are too thin is decided by
    both sides together, because a choice by one side alone picks groups that are thin there by
    chance, and then finds them grown on the other side. For the same reason evidence is judged
    in bins of equal mass of both sides together: at the baseline's own quantiles, whose masses
    are fixed there and random on the other side, 6 % of unchanged columns pass for changed at
    the 5 % level.

    Parameters
    ----------
    bins
        Numeric columns: bins wanted. Levels: most bins that rare levels are pooled into.
    min_rows
        Rows needed on each side.
    """
    if isinstance(baseline, NumericProfile) and isinstance(current, NumericProfile):
        require_rows(min_rows, baseline.finite, current.finite)
        return _numeric_bins(baseline, current, bins)
    if isinstance(baseline, CategoricalProfile) and isinstance(current, CategoricalProfile):
        require_rows(min_rows, baseline.present, current.present)
        return _level_bins(baseline, current, bins)
    raise TypeError(f"two profiles of one kind are needed, got {baseline!r} and {current!r}")


def group_starts(cells: Counts, bins: int, *, each_value: bool = False) -> NDArray[np.intp]:
    """First elementary cell of each group of about equal mass.

    A cell belongs to the group in which the middle of its mass falls: floor(bins * (rows
    before it + half its own) / all rows). Values that alone hold more than 1 / bins are groups
    of their own.

    Parameters
    ----------
    cells
        Shape (2 G + 1,): rows, open cells at even places, cut points at odd.
    each_value
        Give every cut point a group of its own.
    """
    n = int(cells.sum())
    middle = np.cumsum(cells) - cells / 2
    group = np.minimum((bins * middle / n).astype(np.int64), bins - 1)
    alone = np.zeros(len(cells), dtype=bool)
    alone[1::2] = each_value or cells[1::2] * bins > n
    starts = np.append(True, group[1:] != group[:-1])
    starts |= alone
    starts[1:] |= alone[:-1]
    return np.flatnonzero(starts)


@lru_cache(maxsize=2)  # the measures that share a column's bins follow each other
def _numeric_bins(baseline: NumericProfile, current: NumericProfile, bins: int) -> Bins:
    cells, others = baseline.cells, current.cells
    n, m = baseline.finite, current.finite
    bins = max(2, min(bins, int(min(n, m) / EXPECTED)))
    each_value = len(baseline.cuts) <= bins and not cells[0::2].any()
    wanted = EXPECTED * (n + m) / min(n, m)
    groups = _groups(cells, others, group_starts(cells, bins, each_value=each_value))
    merged = _merge_thin(groups, wanted)
    tested = _merge_thin(_even_groups(cells, others, bins, each_value=each_value), wanted)
    return Bins(
        labels=tuple(interval_label(baseline.cuts, first, last) for first, last, _, _ in merged),
        baseline=_rows(merged, 2),
        current=_rows(merged, 3),
        tested=(_rows(tested, 2), _rows(tested, 3)),
        pooled=len(groups) - len(merged),
    )


def _groups(
    cells: Counts, others: Counts, starts: NDArray[np.intp]
) -> list[tuple[int, int, int, int]]:
    """First cell, last cell and rows of both sides of each group that holds any."""
    stops = np.append(starts[1:], len(cells)) - 1
    rows = np.add.reduceat(cells, starts), np.add.reduceat(others, starts)
    lines = zip(starts.tolist(), stops.tolist(), rows[0].tolist(), rows[1].tolist(), strict=True)
    return [line for line in lines if line[2] or line[3]]


def _even_groups(
    cells: Counts, others: Counts, bins: int, *, each_value: bool
) -> list[tuple[int, int, int, int]]:
    """Rows of both sides between ranks that split all rows evenly, heavy values apart.

    A rank inside an open cell splits it: with few baseline rows such a cell holds current rows
    only, and moved as a whole it would make bins uneven in just what is tested. A value is
    never split.
    """
    total = cells + others
    ends = np.append(0, np.cumsum(total))
    size = int(ends[-1])
    ranks = np.arange(1, bins) * size // bins
    place = np.searchsorted(ends, ranks, "left") - 1
    first, last = ends[place], ends[place + 1]
    nearer = np.where(2 * ranks < first + last, first, last)
    ranks = np.where(place % 2, nearer, ranks)
    alone = 1 + 2 * np.flatnonzero((total[1::2] > 0) & (each_value or total[1::2] * bins > size))
    ranks = distinct(np.sort(np.concatenate([[0, size], ranks, ends[alone], ends[alone + 1]])))
    strict = np.append(True, total > 0)  # interpolation wants ranks that rise
    counts = np.interp(ranks, ends[strict], np.append(0, np.cumsum(others))[strict])
    now = np.diff(np.floor(counts + 0.5).astype(np.int64))
    before = np.diff(ranks) - now
    return [(0, 0, a, b) for a, b in zip(before.tolist(), now.tolist(), strict=True)]


def _rows(groups: list[tuple[int, int, int, int]], side: int) -> Counts:
    return np.array([group[side] for group in groups], dtype=np.int64)


def _merge_thin(
    groups: list[tuple[int, int, int, int]], wanted: float
) -> list[tuple[int, int, int, int]]:
    """Merge the thinnest group with its thinner neighbour until none is below ``wanted``."""
    groups = list(groups)
    while len(groups) > 1:
        rows = [a + b for _, _, a, b in groups]
        place = rows.index(min(rows))
        if rows[place] >= wanted:
            break
        left = place > 0 and (place == len(groups) - 1 or rows[place - 1] <= rows[place + 1])
        place -= left
        (first, _, a, b), (_, last, c, d) = groups[place : place + 2]
        groups[place : place + 2] = [(first, last, a + c, b + d)]
    return groups


def interval_label(cuts: NDArray[np.float64], first: int, last: int) -> str:
    """Name the values from one elementary cell to another, both included."""
    low = f"{cuts[(first - 1) // 2]:.6g}" if first else ""
    high = f"{cuts[last // 2]:.6g}" if last < 2 * len(cuts) else ""
    if first == last and first % 2:
        return f"= {low}"
    if low and high:
        return f"{'[' if first % 2 else '('}{low}, {high}{']' if last % 2 else ')'}"
    if low:
        return f"{'≥' if first % 2 else '>'} {low}"
    return f"{'≤' if last % 2 else '<'} {high}" if high else "all values"


@lru_cache(maxsize=2)
def _level_bins(baseline: CategoricalProfile, current: CategoricalProfile, bins: int) -> Bins:
    names, a, b = _levels(baseline, current)
    n, m = baseline.present, current.present
    one = (n + m) / min(n, m)
    unnamed = (n - int(a.sum()), m - int(b.sum()))
    groups, pooled = _level_groups(names, a, b, unnamed, bins=bins, least=EXPECTED * one)
    tested = groups
    if pooled:
        ordered = np.sort(a + b)[::-1]
        top = ordered[min(SPARSE, len(ordered)) - 1]
        least = min(EXPECTED * one, max(one, float(top)))
        tested, _ = _level_groups(names, a, b, unnamed, bins=bins, least=least)
    return Bins(
        labels=tuple(label for label, _, _ in groups),
        baseline=np.array([rows for _, rows, _ in groups], dtype=np.int64),
        current=np.array([rows for _, _, rows in groups], dtype=np.int64),
        tested=(
            np.array([rows for _, rows, _ in tested], dtype=np.int64),
            np.array([rows for _, _, rows in tested], dtype=np.int64),
        ),
        pooled=pooled,
    )


def _level_groups(
    names: list[str], a: Counts, b: Counts, unnamed: tuple[int, int], *, bins: int, least: float
) -> tuple[list[tuple[str, int, int]], int]:
    """Levels with ``least`` rows on both sides together, the rest pooled, and how many those are.

    Parameters
    ----------
    unnamed
        Rows of both sides whose levels' counts are not known; they join the pool.
    """
    total = a + b
    common = np.flatnonzero(total >= least)
    rare = np.flatnonzero((total < least) & (total > 0))
    groups = [
        (names[i], int(before), int(now))
        for i, before, now in zip(common.tolist(), a[common], b[common], strict=True)
    ]
    if any(unnamed):
        groups.append(_pool(names, a, b, rare, unnamed))
    elif len(rare):
        groups += _rare_groups(names, a, b, rare, bins=bins, wanted=least)
    return groups, len(rare)


def _levels(
    baseline: CategoricalProfile, current: CategoricalProfile
) -> tuple[list[str], Counts, Counts]:
    """Every level whose rows are known on both sides, new ones included."""
    names = list(baseline.levels)
    if baseline.unseen_rows or not current.unseen:
        return names, baseline.counts, current.counts
    names += [f"unseen: {name}" for name in current.unseen]
    fresh = np.array(list(current.unseen.values()), dtype=np.int64)
    return names, np.append(baseline.counts, 0 * fresh), np.append(current.counts, fresh)


def _rare_groups(
    names: list[str], a: Counts, b: Counts, rare: NDArray[np.intp], *, bins: int, wanted: float
) -> list[tuple[str, int, int]]:
    """Pool rare levels that are neighbours in alphabetical order, an order no row decides."""
    rare = np.array(sorted(rare, key=lambda i: names[i].removeprefix("unseen: ")), dtype=np.intp)
    total = (a + b)[rare]
    groups = max(1, min(bins, int(total.sum() / wanted)))
    place = (groups * (np.cumsum(total) - total / 2) / total.sum()).astype(np.int64)
    return [_pool(names, a, b, rare[place == g], (0, 0)) for g in np.unique(place)]


def _pool(
    names: list[str], a: Counts, b: Counts, rare: NDArray[np.intp], unnamed: tuple[int, int]
) -> tuple[str, int, int]:
    if len(rare) == 1 and not any(unnamed):
        label = names[rare[0]]
    elif any(unnamed):
        label = "rare and unseen levels"
    else:
        label = f"{len(rare)} rare levels, {names[rare[0]]} to {names[rare[-1]]}"
    return label, int(a[rare].sum()) + unnamed[0], int(b[rare].sum()) + unnamed[1]
