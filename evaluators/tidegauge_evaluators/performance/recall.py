"""Share of a class's rows that are predicted as it."""

from __future__ import annotations

from tidegauge.profile.classification import ClassificationProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._confusion import RECALL, Average, one_or_averaged
from tidegauge_evaluators._outcomes import labelled

CARD = Card(
    title="Recall",
    explain="Share of the rows of the class that are predicted as it; "
    "with more classes the mean over them.",
    reads=("classification",),
    on="outcome",
    better="higher",
    unit="share of rows",
    reference="Clopper & Pearson 1934, Biometrika 26(4); Newcombe 1998, Stat. Med. 17(8)",
    range=(0.0, 1.0),
)


def recall(
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    *,
    positive: str | None = None,
    average: Average = "macro",
    min_rows: int = 30,
    min_class: int = 10,
    confidence: float = 0.95,
) -> Score:
    """Share of a class's rows that are predicted as it.

    Of one class the interval is exact. The average's is Wilson's, for the rows of a plain rate
    with its variance by the delta method; it is over classes that occur on every side, and
    ``undefined`` names the others.

    Predicting the class everywhere makes it 1: read it beside precision.

    Parameters
    ----------
    baseline, current
        Profiles over the same classes; the baseline's may be absent.
    positive
        The class asked for; with two classes the profile's positive one unless stated.
    average
        With more classes and none asked for: ``macro``, each class the same weight, or
        ``weighted`` by its share of the targets.
    min_rows
        Fewer labelled rows on either side are refused.
    min_class
        Fewer rows to take the rate of, on either side, are refused.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> profile = ClassificationProfile.over_grid(("no", "yes"), {})
    >>> profile = profile.lay(["no", "yes", "yes", "yes"] * 10, ["yes", "yes", "yes", "no"] * 10)
    >>> round(recall(None, profile).value, 4)
    0.6667
    """
    return one_or_averaged(
        RECALL,
        labelled(baseline, current, min_rows),
        current,
        positive=positive,
        average=average,
        min_class=min_class,
        confidence=confidence,
    )
