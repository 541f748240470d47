"""Any measure of two models on the same rows: the bootstrap over rows or groups."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tidegauge.comparison import Contrast, MethodCard
from tidegauge.errors import CannotMeasure
from tidegauge.records import Interval
from tidegauge_evaluators._intervals import quantile, two_sided

CARD = MethodCard(
    title="Paired bootstrap",
    explain="Whether any number of two models differs, by drawing the same rows of both again and "
    "again.",
    reference="Efron & Tibshirani 1993, An Introduction to the Bootstrap; Politis & Romano 1994, "
    "Annals of Statistics 22(4) (fewer rows a draw)",
)

FEWEST = 50
"""Draws that must have given a number."""


def redrawn(
    values: tuple[float, float],
    draws: NDArray[np.float64],
    *,
    n: int,
    groups: int,
    part: float = 1.0,
    grouped: bool = False,
    confidence: float = 0.95,
) -> Contrast:
    """Take the error of a difference from how it varies when rows are drawn again.

    The interval is Student's around what was found, with the spread of the draws: a few hundred
    tell a spread well and the ends of a distribution badly. Near the end of a scale (a recall of
    0.99) it is symmetric where the truth is not.

    Parameters
    ----------
    values
        The measure of the baseline and of the candidate on all rows.
    draws
        Shape (draws, 2): the same on rows drawn with replacement, the same ids on both sides; NaN
        where it had no value.
    n, groups
        Rows, and how many of them are independent.
    part
        Rows of a draw as a share of all: the spread is scaled to all of them.
    grouped
        Whether whole groups were drawn.
    confidence
        Level of the interval.

    Raises
    ------
    CannotMeasure
        When fewer than 50 draws, or fewer than three in four, have a value.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> draws = rng.normal([0.7, 0.8], 0.02, (200, 2))
    >>> found = redrawn((0.7, 0.8), draws, n=500, groups=500)
    >>> round(found.change, 2), 0.02 < found.error < 0.035
    (0.1, True)
    """
    kept = draws[np.isfinite(draws).all(axis=1)]
    if len(kept) < FEWEST or len(kept) < 0.75 * len(draws):
        raise CannotMeasure(
            f"only {len(kept)} of {len(draws)} sets of rows drawn anew have a value, which is too "
            "few to tell how much it varies"
        )
    spread = np.cov(kept.T) * part
    error = math.sqrt(max(float(spread[0, 0] + spread[1, 1] - 2 * spread[0, 1]), 0.0))
    freedom = float(min(len(kept), groups) - 1)
    change = values[1] - values[0]
    half = quantile(confidence, freedom) * error
    size = math.sqrt(float(spread[0, 0] * spread[1, 1]))
    return Contrast(
        change=change,
        interval=Interval(change - half, change + half),
        p_value=two_sided(change / error, freedom) if error > 0 else 1.0 if change == 0 else None,
        error=error,
        errors=(math.sqrt(float(spread[0, 0])), math.sqrt(float(spread[1, 1]))),
        correlation=float(np.clip(spread[0, 1] / size, -1, 1)) if size > 0 else 0.0,
        df=freedom,
        n=n,
        groups=groups,
        method=f"paired bootstrap{' of groups' if grouped else ''}, {len(kept):,} draws",
    )
