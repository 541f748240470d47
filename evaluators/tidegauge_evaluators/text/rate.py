"""Share of texts that a text scorer flagged."""

from __future__ import annotations

from tidegauge.profile import CategoricalProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._flagged import ALONE, Clusters, flagged_rate

CARD = Card(
    title="Flag rate",
    explain="Share of texts that the scorer flagged: refusals, personal data, broken formats.",
    reads=("boolean",),
    on="text",
    better="lower",
    unit="share of the rows with a decision",
    reference="Clopper & Pearson 1934, Biometrika 26; Newcombe 1998, Stat Med 17",
    range=(0.0, 1.0),
)


def rate(
    baseline: CategoricalProfile,
    current: CategoricalProfile,
    *,
    unscored: tuple[int, int] = (0, 0),
    clusters: Clusters = ALONE,
    min_rows: int = 20,
    confidence: float = 0.95,
) -> Score:
    """Count texts flagged, as a share of those scored.

    One result for every scorer of the topic that flags: refusals, personal data, injections,
    formats that do not parse.

    Parameters
    ----------
    baseline, current
        Profiles of a column of decisions.
    unscored
        Rows of both sides that should have a decision and have none: the details say what the
        rate would be if all or none of them were flagged.
    clusters
        The same decisions by conversation, whose turns are not independent.
    min_rows
        Fewer decisions on either side are refused rather than judged.
    confidence
        Level of the intervals, which hold at rare rates and at none at all.

    Examples
    --------
    >>> baseline = CategoricalProfile.freeze([False] * 99 + [True])
    >>> score = rate(baseline, baseline.lay([False] * 95 + [True] * 5), unscored=(0, 10))
    >>> score.value, score.baseline, score.details["rate if all of them were flagged"]
    (0.05, 0.01, 0.136)
    """
    return flagged_rate(
        baseline,
        current,
        unscored=unscored,
        clusters=clusters,
        min_rows=min_rows,
        confidence=confidence,
    )
