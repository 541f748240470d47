"""Performance without labels: by hand where that can be, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, f1_score, log_loss, roc_auc_score

from tidegauge.case import Case, case_of
from tidegauge.catalog import evaluator, evaluator_names
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import ClassificationProfile, NumericProfile
from tidegauge_evaluators.performance import _estimation_functionals as functionals
from tidegauge_evaluators.performance._estimation_functionals import Answers
from tidegauge_evaluators.performance._estimation_rows import calibration_error
from tidegauge_evaluators.performance.estimated_accuracy import CARD, estimated_accuracy
from tidegauge_evaluators.performance.estimated_auc import estimated_auc
from tidegauge_evaluators.performance.estimated_brier import estimated_brier
from tidegauge_evaluators.performance.estimated_mae import estimated_mae
from tidegauge_evaluators.performance.estimated_rmse import estimated_rmse

ESTIMATES = sorted(n for n in evaluator_names() if n.startswith("performance.estimated_"))


def sigmoid(logit: Any) -> Any:
    return 1 / (1 + np.exp(-logit))


def binary(rows: int = 1_200, shift: float = 0.0, seed: int = 0, **more: Any) -> Case:
    """A model that reads x and overlooks z; the current rows move along z by ``shift``."""
    rng = np.random.default_rng(seed)
    side = np.arange(rows) >= rows // 2
    x, z = rng.normal(size=rows), rng.normal(size=rows) + shift * side
    truth = (rng.random(rows) < sigmoid(1.5 * x + z)).astype(float)
    score = sigmoid(1.5 * x)
    columns = {"x": x, "z": z, "y": np.where(side, np.nan, truth), "p": score}
    columns |= {"d": (score > 0.5).astype(float)}
    roles: dict[str, Any] = {"target": "y", "prediction": "d", "scores": ("p",)}
    roles |= {"task": "classification", "features": ("x", "z")}
    return case_of(columns, side, **roles | more)


@pytest.mark.parametrize("name", ESTIMATES)
def test_each_names_what_it_stands_for_and_what_it_assumes(name: str) -> None:
    card = evaluator(name).card
    assert card.stands_for in evaluator_names()
    assert "stayed as in the baseline" in card.assumes
    assert card.over == "sample"
    told = evaluator(card.stands_for).card
    assert (card.better, card.unit) == (told.better, told.unit)


def test_hard_chances_give_the_measures_that_labels_give() -> None:
    rng = np.random.default_rng(1)
    truth, score = rng.integers(0, 2, 200), 0.1 + np.round(0.8 * rng.random(200), 1)
    chances, decided = np.eye(2)[truth], (score > 0.45).astype(np.int64)
    answers = Answers(decided=decided, scores=np.column_stack([1 - score, score]))
    expected = {
        "accuracy": (decided == truth).mean(),
        "auc": roc_auc_score(truth, score),
        "f1": f1_score(truth, decided),
        "brier": brier_score_loss(truth, score),
        "log_loss": log_loss(truth, score),
    }
    for name, value in expected.items():
        assert getattr(functionals, name)(chances, answers).value == pytest.approx(value), name


@pytest.mark.parametrize(
    "name", ["accuracy", "auc", "f1", "precision", "recall", "brier", "log_loss"]
)
@pytest.mark.parametrize("classes", [2, 3])
def test_slopes_are_derivatives_by_the_chances(name: str, classes: int) -> None:
    rng = np.random.default_rng(2)
    chances = rng.dirichlet(np.ones(classes), 30)
    scores = rng.dirichlet(np.ones(classes), 30)
    answers = Answers(decided=scores.argmax(axis=1).astype(np.int64), scores=scores)
    measure = getattr(functionals, name)
    slopes = measure(chances, answers).slopes(answers)
    for row in range(5):
        moved = chances.copy()
        step = 1e-5 * np.where(np.arange(classes) == classes - 1, 1.0, -1 / (classes - 1))
        moved[row] += step
        back = chances.copy()
        back[row] -= step
        change = (measure(moved, answers).value - measure(back, answers).value) / 2
        foretold = float(slopes[row] @ step) / len(chances)
        assert foretold == pytest.approx(change, rel=0.12 if name == "auc" else 1e-3, abs=1e-9)


def test_decisions_without_scores_are_estimated_from_the_features() -> None:
    case = binary(4_000, scores=())
    score = estimated_accuracy(None, case)
    assert score.value == pytest.approx(0.72, abs=0.04)
    with pytest.raises(NotApplicable, match="score of every class"):
        estimated_auc(None, case)


def test_scores_that_are_no_probabilities_rank_but_do_not_price() -> None:
    case = binary()
    margins = case.with_values("p", np.log(case["p"].values / (1 - case["p"].values)))
    ranked, plain = estimated_auc(None, margins).value, estimated_auc(None, case).value
    assert ranked == pytest.approx(plain, abs=0.01)
    with pytest.raises(NotApplicable, match="not between 0 and 1"):
        estimated_brier(None, margins)


def test_more_than_two_classes_are_estimated() -> None:
    rng = np.random.default_rng(3)
    rows = 3_000
    side = np.arange(rows) >= rows // 2
    logits = rng.normal(size=(rows, 3)) * 1.5
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (chances.cumsum(axis=1) < rng.random(rows)[:, None]).sum(axis=1)
    words = np.array(["a", "b", "c"])
    labels = [None if new else str(words[code]) for code, new in zip(truth, side, strict=True)]
    columns: dict[str, Any] = {f"p{k}": chances[:, k] for k in range(3)}
    columns |= {"y": np.asarray(labels, dtype=object), "d": words[chances.argmax(axis=1)]}
    case = case_of(
        columns,
        side,
        features=(),
        target="y",
        prediction="d",
        scores=("p0", "p1", "p2"),
        task="classification",
    )
    right = (chances.argmax(axis=1) == truth)[side].mean()
    score = estimated_accuracy(None, case)
    assert score.interval is not None
    assert score.interval.low <= right <= score.interval.high
    areas = [roc_auc_score(truth[side] == k, chances[side, k]) for k in range(3)]
    assert estimated_auc(None, case).value == pytest.approx(np.mean(areas), abs=0.03)


def test_a_drop_is_held_against_the_realised_value_of_the_whole_baseline() -> None:
    rng = np.random.default_rng(4)
    truth, score = rng.random(5_000) < 0.5, rng.random(5_000)
    grid = ClassificationProfile.over_grid(("0", "1"), {"1": NumericProfile.freeze(score)})
    profile = grid.lay(truth.astype(int).astype(str), scores={"1": score})
    found = estimated_accuracy(profile, binary(), seen=(5_000, 600))
    right = (truth == (score >= 0.5)).mean()
    assert found.baseline == pytest.approx(right)
    assert found.change is not None
    assert found.change.low < found.value - right < found.change.high


def test_details_say_what_the_estimate_rests_on() -> None:
    here, away = (dict(estimated_accuracy(None, binary(3_000, s)).details) for s in (0.0, 2.5))
    assert here["assumes"] == CARD.assumes
    assert float(here["support overlap"]) > 0.99
    assert float(away["support overlap"]) < 0.8
    assert float(away["effective sample size"]) < float(here["effective sample size"]) / 2
    assert 0 <= float(here["expected calibration error"]) < 0.1


def test_a_baseline_that_is_nowhere_like_the_log_gives_no_estimate() -> None:
    with pytest.raises(TooFewRows, match="like those of the other side"):
        estimated_accuracy(None, binary(600, shift=2.5), min_effective=250)


def test_too_few_rows_and_a_baseline_without_labels_are_refused() -> None:
    with pytest.raises(TooFewRows):
        estimated_accuracy(None, binary(80))
    case = binary()
    with pytest.raises(TooFewRows):
        estimated_accuracy(None, case.with_values("y", np.full(case.n, np.nan)))
    with pytest.raises(NotApplicable, match="no labels"):
        estimated_accuracy(None, binary(target=""))


def test_a_sure_and_right_model_keeps_an_interval() -> None:
    side = np.arange(400) >= 200
    truth = np.tile([0.0, 1.0], 200)
    case = case_of(
        {"y": np.where(side, np.nan, truth), "p": truth}, side, features=(), target="y",
        scores=("p",), task="classification",
    )  # fmt: skip
    score = estimated_accuracy(None, case)
    assert score.value == 1.0
    assert score.interval is not None
    assert score.interval.low < 1.0


def test_errors_of_numbers_are_learned_where_they_are_larger() -> None:
    rng = np.random.default_rng(5)
    side = np.arange(6_000) >= 3_000
    x = rng.random(6_000) * np.where(side, 0.5, 1.0)
    error = x * rng.normal(size=6_000)
    case = case_of(
        {"x": x, "p": 0 * x, "y": np.where(side, np.nan, error)}, side, features=("x",),
        target="y", prediction="p", task="regression",
    )  # fmt: skip
    assert estimated_mae(None, case).value == pytest.approx(np.abs(error[side]).mean(), rel=0.12)
    root = float(np.sqrt((error[side] ** 2).mean()))
    assert estimated_rmse(None, case).value == pytest.approx(root, rel=0.2)


def test_a_calibrated_expectation_has_no_calibration_error() -> None:
    told = np.linspace(0, 1, 1_000)
    assert calibration_error(told, told, np.ones(1_000)) == 0
    assert calibration_error(told, told + 0.1, np.ones(1_000)) == pytest.approx(0.1)
