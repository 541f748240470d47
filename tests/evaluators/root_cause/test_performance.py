from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from tidegauge.case import Case, case_of
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.records import Decomposition
from tidegauge_evaluators._estimates import drawn, mean_of
from tidegauge_evaluators._losses import Losses
from tidegauge_evaluators.root_cause.performance import performance


def gaussian(seed: int, n: int, shift: float, concept: float) -> tuple[Case, Losses]:
    """Normal inputs that shift, a loss quadratic in one of them that changes as well."""
    rng = np.random.default_rng(seed)
    now = np.arange(2 * n) >= n
    x, z = rng.normal(size=(2, 2 * n)) + np.outer([shift, 0], now)
    loss = 1 + 0.5 * x + 0.3 * x**2 + concept * now * (1 + np.tanh(x)) + rng.normal(size=2 * n)
    return case_of({"x": x, "z": z}, now), Losses(rows=loss, of="loss")


def integrated(shift: float, concept: float) -> tuple[float, float]:
    """Covariate and concept part by numerical integration over the shared density."""
    x = np.linspace(-10, 10, 100_001)
    p, q = np.exp(-(x**2) / 2), np.exp(-((x - shift) ** 2) / 2)
    shared = p * q / (p + q)
    p, q, shared = p / p.sum(), q / q.sum(), shared / shared.sum()
    before = 1 + 0.5 * x + 0.3 * x**2
    after = before + concept * (1 + np.tanh(x))
    changed = float(shared @ (after - before))
    return float(q @ after - p @ before) - changed, changed


def sizes(found: Decomposition) -> tuple[float, ...]:
    return tuple(part.share * (found.current - found.baseline) for part in found.parts)


def ranges(found: Decomposition) -> list[tuple[float, ...]]:
    return [
        tuple(float(end) for end in re.findall(r"\((\S+) to (\S+)\)", part.because)[0])
        for part in found.parts
    ]


@pytest.mark.parametrize(("shift", "concept"), [(1.0, 0.0), (0.0, 0.5), (1.0, 0.5), (0.7, -0.5)])
def test_parts_are_those_of_the_closed_form(shift: float, concept: float) -> None:
    case, losses = gaussian(1, 4_000, shift, concept)
    found = performance(case, losses, rng=np.random.default_rng(0))
    truth = integrated(shift, concept)
    assert sizes(found) == pytest.approx(truth, abs=0.08)
    for (low, high), true in zip(ranges(found), truth, strict=True):
        assert low - 0.02 < true < high + 0.02
    assert sum(part.share for part in found.parts) == pytest.approx(1.0)


def test_without_any_change_no_part_is_sure_of_one() -> None:
    case, losses = gaussian(12, 2_000, 0.0, 0.0)
    found = performance(case, losses, rng=np.random.default_rng(0))
    assert all(low < 0 < high for low, high in ranges(found))
    assert found.effective > 0.95
    assert found.overlap == 1.0


def test_sides_far_apart_share_few_rows_and_say_so() -> None:
    case, losses = gaussian(3, 2_000, 4.0, 0.0)
    found = performance(case, losses, rng=np.random.default_rng(0))
    assert found.effective < 0.3
    assert found.overlap < 0.4


def binary(seed: int, n: int, *, flip: bool = False, shift: float = 0.0) -> Case:
    rng = np.random.default_rng(seed)
    now = np.arange(2 * n) >= n
    x = rng.normal(size=2 * n) + shift * now
    truth = rng.random(2 * n) < 1 / (1 + np.exp(-np.where(flip & now, -1, 1) * x))
    score = np.where(x > 1, 0.2, 1 / (1 + np.exp(-x)))  # wrong where the baseline has few rows
    return case_of(
        {"x": x, "y": truth.astype(float), "p": score}, now,
        target="y", scores=("p",), task="classification",
    )  # fmt: skip


def test_a_flipped_concept_is_concept_and_a_shift_is_covariate() -> None:
    rng = np.random.default_rng(0)
    covariate, concept = performance(binary(4, 2_000, flip=True), rng=rng).parts
    assert concept.low is not None
    assert concept.low > 0.8
    assert (covariate.rank_one or 0) < 0.05
    covariate, concept = performance(binary(5, 2_000, shift=1.5), rng=rng).parts
    assert covariate.share > 0.8


