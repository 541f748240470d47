"""From rows of both sides to an estimate: what every measure without labels shares."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.errors import CannotMeasure, NotApplicable
from tidegauge.profile.classification import ClassificationProfile
from tidegauge.profile.regression import RegressionProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._expected import design, expected
from tidegauge_evaluators._losses import classes_of, losses_of
from tidegauge_evaluators.performance._calibration_map import (
    answered,
    answers_of,
    are_probabilities,
    chances_of,
    truths,
)
from tidegauge_evaluators.performance._estimation import Pieces, assembled
from tidegauge_evaluators.performance._estimation_functionals import (
    Answers,
    Functional,
    Measure,
)
from tidegauge_evaluators.performance._estimation_rows import (
    calibration_error,
    ground_of,
)

Numbers = NDArray[np.float64]

ASSUMES = "that the relation of inputs and truth stayed as in the baseline"
"""Nothing without labels can see it change."""


def estimate_classes(
    measure: Measure,
    card: Card,
    realised: Callable[..., Score],
    baseline: ClassificationProfile | None,
    rows: Case,
    *,
    min_rows: int,
    min_effective: int,
    confidence: float,
    seen: tuple[int, int],
    needs: str = "",
) -> Score:
    """Estimate a measure of classification.

    Parameters
    ----------
    measure
        Of chances and answers.
    realised
        The evaluator of the same measure where labels are there.
    needs
        ``scores``, or ``probabilities``, where a decision is not enough.

    Raises
    ------
    NotApplicable
        When what it needs is not logged.
    TooFewRows
        When there are too few rows, or too few that both sides share.
    """
    ground = ground_of(rows, answered, min_rows, min_effective)
    case = ground.case
    classes = len(baseline.classes) if baseline is not None else len(classes_of(case))
    answers = answers_of(case, classes)
    if needs and answers.scores is None:
        raise NotApplicable("needs a score of every class")
    if needs == "probabilities" and not are_probabilities(case):
        raise NotApplicable("needs scores that are probabilities; these are not between 0 and 1")
    chances = chances_of(ground, answers, classes)
    truth = truths(case, classes)[ground.known]
    before, now = answers.of(ground.known), answers.of(case.current)
    found = measure(chances[case.current], now)
    slopes, own = found.slopes(before), found.slopes(now)
    told = _decided_right(chances[ground.known], before)
    right = _decided_right(truth, before)
    return assembled(
        Pieces(
            value=found.value,
            influence=found.influence,
            residuals=((truth - chances[ground.known]) * slopes).sum(axis=1),
            noise=_noise(chances[case.current], own),
            realised=measure(truth, before).influence,
        ),
        ground,
        card,
        realised=_realised(realised, baseline, measure(truth, before)),
        seen=seen,
        confidence=confidence,
        details={
            "expected calibration error": calibration_error(
                told, right, ground.flattened[ground.known]
            )
        },
    )


def estimate_errors(
    card: Card,
    realised: Callable[..., Score],
    baseline: RegressionProfile | None,
    rows: Case,
    *,
    absolute: bool,
    min_rows: int,
    min_effective: int,
    confidence: float,
    seen: tuple[int, int],
) -> Score:
    """Estimate a mean error of numbers by trees that learn its size (direct loss estimation).

    Raises
    ------
    NotApplicable
        When no predicted number is logged.
    TooFewRows
        When there are too few rows, or too few that both sides share.
    """
    ground = ground_of(rows, _predicted, min_rows, min_effective)
    case, known = ground.case, ground.known
    loss = losses_of(case, absolute=absolute).rows
    matrix, kinds = design(case, [*case.features, case.prediction], ground.domain)
    told = expected(
        case,
        matrix,
        kinds,
        np.where(known, loss, 0.0),
        learn=known,
        rng=np.random.default_rng(0),
        weights=ground.flattened,
    )
    told = np.maximum(told, 0.0)
    weights, found = ground.flattened[known], loss[known]
    residuals = found - told[known]
    now = told[case.current]
    mean = float(found.mean())
    return assembled(
        Pieces(
            value=float(now.mean()),
            influence=now - now.mean(),
            residuals=residuals,
            noise=float((weights * residuals**2).sum() / weights.sum()),
            realised=found - mean,
        ),
        ground,
        card,
        realised=_realised_error(realised, baseline, mean if absolute else mean**0.5),
        seen=seen,
        confidence=confidence,
        details={"expected calibration error": calibration_error(told[known], found, weights)},
        squared=not absolute,
    )


def _predicted(case: Case) -> NDArray[np.bool_]:
    if case.prediction not in case.variables or case[case.prediction].categorical:
        raise NotApplicable("no predicted number is logged")
    return np.isfinite(case[case.prediction].values)


def _noise(chances: Numbers, slopes: Numbers) -> float:
    """Variance that one row's true class adds, mean over rows."""
    mean = (chances * slopes).sum(axis=1)
    return float(((chances * slopes**2).sum(axis=1) - mean**2).clip(min=0).mean())


def _decided_right(chances: Numbers, answers: Answers) -> Numbers:
    """Chance that the class decided for is the true one, shape (rows,)."""
    place = np.maximum(answers.decided, 0)
    taken = chances[np.arange(len(chances)), place]
    return np.where(answers.decided < 0, 0.0, taken)


def _realised(
    realised: Callable[..., Score], baseline: ClassificationProfile | None, kept: Functional
) -> float | None:
    """Measure the whole baseline as the realised measure does; the kept rows where it cannot."""
    if baseline is None:
        return kept.value
    try:
        return realised(None, baseline).value
    except CannotMeasure:
        return kept.value


def _realised_error(
    realised: Callable[..., Score], baseline: RegressionProfile | None, kept: float
) -> float:
    if baseline is None:
        return kept
    try:
        return realised(None, baseline).value
    except CannotMeasure:
        return kept
