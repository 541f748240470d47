"""Rows per second."""

from __future__ import annotations

from tidegauge.errors import NotApplicable
from tidegauge.profile import NumericProfile
from tidegauge.records import Card, Interval, Score
from tidegauge_evaluators._rates import need_rows, square_and_add
from tidegauge_evaluators._special import gamma_quantile

CARD = Card(
    title="Throughput",
    explain="Rows per second, from the oldest to the newest timestamp.",
    reads=("datetime",),
    on="timestamp",
    better="higher",
    unit="rows per second",
    reference="Garwood 1936, Biometrika 28(3-4)",
    range=(0.0, None),
)


def throughput(
    baseline: NumericProfile,
    current: NumericProfile,
    *,
    min_rows: int = 20,
    confidence: float = 0.95,
) -> Score:
    """Rows that came in after the oldest, over the seconds from the oldest to the newest.

    The interval takes arrivals for a Poisson process. Real ones come in bursts and by the hour
    of day, so it is too narrow, and there is no p-value: nearly every hour differs from nearly
    every other. Put the limit well below the agreed rate, and compare equal times of the week.
    A pause before the first or after the last row does not show; ``quality.freshness`` and
    ``quality.row_count`` see it.

    Parameters
    ----------
    baseline, current
        Profiles of the timestamp column.
    min_rows
        Fewer rows with a time in the current log are refused rather than judged.
    confidence
        Level of the intervals.

    Raises
    ------
    NotApplicable
        When the column holds no points in time, or one and the same in all rows.

    Examples
    --------
    >>> stamps = NumericProfile.freeze(list(range(1_700_000_000, 1_700_000_101)), instant=True)
    >>> score = throughput(stamps, stamps)
    >>> score.value, score.interval
    (1.0, Interval(low=0.81, high=1.21))
    """
    if not current.instant:
        raise NotApplicable("the timestamp column does not hold points in time")
    need_rows(min_rows, current.finite, min_rows)
    if current.maximum <= current.minimum:
        raise NotApplicable("all rows of the current log have one and the same time")
    now, around_now = _rate(current), _interval(current, confidence)
    comparable = baseline.finite > 1 and baseline.maximum > baseline.minimum
    change = (
        square_and_add(now, around_now, _rate(baseline), _interval(baseline, confidence))
        if comparable
        else None
    )
    return Score(
        value=now,
        interval=around_now,
        baseline=_rate(baseline) if comparable else None,
        change=change,
        n_baseline=baseline.finite,
        n_current=current.finite,
        details={"seconds": current.maximum - current.minimum},
    )


def _rate(profile: NumericProfile) -> float:
    return (profile.finite - 1) / (profile.maximum - profile.minimum)


def _interval(profile: NumericProfile, confidence: float) -> Interval:
    """Exact for a Poisson process seen from one arrival to another: the span is a gamma."""
    gaps, seconds = profile.finite - 1, profile.maximum - profile.minimum
    tail = (1.0 - confidence) / 2.0
    low, high = (gamma_quantile(gaps, p) / seconds for p in (tail, 1.0 - tail))
    return Interval(low, high)
