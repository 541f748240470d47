"""The loss that a row is bound to have, worked out before its label is there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge_evaluators._domain import Domain
from tidegauge_evaluators._expected import dealt, design, expected
from tidegauge_evaluators._losses import LEAST, Losses, decisions, probabilities, truth_of

Numbers = NDArray[np.float64]

FOLDS = 5


def foreseen(
    case: Case, losses: Losses, logged: Sequence[str], domain: Domain, rng: np.random.Generator
) -> Numbers:
    """Tell the loss of every row by the baseline's labels, shape (rows,).

    Two classes with probabilities: the logged probability is calibrated on the baseline, and the
    loss that it implies is told. All else: the loss is learned from features and predictions.
    """
    chances = probabilities(case)
    if chances is None or chances.shape[1] != 2 or np.isnan(chances).any():
        matrix, kinds = design(case, [*case.features, *logged], domain)
        learn = ~case.current
        return expected(case, matrix, kinds, losses.rows, learn=learn, rng=rng)
    true = _calibrated(case, chances[:, 1], rng)
    if losses.of == "log loss":
        given = np.maximum(chances, LEAST)
        return np.asarray(-true * np.log(given[:, 1]) - (1 - true) * np.log(given[:, 0]))
    return np.where(decisions(case) == 1, 1 - true, true)


def _calibrated(case: Case, chance: Numbers, rng: np.random.Generator) -> Numbers:
    """Chance of the positive class, by isotonic regression on rows other than the one told."""
    from sklearn.isotonic import IsotonicRegression

    truth, learn = truth_of(case), ~case.current
    folds = dealt(case, learn, FOLDS, rng)
    told = np.zeros(case.n)
    for fold in range(FOLDS):
        teach = learn & (folds != fold)
        model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
        model.fit(chance[teach], truth[teach])
        held = folds == fold
        told[held] = model.predict(chance[held])
        told[~learn] += model.predict(chance[~learn]) / FOLDS
    return told
