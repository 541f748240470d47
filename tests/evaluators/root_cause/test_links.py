from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tidegauge.case import Case, case_of
from tidegauge.findings import Links
from tidegauge.records import Information
from tidegauge_evaluators._domain import Domain
from tidegauge_evaluators._links import links

SURE = 3.0


def logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def served(
    seed: int,
    *,
    n: int = 4_000,
    shift: float = 0.0,
    concept: float = 0.0,
    serving: float = 0.0,
) -> Case:
    """A model that knows the truth's chances, and what happens to its inputs, truth or answers."""
    rng = np.random.default_rng(seed)
    now = np.arange(n) >= n // 2
    a, b = rng.normal(size=n) + shift * now, rng.normal(size=n)
    chance = logistic(1.5 * a - b + concept * now * np.sign(b))
    answer = logistic(1.5 * a - b + serving * now * a)
    return case_of(
        {"a": a, "b": b, "y": (rng.random(n) < chance).astype(np.float64), "p": answer},
        now,
        target="y",
        scores=("p",),
        task="classification",
    )


def label_shift(seed: int, n: int = 3_000) -> Case:
    """Another mix of two classes, each of which looks as before."""
    rng = np.random.default_rng(seed)
    now = np.arange(n) >= n // 2
    y = (rng.random(n) < np.where(now, 0.7, 0.3)).astype(np.float64)
    a, b = rng.normal(size=n) + 1.2 * y, rng.normal(size=n) - 0.8 * y
    return case_of({"a": a, "b": b, "y": y}, now, target="y", task="classification")


def asked(case: Case) -> Links:
    rng = np.random.default_rng(0)
    return links(Domain(case, rng=rng), case.features, rng)


def z_of(one: Information | None) -> float:
    assert one is not None
    return one.z


@pytest.mark.slow
def test_without_a_change_no_link_is_claimed() -> None:
    found = [asked(served(seed, n=3_000)) for seed in range(8)]
    for name in ("target", "target_given_features", "prediction_given_features"):
        shown = [z_of(getattr(one, name)) for one in found]
        # At one in twenty, more than 2 of 8 come in one set of runs of a hundred and seventy.
        assert sum(z > 1.645 for z in shown) <= 2
        assert max(shown) < SURE


@pytest.mark.parametrize("shift", [0.5, 1.0])
def test_inputs_that_shift_alone_leave_truth_and_answers_at_equal_inputs(shift: float) -> None:
    for seed in range(2):
        found = asked(served(seed, shift=shift))
        assert z_of(found.target) > SURE, "the truth moved with its inputs"
        assert z_of(found.target_given_features) < 2
        assert found.target_given_features is not None
        assert abs(found.target_given_features.value) < 0.005
        assert z_of(found.prediction_given_features) < SURE
        assert z_of(found.features_given_target) > SURE


def test_another_relation_of_inputs_and_truth_is_seen_at_equal_inputs() -> None:
    found = asked(served(1, concept=1.5))
    assert z_of(found.target_given_features) > SURE
    assert z_of(found.prediction_given_features) < 2, "the model is the same"


def test_the_information_of_a_changed_truth_is_what_its_table_tells() -> None:
    rng = np.random.default_rng(2)
    now = np.arange(8_000) >= 4_000
    group = rng.integers(0, 2, 8_000).astype(np.float64)
    chances = np.array([[0.2, 0.6], [0.2, 0.3]])  # side x group
    y = (rng.random(8_000) < chances[now.astype(int), group.astype(int)]).astype(np.float64)
    found = asked(case_of({"group": group, "y": y}, now, target="y", task="classification"))
    cells = np.stack([1 - chances, chances], axis=-1)  # side x group x truth
    told = (cells * np.log(cells / cells.mean(axis=0))).sum(axis=-1).mean()
    assert found.target_given_features is not None
    error = found.target_given_features.value / found.target_given_features.z
    assert abs(found.target_given_features.value - told) < 3 * error


def test_another_mix_of_truths_is_seen_and_their_looks_stay() -> None:
    for seed in range(2):
        found = asked(label_shift(seed))
        assert z_of(found.target) > SURE
        assert z_of(found.features_given_target) < 2
        assert z_of(found.target_given_features) > SURE, "the chance at equal inputs moved too"
        assert found.prediction_given_features is None


def test_a_model_that_answers_otherwise_is_seen_and_the_truth_stays() -> None:
    found = asked(served(3, serving=0.8))
    assert z_of(found.prediction_given_features) > SURE
    assert z_of(found.target_given_features) < 2


def test_an_answer_that_is_a_number_is_asked_too() -> None:
    case = served(4)
    number = case_of(
        {"a": case["a"].values, "b": case["b"].values, "guess": 3 * case["a"].values},
        case.current,
        prediction="guess",
    )
    assert z_of(asked(number).prediction_given_features) < 2
    other = number.with_values("guess", number["guess"].values * np.where(case.current, 1.3, 1.0))
    assert z_of(asked(other).prediction_given_features) > SURE


def test_only_labelled_rows_are_asked_about_the_truth() -> None:
    case = served(5, concept=2.0)
    late = case.current & (np.arange(case.n) % 4 > 0)
    found = asked(case.with_values("y", np.where(late, np.nan, case["y"].values)))
    assert found.labelled == case.n - np.count_nonzero(late)
    assert z_of(found.target_given_features) > SURE
    few = case.current & (np.arange(case.n) > case.n // 2 + 98)
    found = asked(case.with_values("y", np.where(few, np.nan, case["y"].values)))
    assert found.target is None
    assert found.prediction_given_features is not None


def test_missing_answers_and_columns_of_nothing_raise_nothing() -> None:
    case = served(6, n=240)
    blank = np.full(case.n, np.nan)
    assert asked(case.with_values("p", blank)).prediction_given_features is not None
    assert np.isfinite(z_of(asked(case.with_values("a", blank)).target_given_features))
    new = case.with_values("a", np.where(case.current, case["a"].values, np.nan))
    assert np.isfinite(z_of(asked(new).prediction_given_features))
    gone = case.with_values("p", np.where(case.current, np.nan, case["p"].values))
    assert z_of(asked(gone).prediction_given_features) > SURE
    bare = replace(case, features=())
    assert np.isfinite(z_of(asked(bare).prediction_given_features))
    assert asked(case_of({"a": case["a"].values}, case.current)) == Links()
