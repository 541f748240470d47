"""Area under the ROC curve, from scores counted over the baseline's grid."""

from __future__ import annotations

from tidegauge.profile.classification import ClassificationProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._outcomes import labelled
from tidegauge_evaluators._ranks import area, rank_score

CARD = Card(
    title="ROC AUC",
    explain="Probability that a row of the class gets a higher score than a row that is not; "
    "0.5 is a coin's.",
    reads=("classification",),
    on="outcome",
    better="higher",
    unit="area under the ROC curve",
    reference="DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44(3)",
    range=(0.0, 1.0),
)


def roc_auc(
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    *,
    min_rows: int = 30,
    min_class: int = 10,
    confidence: float = 0.95,
) -> Score:
    """Share of pairs, one row of each class, that the scores put in the right order.

    Ties count half, and so do pairs that share a cell of the grid: ``resolution`` is the most
    that those can hide. The variance is DeLong's, from the placement values of the cells; the
    interval is Wilson's for the rows of a plain rate that would have this variance, which
    holds near 1 where a symmetric one does not. With more than two classes the mean of each
    class against all others, its variance bounded as if their errors moved together.

    It is blind to calibration (any monotone change of the scores keeps it) and to where on
    the curve the threshold lies; with a rare class look at average precision as well.

    Parameters
    ----------
    baseline, current
        Profiles over the same grid; the baseline's may be absent.
    min_rows
        Fewer labelled rows on either side are refused.
    min_class
        Fewer rows of the class, or of all others, on either side are refused.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> from tidegauge.profile import NumericProfile
    >>> scores = [0.1, 0.4, 0.35, 0.8] * 10
    >>> grid = ClassificationProfile.over_grid(
    ...     ("no", "yes"), {"yes": NumericProfile.freeze(scores)})
    >>> roc_auc(None, grid.lay(["no", "no", "yes", "yes"] * 10, scores={"yes": scores})).value
    0.75
    """
    before = labelled(baseline, current, min_rows)
    return rank_score(area, before, current, min_class, confidence)
