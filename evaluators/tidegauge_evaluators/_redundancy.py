"""Columns that cannot be asked, and columns that say the same as another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable

SAME = 0.98
"""Rank correlation in the baseline from which two columns are one."""
READ = 5_000
"""Baseline rows that are read."""
COUNTER = 0.99
"""Rank correlation with the order of rows from which a column is a counter or a clock."""


def unusable(case: Case) -> dict[str, str]:
    """Say of each feature that tells the sides apart by itself, or never, why it is left out.

    A clock, a counter or an id lies apart on both sides whatever happens.
    """
    found: dict[str, str] = {}
    for name in case.features:
        one = case[name]
        before, now = one.values[~case.current], one.values[case.current]
        if np.isnan(before).all() and np.isnan(now).all():
            found[name] = "holds nothing on either side"
        elif one.instant:
            found[name] = "is a moment, which always differs"
        elif one.categorical:
            if len(one.levels) > 0.5 * case.n and len(one.levels) > 100:
                found[name] = "has another value in nearly every row"
        elif _is_counter(before, now):
            found[name] = "counts on from one side to the other"
    return found


def _is_counter(before: NDArray[np.float64], now: NDArray[np.float64]) -> bool:
    """Whether values rise with the rows and the sides do not overlap."""
    before, now = before[np.isfinite(before)], now[np.isfinite(now)]
    if min(len(before), len(now)) < 10 or not (
        before.max() < now.min() or now.max() < before.min()
    ):
        return False
    if len(np.unique(before)) < 0.99 * len(before):
        return False
    return abs(_rank_correlation(before, np.arange(len(before), dtype=np.float64))) > COUNTER


def redundant(case: Case, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Group columns of which one follows from the other in the baseline."""
    numbers = [name for name in names if not case[name].categorical]
    if len(numbers) < 2:
        return ()
    rows = np.flatnonzero(~case.current)[:READ]
    ranks = np.column_stack([_ranks(case[name].values[rows]) for name in numbers])
    deviation = ranks.std(axis=0)
    ranks = (ranks - ranks.mean(axis=0)) / np.where(deviation > 0, deviation, np.inf)
    near = np.abs(ranks.T @ ranks) / len(rows) > SAME
    parent = list(range(len(numbers)))
    for i, j in np.argwhere(np.triu(near, 1)):
        _join(parent, int(i), int(j))
    groups: dict[int, list[str]] = {}
    for i, name in enumerate(numbers):
        groups.setdefault(_root(parent, i), []).append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def association(case: Case, one: str, other: str) -> float:
    """How closely two columns go together in the baseline: absolute rank correlation, 0 to 1.

    Categories are ranked by the other column's mean in them.
    """
    rows = np.flatnonzero(~case.current)[:READ]
    first, second = case[one], case[other]
    return abs(_rank_correlation(_ordered(first, second, rows), _ordered(second, first, rows)))


def _ordered(one: Variable, by: Variable, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    values = one.values[rows]
    if not one.categorical:
        return values
    target = np.nan_to_num(by.values[rows])
    codes = np.where(np.isnan(values), len(one.levels), values).astype(np.int64)
    sums = np.bincount(codes, weights=target, minlength=len(one.levels) + 1)
    counts = np.bincount(codes, minlength=len(one.levels) + 1)
    means: NDArray[np.float64] = (sums / np.maximum(counts, 1))[codes]
    return means


def _rank_correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    first, second = _ranks(one), _ranks(other)
    spread = first.std() * second.std()
    if not spread > 0:
        return 0.0
    return float(((first - first.mean()) * (second - second.mean())).mean() / spread)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks, missing values in the middle; equal values share the lowest."""
    seen = np.isfinite(values)
    ordered = np.sort(values[seen])
    low = np.searchsorted(ordered, values, side="left")
    high = np.searchsorted(ordered, values, side="right")
    return np.where(seen, (low + high) / 2, len(ordered) / 2)


def _join(parent: list[int], one: int, other: int) -> None:
    parent[_root(parent, one)] = _root(parent, other)


def _root(parent: list[int], one: int) -> int:
    while parent[one] != one:
        one = parent[one]
    return one
