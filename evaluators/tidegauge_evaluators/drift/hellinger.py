"""Hellinger distance: how far apart the square roots of the shares are."""

from __future__ import annotations

import math

import numpy as np

from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._bins import binned
from tidegauge_evaluators._divergence import divergence_score, shares

CARD = Card(
    title="Hellinger distance",
    explain="Distance between the two distributions over bins or levels, with weight on rare "
    "ones: 0 is the same, 1 no bin in common.",
    reads=("numeric", "categorical", "boolean"),
    on="features",
    better="lower",
    unit="distance between square roots of shares",
    range=(0.0, 1.0),
    reference="Le Cam & Yang 2000, Asymptotics in Statistics, ch. 3",
)


def hellinger(
    baseline: NumericProfile | CategoricalProfile,
    current: NumericProfile | CategoricalProfile,
    *,
    bins: int = 10,
    min_rows: int = 30,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Score:
    """Root of half the summed squared gaps between square roots of shares.

    With no change the value is still about ``details["by_chance"]``; the interval starts at 0
    where chance explains the value, and the p-value is that of the test that both sides spread
    alike over these bins.

    Parameters
    ----------
    baseline, current
        Profiles over one grid. Missing values are not compared; they have measures of their own.
    bins
        Numeric columns: bins of equal baseline mass; values heavier than that stand alone.
        Levels: most bins that levels too rare to compare are pooled into.
    min_rows
        Fewer rows on either side are refused.
    confidence
        Level of the interval.
    rng
        Used only for tables with few rows in some bin.

    Examples
    --------
    >>> baseline = CategoricalProfile.freeze(["north"] * 64 + ["south"] * 36)
    >>> round(hellinger(baseline, baseline.lay(["north"] * 100)).value, 4)  # sqrt(1 - 0.8)
    0.4472
    """
    table = binned(baseline, current, bins=bins, min_rows=min_rows)
    p, q = shares(table)
    p_root, q_root = np.sqrt(p), np.sqrt(q)
    return divergence_score(
        table,
        0.5 * (p_root - q_root) ** 2,
        scale=8.0,
        gradient=(
            -0.5 * np.divide(q_root, p_root, out=np.zeros_like(p), where=p > 0.0),
            -0.5 * np.divide(p_root, q_root, out=np.zeros_like(q), where=q > 0.0),
        ),
        confidence=confidence,
        rng=rng,
        to_value=lambda divergence: min(1.0, math.sqrt(divergence)),
    )
