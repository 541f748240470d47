from __future__ import annotations

import numpy as np
import pytest

from tidegauge.case import Case, case_of
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge_evaluators.root_cause.concept import concept


def correlated(seed: int, n: int, kind: str = "", *, task: str = "classification") -> Case:
    """Six inputs correlated at 0.6, three of which the target depends on."""
    rng = np.random.default_rng(seed)
    now = np.arange(2 * n) >= n
    inputs = np.sqrt(0.6) * rng.normal(size=(2 * n, 1)) + np.sqrt(0.4) * rng.normal(size=(2 * n, 6))
    if kind == "inputs":
        inputs[now] += [1.0, 0.5, 0, 0, 0, 0]
    level = inputs @ [1, -0.8, 0.6, 0, 0, 0.5]
    level = level - 2 * inputs[:, 0] * now * (kind == "flip") + 0.8 * now * (kind == "level")
    columns = {f"x{i}": inputs[:, i] for i in range(6)}
    if task == "regression":
        columns["y"] = level + rng.normal(size=2 * n)
        return case_of(columns, now, target="y", task="regression")
    columns["y"] = (rng.random(2 * n) < 1 / (1 + np.exp(-level))).astype(float)
    return case_of(columns, now, target="y", task="classification")


@pytest.mark.parametrize("kind", ["", "inputs"])
def test_neither_no_change_nor_other_inputs_are_another_concept(kind: str) -> None:
    found = concept(correlated(1, 2_000, kind), rng=np.random.default_rng(0))
    assert found.causes == ()
    assert found.information.z < 2
    assert min(one.p_value or 1.0 for one in found.effects) > 0.05


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_feature_whose_effect_flipped_leads_before_its_correlates(task: str) -> None:
    case = correlated(2, 2_000, "flip", task=task)
    found = concept(case, rng=np.random.default_rng(0))
    assert found.information.z > 5
    assert found.causes[0].factor == "x0"
    assert found.causes[0].share > 0.8
    assert found.causes[0].rank_one == pytest.approx(1.0, abs=0.01)
    assert "x0" in found.causes[0].because
    assert found.causes[0].verdict == "concept"


def test_a_change_that_is_the_same_at_all_inputs_is_the_targets_own() -> None:
    found = concept(correlated(3, 2_000, "level"), rng=np.random.default_rng(0))
    assert found.causes[0].factor == "y"
    assert found.level.z > 5
    assert 0.1 < found.level.value < 0.2


def test_several_classes_and_missing_values_are_read() -> None:
    rng = np.random.default_rng(4)
    n = 3_000
    now = np.arange(2 * n) >= n
    x, z = rng.normal(size=(2, 2 * n))
    plan = rng.choice(["free", "paid"], 2 * n)
    swap = now & (plan == "paid")
    truth = np.where(x > 0.5, "a", np.where(x < -0.5, "b", "c"))
    truth = np.where(swap & (rng.random(2 * n) < 0.5), "c", truth)
    columns = {"x": np.where(rng.random(2 * n) < 0.1, np.nan, x), "z": z, "plan": plan, "y": truth}
    found = concept(case_of(columns, now, target="y", task="classification"), rng=rng)
    assert {"plan", "y"} <= {one.factor for one in found.causes}
    assert "z" not in {one.factor for one in found.causes}
    assert "y = c" in found.level.about


def test_unlabelled_rows_say_nothing_about_the_concept() -> None:
    case = correlated(5, 2_000)
    late = case.current & (np.random.default_rng(0).random(case.n) < 0.6)
    blind = case.with_values("y", np.where(late, np.nan, case["y"].values))
    assert concept(blind, rng=np.random.default_rng(0)).information.z < 2


def test_what_cannot_be_asked_is_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(NotApplicable):
        concept(case_of({"x": np.ones(9)}, np.arange(9) > 4), rng=rng)
    case = correlated(6, 300)
    with pytest.raises(TooFewRows):
        concept(correlated(6, 99), rng=rng)
    with pytest.raises(TooFewRows):
        concept(case.with_values("y", np.where(case.current, np.nan, 1.0)), rng=rng)
    with pytest.raises(NotApplicable):
        concept(case.with_values("y", np.ones(case.n)), rng=rng)
    still = case.with_values("x0", np.where(case.current, 1.0, 0.0))
    assert concept(still, rng=rng) is not None


@pytest.mark.slow
def test_p_values_of_effects_are_even_when_inputs_shift() -> None:
    from scipy.stats import chi2, kstest

    chances = []
    for seed in range(6):
        found = concept(correlated(seed, 700, "inputs"), rng=np.random.default_rng(seed))
        chances += [float(chi2.sf(one.value * 9, 9)) for one in found.effects]
    assert np.mean(np.array(chances) < 0.05) <= 0.15
    assert kstest(chances, "uniform").pvalue > 0.001
