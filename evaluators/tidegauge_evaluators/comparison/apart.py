"""Means of two models over different rows: Welch's t-test, over groups where there are any."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tidegauge.comparison import Contrast, MethodCard
from tidegauge.errors import TooFewRows
from tidegauge_evaluators._terms import (
    at_least,
    contrast_of,
    degrees,
    mean_terms,
    share_error,
    summed,
)

CARD = MethodCard(
    title="Welch's t-test, robust to groups",
    explain="Whether two models' means over different rows differ, whatever rows these are.",
    reference="Welch 1947, Biometrika 34; Liang & Zeger 1986, Biometrika 73(1) (groups)",
)

FEWEST = 5
"""Rows or groups below which nothing is known of their spread."""


def apart(
    baseline: NDArray[np.float64],
    candidate: NDArray[np.float64],
    *,
    groups: tuple[NDArray[np.int64] | None, NDArray[np.int64] | None] = (None, None),
    confidence: float = 0.95,
) -> Contrast:
    """Hold the means of a quantity over two sets of rows against each other.

    Nothing is made of the rows being of another kind on each side: what differs may be the
    rows and not the model.

    Parameters
    ----------
    baseline, candidate
        Each of shape (rows,), of any two lengths; NaN where there is no number.
    groups
        Each side's rows by what they belong to.
    confidence
        Level of the interval.

    Raises
    ------
    TooFewRows
        When a side has fewer than 5 rows, or groups, with a number.

    Examples
    --------
    >>> found = apart(np.arange(20.0), np.arange(30.0) + 1)
    >>> round(found.change, 1), round(found.p_value, 3)
    (6.0, 0.006)
    """
    values, terms, freedoms = [], [], []
    grouped = any(side is not None for side in groups)
    for side, rows in enumerate((baseline, candidate)):
        known = np.isfinite(rows)
        mine = groups[side]
        member = None if mine is None else mine[known]
        value, added = mean_terms(rows[known])
        values.append(value)
        padded = np.zeros((len(added), 2))
        padded[:, side] = added
        sums = summed(padded, member)
        count = len(sums)
        if count < FEWEST:
            counts = [int(np.isfinite(one).sum()) for one in (baseline, candidate)]
            raise TooFewRows(needed=FEWEST, n_baseline=counts[0], n_current=counts[1])
        terms.append(sums * np.sqrt(count / (count - 1.0)))
        freedoms.append(degrees(member, count))
    spreads = [float((part**2).sum()) for part in terms]
    parts = zip(spreads, freedoms, strict=True)
    floor = sum(spread**2 / freedom for spread, freedom in parts)
    freedom = sum(spreads) ** 2 / floor if floor > 0 else min(freedoms)
    together = np.vstack(terms)
    found = contrast_of(
        values[1] - values[0],
        together * np.sqrt(1.0 - 1.0 / len(together)),  # each side has paid for its own mean
        groups=None,
        confidence=confidence,
        method="Welch's t over groups" if grouped else "Welch's t",
        n=len(together),
        df=freedom,
    )
    least = [
        share_error(rows, float(len(part)))
        for rows, part in zip((baseline, candidate), terms, strict=True)
    ]
    return at_least(found, math.hypot(*least), confidence)
