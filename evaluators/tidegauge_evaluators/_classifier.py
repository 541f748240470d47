"""A linear classifier between two sides, cross-fitted, for many ways to draw the sides at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._vectors import Matrix, Places, Pool

Floats = NDArray[np.float64]

RIDGE = 3.0
"""Added to every variance when directions are scaled, as a share of their mean: a topic's
direction is found by its spread as well as by its mean, and small samples are not fitted to
noise. On encoded requests with a foreign topic mixed in, 3 and 10 found it most often."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crossed:
    """How well rows are told apart by classifiers that never saw their units."""

    found: float
    """Area under the ROC curve, pairs taken within folds."""
    permuted: Floats
    """Shape (B,)."""
    scores: Floats
    """Shape (rows,): out-of-fold, in standard deviations of the fold; high = current."""
    variance: float
    """Of ``found``, by how often each unit wins its pairs (DeLong et al. 1988)."""
    pairs: float
    """Pairs of rows that were compared."""


def whitened(pool: Pool, band: Places | None = None) -> Matrix:
    """Scale the directions of all rows together by their spread, shape (rows, dimensions).

    No label is read. With ``band`` each band is centred on its own mean.
    """
    held = pool.held[pool.unit].astype(np.float64)
    rows = pool.vectors.astype(np.float64)
    if band is None:
        rows = rows - (held @ rows) / held.sum()
    else:
        group = band[pool.unit]
        weight = np.bincount(group, held)
        sums = np.zeros((len(weight), rows.shape[1]))
        np.add.at(sums, group, rows * held[:, None])
        rows = rows - (sums / weight[:, None])[group]
    spread, directions = np.linalg.eigh((rows * held[:, None]).T @ rows / held.sum())
    keep = spread > 1e-9 * max(spread[-1], 1e-30)
    scale = np.sqrt(spread[keep] + RIDGE * spread[keep].mean())
    return np.asarray(rows @ (directions[:, keep] / scale), dtype=np.float32)


def cross_fit(
    pool: Pool, rows: Matrix, sides: Matrix, *, folds: int, band: Places | None = None
) -> Crossed:
    """Tell sides apart along the difference of whitened means (linear discriminant analysis).

    Each fold is scored by the means of the others, so that everything is a matrix product, and
    every permutation is fitted anew. Units are in random order and never cut by a fold.

    Parameters
    ----------
    rows
        Shape (rows, dimensions), from ``whitened``.
    sides
        Shape (units, 1 + B), from ``drawn_sides``.
    folds
        Parts that the units are dealt into.
    band
        Pairs are compared within bands only.
    """
    held = pool.held.astype(np.float32)
    row_fold = (np.arange(len(held)) % folds)[pool.unit]
    parts = [np.flatnonzero(row_fold == fold) for fold in range(folds)]
    sums = [_Sums.of(rows[part], sides[pool.unit[part]], held[pool.unit[part]]) for part in parts]
    wins, pairs = np.zeros(sides.shape[1]), np.zeros(sides.shape[1])
    scores, wins_of_unit = np.zeros(len(rows)), np.zeros((len(held), 2))
    for fold, part in enumerate(parts):
        direction = _direction([one for other, one in enumerate(sums) if other != fold])
        found = rows[part] @ direction
        spread = float(found[:, 0].std()) or 1.0
        scores[part] = (found[:, 0] - found[:, 0].mean()) / spread
        for group in [part] if band is None else _split(part, band[pool.unit[part]]):
            units = pool.unit[group]
            table = found[np.searchsorted(part, group)]
            won, compared = _wins(table, sides[units], held[units])
            wins += won
            pairs += compared
            _count_wins(wins_of_unit, units, table[:, 0], sides[units, 0], held[units])
    areas = np.where(pairs > 0, wins / np.maximum(pairs, 1.0), 0.5)
    return Crossed(
        found=float(areas[0]),
        permuted=areas[1:],
        scores=scores,
        variance=float((((wins_of_unit @ [1.0, -areas[0]]) / max(pairs[0], 1.0)) ** 2).sum()),
        pairs=float(pairs[0]),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sums:
    """Sums of a fold's rows on the current side, for every column, and of all its rows."""

    now: Matrix
    """Shape (dimensions, 1 + B)."""
    all: Matrix
    """Shape (dimensions, 1)."""
    rows_now: Floats
    """Shape (1 + B,)."""
    rows: float

    @classmethod
    def of(cls, rows: Matrix, now: Matrix, held: Matrix) -> _Sums:
        return cls(
            now=rows.T @ now,
            all=rows.T @ held[:, None],
            rows_now=now.sum(axis=0, dtype=np.float64),
            rows=float(held.sum()),
        )


def _direction(folds: list[_Sums]) -> Matrix:
    """Difference of the current and the baseline rows' means, shape (dimensions, 1 + B)."""
    now = np.sum([fold.now for fold in folds], axis=0)
    then = np.sum([fold.all for fold in folds], axis=0) - now
    rows_now = np.sum([fold.rows_now for fold in folds], axis=0)
    rows_then = sum(fold.rows for fold in folds) - rows_now
    means = now / np.maximum(rows_now, 1.0), then / np.maximum(rows_then, 1.0)
    return np.asarray(means[0] - means[1], dtype=np.float32)


def _split(rows: Places, group: Places) -> list[Places]:
    return [rows[group == i] for i in np.unique(group)]


def _wins(scores: Matrix, now: Matrix, held: Matrix) -> tuple[Floats, Floats]:
    """Pairs in which the current row scores higher, and all pairs, for every column."""
    order = np.argsort(scores, axis=0)
    current = np.take_along_axis(now, order, axis=0)
    baseline = held[order] - current
    below = np.cumsum(baseline, axis=0) - 0.5 * baseline
    won = np.einsum("ij,ij->j", current, below, dtype=np.float64)
    return won, current.sum(axis=0, dtype=np.float64) * baseline.sum(axis=0, dtype=np.float64)


def _count_wins(counts: Floats, units: Places, scores: Matrix, now: Matrix, held: Matrix) -> None:
    """Add to each unit the pairs its rows are in: those the current row wins, and all.

    Every pair counts for both its rows, which is what the variance of their share takes.
    """
    order = np.argsort(scores)
    current = now[order].astype(np.float64)
    baseline = held[order] - current
    below = np.cumsum(baseline) - 0.5 * baseline
    above = current.sum() - np.cumsum(current) + 0.5 * current
    won = current * below + baseline * above
    compared = current * baseline.sum() + baseline * current.sum()
    np.add.at(counts, units[order], np.stack([won, compared], axis=1))
