"""Rows that search for a rule and rows that test it, and the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge_evaluators._contrast import BELIEF, PRIOR
from tidegauge_evaluators._domain import standard_error
from tidegauge_evaluators._intervals import quantile

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]

FEWEST = 8
"""Independent rows or blocks inside, from which their spread can be told."""
FARTHEST = 3.0
"""Log odds at which weights end: a row of the baseline stands for 20 at most."""
SEARCHED = 15_000
"""Rows a side that rules are searched on; all others test them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Half:
    """Places of rows that search, or of rows that test."""

    now: Places
    """Current rows."""
    then: Places
    """The baseline's rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """A number inside of a rule, and inside against outside, what was so before taken off."""

    mean: float
    """Inside."""
    error: float
    gap: float
    """Inside less outside."""
    gap_error: float
    n: int
    """Current rows inside."""
    units: int
    """Current blocks inside; rows, where rows are independent."""

    @property
    def p_value(self) -> float:
        """Chance of such a gap or a higher one where there is none."""
        from scipy.special import stdtr

        if self.units < FEWEST or not self.gap_error > 0:
            return 1.0
        return float(stdtr(self.units - 1, -self.gap / self.gap_error))

    def around(self, confidence: float) -> tuple[float, float]:
        """Interval of the mean inside."""
        reach = quantile(confidence, max(self.units - 1, 1)) * self.error
        return self.mean - reach, self.mean + reach


def halves(case: Case, known: Mask, rng: np.random.Generator) -> tuple[Half, Half]:
    """Deal known rows, or whole blocks, to a half that searches and a half that tests."""
    if case.blocks is None:
        order = rng.permutation(case.n)
        first = np.zeros(case.n, bool)
        for side in (False, True):
            places = order[(known & (case.current == side))[order]]
            first[places[: min(len(places) // 2, SEARCHED)]] = True
    else:
        blocks, member = np.unique(case.blocks, return_inverse=True)
        first = (rng.permutation(len(blocks)) % 2 == 0)[member]
    searches, tests = known & first, known & ~first
    return (
        Half(
            now=np.flatnonzero(searches & case.current),
            then=np.flatnonzero(searches & ~case.current),
        ),
        Half(now=np.flatnonzero(tests & case.current), then=np.flatnonzero(tests & ~case.current)),
    )


def contrast(
    case: Case, half: Half, values: Numbers, inside: Mask, weights: Numbers | None = None
) -> Contrast:
    """Hold the current rows inside of a rule against those outside, and both against before.

    Parameters
    ----------
    weights
        Shape (rows,): what the baseline's rows count, from ``carried``; one unless given.
    """
    weights = np.ones(case.n) if weights is None else weights
    within, beyond = half.now[inside[half.now]], half.now[~inside[half.now]]
    spread = float(values[half.now].var())
    means, errors = [], []
    for now, then in (
        (within, half.then[inside[half.then]]),
        (beyond, half.then[~inside[half.then]]),
    ):
        mean, variance = _mean(case, values, now, spread, np.ones(len(now)))
        if len(half.then):
            before, doubt = _mean(case, values, then, spread, weights[then])
            held = float(weights[then].sum())
            share = held / (held + BELIEF)
            mean -= share * before
            variance += share**2 * doubt + (1 - share) ** 2 * spread / BELIEF
        means.append(mean)
        errors.append(variance)
    return Contrast(
        mean=means[0],
        error=errors[0] ** 0.5,
        gap=means[0] - means[1],
        gap_error=sum(errors) ** 0.5,
        n=len(within),
        units=len(within) if case.blocks is None else len(np.unique(case.blocks[within])),
    )


def jaccard(one: Mask, other: Mask) -> float:
    """Rows in both over rows in either."""
    either = np.count_nonzero(one | other)
    return float(np.count_nonzero(one & other) / either) if either else 0.0


def corrected(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number (Benjamini & Hochberg 1995, JRSS B 57).

    Examples
    --------
    >>> [round(p, 3) for p in corrected([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(-p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum.accumulate(p[order] * len(p) / np.arange(len(p), 0, -1))
    return [float(one) for one in np.minimum(adjusted, 1.0)]


def carried(odds: Numbers, rows: Mask) -> Numbers:
    """Weights under which the baseline's inputs are like the current ones.

    They are scaled so that their sum is the effective sample size.

    Parameters
    ----------
    odds
        Shape (rows,): log odds of being a current row.
    rows
        Shape (rows,): the baseline's rows.
    """
    weights = np.exp(np.clip(odds, -FARTHEST, FARTHEST))
    held = weights[rows]
    return np.asarray(weights * (held.sum() / (held**2).sum()))


def _mean(
    case: Case, values: Numbers, rows: Places, spread: float, weights: Numbers
) -> tuple[float, float]:
    """Mean and its variance, the spread shrunk towards that of all rows; blocks count as one."""
    total = float(weights.sum())
    if not total > 0:
        return 0.0, spread / BELIEF
    own = values[rows]
    mean = float((weights * own).sum() / total)
    n = total**2 / float((weights**2).sum())
    pushed = weights * (own - mean) / total
    if case.blocks is not None and n > 1:
        variance = (len(rows) * standard_error(pushed, case.blocks[rows])) ** 2
        if np.isfinite(variance) and variance > 0:
            return mean, float(variance)
    own_spread = float((pushed**2).sum()) * n
    shrunk = (n * own_spread + PRIOR * spread) / (n + PRIOR) * n / max(n - 1, 1)
    return mean, shrunk / n
