"""Share of rows that a scorer flagged, with what the rows without a number could change."""

from __future__ import annotations

from tidegauge.errors import NotApplicable
from tidegauge.profile import CategoricalProfile
from tidegauge.records import Score
from tidegauge_evaluators._levels import rows_by_level
from tidegauge_evaluators._rates import Rate, changed_p, need_rows, rate_score


def flagged_rate(
    baseline: CategoricalProfile,
    current: CategoricalProfile,
    *,
    unscored: tuple[int, int],
    min_rows: int,
    confidence: float,
) -> Score:
    """Count rows flagged, as a share of those with a decision.

    Parameters
    ----------
    baseline, current
        Profiles of a column of decisions: true, false, or null where there is none.
    unscored
        Rows of both sides that should have a decision and have none. They are left out of the
        rate; the details say what it would be if all or none of them were flagged.
    min_rows
        Fewer decisions on either side are refused rather than judged.
    confidence
        Level of the intervals.
    """
    if not current.present and current.n:
        raise NotApplicable("no row of the current log has a decision")
    need_rows(baseline.present, current.present, min_rows)
    then = Rate(rows_by_level(baseline).get("true", 0), baseline.present)
    now = Rate(rows_by_level(current).get("true", 0), current.present)
    missed = unscored[1]
    details: dict[str, float | str] = {
        "rows flagged": float(now.rows),
        "rows without a decision": float(current.null),
    }
    if missed:
        details |= {
            "rows unscored": float(missed),
            "rate if none of them were flagged": now.rows / (now.of + missed),
            "rate if all of them were flagged": (now.rows + missed) / (now.of + missed),
        }
    return rate_score(
        then, now, confidence=confidence, p_value=changed_p(then, now), details=details
    )
