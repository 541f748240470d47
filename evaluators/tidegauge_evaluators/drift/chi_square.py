"""Chi-square test of homogeneity, with an effect size that does not grow with the rows."""

from __future__ import annotations

import math

import numpy as np

from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._bins import binned
from tidegauge_evaluators._divergence import divergence_score, shares

CARD = Card(
    title="Chi-square (Cramér's V)",
    explain="How strongly the side a row comes from goes with its bin or level: 0 is not at "
    "all, 1 means that no bin holds rows of both sides.",
    reads=("numeric", "categorical", "boolean"),
    on="features",
    better="lower",
    unit="Cramér's V of a table with equally many rows on both sides",
    range=(0.0, 1.0),
    reference="Cramér 1946, Mathematical Methods of Statistics, ch. 21; Campbell 2007, "
    "Statistics in Medicine 26(19)",
)


def chi_square(
    baseline: NumericProfile | CategoricalProfile,
    current: NumericProfile | CategoricalProfile,
    *,
    bins: int = 10,
    min_rows: int = 30,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Score:
    """Cramér's V between side and bin, with the p-value of the homogeneity test.

    V is taken as if both sides had equally many rows, V^2 = sum (p - q)^2 / (2 (p + q)), so that
    a short window and a long one of the same population give the same value. The p-value is
    exact for two bins, Pearson's with its mean corrected where every bin expects five rows, and
    from random tables with the same margins otherwise: ``details["test"]`` says which. Numeric
    columns are tested over bins that hold equally many rows of both sides together, and levels
    down to one expected row, while the value keeps to the baseline's bins and to levels with
    five.

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
    >>> score = chi_square(baseline, baseline.lay(["north"] * 40 + ["south"] * 60))
    >>> round(score.value, 3), round(score.p_value, 4), score.details["statistic"]
    (0.2, 0.0071, 8.0)
    """
    table = binned(baseline, current, bins=bins, min_rows=min_rows)
    p, q = shares(table)
    both = p + q
    return divergence_score(
        table,
        (p - q) ** 2 / (2.0 * both),
        scale=4.0,
        gradient=(0.5 - 2.0 * (q / both) ** 2, 0.5 - 2.0 * (p / both) ** 2),
        confidence=confidence,
        rng=rng,
        to_value=lambda divergence: min(1.0, math.sqrt(divergence)),
    )
