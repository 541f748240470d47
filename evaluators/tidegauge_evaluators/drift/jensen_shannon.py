"""Jensen-Shannon distance: how well one can tell from its bin which side a row comes from."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._bins import binned
from tidegauge_evaluators._divergence import divergence_score, shares

CARD = Card(
    title="Jensen-Shannon distance",
    explain="Distance between the two distributions over bins or levels: 0 is the same, 1 no "
    "bin in common (base 2, square root of the divergence).",
    reads=("numeric", "categorical", "boolean"),
    on="features",
    better="lower",
    unit="square root of bits",
    range=(0.0, 1.0),
    reference="Lin 1991, IEEE Transactions on Information Theory 37(1); Endres & Schindelin 2003, "
    "IEEE Transactions on Information Theory 49(7)",
)


def jensen_shannon(
    baseline: NumericProfile | CategoricalProfile,
    current: NumericProfile | CategoricalProfile,
    *,
    bins: int = 10,
    min_rows: int = 30,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Score:
    """Square root of the Jensen-Shannon divergence in bits: a metric from 0 to 1.

    Nothing is smoothed: an empty bin is no trouble here. With no change the value is still
    about ``details["by_chance"]``; the interval starts at 0 where chance explains the value,
    and the p-value is that of the test that both sides spread alike over these bins.

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
    >>> baseline = CategoricalProfile.freeze(["north"] * 60 + ["south"] * 40)
    >>> round(jensen_shannon(baseline, baseline.lay(["south"] * 100)).value, 3)
    0.629
    """
    table = binned(baseline, current, bins=bins, min_rows=min_rows)
    p, q = shares(table)
    before, now = _log_ratio(p, p + q), _log_ratio(q, p + q)
    return divergence_score(
        table,
        np.maximum(0.0, 0.5 * (p * before + q * now)),
        scale=8.0 * math.log(2.0),
        gradient=(0.5 * before, 0.5 * now),
        confidence=confidence,
        rng=rng,
        to_value=lambda divergence: min(1.0, math.sqrt(divergence)),
    )


def _log_ratio(p: NDArray[np.float64], both: NDArray[np.float64]) -> NDArray[np.float64]:
    """Base-2 logarithm of a share over the mean share, 0 where the share is 0."""
    return np.log2(np.where(p > 0.0, 2.0 * p / both, 1.0))
