"""Age of the newest row."""

from __future__ import annotations

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import NumericProfile
from tidegauge.records import Card, Score

CARD = Card(
    title="Freshness",
    explain="Hours from the newest timestamp in the current log to the moment of judging.",
    reads=("datetime",),
    on="timestamp",
    better="lower",
    unit="hours",
    reference="ISO/IEC 25012:2008, currentness",
)


def freshness(baseline: NumericProfile, current: NumericProfile, *, as_of: float) -> Score:
    """Hours between the newest row and the moment of judging.

    A fact about the log, without sampling error. Negative where rows bear a time to come: a
    clock is wrong or a zone is missing. One such row hides that all others are old.

    Parameters
    ----------
    baseline, current
        Profiles of the timestamp column; the baseline's age has no meaning and is not given.
    as_of
        Moment of judging, in seconds since 1970 in UTC; the run provides it.

    Examples
    --------
    >>> stamps = NumericProfile.freeze([1_700_000_000, 1_700_003_600], instant=True)
    >>> freshness(stamps, stamps, as_of=1_700_010_800.0).value
    2.0
    """
    if not current.instant:
        raise NotApplicable("the timestamp column does not hold points in time")
    if not current.finite:
        raise TooFewRows(needed=1, n_baseline=baseline.finite, n_current=0)
    return Score(
        value=(as_of - current.maximum) / 3600.0,
        n_baseline=baseline.finite,
        n_current=current.finite,
        details={"rows without a time": float(current.n - current.finite)},
    )
