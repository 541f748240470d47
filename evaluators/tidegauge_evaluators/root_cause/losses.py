"""How far each row's answer was from the truth: what an explanation of performance explains."""

from __future__ import annotations

from tidegauge.case import Case
from tidegauge.records import ExplainerCard
from tidegauge_evaluators._losses import Losses, losses_of

CARD = ExplainerCard(
    title="Loss of each row",
    explain="How far was each answer from the truth?",
    reference="Good 1952, Journal of the Royal Statistical Society B 14(1) (log loss)",
    needs="a target, and scores or a prediction",
)


def losses(case: Case) -> Losses:
    """Hold what was predicted against the truth, row by row.

    Log loss where probabilities are logged, else whether the decision was wrong; squared error for
    numbers.

    Parameters
    ----------
    case
        Rows without a truth or an answer have a loss of NaN.

    Raises
    ------
    NotApplicable
        When there is no target, or neither scores nor a prediction.

    Examples
    --------
    >>> import numpy as np
    >>> from tidegauge.case import case_of
    >>> case = case_of({"y": [1.0, 3.0], "p": [1.0, 5.0]}, np.array([0, 1]),
    ...     target="y", prediction="p", task="regression")
    >>> losses(case).rows.tolist()
    [0.0, 4.0]
    """
    return losses_of(case)