def test_without_current_labels_the_loss_is_estimated_from_predictions() -> None:
    case = binary(6, 3_000, shift=1.0)
    truth = performance(case, rng=np.random.default_rng(0))
    blind = case.with_values("y", np.where(case.current, np.nan, case["y"].values))
    found = performance(blind, rng=np.random.default_rng(0))
    assert found.current == pytest.approx(truth.current, abs=0.05)
    assert [part.verdict for part in found.parts] == ["covariate"]
    assert "cannot be seen" in found.assumes


@pytest.mark.parametrize("kind", ["decision", "number"])
def test_decisions_and_numbers_are_estimated_too(kind: str) -> None:
    case = binary(7, 2_000, shift=1.0)
    x, y = case["x"].values, case["y"].values
    if kind == "number":
        y = x + np.random.default_rng(0).normal(size=case.n) * (1 + np.abs(x))
    decided = (x > 0.5).astype(float) if kind == "decision" else x
    roles = {"target": "y", "prediction": "d"}
    task = "classification" if kind == "decision" else "regression"
    whole = case_of({"x": x, "y": y, "d": decided}, case.current, task=task, **roles)
    truth = performance(whole, rng=np.random.default_rng(0)).current
    blind = whole.with_values("y", np.where(case.current, np.nan, y))
    found = performance(blind, rng=np.random.default_rng(0))
    assert found.current == pytest.approx(truth, rel=0.15)


@pytest.mark.parametrize("seed", range(4))
def test_an_estimate_far_from_the_baseline_is_a_loss_still(seed: int) -> None:
    rng = np.random.default_rng(seed)
    side = np.arange(1_200) >= 600
    x = rng.normal(size=1_200) + 3.5 * side
    columns = {
        "x": x,
        "p": 1 / (1 + np.exp(-1.5 * x)),
        "y": np.where(side, np.nan, rng.random(1_200) < 1 / (1 + np.exp(-2.0 * x))),
    }
    case = case_of(columns, side, target="y", scores=("p",), task="classification")
    found = performance(case, rng=rng)
    assert 0 < found.current < found.baseline
    assert f", by {found.current - found.baseline:+.4g} (" in found.parts[0].because


def test_blocks_widen_the_intervals() -> None:
    case, losses = gaussian(8, 1_000, 0.0, 0.3)
    block = np.arange(2_000) // 20
    luck = np.random.default_rng(1).normal(size=100)[block]
    loss = replace(losses, rows=losses.rows + 2 * luck)
    alone = performance(case, loss, rng=np.random.default_rng(0))
    held = performance(replace(case, blocks=block), loss, rng=np.random.default_rng(0))
    width = [high - low for low, high in (ranges(alone)[1], ranges(held)[1])]
    assert width[1] > 2 * width[0]


def test_what_cannot_be_split_is_refused() -> None:
    case, losses = gaussian(9, 40, 0.0, 0.0)
    with pytest.raises(TooFewRows):
        performance(case, losses, rng=np.random.default_rng(0))
    with pytest.raises(NotApplicable):
        performance(case, rng=np.random.default_rng(0))


def test_hostile_columns_are_answered() -> None:
    case, losses = gaussian(10, 200, 0.0, 0.2)
    blank = case.with_values("x", np.full(case.n, np.nan)).with_values("z", np.ones(case.n))
    found = performance(blank, losses, rng=np.random.default_rng(0))
    assert found.parts[1].share == pytest.approx(1.0, abs=1e-6)
    apart = case.with_values("x", np.where(case.current, 1.0, -1.0))
    assert performance(apart, losses, rng=np.random.default_rng(0)).overlap == 0.0
    flat = replace(losses, rows=np.ones(case.n))
    assert performance(case, flat, rng=np.random.default_rng(0)).parts[0].interval is None


def test_redrawn_intervals_are_those_of_the_normal_law() -> None:
    rng = np.random.default_rng(0)
    values = rng.exponential(size=5_000)
    one = mean_of(values, np.ones(5_000))
    assert one.value == pytest.approx(values.mean())
    low, high = drawn({"mean": one}, rng=rng, confidence=0.95).interval("mean")
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / np.sqrt(5_000), rel=0.06)


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = 0
    truth = integrated(0.7, 0.5)
    for seed in range(10):
        case, losses = gaussian(seed, 700, 0.7, 0.5)
        found = performance(case, losses, rng=np.random.default_rng(seed))
        held += sum(low <= t <= high for (low, high), t in zip(ranges(found), truth, strict=True))
    assert held >= 15  # of 20; one set of runs in a hundred has fewer at 95 %
