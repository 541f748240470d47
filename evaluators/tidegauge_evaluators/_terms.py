"""Two estimates from the same rows, known by what each row adds to their errors."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tidegauge.comparison import Contrast
from tidegauge.errors import TooFewRows
from tidegauge.records import Interval
from tidegauge_evaluators._intervals import quantile, two_sided

Numbers = NDArray[np.float64]
Groups = NDArray[np.int64]

TINY = 1e-15
"""Errors below this part of the values are rounding."""


def summed(terms: Numbers, groups: Groups | None) -> Numbers:
    """Sum the terms of rows that belong together.

    Parameters
    ----------
    terms
        Shape (rows, k).
    groups
        Shape (rows,): rows with one number belong together; ``None`` = each stands for itself.

    Returns
    -------
    Shape (groups, k).

    Examples
    --------
    >>> summed(np.array([[1.0], [2.0], [4.0]]), np.array([7, 9, 7])).ravel().tolist()
    [5.0, 2.0]
    """
    if groups is None:
        return terms
    _, member = np.unique(groups, return_inverse=True)
    member = member.reshape(-1)
    return np.column_stack([np.bincount(member, weights=column) for column in terms.T])


def degrees(groups: Groups | None, rows: int) -> float:
    """Degrees of freedom of a variance over groups: fewer than groups where some are large.

    Satterthwaite's, for groups whose rows move together, so that the variance of a group's sum
    goes with the square of its size.

    Examples
    --------
    >>> degrees(None, 50), degrees(np.array([0, 0, 1, 1, 2, 2]), 6)
    (49.0, 2.0)
    """
    if groups is None:
        return max(rows - 1.0, 1.0)
    sizes = np.unique(groups, return_counts=True)[1].astype(np.float64)
    worth = float((sizes**2).sum() ** 2 / (sizes**4).sum())
    return max(worth - 1.0, 1.0)


def contrast_of(
    change: float,
    terms: Numbers,
    *,
    groups: Groups | None,
    confidence: float,
    method: str,
    n: int,
    df: float | None = None,
) -> Contrast:
    """Turn what rows add to the errors of both values into an interval and a test.

    Parameters
    ----------
    change
        Candidate minus baseline.
    terms
        Shape (rows, 2): each row's part in the error of the baseline's value and of the
        candidate's; each column adds up to zero.
    groups
        Rows that belong together.
    n
        Rows, or pairs, that count.
    df
        Degrees of freedom; from the groups unless given.

    Raises
    ------
    TooFewRows
        When fewer than two groups are there.
    """
    sums = summed(terms, groups)
    acting = int(np.count_nonzero(np.abs(sums).sum(axis=1) > 0)) if groups is None else len(sums)
    count = len(sums)
    if count < 2:
        raise TooFewRows(needed=2, n_baseline=count, n_current=count, of="that are independent")
    effective = max(min(count, n), 2)
    spread = sums.T @ sums * effective / (effective - 1.0)
    freedom = df if df is not None else degrees(groups, effective)
    variance = max(float(spread[0, 0] + spread[1, 1] - 2.0 * spread[0, 1]), 0.0)
    error = math.sqrt(variance)
    half = quantile(confidence, freedom) * error
    scale = math.sqrt(max(float(spread[0, 0] + spread[1, 1]), 0.0))
    nothing = error <= TINY * max(scale, abs(change)) or not acting
    return Contrast(
        change=change,
        interval=Interval(change - half, change + half),
        p_value=(1.0 if change == 0 else None) if nothing else two_sided(change / error, freedom),
        error=error,
        errors=(math.sqrt(float(spread[0, 0])), math.sqrt(float(spread[1, 1]))),
        correlation=_correlation(spread),
        df=freedom if math.isfinite(freedom) else None,
        n=n,
        groups=effective,
        method=method,
    )


def at_least(found: Contrast, error: float, confidence: float) -> Contrast:
    """Hold the error above what rows that are all alike leave open.

    Examples
    --------
    >>> same = contrast_of(0.0, np.zeros((50, 2)), groups=None, confidence=0.95, method="", n=50)
    >>> round(at_least(same, 0.02, 0.95).interval.high, 4)
    0.0402
    """
    if found.error >= error:
        return found
    freedom = math.inf if found.df is None else found.df
    half = quantile(confidence, freedom) * error
    return replace(
        found,
        error=error,
        interval=Interval(found.change - half, found.change + half),
        p_value=two_sided(found.change / error, freedom),
    )


def share_error(rows: Numbers, worth: float) -> float:
    """Give the standard error of a share, half a row of each kind added; 0 where rows are no share.

    Examples
    --------
    >>> round(share_error(np.zeros(99), 99.0), 4), share_error(np.array([0.5, 2.0]), 2.0)
    (0.0071, 0.0)
    """
    known = rows[np.isfinite(rows)]
    if not len(known) or not np.isin(known, (0.0, 1.0)).all():
        return 0.0
    smooth = (float(known.mean()) * worth + 0.5) / (worth + 1.0)
    return math.sqrt(smooth * (1.0 - smooth) / max(worth, 1.0))


def _correlation(spread: Numbers) -> float:
    size = math.sqrt(float(spread[0, 0] * spread[1, 1]))
    return float(np.clip(spread[0, 1] / size, -1.0, 1.0)) if size > 0 else 0.0


def mean_terms(rows: Numbers) -> tuple[float, Numbers]:
    """Mean over the rows that have a number, and each row's part in its error.

    Examples
    --------
    >>> value, terms = mean_terms(np.array([1.0, 3.0, np.nan]))
    >>> value, terms.tolist()
    (2.0, [-0.5, 0.5, 0.0])
    """
    known = np.isfinite(rows)
    count = int(np.count_nonzero(known))
    if not count:
        return math.nan, np.zeros(len(rows))
    value = float(rows[known].mean())
    return value, np.where(known, rows - value, 0.0) / count
