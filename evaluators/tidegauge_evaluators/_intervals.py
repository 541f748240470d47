"""Confidence intervals of estimates and of the change between two of them; numbers only."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import lgamma
from typing import NamedTuple

from tidegauge.profile.moments import Moments
from tidegauge.records import Interval
from tidegauge_evaluators._rates import (
    LEAST,
    Rate,
    changed_p,
    difference_interval,
    score_interval,
    share_interval,
    square_and_add,
    two_sided_z,
)
from tidegauge_evaluators._special import student_quantile, student_sf


class Compared(NamedTuple):
    """An estimate now, the same on the baseline, and the change between them."""

    value: float
    interval: Interval | None
    baseline: float | None = None
    change: Interval | None = None
    p_value: float | None = None


class Bounded(NamedTuple):
    """An estimate between 0 and 1, as uncertain as a plain rate over so many rows."""

    value: float
    rows: float
    """Value times one minus value, over the estimate's variance."""
    df: float = math.inf
    """Degrees of freedom of that variance."""

    @property
    def variance(self) -> float:
        """Variance with half a row of each kind added: a rate of 0 or 1 has one too."""
        smooth = (self.value * self.rows + 0.5) / (self.rows + 1)
        return smooth * (1 - smooth) / self.rows


class Logged(NamedTuple):
    """An estimate whose error is nearest to normal on another scale, a logarithm."""

    at: float
    """On that scale."""
    spread: float
    """Standard deviation of one row's influence on it."""
    n: int

    @property
    def error(self) -> float:
        """Standard error on that scale."""
        return self.spread / math.sqrt(self.n)

    @property
    def df(self) -> float:
        """Degrees of freedom of the error."""
        return self.n - 1.0


def quantile(confidence: float, df: float = math.inf) -> float:
    """Half width of a two-sided interval in standard errors.

    Examples
    --------
    >>> round(quantile(0.95), 3), round(quantile(0.95, 10), 3)
    (1.96, 2.228)
    """
    if math.isinf(df):
        return two_sided_z(confidence)
    return student_quantile((1 + confidence) / 2, df)


def two_sided(t: float, df: float = math.inf) -> float:
    """Probability of a t this far from zero, on either side."""
    return max(LEAST, 2 * student_sf(abs(t), df))


def welch_df(parts: tuple[tuple[float, float], ...]) -> float:
    """Degrees of freedom of a sum of variances, each with its own (Satterthwaite 1946)."""
    total = sum(variance for variance, _ in parts)
    spread = sum(variance * variance / df for variance, df in parts)
    return total * total / spread if spread > 0 else math.inf


def compare_bounded(current: Bounded, baseline: Bounded | None, confidence: float) -> Compared:
    """Compare estimates between 0 and 1 by Wilson's interval over their effective rows.

    The p-value is one minus the level at which the interval of the change touches zero.
    """
    now = score_interval(current.value, current.rows, quantile(confidence, current.df))
    if baseline is None:
        return Compared(current.value, now)
    df = welch_df(tuple((side.variance, side.df) for side in (baseline, current)))
    z = quantile(confidence, df)
    change = _change_at(z, baseline, current)

    def excludes_zero(at: float) -> bool:
        low, high = _change_at(at, baseline, current)
        return low > 0 or high < 0

    p_value = two_sided(_turning_point(excludes_zero), df)
    return Compared(current.value, now, baseline.value, change, p_value)


def _change_at(z: float, baseline: Bounded, current: Bounded) -> Interval:
    return square_and_add(
        current.value,
        score_interval(current.value, current.rows, z),
        baseline.value,
        score_interval(baseline.value, baseline.rows, z),
    )


