"""Log loss, estimated where labels are missing."""

from __future__ import annotations

from tidegauge.case import Case
from tidegauge.profile.classification import ClassificationProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators.performance._estimated import ASSUMES, estimate_classes
from tidegauge_evaluators.performance._estimation_functionals import log_loss as expected
from tidegauge_evaluators.performance.log_loss import log_loss

CARD = Card(
    title="Log loss, estimated without labels",
    explain="Expected minus log of the probability given to the true class, before labels arrive.",
    reads=("classification",),
    on="outcome",
    better="lower",
    unit="nats a row",
    reference="Bialek et al. 2024, arXiv 2401.08348; Garg et al. 2022, ICLR",
    range=(0.0, None),
    over="sample",
    stands_for="performance.log_loss",
    assumes=ASSUMES,
)


def estimated_log_loss(
    baseline: ClassificationProfile | None,
    current: Case,
    *,
    min_rows: int = 100,
    min_effective: int = 50,
    confidence: float = 0.95,
    seen: tuple[int, int] = (0, 0),
) -> Score:
    """Estimate minus the natural logarithm of the probability given to the true class.

    Chances come from the logged scores, calibrated on the baseline by isotonic regression that
    never saw the row it tells, or, where no score is logged, from boosted trees over features
    and decision. Baseline rows are weighted by how common rows like them have become. The
    interval is too short while rows that are sure and wrong are rare.

    It assumes that the relation of inputs and truth stayed as in the baseline. Where the truth
    itself came to be made otherwise (concept shift), it is wrong, and nothing but labels shows it.

    Parameters
    ----------
    baseline
        Profile of the baseline's outcome: its realised value is what a drop is held against.
    current
        Rows of both sides, one under the other; truths of current ones are not read.
    min_rows
        Fewer labelled rows of the baseline, or answered rows now, are refused.
    min_effective
        So is a baseline of which fewer rows' worth is like the current ones.
    confidence
        Level of the interval, which is about the value that labels will show once they arrive.
    seen
        Rows of the baseline and of the current log, where ``current`` holds a part of them.

    Examples
    --------
    >>> import numpy as np
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> p, side = rng.random(2_000), np.arange(2_000) >= 1_000
    >>> case = case_of({"p": p, "y": (rng.random(2_000) < p).astype(float)}, side,
    ...     features=(), target="y", scores=("p",), task="classification")
    >>> round(estimated_log_loss(None, case).value, 1)
    0.5
    """
    return estimate_classes(
        expected,
        CARD,
        log_loss,
        baseline,
        current,
        min_rows=min_rows,
        min_effective=min_effective,
        confidence=confidence,
        seen=seen,
        needs="probabilities",
    )
