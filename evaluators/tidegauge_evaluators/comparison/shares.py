"""Shares of the same rows that two models get right, flag or fail: McNemar's test."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tidegauge.comparison import Contrast, MethodCard
from tidegauge.errors import TooFewRows
from tidegauge_evaluators._distributions import normal_sf
from tidegauge_evaluators._intervals import quantile
from tidegauge_evaluators._rates import LEAST
from tidegauge_evaluators._score_interval import tango_interval
from tidegauge_evaluators._special import beta_cdf
from tidegauge_evaluators._terms import degrees, mean_terms, summed

CARD = MethodCard(
    title="McNemar's test, mid-p",
    explain="Whether two models differ in a share of the same rows, told by the rows on which they "
    "disagree.",
    reference="McNemar 1947, Psychometrika 12(2); Fagerland, Lydersen & Laake 2013, BMC Medical "
    "Research Methodology 13:91 (mid-p); Tango 1998, Stat. Med. 17 (interval)",
)

FEWEST = 10
"""Pairs, or groups, below which no share is worth comparing."""
MANY = 4_000
"""Rows of discordant groups from which the normal tail is used."""


def shares(
    baseline: NDArray[np.float64],
    candidate: NDArray[np.float64],
    *,
    groups: NDArray[np.int64] | None = None,
    confidence: float = 0.95,
) -> Contrast:
    """Hold the shares of the same rows that count on each side against each other.

    Only pairs on which the sides disagree tell anything: between models that are alike each goes
    either way with the same chance, which gives the p-value exactly, the half of what was found
    itself counted (mid-p). With groups, the excess of a whole group goes either way at once, and
    the interval is that of as many pairs as the groups are worth.

    Parameters
    ----------
    baseline, candidate
        Shape (rows,), row by row of the same ids: 1 or 0 on both sides.
    groups
        Shape (rows,): rows of one number belong together.
    confidence
        Level of the interval.

    Raises
    ------
    TooFewRows
        When fewer than 10 pairs or groups are there.

    Examples
    --------
    >>> before = np.array([1.0] * 80 + [0.0] * 20)
    >>> after = np.array([1.0] * 79 + [0.0] + [1.0] * 9 + [0.0] * 11)
    >>> found = shares(before, after)
    >>> found.gained, found.lost, round(found.p_value, 4)
    (9, 1, 0.0117)
    """
    n = len(baseline)
    gaps = np.round(candidate - baseline)
    count = n if groups is None else len(np.unique(groups))
    if count < FEWEST:
        raise TooFewRows(
            needed=FEWEST,
            n_baseline=count,
            n_current=count,
            of="of pairs" if groups is None else "of different groups",
        )
    gained, lost = int((gaps > 0).sum()), int((gaps < 0).sum())
    sums = gaps if groups is None else summed(gaps[:, None], groups)[:, 0]
    effect = _design_effect(gaps, groups)
    freedom = math.inf if groups is None else degrees(groups, n)
    rows = n / effect
    around = tango_interval(gained / effect, lost / effect, rows, quantile(confidence, freedom))
    sides = [_error(side, groups) for side in (baseline, candidate)]
    return Contrast(
        change=(gained - lost) / n,
        interval=around,
        p_value=_mid_p(sums) if gained or lost else 1.0,
        error=_pooled_error(gained, lost, n, effect),
        errors=(sides[0], sides[1]),
        correlation=_correlation(baseline, candidate),
        df=freedom if math.isfinite(freedom) else None,
        n=n,
        groups=count,
        gained=gained,
        lost=lost,
        method="McNemar, mid-p" if groups is None else "McNemar over groups, mid-p",
    )


def _mid_p(sums: NDArray[np.float64]) -> float:
    """Two-sided mid-p of a sum whose terms each have either sign with one chance."""
    sizes = np.abs(sums[sums != 0]).astype(np.int64)
    found, total = abs(int(sums.sum())), int(sizes.sum())
    if (sizes == 1).all():
        more = (total + found) // 2
        return _binomial_mid_p(more, total)
    if total > MANY:
        return max(LEAST, 2.0 * normal_sf(found / math.sqrt(float((sizes**2).sum()))))
    chances = np.zeros(2 * total + 1)
    chances[total] = 1.0
    for size in sizes.tolist():
        moved = np.zeros_like(chances)
        moved[size:] += chances[: len(chances) - size]
        moved[: len(chances) - size] += chances[size:]
        chances = moved / 2.0
    above = float(chances[total + found + 1 :].sum())
    return min(1.0, max(LEAST, 2.0 * above + float(chances[total + found])))


def _binomial_mid_p(more: int, total: int) -> float:
    """Two-sided mid-p of ``more`` heads of a fair coin, at least half of all."""
    above = beta_cdf(more + 1.0, float(total - more), 0.5) if more < total else 0.0
    upto = beta_cdf(float(more), total - more + 1.0, 0.5)
    return min(1.0, max(LEAST, above + upto))


def _design_effect(gaps: NDArray[np.float64], groups: NDArray[np.int64] | None) -> float:
    """How many rows tell as much as one independent row does; at least 1."""
    if groups is None:
        return 1.0
    sizes = np.unique(groups, return_counts=True)[1].astype(np.float64)
    n, count = len(gaps), len(sizes)
    spread = gaps - gaps.mean()
    alone = float((spread**2).sum())
    if alone <= 0 or count < 2:
        return max(1.0, float((sizes**2).sum()) / n)
    together = float((summed(spread[:, None], groups) ** 2).sum()) * count / (count - 1.0)
    return max(1.0, together / alone)


def _pooled_error(gained: int, lost: int, n: int, effect: float) -> float:
    """Give the standard error; half a pair is added each way, so that it is never 0."""
    total = gained + lost + 1.0
    return math.sqrt(max(total - (gained - lost) ** 2 / n, 1.0) * effect) / n


def _error(rows: NDArray[np.float64], groups: NDArray[np.int64] | None) -> float:
    sums = summed(mean_terms(rows)[1][:, None], groups)
    return math.sqrt(float((sums**2).sum()) * len(sums) / max(len(sums) - 1.0, 1.0))


def _correlation(baseline: NDArray[np.float64], candidate: NDArray[np.float64]) -> float:
    then, now = baseline - baseline.mean(), candidate - candidate.mean()
    size = math.sqrt(float((then**2).sum() * (now**2).sum()))
    return float(then @ now) / size if size > 0 else 0.0
