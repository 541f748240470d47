"""Whether the truth goes with the values as logged, or as repaired."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tidegauge.case import Case, case_of
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge_evaluators.root_cause.repair_check import repair_check

N = 1_500


def drawn(
    seed: int, *, fault: float = 0.0, world: float = 0.0, task: str = "regression"
) -> tuple[Case, dict[str, np.ndarray]]:
    """Two features, one of them biased by a fault or moved in the world, and its repair."""
    rng = np.random.default_rng(seed)
    side = np.arange(2 * N) >= N
    mass, other = rng.normal(size=(2, 2 * N))
    mass = mass + world * side
    truth = mass + 0.5 * other + rng.normal(size=2 * N)
    if task == "classification":
        truth = (truth > 0).astype(float)
    logged = mass + fault * side
    case = case_of({"mass": logged, "other": other, "y": truth}, side, target="y", task=task)
    return case, {"mass": logged[side] - (fault or world)}


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_after_a_fault_the_truth_goes_with_the_repair(task: str) -> None:
    case, repaired = drawn(1, fault=0.8, task=task)
    found = repair_check(case, ["mass"], repaired, rng=np.random.default_rng(0))
    assert found.gain > 0
    assert found.z > 3
    assert found.rows == N


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_after_a_change_of_the_world_it_goes_with_what_was_logged(task: str) -> None:
    case, repaired = drawn(2, world=0.8, task=task)
    found = repair_check(case, ["mass"], repaired, rng=np.random.default_rng(0))
    assert found.gain < 0
    assert found.z < -3


def test_a_column_that_the_truth_does_not_need_tells_nothing() -> None:
    rng = np.random.default_rng(3)
    side = np.arange(2 * N) >= N
    idle, needed = rng.normal(size=(2, 2 * N))
    logged = {"idle": idle + 1.0 * side, "needed": needed, "y": needed + rng.normal(size=2 * N)}
    case = case_of(logged, side, target="y", task="regression")
    z = [
        repair_check(case, ["idle"], {"idle": idle[side]}, rng=np.random.default_rng(seed)).z
        for seed in range(10)
    ]
    assert np.mean(np.abs(z) > 3) <= 0.2


def test_rows_of_one_block_count_once() -> None:
    case, repaired = drawn(4, fault=0.8)
    blocks = np.arange(2 * N) // 50
    tied = case_of(
        {name: one.values for name, one in case.variables.items()},
        case.current,
        target="y",
        task="regression",
        blocks=blocks,
    )
    free = repair_check(case, ["mass"], repaired, rng=np.random.default_rng(0))
    held = repair_check(tied, ["mass"], repaired, rng=np.random.default_rng(0))
    assert held.gain == pytest.approx(free.gain)
    assert 0 < held.z < 3 * free.z


def test_rows_of_which_no_repair_is_known_are_left_out() -> None:
    case, repaired = drawn(5, fault=0.8)
    repaired["mass"][: N // 2] = np.nan
    assert repair_check(case, ["mass"], repaired, rng=np.random.default_rng(0)).rows == N - N // 2


def test_what_cannot_be_asked_is_refused_in_words() -> None:
    case, repaired = drawn(6, fault=0.8)
    rng = np.random.default_rng(0)
    with pytest.raises(NotApplicable, match="no repaired values"):
        repair_check(case, ["mass"], {}, rng=rng)
    with pytest.raises(TooFewRows):
        repair_check(case, ["mass"], {"mass": case["mass"].values[case.current]}, rng=rng)
    aimless = replace(case, target="")
    with pytest.raises(NotApplicable, match="no column is the target"):
        repair_check(aimless, ["mass"], repaired, rng=rng)
