"""Mean minus log of the probability given to what came true."""

from __future__ import annotations

from tidegauge.profile.classification import ClassificationProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._probabilities import mean_loss

CARD = Card(
    title="Log loss",
    explain="Mean minus log of the probability that the model gave to the true class; "
    "sure and wrong costs most.",
    reads=("classification",),
    on="outcome",
    better="lower",
    unit="nats a row",
    reference="Good 1952, Journal of the Royal Statistical Society B 14(1)",
    range=(0.0, None),
)


def log_loss(
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    *,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> Score:
    """Mean minus natural logarithm of the probability given to the true class.

    Probabilities are kept the smallest float step away from 0 and 1, so one row costs 36 at
    most. Rows whose true class the baseline never held have no probability and are left out.

    A few rows that were sure and wrong carry it, and its interval is too short while such
    rows are rare; the Brier score is steadier.

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
    >>> round(log_loss(None, grid.lay(["no", "yes"] * 20, scores={"yes": scores})).value, 4)
    0.5697
    """
    return mean_loss(lambda profile: profile.log_loss, baseline, current, min_rows, confidence)
