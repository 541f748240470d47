"""MAE, estimated where labels are missing."""

from __future__ import annotations

from tidegauge.case import Case
from tidegauge.profile.regression import RegressionProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators.performance._estimated import ASSUMES, estimate_errors
from tidegauge_evaluators.performance.mae import mae

CARD = Card(
    title="MAE, estimated without labels",
    explain="Expected mean size of an error, in the target's own unit, before labels arrive.",
    reads=("regression",),
    on="outcome",
    better="lower",
    unit="units of the target",
    reference="Bialek et al. 2024, arXiv 2401.08348; Robins et al. 1994, JASA 89",
    range=(0.0, None),
    over="sample",
    stands_for="performance.mae",
    assumes=ASSUMES,
)


def estimated_mae(
    baseline: RegressionProfile | None,
    current: Case,
    *,
    min_rows: int = 100,
    min_effective: int = 50,
    confidence: float = 0.95,
    seen: tuple[int, int] = (0, 0),
) -> Score:
    """Estimate the mean absolute difference of prediction and target.

    Boosted trees learn on the baseline how large an error is, given features and prediction,
    and tell it of rows that they never saw (direct loss estimation). Baseline rows are weighted
    by how common rows like them have become. Its interval is too short where a handful of rows
    carry most of the error.

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
    >>> x, side = rng.random(2_000), np.arange(2_000) >= 1_000
    >>> case = case_of({"x": x, "p": 0 * x, "y": x * rng.normal(size=2_000)}, side,
    ...     features=("x",), target="y", prediction="p", task="regression")
    >>> round(estimated_mae(None, case).value, 1)
    0.4
    """
    return estimate_errors(
        CARD,
        mae,
        baseline,
        current,
        absolute=True,
        min_rows=min_rows,
        min_effective=min_effective,
        confidence=confidence,
        seen=seen,
    )
