"""The chance of each class given what the model said, learned on a labelled baseline.

Every labelled row is told by maps that never saw it, and a current row by all of them together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.errors import NotApplicable
from tidegauge_evaluators._expected import dealt, design, expected
from tidegauge_evaluators._losses import decisions, probabilities, truth_of
from tidegauge_evaluators.performance._estimation_functionals import Answers
from tidegauge_evaluators.performance._estimation_rows import Ground

Numbers = NDArray[np.float64]

FOLDS = 5


def answered(case: Case) -> NDArray[np.bool_]:
    """Say which rows have every score, or a decision where no score is logged."""
    names = [name for name in case.scores if name in case.variables]
    if not names and case.prediction not in case.variables:
        raise NotApplicable("neither a decision nor a probability is logged")
    read = names or [case.prediction]
    return np.asarray(np.isfinite([case[name].values for name in read]).all(axis=0))


def truths(case: Case, classes: int) -> Numbers:
    """Shape (rows, classes): 1 for the class of a row; zeros for a class that is none of them."""
    return np.asarray(truth_of(case)[:, None] == np.arange(classes), dtype=np.float64)


def answers_of(case: Case, classes: int) -> Answers:
    """Give decisions, and scores class by class; one score is that of the second of two classes.

    Raises
    ------
    NotApplicable
        When there is neither a decision nor a probability to decide by.
    """
    names = [name for name in case.scores if name in case.variables]
    scores = np.column_stack([case[name].values for name in names]) if names else None
    if scores is not None and scores.shape[1] == 1 and classes == 2:
        scores = np.column_stack([1.0 - scores[:, 0], scores[:, 0]])
    if scores is not None and scores.shape[1] != classes:
        scores = None  # scores of some of the classes say little of the others
    decided = np.nan_to_num(decisions(case), nan=-1.0).astype(np.int64)
    return Answers(decided=np.where(decided < classes, decided, -1), scores=scores)


def are_probabilities(case: Case) -> bool:
    """Whether the scores lie between 0 and 1."""
    return probabilities(case) is not None


def chances_of(ground: Ground, answers: Answers, classes: int) -> Numbers:
    """Chance of each class for every row, shape (rows, classes).

    By isotonic regression of each class on its score (Zadrozny & Elkan 2002, KDD), weighted by
    the ground; where there are no scores, by boosted trees over features and decision.
    """
    case = ground.case
    rng = np.random.default_rng(0)
    if answers.scores is None:
        names = [*case.features, case.prediction]
        matrix, kinds = design(case, names, ground.domain)
        return expected(
            case,
            matrix,
            kinds,
            np.where(ground.known, truth_of(case), 0.0),
            learn=ground.known,
            rng=rng,
            weights=ground.flattened,
            classes=classes,
        )
    truth = truths(case, classes)
    folds = dealt(case, ground.known, FOLDS, rng)
    if classes == 2:
        second = _isotonic(answers.scores[:, 1], truth[:, 1], ground.flattened, folds)
        return np.column_stack([1.0 - second, second])
    told = np.column_stack(
        [
            _isotonic(answers.scores[:, k], truth[:, k], ground.flattened, folds)
            for k in range(classes)
        ]
    )
    total = told.sum(axis=1, keepdims=True)
    return np.where(total > 0, told / np.where(total > 0, total, 1.0), 1.0 / classes)


def _isotonic(
    scores: Numbers, truth: Numbers, weights: Numbers, folds: NDArray[np.int64]
) -> Numbers:
    """Shape (rows,); rows of no fold are told by all maps together."""
    from sklearn.isotonic import IsotonicRegression

    told, away = np.zeros(len(scores)), folds < 0
    for fold in range(FOLDS):
        teach, held = ~away & (folds != fold), folds == fold
        model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
        model.fit(scores[teach], truth[teach], sample_weight=weights[teach])
        told[held] = model.predict(scores[held])
        told[away] += model.predict(scores[away]) / FOLDS
    return told
