"""Harmonic mean of precision and recall."""

from __future__ import annotations

from tidegauge.profile.classification import ClassificationProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._confusion import F1, Average, one_or_averaged
from tidegauge_evaluators._outcomes import labelled

CARD = Card(
    title="F1",
    explain="Harmonic mean of precision and recall of the class; "
    "with more classes the mean over them.",
    reads=("classification",),
    on="outcome",
    better="higher",
    unit="share of rows",
    reference="van Rijsbergen 1979, Information Retrieval, ch. 7",
    range=(0.0, 1.0),
)


def f1(
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    *,
    positive: str | None = None,
    average: Average = "macro",
    min_rows: int = 30,
    min_class: int = 10,
    confidence: float = 0.95,
) -> Score:
    """Twice the hits over the rows labelled as a class plus those predicted as it.

    Of one class it is a function of a plain rate, hits over rows labelled or predicted as the
    class, so its interval and test are that rate's exact ones. The average's interval is
    Wilson's, for the rows of a plain rate with its variance by the delta method.

    It takes no notice of the rows rightly left alone, and changes with how common the class
    is though the model stays the same.

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
    >>> round(f1(None, profile).value, 4)
    0.6667
    """
    return one_or_averaged(
        F1,
        labelled(baseline, current, min_rows),
        current,
        positive=positive,
        average=average,
        min_class=min_class,
        confidence=confidence,
    )
