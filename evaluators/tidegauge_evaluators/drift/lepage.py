"""Lepage test: a change of location or of spread, by ranks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile import NumericProfile
from tidegauge.records import Card, Interval, Part, Score
from tidegauge_evaluators._bins import require_rows
from tidegauge_evaluators._distributions import noncentrality_interval
from tidegauge_evaluators._rank_form import (
    permutation_test,
    rank_covariance,
    rank_form,
    rank_scores,
)

CARD = Card(
    title="Lepage location and spread",
    explain="How far ranks have moved up or down, or outwards or inwards, in standard "
    "deviations of a rank: 0 is the same, 0.2 small, 0.5 plain to see.",
    reads=("numeric",),
    on="features",
    better="lower",
    unit="standard deviations of rank",
    range=(0.0, None),
    reference="Lepage 1971, Biometrika 58(1); Mood 1954, Annals of Mathematical Statistics 25(3)",
)

Floats = NDArray[np.float64]


def lepage(
    baseline: NumericProfile,
    current: NumericProfile,
    *,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> Score:
    """Distance between mean ranks (Wilcoxon) and mean squared centred ranks (Mood), both at once.

    Ranks are relative, from -1 for the smallest row to 1 for the largest, in the mixture of both
    sides with equal weights; tied rows share the mean of theirs. ``details["location"]`` is the
    change of the mean rank, which is also P(now > before) - P(now < before), and
    ``details["spread"]`` that of the mean squared rank. The value is their distance from zero in
    standard deviations of a row's rank: for a small shift of normal values close to the shift in
    standard deviations. The p-value is that of the quadratic form of both rank sums under
    permutation of the rows, corrected for their skewness where few rows or heavy ties make it
    matter. More powerful than Kolmogorov-Smirnov against a change of location
    or spread; blind to changes that keep both.

    Parameters
    ----------
    baseline, current
        Profiles over one grid; missing and infinite values are not compared.
    min_rows
        Fewer rows on either side are refused.
    confidence
        Level of the interval.

    Examples
    --------
    >>> baseline = NumericProfile.freeze([1.0, 2.0, 3.0, 4.0])
    >>> score = lepage(baseline, baseline.lay([3.0, 4.0, 5.0, 6.0]), min_rows=4)
    >>> score.details["location"], score.details["spread"]  # of 16 pairs 13 up, 1 down
    (0.75, 0.0)
    """
    n, m = baseline.finite, current.finite
    require_rows(min_rows, n, m)
    p, q = baseline.cells / n, current.cells / m
    mixed = 0.5 * (p + q)
    scores = rank_scores(mixed)
    before, now = scores @ p, scores @ q
    covariance = rank_covariance(scores, mixed)
    value = math.sqrt(rank_form(now - before, covariance)[0])
    effective = n * m / (n + m)
    found = permutation_test(p, q, n, m)
    df = found.df
    bounds = noncentrality_interval(effective * value**2, df, confidence) if df else (0.0, 0.0)
    return Score(
        value=value,
        interval=Interval(
            math.sqrt(bounds[0] / effective), max(value, math.sqrt(bounds[1] / effective))
        ),
        p_value=found.p_value,
        n_baseline=n,
        n_current=m,
        resolution=_unresolved(p, q, value, covariance) if df else 0.0,
        parts=_parts(before, now, covariance),
        details={
            "location": float(now[0] - before[0]),
            "spread": float(now[1] - before[1]),
            "statistic": found.statistic,
            "df": df,
        },
    )


def _parts(before: Floats, now: Floats, covariance: Floats) -> tuple[Part, ...]:
    found = [
        Part(
            label=label,
            baseline=float(before[i]),
            current=float(now[i]),
            contribution=float(abs(now[i] - before[i]) / math.sqrt(covariance[i, i])),
        )
        for i, label in enumerate(("mean rank, -1 to 1", "mean squared rank, 0 to 1"))
        if covariance[i, i] > 0.0
    ]
    return tuple(sorted(found, key=lambda part: -part.contribution))


def _unresolved(p: Floats, q: Floats, value: float, covariance: Floats) -> float:
    """Most that the order of rows inside open cells, taken for tied, can change the value."""
    before, now = p[0::2], q[0::2]
    mass = 0.5 * (before + now)
    location = float(before @ now)
    spread = float(4.0 * mass @ np.minimum(before, now))
    lost = float((mass**3).sum()) / 3.0
    (a, c), (_, b) = covariance.tolist()
    alone: float = max(1e-9, 1.0 - c * c / (a * b)) if b > 0.0 else 1.0
    moved = math.sqrt((location**2 / a + (spread**2 / b if b > 0.0 else 0.0)) / alone)
    return float(moved + value * 0.5 * max(lost / a, 4.0 * lost / b if b > 0.0 else 0.0))
