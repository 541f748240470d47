"""Share of numbers outside the valid range."""

from __future__ import annotations

from tidegauge.errors import NotApplicable
from tidegauge.profile import NumericProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._ranges import outside, outside_p
from tidegauge_evaluators._rates import count_parts, need_rows, rate_score

CARD = Card(
    title="Out of range",
    explain="Share of the column's numbers below the smallest or above the largest valid value.",
    reads=("numeric",),
    on="features",
    better="lower",
    unit="share of the rows that hold a number",
    reference="Gumbel & von Schelling 1950, Ann. Math. Statist. 21(2), on exceedances",
    range=(0.0, 1.0),
)


def out_of_range(
    baseline: NumericProfile,
    current: NumericProfile,
    *,
    min_rows: int = 20,
    confidence: float = 0.95,
) -> Score:
    """Finite rows outside the range that the suite declares, or else that the baseline spans.

    Rows of an unchanged source exceed the baseline's extremes now and then; the p-value knows
    how often. It is blind to wrong values inside the range, and a single wild row in the
    baseline widens a learned range for good: declare the range where one is known.

    Parameters
    ----------
    baseline, current
        Profiles over the same grid.
    min_rows
        Fewer finite rows on either side are refused rather than judged.
    confidence
        Level of the intervals.

    Raises
    ------
    NotApplicable
        For points in time: newer than everything in the baseline is what they should be.

    Examples
    --------
    >>> baseline = NumericProfile.freeze([float(i) for i in range(100)])
    >>> score = out_of_range(baseline, baseline.lay([-5.0, 50.0, 60.0, 70.0] * 25))
    >>> score.value, score.p_value
    (0.25, 1.07e-08)
    """
    if current.instant:
        raise NotApplicable("points in time leave the baseline's range as time goes on")
    need_rows(baseline.finite, current.finite, min_rows)
    ends = {
        f"below {current.valid[0]:g}": (baseline.under, current.under),
        f"above {current.valid[1]:g}": (baseline.over, current.over),
    }
    return rate_score(
        outside(baseline),
        outside(current),
        confidence=confidence,
        p_value=outside_p(baseline, current),
        parts=count_parts(ends, current.finite),
        details={"lowest": current.minimum, "highest": current.maximum},
    )
