"""Total variation distance: the share of rows that would have to change bins."""

from __future__ import annotations

import math

import numpy as np

from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge.records import Card, Interval, Score
from tidegauge_evaluators._bins import binned
from tidegauge_evaluators._chance import share_errors
from tidegauge_evaluators._distributions import normal_quantile
from tidegauge_evaluators._divergence import parts, shares
from tidegauge_evaluators._homogeneity import homogeneity

CARD = Card(
    title="Total variation distance",
    explain="Share of rows that would have to move to another bin or level for both "
    "distributions to be the same.",
    reads=("numeric", "categorical", "boolean"),
    on="features",
    better="lower",
    unit="share of rows",
    range=(0.0, 1.0),
    reference="Levin & Peres 2017, Markov Chains and Mixing Times, ch. 4",
)


def total_variation(
    baseline: NumericProfile | CategoricalProfile,
    current: NumericProfile | CategoricalProfile,
    *,
    bins: int = 10,
    min_rows: int = 30,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Score:
    """Half the summed absolute gaps between shares.

    With no change the value is still about ``details["by_chance"]``. The lower end of the
    interval takes off at least what chance alone stays below at this confidence. The p-value is
    that of the test that both sides spread alike over these bins.

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
    >>> total_variation(baseline, baseline.lay(["north"] * 40 + ["south"] * 60)).value
    0.2
    """
    table = binned(baseline, current, bins=bins, min_rows=min_rows)
    p, q = shares(table)
    n, m = int(table.baseline.sum()), int(table.current.sum())
    found = homogeneity(*table.tested, rng)
    pieces = 0.5 * np.abs(q - p)
    value = min(1.0, float(pieces.sum()))
    chance = share_errors((m * p + n * q) / (n + m), n * m / (n + m))
    lean = np.sign(q - p)
    variance = (1.0 - float(p @ lean) ** 2) / n + (1.0 - float(q @ lean) ** 2) / m
    reach = normal_quantile(0.5 + confidence / 2.0) * 0.5 * math.sqrt(max(0.0, variance))
    low = value - max(reach, chance.quantile(0.5 + confidence / 2.0))
    return Score(
        value=value,
        interval=Interval(max(0.0, low), min(1.0, value + reach)),
        p_value=found.p_value,
        n_baseline=n,
        n_current=m,
        parts=parts(table, pieces),
        details={
            "bins": len(table.labels),
            "pooled": table.pooled,
            "by_chance": chance.mean,
            "test": found.method,
            "statistic": found.statistic,
            "df": found.df,
        },
    )
