"""Latency that half of the requests keep within."""

from __future__ import annotations

from tidegauge.profile import NumericProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._quantiles import quantile_score

CARD = Card(
    title="Latency, median",
    explain="Time within which half of the requests were answered.",
    reads=("numeric",),
    on="latency",
    better="lower",
    unit="milliseconds",
    reference="Hyndman & Fan 1996, Am. Stat. 50(4); Mood 1950 for the test",
)


def latency_p50(
    baseline: NumericProfile,
    current: NumericProfile,
    *,
    min_rows: int = 20,
    confidence: float = 0.95,
) -> Score:
    """Give the time that a request usually takes.

    Slow requests, which people complain about, do not show in it. The number is in the unit
    that the log holds. The latency grid is right to 1.7 % (coarser in slices), which the
    score's resolution states. Rows are taken for independent; requests that queue behind one
    another are slow together, so intervals are too narrow under load.

    Parameters
    ----------
    baseline, current
        Profiles over the same grid.
    min_rows
        Fewer rows with a latency on either side are refused rather than judged; with
        fewer than 6 no value seen bounds the percentile from above.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> baseline = NumericProfile.freeze([float(i) for i in range(1, 201)] * 3)
    >>> score = latency_p50(baseline, baseline.lay([2.0 * i for i in range(1, 201)] * 3))
    >>> round(score.baseline), round(score.value)
    (100, 200)
    """
    return quantile_score(baseline, current, 0.5, min_rows=min_rows, confidence=confidence)
