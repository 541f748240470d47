from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_squared_error

from tidegauge.case import case_of
from tidegauge.errors import NotApplicable
from tidegauge_evaluators._losses import decisions, losses_of, probabilities

RNG = np.random.default_rng(3)
SIDE = np.arange(200) >= 100


def test_without_a_target_or_anything_to_hold_against_it_there_is_no_loss() -> None:
    with pytest.raises(NotApplicable):
        losses_of(case_of({"x": np.ones(4)}, np.arange(4) > 1))
    with pytest.raises(NotApplicable):
        losses_of(case_of({"y": ["a", "b"] * 2}, np.arange(4) > 1, target="y"))
    with pytest.raises(NotApplicable):
        losses_of(case_of({"y": np.ones(4)}, np.arange(4) > 1, target="y", task="regression"))


def test_log_loss_is_scikit_learns_for_two_and_for_three_classes() -> None:
    y, p = RNG.integers(0, 2, 200).astype(float), RNG.uniform(0.01, 0.99, 200)
    case = case_of({"y": y, "p": p}, SIDE, target="y", scores=("p",), task="classification")
    assert losses_of(case).rows.mean() == pytest.approx(log_loss(y, p))
    labels, chances = RNG.choice(["a", "b", "c"], 200), RNG.dirichlet(np.ones(3), 200)
    columns = {"y": labels, "a": chances[:, 0], "b": chances[:, 1], "c": chances[:, 2]}
    case = case_of(columns, SIDE, target="y", scores=("a", "b", "c"), task="classification")
    losses = losses_of(case)
    assert losses.classes == ("a", "b", "c")
    assert losses.rows.mean() == pytest.approx(
        log_loss(labels, np.maximum(chances, 1e-6)), rel=1e-4
    )


def test_decisions_are_held_against_the_truth_by_name() -> None:
    case = case_of(
        {"y": ["yes", "no", "no", None], "d": ["yes", "yes", "maybe", "no"]},
        np.arange(4) > 1, target="y", prediction="d", task="classification",
    )  # fmt: skip
    np.testing.assert_array_equal(losses_of(case).rows, [0, 1, 1, np.nan])
    numbers = case_of(
        {"y": [1.0, 0.0, 1.0, 0.0], "d": [True, True, False, False]},
        np.arange(4) > 1, target="y", prediction="d", task="classification",
    )  # fmt: skip
    np.testing.assert_array_equal(losses_of(numbers).rows, [0, 1, 1, 0])


def test_scores_that_are_no_probabilities_are_not_taken_for_any() -> None:
    case = case_of(
        {"y": [1.0, 0.0] * 4, "p": [-3.0, 4.0] * 4, "d": [1.0, 1.0] * 4}, np.arange(8) > 3,
        target="y", scores=("p",), prediction="d", task="classification",
    )  # fmt: skip
    assert probabilities(case) is None
    assert losses_of(case).of == "share of errors"


def test_one_certain_and_wrong_row_has_a_bounded_loss() -> None:
    case = case_of({"y": [1.0, 0.0], "p": [0.0, 0.0]}, np.array([0, 1]), target="y", scores=("p",))
    np.testing.assert_allclose(losses_of(case).rows, [-np.log(1e-6), 0.0])


def test_numbers_have_squared_and_absolute_errors() -> None:
    y, guess = RNG.normal(size=200), RNG.normal(size=200)
    case = case_of({"y": y, "g": guess}, SIDE, target="y", prediction="g", task="regression")
    assert losses_of(case).rows.mean() == pytest.approx(mean_squared_error(y, guess))
    assert losses_of(case, absolute=True).of == "absolute error"
    wild = case.with_values("g", np.where(SIDE, np.inf, guess))
    assert np.isnan(losses_of(wild).rows[SIDE]).all()


def test_a_decision_falls_back_on_the_highest_probability() -> None:
    case = case_of(
        {"y": [1.0, 0.0, 1.0], "p": [0.7, 0.2, np.nan]}, np.array([0, 1, 1]), target="y",
        scores=("p",), task="classification",
    )  # fmt: skip
    np.testing.assert_array_equal(decisions(case), [1, 0, np.nan])