def _turning_point(holds: Callable[[float], bool], most: float = 40.0) -> float:
    """Largest argument for which a falling condition holds, to 12 digits; 0 where it never does."""
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def compare_means(current: Moments, baseline: Moments | None, confidence: float) -> Compared:
    """Compare means by Student's interval and by both Welch's and Student's test (Welch 1947).

    The larger p-value holds. Welch's alone is too bold for few rows of a skewed quantity
    against many, as the few rarely hold the tail; Student's alone takes wider spread for a
    moved mean.
    """
    now = _around(current.mean, current.standard_error, current.n - 1, confidence)
    if baseline is None or baseline.n < 2:
        return Compared(current.mean, now)
    gap = current.mean - baseline.mean
    error = math.hypot(current.standard_error, baseline.standard_error)
    sides = ((s.standard_error**2, s.n - 1.0) for s in (baseline, current))
    df = welch_df(tuple(sides)) if math.isfinite(error) else math.inf
    change = _around(gap, error, df, confidence)
    if not math.isfinite(error):
        return Compared(current.mean, now, baseline.mean, change)
    if error == 0:
        p_value = _constant_p(gap, baseline.n, current.n)
    else:
        rows = baseline.n + current.n
        pooled = (baseline.m2 + current.m2) / (rows - 2) * (1 / baseline.n + 1 / current.n)
        p_value = max(two_sided(gap / error, df), two_sided(gap / math.sqrt(pooled), rows - 2))
    return Compared(current.mean, now, baseline.mean, change, p_value)


def _around(value: float, error: float, df: float, confidence: float) -> Interval | None:
    half = quantile(confidence, df) * error
    return Interval(value - half, value + half) if math.isfinite(half) else None


def _constant_p(gap: float, n_baseline: int, n_current: int) -> float:
    """Permutation p-value of two constant samples."""
    if gap == 0:
        return 1.0
    ways = lgamma(n_baseline + n_current + 1) - lgamma(n_baseline + 1) - lgamma(n_current + 1)
    return min(1.0, 2 * math.exp(-min(ways, 700.0)))


def compare_logged(
    current: Logged,
    baseline: Logged | None,
    together: Logged | None,
    confidence: float,
    back: Callable[[float], float],
) -> Compared:
    """Compare estimates on a scale of logarithms and report them on their own.

    The p-value is the larger of two, as for means: with each side's own spread, and with that
    of all rows together.

    Parameters
    ----------
    current, baseline
        Estimates on the scale of logarithms.
    together
        The same of the rows of both.
    confidence
        Level of the intervals.
    back
        Monotone function from that scale to the estimate's own.
    """
    value, now = back(current.at), _own_scale(current, confidence, current.df, back)
    if baseline is None or together is None:
        return Compared(value, now)
    before = back(baseline.at)
    error = math.hypot(current.error, baseline.error)
    if not math.isfinite(error):
        return Compared(value, now, before)
    df = welch_df(tuple((s.error**2, s.df) for s in (baseline, current)))
    ends = (_own_scale(s, confidence, df, back) for s in (baseline, current))
    earlier, later = ends
    change = square_and_add(value, later, before, earlier) if earlier and later else None
    pooled = together.spread * math.sqrt(1 / baseline.n + 1 / current.n)
    p_value = two_sided(_distance(baseline, current, error), df)
    if math.isfinite(pooled):
        p_value = max(p_value, two_sided(_distance(baseline, current, pooled), together.df))
    return Compared(value, now, before, change, p_value)


def _distance(baseline: Logged, current: Logged, error: float) -> float:
    """How many standard errors apart; one unit of the scale where one side is log(0)."""
    if current.at == baseline.at:
        return 0.0
    gap = current.at - baseline.at if math.isfinite(current.at + baseline.at) else 1.0
    return gap / error if error > 0 else math.inf


def _own_scale(
    side: Logged, confidence: float, df: float, back: Callable[[float], float]
) -> Interval | None:
    half = quantile(confidence, df) * side.error
    if not math.isfinite(half):
        return None
    low, high = sorted((back(side.at - half), back(side.at + half)))
    return Interval(low, high)


def compare_rates(now: Rate, then: Rate | None, confidence: float) -> Compared:
    """Compare plain rates, exactly where that is possible."""
    around = share_interval(now, confidence)
    if then is None:
        return Compared(now.share, around)
    change = difference_interval(then, now, confidence)
    return Compared(now.share, around, then.share, change, changed_p(then, now))
