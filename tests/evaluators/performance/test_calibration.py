"""Intervals cover and p-values keep their level, by simulation of models that do not change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats

from tidegauge.errors import CannotMeasure
from tidegauge.profile import RegressionProfile
from tidegauge_evaluators.performance.accuracy import accuracy
from tidegauge_evaluators.performance.average_precision import average_precision
from tidegauge_evaluators.performance.balanced_accuracy import balanced_accuracy
from tidegauge_evaluators.performance.bias import bias
from tidegauge_evaluators.performance.brier import brier
from tidegauge_evaluators.performance.expected_calibration_error import expected_calibration_error
from tidegauge_evaluators.performance.f1 import f1
from tidegauge_evaluators.performance.log_loss import log_loss
from tidegauge_evaluators.performance.mae import mae
from tidegauge_evaluators.performance.precision import precision
from tidegauge_evaluators.performance.r2 import r2
from tidegauge_evaluators.performance.recall import recall
from tidegauge_evaluators.performance.rmse import rmse
from tidegauge_evaluators.performance.roc_auc import roc_auc

pytestmark = pytest.mark.slow
RUNS = 300
BINARY: tuple[Callable[..., Any], ...] = (
    accuracy,
    balanced_accuracy,
    precision,
    recall,
    f1,
    roc_auc,
    average_precision,
    log_loss,
    brier,
    expected_calibration_error,
)
AVERAGED: tuple[Callable[..., Any], ...] = (balanced_accuracy, precision, recall, f1)
ERRORS: tuple[Callable[..., Any], ...] = (mae, rmse, bias, r2)


def check(
    measures: tuple[Callable[..., Any], ...],
    draw: Callable[[int], Any],
    sizes: tuple[int, int],
    most: float = 0.10,
) -> None:
    """Hold every measure, on profiles drawn of one truth, to coverage and level."""
    truth = draw(200_000)
    missed: dict[str, list[bool]] = {measure.__name__: [] for measure in measures}
    moved: dict[str, list[bool]] = {measure.__name__: [] for measure in measures}
    p_values: dict[str, list[float]] = {measure.__name__: [] for measure in measures}
    true = {measure.__name__: measure(None, truth).value for measure in measures}
    for _ in range(RUNS):
        before, now = draw(sizes[0]), draw(sizes[1])
        for measure in measures:
            name = measure.__name__
            try:
                score = measure(before, now)
            except CannotMeasure:
                continue
            missed[name].append(not score.interval.low <= true[name] <= score.interval.high)
            moved[name].append(not score.change.low <= 0 <= score.change.high)
            p_values[name].append(1.0 if score.p_value is None else score.p_value)
    for name in true:
        assert len(p_values[name]) > RUNS / 2, name
        assert np.mean(missed[name]) <= most, (name, np.mean(missed[name]))
        assert np.mean(moved[name]) <= most, (name, np.mean(moved[name]))
        for level in (0.05, 0.01):
            found = int(np.sum(np.array(p_values[name]) < level))
            beyond = scipy.stats.binom.sf(found - 1, len(p_values[name]), level)
            assert beyond > 0.005, (name, level, found / len(p_values[name]))


@pytest.mark.parametrize("sizes", [(2000, 150), (200, 200)])
def test_two_classes(models: Any, rng: np.random.Generator, sizes: tuple[int, int]) -> None:
    grid = models.binary_grid(models.binary(rng, 2000).score)
    check(BINARY, lambda n: models.lay_binary(grid, models.binary(rng, n)), sizes)


@pytest.mark.parametrize("sizes", [(1000, 50), (50, 50)])
def test_two_classes_of_few_rows(
    models: Any, rng: np.random.Generator, sizes: tuple[int, int]
) -> None:
    grid = models.binary_grid(models.binary(rng, 2000).score)
    measures = tuple(m for m in BINARY if m is not expected_calibration_error)
    check(measures, lambda n: models.lay_binary(grid, models.binary(rng, n)), sizes)


@pytest.mark.parametrize("sizes", [(2000, 100), (100, 100)])
def test_averages_over_classes(
    models: Any, rng: np.random.Generator, sizes: tuple[int, int]
) -> None:
    grid = models.multiclass_grid(models.multiclass(rng, 100).scores)
    check(AVERAGED, lambda n: models.lay_multiclass(grid, models.multiclass(rng, n)), sizes)


@pytest.mark.parametrize("sizes", [(2000, 50), (50, 50)])
@pytest.mark.parametrize("tail", [30, 6])
def test_regressions(rng: np.random.Generator, sizes: tuple[int, int], tail: int) -> None:
    def draw(n: int) -> RegressionProfile:
        x = rng.normal(size=n)
        return RegressionProfile().lay(x + rng.standard_t(tail, n), x)

    # Moments of few rows with heavy tails are too small; the docstrings say so.
    check(ERRORS, draw, sizes, most=0.15 if tail < 10 else 0.10)
