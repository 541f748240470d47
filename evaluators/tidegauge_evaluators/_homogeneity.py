"""Whether two rows of counts come from one distribution: exact, chi-square or Monte Carlo."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._distributions import chi_square_sf

Counts = NDArray[np.int64]

EXACT = 5_000
"""Longest list of 2 x 2 tables that is summed."""
EXPECTED = 5.0
"""Expected rows in every cell from which the chi-square distribution is trusted (Cochran 1954)."""
DRAWS = 9_999
STOP = 20
"""Tables at least as extreme after which drawing stops (Besag & Clifford 1991, Biometrika 78)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Homogeneity:
    """Pearson's statistic of a 2 x k table and how likely it is by chance."""

    statistic: float
    df: int
    p_value: float
    method: str


def homogeneity(
    baseline: Counts, current: Counts, rng: np.random.Generator | None = None
) -> Homogeneity:
    """Test whether both rows of counts share one distribution; valid for any counts.

    Parameters
    ----------
    baseline, current
        Shape (k,): rows in each bin; no bin is empty on both sides.
    rng
        Used only where expected counts are small and k exceeds 2.

    Examples
    --------
    >>> found = homogeneity(np.array([3, 1]), np.array([1, 3]))
    >>> found.method, found.p_value
    ('exact', 0.4857142857142857)
    """
    total = baseline + current
    n, m, size = int(baseline.sum()), int(current.sum()), int(total.sum())
    statistic = pearson(current, total, m)
    df = len(total) - 1
    if df == 0:
        return Homogeneity(statistic=0.0, df=0, p_value=1.0, method="one bin")
    if df == 1 and min(n, m, *total.tolist()) <= EXACT:
        p_value, method = fisher(int(current[0]), int(total[0]), m, size), "exact"
    elif float(total.min()) * min(n, m) >= EXPECTED * size:
        # (size - 1) / size makes the mean over all tables with these margins exactly df.
        p_value, method = chi_square_sf(statistic * (size - 1) / size, df), "chi-square"
    else:
        rng = rng or np.random.default_rng(0)
        fewer = baseline if n < m else current
        p_value, method = _monte_carlo(fewer, total, statistic, rng), "Monte Carlo"
    return Homogeneity(statistic=statistic, df=df, p_value=p_value, method=method)


def pearson(row: NDArray[np.int64], total: Counts, rows: int) -> float:
    """Pearson's statistic of the table whose one row and column totals are given."""
    return float(_pearson(row[None, :], total, rows)[0])


def _pearson(rows: NDArray[np.int64], total: Counts, n: int) -> NDArray[np.float64]:
    size = int(total.sum())
    expected = total * (n / size)
    squares: NDArray[np.float64] = ((rows - expected) ** 2 / expected).sum(axis=1)
    return squares * (size / (size - n)) if size > n else squares * 0.0


def fisher(found: int, column: int, row: int, size: int) -> float:
    """Fisher's exact two-sided p-value of a 2 x 2 table.

    Parameters
    ----------
    found
        Rows in the cell where the given row and column meet.
    column, row, size
        Totals of that column, that row and the whole table.
    """
    low, high = max(0, column + row - size), min(column, row)
    k = np.arange(low, high, dtype=np.float64)
    steps = np.log((column - k) * (row - k)) - np.log((k + 1) * (size - column - row + k + 1))
    logs = np.append(0.0, np.cumsum(steps))
    chances = np.exp(logs - logs.max())
    extreme = chances <= chances[found - low] * (1 + 1e-7)
    return float(min(1.0, chances[extreme].sum() / chances.sum()))


def _monte_carlo(row: Counts, total: Counts, statistic: float, rng: np.random.Generator) -> float:
    """Share of random tables with the same margins that are at least as extreme.

    Evidence stronger than draws can show is left to the single bin that is most extreme, which
    also saves the draws.
    """
    single = _bonferroni(row, total)
    if single * (DRAWS + 1) < 1.0:
        return single
    n, drawn, extreme, batch = int(row.sum()), 0, 0, 64
    while drawn < DRAWS:
        size = min(batch, DRAWS - drawn)
        tables = rng.multivariate_hypergeometric(total, n, size=size, method="marginals")
        hits = np.flatnonzero(_pearson(tables, total, n) >= statistic * (1 - 1e-9))
        if extreme + len(hits) >= STOP:
            return STOP / (drawn + int(hits[STOP - extreme - 1]) + 1)
        drawn, extreme, batch = drawn + size, extreme + len(hits), batch * 2
    return (extreme + 1) / (drawn + 1)


def _bonferroni(row: Counts, total: Counts) -> float:
    """Smallest exact p-value of one bin against the rest, times the bins."""
    n, size = int(row.sum()), int(total.sum())
    expected = total * (n / size)
    places = np.argsort(-((row - expected) ** 2 / expected))[:3]
    least = min(fisher(int(row[i]), int(total[i]), n, size) for i in places)
    return min(1.0, max(least * len(total), math.ulp(0.0)))
