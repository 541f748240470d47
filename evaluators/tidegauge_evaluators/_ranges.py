"""Rows outside a column's valid range, and whether their number is out of the ordinary."""

from __future__ import annotations

from tidegauge.profile import NumericProfile
from tidegauge_evaluators._rates import Rate, changed_p, rose_p, smallest_p


def within_range_before(baseline: NumericProfile) -> bool:
    """Whether no baseline row is out of range, as when the range was learned from those rows."""
    return not baseline.under and not baseline.over


def outside(profile: NumericProfile) -> Rate:
    """Finite rows outside the valid range."""
    return Rate(profile.under + profile.over, profile.finite)


def outside_p(baseline: NumericProfile, current: NumericProfile) -> float | None:
    """Probability of so many rows out of range when nothing changed.

    A baseline wholly in range may be the very rows that the range was read from, and new rows
    exceed the extremes of old ones by chance. That the ``a`` largest of all rows are all current
    has probability m (m - 1) .. / (N (N - 1) ..), which is the one-sided exact test of 0 against
    ``a``, exact for a learned range too as long as each end is tested by itself. It is 1, not
    ``None``, where nothing is outside: the test was open to both ends and could have rejected.
    """
    if not within_range_before(baseline):
        return changed_p(outside(baseline), outside(current))
    ends = [
        rose_p(Rate(0, baseline.finite), Rate(rows, current.finite))
        for rows in (current.under, current.over)
    ]
    return smallest_p(ends)
