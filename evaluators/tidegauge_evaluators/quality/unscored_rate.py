"""Share of rows that a scorer should have scored and did not."""

from __future__ import annotations

from tidegauge.profile import CategoricalProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._levels import rows_by_level
from tidegauge_evaluators._rates import Rate, changed_p, count_parts, need_rows, rate_score

CARD = Card(
    title="Unscored rate",
    explain="Share of rows without a number that should have one: the scorer failed on them.",
    reads=("categorical",),
    on="scorer_status",
    better="lower",
    unit="share of the rows to score",
    reference="Clopper & Pearson 1934, Biometrika 26; Newcombe 1998, Stat Med 17",
    range=(0.0, 1.0),
)


def unscored_rate(
    baseline: CategoricalProfile,
    current: CategoricalProfile,
    *,
    min_rows: int = 20,
    confidence: float = 0.95,
) -> Score:
    """Count rows that a scorer could not answer, as a share of those it should have answered.

    Rows for which the question makes no sense (no context, a refusal) are not among them.

    Parameters
    ----------
    baseline, current
        Profiles of a scorer's status column: ``ok``, ``unscored: why``, ``not_applicable: why``.
    min_rows
        Fewer rows to score on either side are refused rather than judged.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> baseline = CategoricalProfile.freeze(["ok"] * 100)
    >>> now = ["ok"] * 90 + ["unscored: judge timed out"] * 10 + ["not_applicable: refusal"] * 50
    >>> score = unscored_rate(baseline, baseline.lay(now))
    >>> score.value, score.parts[0].label, score.n_current
    (0.1, 'judge timed out', 100)
    """
    then, now = _reasons(baseline), _reasons(current)
    asked = [_to_score(profile) for profile in (baseline, current)]
    need_rows(asked[0], asked[1], min_rows)
    rates = Rate(sum(then.values()), asked[0]), Rate(sum(now.values()), asked[1])
    counts = {why: (then.get(why, 0), now.get(why, 0)) for why in {**now, **then}}
    return rate_score(
        *rates,
        confidence=confidence,
        p_value=changed_p(*rates),
        parts=count_parts(counts, asked[1])[:20],
    )


def _reasons(profile: CategoricalProfile) -> dict[str, int]:
    """Rows unscored, by reason."""
    return {
        level.removeprefix("unscored").removeprefix(": "): rows
        for level, rows in rows_by_level(profile).items()
        if rows and level.startswith("unscored")
    }


def _to_score(profile: CategoricalProfile) -> int:
    found = rows_by_level(profile).items()
    return profile.present - sum(n for level, n in found if level.startswith("not_applicable"))
