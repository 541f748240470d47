"""Mean squared error of probabilities."""

from __future__ import annotations

from tidegauge.profile.classification import ClassificationProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._probabilities import mean_loss

CARD = Card(
    title="Brier score",
    explain="Mean squared difference of the probability given and what came true, 1 or 0; "
    "summed over classes when there are more than two.",
    reads=("classification",),
    on="outcome",
    better="lower",
    unit="squared probability",
    reference="Brier 1950, Monthly Weather Review 78(1)",
    range=(0.0, 2.0),
)


def brier(
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    *,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> Score:
    """Mean squared difference of probability and outcome.

    With two classes of the positive class alone (0 to 1); with more summed over the classes
    (0 to 2), as Brier did. It mixes calibration with separation: a fall of either raises it.

    On a rare class it is small whatever the model does: compare it with its baseline only.

    Parameters
    ----------
    baseline, current
        Profiles over the same classes; the baseline's may be absent.
    min_rows
        Fewer rows with label and probability, on either side, are refused.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> from tidegauge.profile import NumericProfile
    >>> scores = [0.2, 0.4] * 20
    >>> grid = ClassificationProfile.over_grid(
    ...     ("no", "yes"), {"yes": NumericProfile.freeze(scores)}
    ... )
    >>> round(brier(None, grid.lay(["no", "yes"] * 20, scores={"yes": scores})).value, 4)
    0.2
    """
    return mean_loss(lambda profile: profile.brier, baseline, current, min_rows, confidence)
