"""Intervals of estimates hold the value that labels show: under no shift, and when inputs move.

When the truth given the inputs moves they must break, and the words must say so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from tidegauge.case import Case, case_of
from tidegauge.records import Score
from tidegauge_evaluators.performance.estimated_accuracy import estimated_accuracy
from tidegauge_evaluators.performance.estimated_auc import estimated_auc
from tidegauge_evaluators.performance.estimated_mae import estimated_mae

pytestmark = pytest.mark.slow
RUNS = 10
BEFORE, NOW = 1_500, 500


def sigmoid(logit: Any) -> Any:
    return 1 / (1 + np.exp(-logit))


def classified(seed: int, shift: float, concept: float = 0.0) -> tuple[Case, dict[str, float]]:
    """A model that reads too little of z, which moves; ``concept`` takes z's effect away."""
    rng = np.random.default_rng(seed)
    side = np.arange(BEFORE + NOW) >= BEFORE
    x, z = rng.normal(size=len(side)), rng.normal(size=len(side)) + shift * side
    truth = rng.random(len(side)) < sigmoid(1.2 * x + z * np.where(side, 1 - concept, 1.0))
    score = sigmoid(1.2 * x + 0.4 * z)
    case = case_of(
        {"x": x, "z": z, "p": score, "y": np.where(side, np.nan, truth)}, side,
        features=("x", "z"), target="y", scores=("p",), task="classification",
    )  # fmt: skip
    shown = {
        "accuracy": float(((score >= 0.5) == truth)[side].mean()),
        "auc": float(roc_auc_score(truth[side], score[side])),
    }
    return case, shown


def measured(seed: int, shift: float, concept: float = 0.0) -> tuple[Case, dict[str, float]]:
    """A predicted number whose errors grow with z, which moves; ``concept`` widens them."""
    rng = np.random.default_rng(seed)
    side = np.arange(BEFORE + NOW) >= BEFORE
    x, z = rng.normal(size=len(side)), rng.normal(size=len(side)) + shift * side
    error = rng.normal(size=len(side)) * np.exp(0.4 * z + concept * side)
    case = case_of(
        {"x": x, "z": z, "p": x, "y": np.where(side, np.nan, x + error)}, side,
        features=("x", "z"), target="y", prediction="p", task="regression",
    )  # fmt: skip
    return case, {"mae": float(np.abs(error[side]).mean())}


Draw = Callable[..., tuple[Case, dict[str, float]]]
MEASURES: dict[str, Callable[..., Score]] = {
    "accuracy": estimated_accuracy,
    "auc": estimated_auc,
    "mae": estimated_mae,
}


def held(
    draw: Draw, shift: float, concept: float = 0.0, runs: int = RUNS
) -> dict[str, NDArray[np.float64]]:
    """Measure -> whether the interval holds what was shown, error, whether p is below 0.05."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    for seed in range(100, 100 + runs):
        case, shown = draw(seed, shift, concept)
        for name, value in shown.items():
            score = MEASURES[name](None, case)
            assert score.interval is not None
            assert score.p_value is not None
            inside = score.interval.low <= value <= score.interval.high
            told = (float(inside), score.value - value, float(score.p_value < 0.05))
            found.setdefault(name, []).append(told)
    return {name: np.mean(rows, axis=0) for name, rows in found.items()}


@pytest.mark.parametrize("draw", [classified, measured])
def test_without_a_shift_intervals_cover_and_tests_keep_their_level(draw: Draw) -> None:
    for name, (covered, error, alarms) in held(draw, shift=0.0).items():
        assert covered >= 0.7, name  # nominal 0.95; three standard errors of 10 runs are 0.21
        assert abs(error) < 0.02, name
        assert alarms <= 0.2, name


@pytest.mark.parametrize("draw", [classified, measured])
def test_when_inputs_move_intervals_still_cover(draw: Draw) -> None:
    for name, (covered, _, _) in held(draw, shift=0.8).items():
        assert covered >= 0.7, name


def test_it_is_blind_to_a_truth_that_came_to_be_made_otherwise() -> None:
    covered, error, alarms = held(measured, shift=0.0, concept=0.5, runs=6)["mae"]
    assert covered == 0
    assert error < -0.3
    assert alarms <= 0.2
    assert "concept shift" in (estimated_mae.__doc__ or "")
