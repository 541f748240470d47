"""Quantiles of two profiles over one grid: intervals by order statistics, and a test."""

from __future__ import annotations

import numpy as np

from tidegauge.profile import NumericProfile
from tidegauge.records import Interval, Score
from tidegauge_evaluators._rates import Rate, changed_p, need_rows, square_and_add
from tidegauge_evaluators._special import beta_quantile


def quantile_score(
    baseline: NumericProfile,
    current: NumericProfile,
    q: float,
    *,
    min_rows: int,
    confidence: float,
) -> Score:
    """Score of the value that a share ``q`` of the finite rows does not exceed."""
    need_rows(baseline.finite, current.finite, min_rows)
    then, now = baseline.quantile(q), current.quantile(q)
    around_then = quantile_interval(baseline, q, confidence)
    around_now = quantile_interval(current, q, confidence)
    return Score(
        value=now,
        interval=around_now,
        p_value=quantile_p(baseline, current, q),
        baseline=then,
        change=square_and_add(now, around_now, then, around_then),
        n_baseline=baseline.finite,
        n_current=current.finite,
        resolution=half_cell(current, now),
        details={
            "rows without a number": float(current.n - current.finite),
            "lowest": current.minimum,
            "highest": current.maximum,
        },
    )


def quantile_interval(profile: NumericProfile, q: float, confidence: float) -> Interval:
    """Interval of a quantile between two order statistics (Thompson 1936, Ann. Math. Statist. 7).

    The ranks are those whose shares bound ``q`` exactly, whatever the distribution.

    Examples
    --------
    >>> rows = NumericProfile.freeze([float(i) for i in range(1, 101)])
    >>> quantile_interval(rows, 0.5, 0.95)
    Interval(low=40.0, high=61.0)
    """
    n, tail = profile.finite, (1.0 - confidence) / 2.0
    rows = q * n
    low = beta_quantile(rows, n - rows + 1.0, tail)
    high = beta_quantile(rows + 1.0, n - rows, 1.0 - tail)
    return Interval(profile.quantile(low), profile.quantile(high))


def quantile_p(baseline: NumericProfile, current: NumericProfile, q: float) -> float | None:
    """Probability of quantiles this far apart when nothing changed.

    Counts rows above the pooled quantile on both sides (Mood 1950, the median test, for any q)
    and compares the two shares exactly. The quantile is taken at the border of a cell, so that
    every row is known to be above or not.
    """
    n, m = baseline.finite, current.finite
    borders = np.concatenate([baseline.below + current.below, baseline.upto + current.upto])
    if not len(borders):
        return None
    nearest = int(np.argmin(np.abs(borders - q * (n + m))))
    then = np.concatenate([baseline.below, baseline.upto])[nearest]
    now = np.concatenate([current.below, current.upto])[nearest]
    return changed_p(Rate(n - int(then), n), Rate(m - int(now), m))


def half_cell(profile: NumericProfile, value: float) -> float:
    """Half the width of the cell that a value lies in; 0 on a cut point."""
    cuts = profile.cuts
    place = int(np.searchsorted(cuts, value, "left"))
    if place < len(cuts) and cuts[place] == value:
        return 0.0
    left = max(float(cuts[place - 1]), profile.minimum) if place else profile.minimum
    right = min(float(cuts[place]), profile.maximum) if place < len(cuts) else profile.maximum
    return (right - left) / 2.0
