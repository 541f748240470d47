"""Share of rows whose id has occurred before."""

from __future__ import annotations

import numpy as np

from tidegauge.errors import NotApplicable
from tidegauge.profile import KeysProfile
from tidegauge.records import Card, Interval, Score
from tidegauge_evaluators._rates import (
    Rate,
    need_rows,
    rose_p,
    score_interval,
    square_and_add,
    two_sided_z,
)

CARD = Card(
    title="Duplicate ids",
    explain="Share of rows whose id another row of the same log already has.",
    reads=("keys",),
    on="id",
    better="lower",
    unit="share of the rows that have an id",
    reference="Gibbons 2001, VLDB, on distinct sampling",
    range=(0.0, 1.0),
)


def duplicate_ids(
    baseline: KeysProfile, current: KeysProfile, *, min_rows: int = 1, confidence: float = 0.95
) -> Score:
    """Rows that repeat an id, as a share of the rows that have one.

    Exact as long as about a million different ids fit in memory; beyond that, and in a stored
    baseline, ids are sampled and the share is an estimate with an interval. The p-value is of
    more ids repeating than in the baseline. Ids that repeat by nature (a customer's) repeat more
    often the longer the log: compare logs of equal length there.

    Parameters
    ----------
    baseline, current
        Profiles of the id column.
    min_rows
        Fewer rows with an id on either side are refused rather than judged.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> baseline = KeysProfile().lay([1, 2, 3, 4])
    >>> score = duplicate_ids(baseline, KeysProfile().lay([5, 5, 5, 6]))
    >>> score.value, score.baseline, score.details["counted"]
    (0.5, 0.0, 'all ids')
    """
    if current.n and current.null == current.n:
        raise NotApplicable("no row of the current log has an id")
    need_rows(baseline.n - baseline.null, current.n - current.null, min_rows)
    need_rows(baseline.rows, current.rows, 1)
    then, now = _share(baseline), _share(current)
    around_then, around_now = _interval(baseline, confidence), _interval(current, confidence)
    estimated = baseline.depth > 0 or current.depth > 0
    repeated_then, repeated_now = _repeated(baseline), _repeated(current)
    tested = repeated_then.rows or repeated_now.rows
    return Score(
        value=now,
        interval=around_now if current.depth else None,
        p_value=rose_p(repeated_then, repeated_now) if tested else None,
        baseline=then,
        change=square_and_add(now, around_now, then, around_then) if estimated else None,
        n_baseline=baseline.n - baseline.null,
        n_current=current.n - current.null,
        details={
            "counted": f"one id in {2**current.depth:,}" if current.depth else "all ids",
            "duplicate rows": now * (current.n - current.null),
            "ids that repeat": float(repeated_now.rows * 2**current.depth),
            "rows without an id": float(current.null),
        },
    )


def _share(profile: KeysProfile) -> float:
    return (profile.rows - profile.distinct) / profile.rows


def _repeated(profile: KeysProfile) -> Rate:
    """Ids that occur more than once, of those held: ids, not rows, are independent events."""
    return Rate(int((profile.counts > 1).sum()), profile.distinct)


def _interval(profile: KeysProfile, confidence: float) -> Interval:
    """Of the share among all ids, those held being a sample of clusters; a point if all are.

    The variance is that of a ratio of sums over ids (Cochran 1977, 6.3), put as the number of
    independent rows that would have it.
    """
    share = _share(profile)
    if not profile.depth:
        return Interval(share, share)
    residual = (profile.counts - 1) - share * profile.counts
    spread = float(np.square(residual).sum())
    rows = share * (1.0 - share) * profile.rows**2 / spread if spread else float(profile.distinct)
    return score_interval(share, rows, two_sided_z(confidence))
