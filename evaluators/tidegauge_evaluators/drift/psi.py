"""Population stability index: symmetric relative entropy over frozen bins."""

from __future__ import annotations

import numpy as np

from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._bins import binned
from tidegauge_evaluators._divergence import divergence_score, shares

CARD = Card(
    title="Population stability index",
    explain="How differently rows spread over the baseline's bins: 0 is the same, 0.1 worth a "
    "look, above 0.2 a different population.",
    reads=("numeric", "categorical", "boolean"),
    on="features",
    better="lower",
    unit="natural-log units of symmetric relative entropy",
    range=(0.0, None),
    reference="Yurdakul & Naranjo 2020, Journal of Risk Model Validation 14(4)",
)

SMOOTHING = 0.5
"""Rows added to every bin of both sides (Jeffreys), so that an empty bin counts for about what
its rows could be, not for infinity or for an arbitrary floor."""


def psi(
    baseline: NumericProfile | CategoricalProfile,
    current: NumericProfile | CategoricalProfile,
    *,
    bins: int = 10,
    min_rows: int = 30,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Score:
    """Sum over bins of (q - p) ln(q / p), p the baseline's shares and q the current ones.

    Half a row is added to every bin of both sides before shares are taken. With no change the
    value is still about (bins - 1) (1 / rows before + 1 / rows now): ``details["by_chance"]``.
    The interval starts at 0 where chance explains the value; the p-value is that of the test
    that both sides spread alike over these bins.

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
    >>> score = psi(baseline, baseline.lay(["north"] * 40 + ["south"] * 60))
    >>> round(score.value, 3), score.parts[0].label
    (0.159, 'north')
    """
    table = binned(baseline, current, bins=bins, min_rows=min_rows)
    p, q = shares(table, SMOOTHING)
    ratio = np.log(q / p)
    return divergence_score(
        table,
        (q - p) * ratio,
        scale=1.0,
        gradient=(-ratio - q / p, ratio - p / q),
        confidence=confidence,
        rng=rng,
        details={"smoothing": SMOOTHING},
    )
