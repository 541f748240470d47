from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.case import Case, case_of
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge_evaluators.root_cause.parity import parity

SIDE = np.arange(2_000) >= 1_000


def model(columns: Mapping[str, Any]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-2 * np.asarray(columns["x"], dtype=np.float64))))


def logged(seed: int, answers: Any = model) -> Case:
    """Draw rows whose current answers are those of ``answers``."""
    columns = {"x": np.random.default_rng(seed).normal(size=2_000)}
    score = np.where(SIDE, answers(columns), model(columns))
    return case_of({**columns, "p": score}, SIDE, scores=("p",))


def test_the_model_that_answered_agrees_on_both_sides() -> None:
    then, now = parity(logged(0), model, rng=np.random.default_rng(0))
    assert (then.share, now.share) == (1.0, 1.0)
    assert (then.rows, now.rows, now.of) == (500, 500, "scores")


def test_a_model_that_was_replaced_disagrees_now_and_agreed_then() -> None:
    def other(columns: Mapping[str, Any]) -> NDArray[np.float64]:
        return 1 - model(columns)

    then, now = parity(logged(1, other), model, rng=np.random.default_rng(0))
    assert then.share == 1.0
    assert now.share < 0.05
    assert now.largest > 0.5
    assert "apart" in now.said


def test_a_log_that_does_not_hold_what_the_model_saw_disagrees_now() -> None:
    case = logged(2)
    lost = case.with_values("x", np.where(SIDE, 0.0, case["x"].values))
    then, now = parity(lost, model, rng=np.random.default_rng(0))
    assert then.share == 1.0
    assert now.share < 0.05


def test_what_cannot_be_compared_is_refused() -> None:
    case = logged(3)
    with pytest.raises(NotApplicable, match="no logged score"):
        parity(case_of({"x": case["x"].values}, SIDE), model, rng=np.random.default_rng(0))
    few = np.r_[0:20, 1_000:1_500]
    with pytest.raises(TooFewRows):
        parity(case.only(few), model, rng=np.random.default_rng(0))
