"""Share of rows that hold nothing."""

from __future__ import annotations

from tidegauge.profile import CategoricalProfile, NumericProfile, PresenceProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._rates import Rate, changed_p, count_parts, need_rows, rate_score

CARD = Card(
    title="Missing rate",
    explain="Share of rows in which the column is null or not a number (NaN).",
    reads=("numeric", "categorical", "boolean", "datetime", "text", "id", "empty", "nested"),
    on="features",
    better="lower",
    unit="share of rows",
    reference="Rubin 1976, Biometrika 63(3)",
    range=(0.0, 1.0),
)


def missing_rate(
    baseline: NumericProfile | CategoricalProfile | PresenceProfile,
    current: NumericProfile | CategoricalProfile | PresenceProfile,
    *,
    min_rows: int = 20,
    confidence: float = 0.95,
) -> Score:
    """Rows that are null or NaN, as a share of all rows.

    The p-value takes rows for independent. Outages take rows out in runs, so it is smaller than
    it should be when one short outage is all there was: put a limit on the rise as well. Texts
    that stand for nothing ("", "n/a") are not missing; in a number column they are unparsable
    and count in ``quality.invalid_rate``.

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
    >>> baseline = NumericProfile.freeze([1.0, 2.0] * 50)
    >>> score = missing_rate(baseline, baseline.lay([1.0, None, 2.0, 2.0] * 25))
    >>> score.value, score.baseline, score.p_value
    (0.25, 0.0, 1.07e-08)
    """
    need_rows(baseline.n, current.n, min_rows)
    then, now = Rate(baseline.missing, baseline.n), Rate(current.missing, current.n)
    kinds = {"null": (baseline.null, current.null)}
    if isinstance(baseline, NumericProfile) and isinstance(current, NumericProfile):
        kinds["NaN"] = (baseline.nan, current.nan)
    return rate_score(
        then,
        now,
        confidence=confidence,
        p_value=changed_p(then, now),
        parts=count_parts(kinds, current.n),
    )
