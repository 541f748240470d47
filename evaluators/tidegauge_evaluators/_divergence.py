"""Scores of measures that compare shares bin by bin: evidence, p-value and interval."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tidegauge.records import Interval, Part, Score
from tidegauge_evaluators._bins import Bins
from tidegauge_evaluators._distributions import noncentrality_bound, normal_quantile
from tidegauge_evaluators._homogeneity import homogeneity, pearson

Floats = NDArray[np.float64]
PARTS = 20
"""Most lines of evidence."""


def shares(bins: Bins, added: float = 0.0) -> tuple[Floats, Floats]:
    """Share of rows in each bin on both sides, after adding some rows to every bin."""
    p, q = bins.baseline + added, bins.current + added
    return p / p.sum(), q / q.sum()


def divergence_score(
    bins: Bins,
    pieces: Floats,
    *,
    scale: float,
    gradient: tuple[Floats, Floats],
    confidence: float,
    rng: np.random.Generator | None,
    to_value: Callable[[float], float] = float,
    details: dict[str, float | str] | None = None,
) -> Score:
    """Score of a divergence that is a sum over bins.

    Near zero, effective rows times ``scale`` times the divergence follows a noncentral
    chi-square distribution, whichever of these divergences it is; far from zero its error is
    normal. The interval is the wider one of what both laws give, and never excludes the value.

    Parameters
    ----------
    pieces
        Shape (k,): what each bin adds to the divergence.
    scale
        Makes the divergence a chi-square one for small changes: 1 for PSI, 8 for Jensen-Shannon.
    gradient
        How the divergence grows with the baseline's and the current shares, shape (k,) each.
    to_value
        From the divergence to the value shown.
    """
    n, m = int(bins.baseline.sum()), int(bins.current.sum())
    found = homogeneity(*bins.tested, rng)
    df = len(bins.labels) - 1
    divergence = float(pieces.sum())
    effective = n * m / (n + m) * scale
    low, high = divergence, divergence
    if df:
        scaled = effective * divergence
        tail = (1.0 - confidence) / 2.0
        bounds = (
            noncentrality_bound(scaled - _inflation(bins, scaled), df, 1.0 - tail),
            noncentrality_bound(scaled, df, tail),
        )
        p, q = shares(bins)
        error = math.sqrt(_variance(p, gradient[0]) / n + _variance(q, gradient[1]) / m)
        reach = normal_quantile(0.5 + confidence / 2.0) * error
        low = max(0.0, min(bounds[0] / effective, divergence - reach))
        high = max(bounds[1] / effective, divergence + reach)
    value = to_value(divergence)
    return Score(
        value=value,
        interval=Interval(to_value(low), to_value(high)),
        p_value=found.p_value,
        n_baseline=n,
        n_current=m,
        parts=parts(bins, pieces * (value / divergence if divergence else 0.0)),
        details={
            "bins": len(bins.labels),
            "pooled": bins.pooled,
            "by_chance": to_value(df / effective),
            "test": found.method,
            "statistic": found.statistic,
            "df": found.df,
            **(details or {}),
        },
    )


def _inflation(bins: Bins, scaled: float) -> float:
    """How much few rows per bin have added, beyond what they add to Pearson's statistic.

    Logarithms and roots of small counts scatter more than a chi-square variable, by a quarter
    at the fewest rows a bin may hold.
    """
    pearsons = pearson(bins.current, bins.baseline + bins.current, int(bins.current.sum()))
    return min(max(0.0, scaled - pearsons), 0.25 * (len(bins.labels) - 1))


def parts(bins: Bins, contributions: Floats) -> tuple[Part, ...]:
    """Bins with their shares, largest contribution first."""
    p, q = shares(bins)
    order = np.argsort(-contributions, kind="stable")[:PARTS]
    return tuple(
        Part(
            label=bins.labels[i],
            baseline=float(p[i]),
            current=float(q[i]),
            contribution=float(contributions[i]),
        )
        for i in order
    )


def _variance(shares_: Floats, slope: Floats) -> float:
    mean = float(shares_ @ slope)
    return max(0.0, float(shares_ @ slope**2) - mean * mean)
