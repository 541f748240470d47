"""Means of two models over the same rows: Student's t on the differences, or over groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidegauge.comparison import Contrast, MethodCard
from tidegauge.errors import TooFewRows
from tidegauge_evaluators._terms import at_least, contrast_of, mean_terms, share_error

CARD = MethodCard(
    title="Paired t-test, robust to groups",
    explain="Whether two models' means over the same rows differ, and by how much.",
    reference="Student 1908, Biometrika 6(1); Liang & Zeger 1986, Biometrika 73(1) (groups)",
)

FEWEST = 5
"""Groups below which nothing is known of their spread."""


def means(
    baseline: NDArray[np.float64],
    candidate: NDArray[np.float64],
    *,
    groups: NDArray[np.int64] | None = None,
    confidence: float = 0.95,
) -> Contrast:
    """Hold the means of a quantity over the same rows against each other.

    Without groups and gaps this is the paired t-test. Rows that only one side has a number for
    count in that side's mean alone. Rows of one group count as one, with degrees of freedom that
    fall where a few groups hold most rows. Differences with a very long tail, of which the sample
    holds a handful, make the interval too narrow.

    Parameters
    ----------
    baseline, candidate
        Shape (rows,), row by row of the same ids; NaN where a side has no number.
    groups
        Shape (rows,): rows of one number belong together, as turns of a conversation do.
    confidence
        Level of the interval.

    Raises
    ------
    TooFewRows
        When fewer than 5 rows, or groups, have a number.

    Examples
    --------
    >>> before = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    >>> found = means(before, before + [0.1, 0.2, 0.1, 0.2, 0.1, 0.2])
    >>> round(found.change, 3), found.p_value < 0.01
    (0.15, True)
    """
    (then, terms_then), (now, terms_now) = mean_terms(baseline), mean_terms(candidate)
    counted = np.isfinite(baseline) | np.isfinite(candidate)
    terms = np.column_stack([terms_then, terms_now])[counted]
    members = None if groups is None else groups[counted]
    count = len(terms) if members is None else len(np.unique(members))
    sides = [int(np.isfinite(side).sum()) for side in (baseline, candidate)]
    if count < FEWEST or min(sides) < FEWEST:
        of = "" if members is None else "of different groups"
        raise TooFewRows(needed=FEWEST, n_baseline=sides[0], n_current=sides[1], of=of)
    method = "paired t on differences" if members is None else "t over groups of paired rows"
    found = contrast_of(
        now - then, terms, groups=members, confidence=confidence, method=method, n=len(terms)
    )
    alike = all(share_error(side, float(count)) for side in (baseline, candidate))
    return at_least(found, 1.0 / count, confidence) if alike else found
