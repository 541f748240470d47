"""Means on the inputs that both sides share, and what the weights for it cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._estimates import Estimated

Numbers = NDArray[np.float64]


def on_shared(weights: Numbers, loss: Numbers, usual: Numbers, shared: Numbers) -> Estimated:
    """Mean loss of one side on the shared inputs.

    With e the chance of being current, the shared density goes with e (1 - e); its weight for a
    row is corrected for the error of e, and the expected loss by the side's own residuals.

    Parameters
    ----------
    weights
        Shape (rows,): of the side's own rows, 0 elsewhere.
    loss, usual
        Shape (rows,): found, and expected of that side given the inputs.
    shared
        Shape (rows,): weight of each row in the shared inputs.
    """
    rows = weights * (loss - usual) + shared * usual
    ground = max(float(shared.mean()), 1e-12)
    value = float(rows.mean() / ground)
    return Estimated(value=value, influence=(rows - value * shared) / ground)


def effective(weights: Numbers) -> float:
    """Effective sample size (Kish 1965) as a share of the rows.

    Examples
    --------
    >>> effective(np.ones(5)), effective(np.array([1.0, 0.0]))
    (1.0, 0.5)
    """
    squares = float((weights**2).mean())
    return float(weights.mean() ** 2 / squares) if squares > 0 else 0.0
