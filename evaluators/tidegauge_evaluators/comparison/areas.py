"""Areas under the ROC curve of two models on the same rows: DeLong's test."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidegauge.comparison import Contrast, MethodCard
from tidegauge.errors import TooFewRows
from tidegauge_evaluators._terms import Groups, Numbers, contrast_of

CARD = MethodCard(
    title="Paired DeLong test",
    explain="Whether two models rank the same rows equally well, and by how much not.",
    reference="DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44(3); Obuchowski 1997, Biometrics "
    "53(2) (groups)",
)

FEWEST = 10
"""Rows of each class that are needed."""


def areas(
    truths: NDArray[np.bool_],
    baseline: NDArray[np.float64],
    candidate: NDArray[np.float64],
    *,
    groups: NDArray[np.int64] | None = None,
    confidence: float = 0.95,
) -> Contrast:
    """Hold areas under the ROC curve against each other.

    Each row's placement among those of the other class is what it adds to the area; the error of
    the difference is that of these placements' differences. With more than two classes the area
    is the mean over classes, each against all others.

    Parameters
    ----------
    truths
        Shape (rows, classes): whether a row is of the class.
    baseline, candidate
        Shape (rows, classes): scores for each class, row by row of the same ids; NaN where a side
        has none.
    groups
        Shape (rows,): rows of one number belong together.
    confidence
        Level of the interval.

    Raises
    ------
    TooFewRows
        When a class has fewer than 10 rows with a score, or all but 10 rows are of it.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.random(400) < 0.5
    >>> good, bad = truth + rng.normal(size=400), truth + 3 * rng.normal(size=400)
    >>> found = areas(truth[:, None], bad[:, None], good[:, None])
    >>> found.change > 0.1, found.p_value < 0.001
    (True, True)
    """
    count = truths.shape[1]
    terms, values = np.zeros((len(truths), 2)), np.zeros(2)
    for side, scores in enumerate((baseline, candidate)):
        for place in range(count):
            area, added = area_terms(truths[:, place], scores[:, place])
            values[side] += area / count
            terms[:, side] += added / count
    known = np.isfinite(baseline).any(axis=1) | np.isfinite(candidate).any(axis=1)
    members: Groups | None = None if groups is None else groups[known]
    return contrast_of(
        float(values[1] - values[0]),
        terms[known],
        groups=members,
        confidence=confidence,
        method="paired DeLong" if groups is None else "DeLong over groups",
        n=int(np.count_nonzero(known)),
    )


def area_terms(truth: NDArray[np.bool_], scores: Numbers) -> tuple[float, Numbers]:
    """Area under the ROC curve and each row's part in its error, ties counted half.

    Examples
    --------
    >>> truth = np.repeat([False, True], 10)
    >>> area_terms(truth, np.arange(20.0))[0]
    1.0
    """
    known = np.isfinite(scores)
    mine, other = scores[known & truth], scores[known & ~truth]
    m, n = len(mine), len(other)
    if min(m, n) < FEWEST:
        raise TooFewRows(needed=FEWEST, n_baseline=min(m, n), n_current=min(m, n), of="a class")
    beaten = _placed(mine, other)
    beating = 1.0 - _placed(other, mine)
    area = float(beaten.mean())
    terms = np.zeros(len(scores))
    # Each class has its own degrees of freedom; the sum over rows then has the right variance.
    terms[known & truth] = (beaten - area) / m * np.sqrt(m / (m - 1.0))
    terms[known & ~truth] = (beating - area) / n * np.sqrt(n / (n - 1.0))
    return area, terms


def _placed(values: Numbers, among: Numbers) -> Numbers:
    """Share of ``among`` below each value, ties counted half."""
    ordered = np.sort(among)
    below = np.searchsorted(ordered, values, "left")
    upto = np.searchsorted(ordered, values, "right")
    return np.asarray((below + upto) / (2.0 * len(among)))
