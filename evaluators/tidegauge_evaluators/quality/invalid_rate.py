"""Share of rows that hold nothing usable: missing, infinite, unreadable or out of range."""

from __future__ import annotations

from tidegauge.profile import CategoricalProfile, NumericProfile, PresenceProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._ranges import outside_p, within_range_before
from tidegauge_evaluators._rates import (
    Rate,
    changed_p,
    count_parts,
    need_rows,
    rate_score,
    smallest_p,
)

CARD = Card(
    title="Invalid rate",
    explain="Share of rows in which the column is missing, infinite, no number, or out of range.",
    reads=("numeric", "categorical", "boolean", "datetime", "text", "id", "empty", "nested"),
    on="features",
    better="lower",
    unit="share of rows",
    reference="ISO/IEC 25012:2008, completeness and accuracy",
    range=(0.0, 1.0),
)

ColumnProfile = NumericProfile | CategoricalProfile | PresenceProfile


def invalid_rate(
    baseline: ColumnProfile,
    current: ColumnProfile,
    *,
    min_rows: int = 20,
    confidence: float = 0.95,
) -> Score:
    """All rows a model cannot use as they are, as one share.

    Levels that the baseline never held are valid here; ``quality.unseen_categories`` counts
    them. One rate over several faults says that something broke, its parts say what; a rise of
    one fault can hide behind a fall of another. Points in time have no range.

    Parameters
    ----------
    baseline, current
        Profiles over the same grid.
    min_rows
        Fewer rows on either side are refused rather than judged.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> from tidegauge.profile import NumericProfile
    >>> baseline = NumericProfile.freeze([float(i) for i in range(100)])
    >>> current = baseline.lay([1.0, None, float("inf"), 1e9] * 25)
    >>> score = invalid_rate(baseline, current)
    >>> score.value, [part.label for part in score.parts]
    (0.75, ['null', '+infinity', 'above 99'])
    """
    need_rows(baseline.n, current.n, min_rows)
    then, now = _faults(baseline), _faults(current)
    counts = {label: (rows, now[label]) for label, rows in then.items()}
    return rate_score(
        Rate(sum(then.values()), baseline.n),
        Rate(sum(now.values()), current.n),
        confidence=confidence,
        p_value=_p_value(baseline, current),
        parts=count_parts(counts, current.n),
    )


def _faults(profile: ColumnProfile) -> dict[str, int]:
    if not isinstance(profile, NumericProfile):
        return {"null": profile.null}
    faults = {
        "null": profile.null,
        "NaN": profile.nan,
        "-infinity": profile.neg_inf,
        "+infinity": profile.pos_inf,
        "unparsable": profile.unparsable,
    }
    if profile.instant:
        return faults
    return faults | {
        f"below {profile.valid[0]:g}": profile.under,
        f"above {profile.valid[1]:g}": profile.over,
    }


def _p_value(baseline: ColumnProfile, current: ColumnProfile) -> float | None:
    """One test of the sum, or two where the range may be the baseline's own.

    Nothing of the baseline can lie outside its own range, so those rows cannot be added to
    the others in one test without tipping it.
    """
    then, now = (Rate(sum(_faults(side).values()), side.n) for side in (baseline, current))
    if (
        not isinstance(baseline, NumericProfile)
        or not isinstance(current, NumericProfile)
        or baseline.instant
        or not within_range_before(baseline)
    ):
        return changed_p(then, now)
    others = changed_p(then, Rate(now.rows - current.under - current.over, current.n))
    if not baseline.finite or not current.finite:
        return others
    ranged = outside_p(baseline, current)
    tests = [p for p in (others, ranged) if p is not None]
    return smallest_p(tests) if tests else None
