"""Location and spread of ranks as one quadratic form, and how likely it is by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._distributions import chi_square_sf
from tidegauge_evaluators._homogeneity import homogeneity

Floats = NDArray[np.float64]

THIN = 10.0
"""Rows expected outside the heaviest value on the smaller side, below which rank sums are too
coarse for any smooth law."""
SAFETY = 1.35
"""Factor on the p-value there: what simulated columns with 97 % zeros need at the 5 % level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """A quadratic form of rank sums and its p-value over all permutations of the rows."""

    statistic: float
    df: int
    p_value: float


def rank_scores(mass: Floats) -> Floats:
    """Relative rank of the rows in each cell, and its square averaged over tied rows.

    Parameters
    ----------
    mass
        Shape (k,): share of all rows in each cell, in the order of values.
    """
    rank = 2.0 * np.cumsum(mass) - mass - 1.0
    return np.stack([rank, rank * rank + mass * mass / 3.0])


def rank_covariance(scores: Floats, mass: Floats) -> Floats:
    centred = scores - (scores @ mass)[:, None]
    covariance: Floats = (centred * mass) @ centred.T
    return covariance


def rank_form(gap: Floats, covariance: Floats) -> tuple[float, int]:
    """Squared distance in units of the covariance, and how many directions it has.

    With two distinct values both scores say the same and only the location counts.
    """
    (a, c), (_, b) = covariance
    if a <= 0.0:
        return 0.0, 0
    determinant = a * b - c * c
    if determinant <= 1e-9 * a * b or b <= 0.0:
        return float(gap[0] ** 2 / a), 1
    x, y = gap
    return float(max(0.0, (b * x * x - 2.0 * c * x * y + a * y * y) / determinant)), 2


def permutation_test(p: Floats, q: Floats, n: int, m: int) -> RankTest:
    """Test both rank sums together, with their exact covariance over all permutations.

    Two distinct values are a 2 x 2 table and are tested as that.

    Parameters
    ----------
    p, q
        Shape (k,): share of each side's rows in each cell, in the order of values.
    n, m
        Rows of each side.
    """
    pooled = (n * p + m * q) / (n + m)
    scores = rank_scores(pooled)
    covariance = rank_covariance(scores, pooled)
    form, df = rank_form(scores @ (q - p), covariance)
    statistic = form * n * m * (n + m - 1) / (n + m) ** 2
    if df == 2:
        factor = _correction(scores, pooled, covariance, n, m, statistic / 2.0)
        thin = (1.0 - float(pooled.max())) * min(n, m) < THIN
        p_value = math.exp(-statistic / 2.0) * factor * (SAFETY if thin else 1.0)
    elif df == 1:
        held = pooled > 0.0
        rows = np.rint(p[held] * n).astype(np.int64), np.rint(q[held] * m).astype(np.int64)
        two = len(rows[0]) == 2
        p_value = homogeneity(*rows).p_value if two else chi_square_sf(statistic, 1)
    else:
        p_value = 1.0
    return RankTest(statistic=statistic, df=df, p_value=min(1.0, p_value))


def _correction(
    scores: Floats, mass: Floats, covariance: Floats, n: int, m: int, half: float
) -> float:
    """Factor on the chi-square tail for skewness and kurtosis of the rank sums.

    Second order of the Edgeworth expansion of a quadratic form (Chandra & Ghosh 1979, Sankhya A
    41), with the cumulants of a sum drawn without replacement. Taken only where it makes the
    p-value larger: the expansion may turn negative far out.

    Parameters
    ----------
    half
        Half the statistic.
    """
    size, share = n + m, m / (n + m)
    drawn = size * share * (1.0 - share)
    white = np.linalg.solve(np.linalg.cholesky(covariance), scores - (scores @ mass)[:, None])
    squares = white * white
    length = squares.sum(axis=0)
    kurtosis = float(mass @ (length * length)) - 8.0
    kurtosis *= (1.0 - 6.0 * share * (1.0 - share)) / drawn
    a, b = white
    cubes = [float(mass @ (a**i * b ** (3 - i))) for i in range(4)]  # of b b b, a b b, a a b, a a a
    every = cubes[0] ** 2 + 3.0 * cubes[1] ** 2 + 3.0 * cubes[2] ** 2 + cubes[3] ** 2
    traces = (cubes[3] + cubes[1]) ** 2 + (cubes[2] + cubes[0]) ** 2
    skewness = (every / 12.0 + traces / 8.0) * (1.0 - 2.0 * share) ** 2 / drawn
    return max(
        1.0,
        1.0 + kurtosis / 8.0 * (half**2 / 2.0 - half) + skewness * (half - half**2 + half**3 / 6.0),
    )
