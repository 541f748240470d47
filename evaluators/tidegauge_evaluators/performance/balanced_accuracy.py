"""Mean over the classes of the share found of each."""

from __future__ import annotations

from tidegauge.profile.classification import ClassificationProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._confusion import RECALL, averaged, targets
from tidegauge_evaluators._outcomes import labelled, require_rows

CARD = Card(
    title="Balanced accuracy",
    explain="Mean over the classes of the share of its rows that are found; "
    "a rare class counts as much as a common one.",
    reads=("classification",),
    on="outcome",
    better="higher",
    unit="mean share of rows",
    reference="Brodersen et al. 2010, ICPR",
    range=(0.0, 1.0),
)


def balanced_accuracy(
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    *,
    min_rows: int = 30,
    min_class: int = 10,
    confidence: float = 0.95,
) -> Score:
    """Mean over the classes of the share of its rows that are predicted as it.

    Over the classes that occur on every side; ``undefined`` names the others, and rows of a
    class never seen before are left to accuracy. The interval is Wilson's, for the rows of a
    plain rate that would have this variance.

    A class of few rows makes it jump: its interval then is wide.

    Parameters
    ----------
    baseline, current
        Profiles over the same classes; the baseline's may be absent.
    min_rows
        Fewer labelled rows on either side are refused.
    min_class
        Fewer rows of the second most frequent class, on either side, are refused.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> profile = ClassificationProfile.over_grid(("no", "yes"), {})
    >>> profile = profile.lay(["no", "yes", "yes", "yes"] * 10, ["no", "yes", "yes", "no"] * 10)
    >>> round(balanced_accuracy(None, profile).value, 4)
    0.8333
    """
    before = labelled(baseline, current, min_rows)
    score = averaged(RECALL, before, current, "macro", confidence)
    then, now = (sorted(targets(side))[-2] if side else None for side in (before, current))
    require_rows(min_class, then, now or 0, of="of a second class")
    return score
