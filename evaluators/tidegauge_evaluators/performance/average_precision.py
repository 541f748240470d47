"""Average precision, from scores counted over the baseline's grid."""

from __future__ import annotations

from tidegauge.profile.classification import ClassificationProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._outcomes import labelled
from tidegauge_evaluators._ranks import precision_area, rank_score

CARD = Card(
    title="Average precision",
    explain="Precision at each threshold that finds more of the class, averaged over its rows; "
    "the share of the class among all rows is a coin's.",
    reads=("classification",),
    on="outcome",
    better="higher",
    unit="area under the precision-recall steps",
    reference="Boyd, Eng & Page 2013, ECML PKDD",
    range=(0.0, 1.0),
)


def average_precision(
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    *,
    min_rows: int = 30,
    min_class: int = 10,
    confidence: float = 0.95,
) -> Score:
    """Mean, over the rows of the class, of the precision at the threshold that finds each.

    Rows that share a cell of the grid are taken for tied; ``resolution`` is the most that
    their true order could change. The variance is the larger of two: by the delta method over
    cells, and that of a plain rate over the rows of the class (Boyd et al.), which holds with
    few of them; the interval is Wilson's. With more than two classes the mean of each class
    against all others, its variance bounded as if their errors moved together.

    It moves with how common the class is: where only that changed, so does this.

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
    ...     ("no", "yes"), {"yes": NumericProfile.freeze(scores)}
    ... )
    >>> profile = grid.lay(["no", "no", "yes", "yes"] * 10, scores={"yes": scores})
    >>> round(average_precision(None, profile).value, 4)
    0.8333
    """
    before = labelled(baseline, current, min_rows)
    return rank_score(precision_area, before, current, min_class, confidence)
