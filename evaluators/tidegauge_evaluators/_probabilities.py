"""Scores that are to be probabilities: whether they are, and means of their losses."""

from __future__ import annotations

import math
from collections.abc import Callable

from tidegauge.errors import NotApplicable
from tidegauge.profile.classification import ClassificationProfile
from tidegauge.profile.moments import Moments
from tidegauge.profile.numeric import NumericProfile
from tidegauge.records import Score
from tidegauge_evaluators._intervals import compare_means
from tidegauge_evaluators._outcomes import labelled, require_rows, scored

STRAY = 0.01
"""Largest share of scores outside 0 to 1 that is taken for a fault of rows, not for scores of
another kind."""


def mean_loss(
    loss: Callable[[ClassificationProfile], Moments],
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    min_rows: int,
    confidence: float,
) -> Score:
    """Compare the means of a loss that each row with usable probabilities has."""
    before = probabilistic(labelled(baseline, current, min_rows))
    strays = stray_share(current)
    now = loss(current)
    if not now.n:
        raise NotApplicable("the loss needs a probability for every class, and some have none")
    then = loss(before) if before and loss(before).n else None
    require_rows(min_rows, then.n if then else None, now.n, of="with label and probability")
    return scored(
        compare_means(now, then, confidence),
        current,
        n_baseline=then.n if then else 0,
        n_current=now.n,
        details={"outside_0_to_1": strays} if strays else {},
    )


def stray_share(profile: ClassificationProfile) -> float:
    """Share of labelled rows whose scores lie outside 0 to 1.

    Raises
    ------
    NotApplicable
        When there are no scores, or so many outside that they are no probabilities.
    """
    if not profile.scores:
        raise NotApplicable("no scores are logged", "name the score columns in the suite")
    low, high = _reach(profile)
    if low >= 0 and high <= 1:
        return 0.0
    rows = max(sum(_numbers(side) for side in pair) for pair in profile.scores.values())
    rows -= int(profile.confusion[-1].sum())
    share = max(0.0, 1 - profile.log_loss.n / rows) if rows > 0 else 1.0
    if share > STRAY:
        raise NotApplicable(
            f"the scores reach from {low:.4g} to {high:.4g}, so they are no probabilities, "
            f"which lie between 0 and 1 ({share:.1%} of the labelled rows do not)",
            "log probabilities, or leave this check out",
        )
    return share


def probabilistic(profile: ClassificationProfile | None) -> ClassificationProfile | None:
    """Return a baseline whose scores are probabilities; None where they are not."""
    try:
        return profile if profile is not None and stray_share(profile) >= 0 else None
    except NotApplicable:
        return None


def _reach(profile: ClassificationProfile) -> tuple[float, float]:
    """Smallest and largest score, infinities included."""
    sides = [side for pair in profile.scores.values() for side in pair if _numbers(side)]
    low = min((-math.inf if s.neg_inf else s.minimum for s in sides), default=0.0)
    return low, max((math.inf if s.pos_inf else s.maximum for s in sides), default=0.0)


def _numbers(side: NumericProfile) -> int:
    return side.finite + side.neg_inf + side.pos_inf
