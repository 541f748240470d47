"""How a column hangs together with the others: what a repair must keep, a shuffle destroys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable
from tidegauge_evaluators._shapes import Numbers

COLUMNS = 24
"""Other columns that are read at most, the first of those given."""
LEVELS = 8
"""Levels of a category that get a number of their own."""
ROWS = 10_000
"""Rows of a side that are read at most."""


def others(case: Case, column: str, given: Sequence[str]) -> tuple[str, ...]:
    """Columns to hold this one against: those given, or else every other feature."""
    names = given or case.features
    known = [name for name in names if name in case.variables and name != column]
    return tuple(known[:COLUMNS])


def ranked(values: Numbers) -> Numbers:
    """Mean ranks from -1 to 1, with standard deviation about one; missing values in the middle.

    Examples
    --------
    >>> ranked(np.array([10.0, 30.0, np.nan, 20.0])).round(2).tolist()
    [-1.15, 1.15, 0.0, 0.0]
    """
    there = np.isfinite(values)
    ranks = np.zeros(len(values))
    kept = values[there]
    if len(kept):
        order = np.argsort(kept)
        first = np.flatnonzero(np.r_[True, np.diff(kept[order]) > 0])
        ends = np.r_[first[1:], len(kept)]
        places = np.empty(len(kept))
        places[order] = np.repeat(first + ends, ends - first)
        ranks[there] = (places / len(kept) - 1.0) * np.sqrt(3.0)
    return ranks


def numbered(
    case: Case,
    names: Sequence[str],
    sides: Sequence[NDArray[np.int64]],
    *,
    bent: bool = True,
) -> list[Numbers]:
    """Lay columns out as numbers, the same way for each side.

    Ranks are taken within a side: what happened to the other columns there, a unit or a trend,
    does not matter then.

    Parameters
    ----------
    sides
        Rows of the case, by place.
    bent
        Whether to add squares of ranks, for dependence that turns around.

    Returns
    -------
    Shape (rows, numbers) for each side.
    """
    blocks: list[list[Numbers]] = [[] for _ in sides]
    for name in names:
        variable = case[name]
        marks = _frequent(variable, sides[0])
        for block, rows in zip(blocks, sides, strict=True):
            values = variable.values[rows]
            if variable.categorical:
                block.extend((values == mark).astype(np.float64) for mark in marks)
            else:
                rank = ranked(values)
                block.append(rank)
                if bent:
                    block.append(rank**2 - np.mean(rank**2))
    return [
        np.column_stack(block) if block else np.empty((len(rows), 0))
        for block, rows in zip(blocks, sides, strict=True)
    ]


def _frequent(variable: Variable, rows: NDArray[np.int64]) -> list[int]:
    if not variable.categorical:
        return []
    codes = variable.values[rows]
    counts = np.bincount(codes[np.isfinite(codes)].astype(int), minlength=len(variable.levels))
    return [int(code) for code in np.argsort(-counts)[:LEVELS] if counts[code]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bond:
    """What the other columns say about a column's ranks, learned on part of the baseline."""

    then: float
    """Correlation with what they say, on baseline rows that did not teach it."""
    rows: NDArray[np.int64]
    """Places among the current rows that it was asked for."""
    said: Numbers
    """What the others say there."""
    values_then: Numbers
    """The column on the baseline rows that did not teach it."""
    said_then: Numbers
    """What the others say there."""

    def now(self, values: Numbers) -> float:
        """Correlation on the current rows, of values for all of them; missing ones left out."""
        asked = values[self.rows]
        there = np.isfinite(asked)
        return correlation(ranked(asked[there]), self.said[there])

    def far(self, expected: float, found: float) -> float:
        """Squared distance of two correlations in standard errors (Fisher's z)."""
        gap = np.arctanh(np.clip(found, -0.999, 0.999)) - np.arctanh(
            np.clip(expected, -0.999, 0.999)
        )
        return float(gap**2 / self.variance)

    @property
    def variance(self) -> float:
        """Sampling variance of the difference of the two, on Fisher's scale."""
        # what ranks cost (Bonett & Wright 2000, Psychometrika 65)
        return (1.0 + self.then**2 / 2.0) * (
            1.0 / max(len(self.said_then) - 3, 1) + 1.0 / max(len(self.rows) - 3, 1)
        )


def bond(case: Case, column: str, names: Sequence[str], *, rng: np.random.Generator) -> Bond | None:
    """Learn what the other columns say about this one; ``None`` where that is next to nothing."""
    values = case[column].values
    then = np.flatnonzero(~case.current & np.isfinite(values))
    now = np.flatnonzero(case.current)
    if not names or min(len(then), len(now)) < 100:
        return None
    then = rng.permutation(then)[:ROWS]
    now = np.sort(rng.permutation(now)[: ROWS // 2])
    learn, hold = then[: len(then) // 2], then[len(then) // 2 :]
    x, x_hold, x_now = numbered(case, names, [learn, hold, now])
    if x.shape[1] == 0 or len(learn) < 2 * x.shape[1]:
        return None
    mean = x.mean(axis=0)
    gram = (x - mean).T @ (x - mean) + 1e-3 * len(x) * np.eye(x.shape[1])
    slopes = np.linalg.solve(gram, (x - mean).T @ ranked(values[learn]))
    said_then, said = (x_hold - mean) @ slopes, (x_now - mean) @ slopes
    held = correlation(ranked(values[hold]), said_then)
    if held < max(0.1, 4.0 / np.sqrt(len(hold))):
        return None
    return Bond(
        then=held,
        rows=np.searchsorted(np.flatnonzero(case.current), now),
        said=said,
        values_then=values[hold],
        said_then=said_then,
    )


def correlation(a: Numbers, b: Numbers) -> float:
    """Pearson's; 0 where one side does not vary."""
    if len(a) < 3:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0.0 else 0.0


def lag_of(
    case: Case, column: str, names: Sequence[str], expected: float
) -> tuple[int, float, float]:
    """Shift of the column against the others, in rows, that brings back most of the correlation.

    Positive: values stand that many rows too late.

    Returns
    -------
    lag, correlation at that lag, correlation without.
    """
    then = np.flatnonzero(~case.current)[: 2 * ROWS]
    now = np.flatnonzero(case.current)[: 2 * ROWS]
    x, x_now = numbered(case, names, [then, now])
    mean = x.mean(axis=0)
    gram = (x - mean).T @ (x - mean) + 1e-3 * len(x) * np.eye(x.shape[1])
    slopes = np.linalg.solve(gram, (x - mean).T @ ranked(case[column].values[then]))
    said, asked = (x_now - mean) @ slopes, ranked(case[column].values[now])
    said = said - said.mean()
    scale = max(float(np.sqrt((said @ said) * (asked @ asked))), 1e-300)
    reach, size = min(len(now) // 4, 2_000), 2 * len(now)
    turned = np.fft.rfft(asked, size) * np.conj(np.fft.rfft(said, size))
    along = np.fft.irfft(turned, size) / scale
    window = np.concatenate([along[-reach:], along[: reach + 1]]) if reach else along[:1]
    # only what has the sign it had before can be the same dependence
    lag = int(np.argmax(window * np.sign(expected))) - reach
    return lag, float(window[lag + reach]), float(window[reach])
