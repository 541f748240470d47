"""Share of predictions that are right."""

from __future__ import annotations

from tidegauge.profile.classification import ClassificationProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._confusion import class_parts, hits, targets
from tidegauge_evaluators._intervals import compare_rates
from tidegauge_evaluators._outcomes import labelled, scored
from tidegauge_evaluators._rates import Rate

CARD = Card(
    title="Accuracy",
    explain="Share of labelled rows whose predicted class is the true one.",
    reads=("classification",),
    on="outcome",
    better="higher",
    unit="share of rows",
    reference="Clopper & Pearson 1934, Biometrika 26(4); Newcombe 1998, Stat. Med. 17(8)",
    range=(0.0, 1.0),
)


def accuracy(
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    *,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> Score:
    """Share of labelled rows whose predicted class is the true one.

    A target or a prediction of a class that the baseline never held counts as wrong. The
    evidence lists the share found of each class.

    It follows the mix of classes: with 1 % positives, always answering "no" scores 0.99.
    Balanced accuracy does not.

    Parameters
    ----------
    baseline, current
        Profiles over the same classes; the baseline's may be absent.
    min_rows
        Fewer labelled rows on either side are refused.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> profile = ClassificationProfile.over_grid(("no", "yes"), {})
    >>> profile = profile.lay(["no", "no", "yes", None] * 10, ["no", "yes", "yes", "no"] * 10)
    >>> score = accuracy(None, profile)
    >>> round(score.value, 4), score.details["labelled_share"]
    (0.6667, 0.75)
    """
    before = labelled(baseline, current, min_rows)
    right, rows = hits(current), current.labelled
    then = Rate(int(hits(before).sum()), before.labelled) if before else None
    compared = compare_rates(Rate(int(right.sum()), rows), then, confidence)
    return scored(
        compared,
        current,
        n_baseline=before.labelled if before else 0,
        n_current=rows,
        parts=class_parts(
            current.classes, (hits(before), targets(before)), (right, targets(current)), rows
        )
        if before
        else (),
    )
