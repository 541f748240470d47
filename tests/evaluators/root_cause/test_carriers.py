from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.case import Case, case_of
from tidegauge.errors import TooFewRows
from tidegauge.findings import Carriers
from tidegauge_evaluators.root_cause.carriers import carriers

Columns = dict[str, Any]


def world(seed: int, n: int, *, moved: float = 0.0) -> tuple[Columns, NDArray[np.bool_]]:
    """A root, what follows from it in two steps, a category that follows, and a lone column."""
    rng = np.random.default_rng(seed)
    now = np.arange(n) >= n // 2
    root = rng.normal(50, 10, n) + 10 * moved * now
    child = root / 2 + rng.normal(0, 2, n)
    columns = {
        "root": root,
        "child": child,
        "grand": child - 0.3 * root + rng.normal(0, 3, n),
        "lone": rng.gamma(3, 1, n),
        "plan": np.where(rng.random(n) < 1 / (1 + np.exp(5 - root / 10)), "paid", "free").tolist(),
    }
    return columns, now


def found(columns: Columns, now: NDArray[np.bool_], **roles: Any) -> Carriers:
    return carriers(case_of(columns, now, **roles), rng=np.random.default_rng(0))


def assert_one_cause(result: Carriers, columns: tuple[str, ...], way: str) -> None:
    (step,) = result.steps
    assert (step.columns, step.way) == (columns, way)
    assert step.share > 0.95
    assert step.interval.low <= step.share <= step.interval.high <= 1
    assert step.rank_one > 0.9
    assert step.residual.value < 0.05 * result.total.value
    assert result.ranked == step.ranked
    assert result.ranked[0].columns == columns


@pytest.mark.slow
def test_without_a_change_no_column_carries_anything() -> None:
    silent = [not found(*world(seed, 400)).steps for seed in range(40)]
    assert sum(silent) >= 38


def test_columns_that_differ_from_row_to_row_only_within_blocks_carry_nothing() -> None:
    for seed in range(2):
        columns, _ = world(seed, 60)
        alike = {name: np.repeat(values, 12).tolist() for name, values in columns.items()}
        blocks = np.repeat(np.arange(60), 12)
        assert not found(alike, blocks >= 30, blocks=blocks).steps


def test_another_unit_is_a_column_apart() -> None:
    columns, now = world(0, 3_000)
    columns["child"] = np.where(now, 2.2, 1.0) * columns["child"]
    result = found(columns, now)
    assert_one_cause(result, ("child",), "apart")
    assert result.steps[0].moved == ()


@pytest.mark.parametrize("seed", range(2))
def test_a_root_that_shifts_takes_what_follows_with_it(seed: int) -> None:
    result = found(*world(seed, 3_000, moved=0.8))
    assert_one_cause(result, ("root",), "through")
    assert set(result.steps[0].moved) == {"child", "grand", "plan"}
    for name in ("child", "grand", "plan"):
        assert result.marginals[name].z > 3, "it moved, and is no cause"


def test_a_column_on_which_nothing_hangs_may_have_changed_either_way() -> None:
    columns, now = world(0, 3_000)
    columns["lone"] = columns["lone"] + 0.8 * now
    assert_one_cause(found(columns, now), ("lone",), "either")


@pytest.mark.parametrize("seed", range(2))
def test_rows_in_another_order_are_found_though_no_column_differs_alone(seed: int) -> None:
    columns, now = world(seed, 3_000)
    rng = np.random.default_rng(seed)
    columns["child"][now] = rng.permutation(columns["child"][now])
    result = found(columns, now)
    assert_one_cause(result, ("child",), "apart")
    assert max(one.z for one in result.marginals.values()) < 3


def test_two_causes_are_two_steps_the_larger_first() -> None:
    columns, now = world(0, 3_000)
    columns["child"] = np.where(now, 2.2, 1.0) * columns["child"]
    columns["lone"] = columns["lone"] + 0.8 * now
    steps = found(columns, now).steps
    assert [(step.columns, step.way) for step in steps] == [
        (("child",), "apart"),
        (("lone",), "either"),
    ]
    assert steps[0].share > 0.85
    assert 0.03 < steps[1].share < 0.15
    assert steps[1].interval.low > 0
    assert sum(step.share for step in steps) == pytest.approx(1, abs=0.03)


def test_a_faulty_category_is_named() -> None:
    columns, now = world(1, 3_000)
    rng = np.random.default_rng(1)
    swapped = now & (rng.random(3_000) < 0.4)
    columns["plan"] = np.where(swapped, "Paid", columns["plan"]).tolist()
    assert_one_cause(found(columns, now), ("plan",), "either")


def test_lost_values_are_named() -> None:
    columns, now = world(2, 3_000)
    lost = now & (np.random.default_rng(2).random(3_000) < 0.1)
    columns["grand"] = np.where(lost, np.nan, columns["grand"])
    (step,) = found(columns, now).steps
    assert step.columns == ("grand",)


def test_columns_that_say_the_same_are_named_together() -> None:
    columns, now = world(1, 3_000, moved=0.8)
    columns["fahrenheit"] = columns["root"] * 1.8 + 32
    result = found(columns, now)
    assert_one_cause(result, ("root", "fahrenheit"), "through")
    assert set(result.steps[0].moved) == {"child", "grand", "plan"}


@pytest.mark.parametrize(
    "changed", [lambda values: values * 1.25, np.random.default_rng(0).permutation]
)
def test_of_columns_that_say_the_same_the_one_that_changed_is_named(changed: Any) -> None:
    columns, now = world(1, 3_000)
    columns["fahrenheit"] = columns["root"] * 1.8 + 32
    columns["root"] = np.where(now, changed(columns["root"]), columns["root"])
    result = found(columns, now)
    assert [step.columns for step in result.steps] == [("root",)]


def test_clocks_counters_and_ids_are_left_out_and_it_is_said_why() -> None:
    columns, now = world(3, 600)
    columns |= {
        "row": np.arange(600.0),
        "key": [f"u{i}" for i in range(600)],
        "when": np.arange(600).astype("datetime64[s]"),
        "lost": np.full(600, np.nan),
    }
    result = found(columns, now)
    assert set(result.left_out) == {"row", "key", "when", "lost"}
    assert all(len(reason) > 10 for reason in result.left_out.values())
    assert not {"row", "key", "when", "lost"} & set(result.marginals)
    assert result.steps == ()


def test_a_number_that_merely_lies_apart_is_asked() -> None:
    columns, now = world(3, 600)
    columns["level"] = np.random.default_rng(0).normal(size=600) + 20 * now
    result = found(columns, now)
    assert result.left_out == {}
    assert result.steps[0].columns == ("level",)


@pytest.mark.slow
def test_which_of_two_exchangeable_columns_comes_first_is_left_open() -> None:
    firm = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        now = np.arange(3_000) >= 1_500
        both = rng.normal(size=3_000) + 0.8 * now
        noise = 0.5 * rng.normal(size=(2, 3_000))
        columns = {"a": both + noise[0], "b": both + noise[1], "other": rng.normal(size=3_000)}
        ranked = {one.columns[0]: one for one in found(columns, now).ranked}
        firm.append(ranked["a"].rank_one)
        assert ranked["other"].rank_one == 0
        assert ranked["other"].score < 0.2
        assert ranked["a"].rank_one + ranked["b"].rank_one == pytest.approx(1)
    assert np.mean(firm) == pytest.approx(0.5, abs=0.3)
    assert np.median(np.maximum(firm, 1 - np.array(firm))) < 0.85


def test_many_columns_hide_no_cause() -> None:
    columns, now = world(4, 3_000)
    rng = np.random.default_rng(4)
    columns |= {f"noise {i}": rng.normal(size=3_000) for i in range(20)}
    columns["child"][now] = rng.permutation(columns["child"][now])
    assert_one_cause(found(columns, now), ("child",), "apart")


def test_few_rows_are_refused_and_hostile_ones_answered() -> None:
    columns, now = world(0, 58)
    with pytest.raises(TooFewRows):
        found(columns, now)
    columns, now = world(0, 100)
    hostile = columns | {
        "infinite": np.where(now, np.inf, -np.inf),
        "new": np.where(now, 1.0, np.nan),
        "fixed": np.ones(100),
        "one value": np.where(np.arange(100) == 3, 1.0, np.nan),
        "apart": np.where(now, "b", "a").tolist(),
    }
    result = found(hostile, now)
    assert result.steps[0].columns[0] in ("infinite", "new", "apart")
    assert found({}, now).steps == ()
    assert found({"fixed": np.ones(100)}, now).steps == ()


def test_same_seed_same_carriers_and_inputs_stay() -> None:
    columns, now = world(5, 200)
    case: Case = case_of({"root": columns["root"] + 10 * now, "plan": columns["plan"]}, now)
    before = {name: one.values.copy() for name, one in case.variables.items()}
    first = carriers(case, rng=np.random.default_rng(1))
    assert first == carriers(case, rng=np.random.default_rng(1))
    for name, values in before.items():
        np.testing.assert_array_equal(values, case[name].values)


def test_where_no_column_can_be_asked_nothing_is_named() -> None:
    now = np.arange(200) >= 100
    result = found({"row": np.arange(200.0), "lost": np.full(200, np.nan)}, now)
    assert set(result.left_out) == {"row", "lost"}
    assert result.steps == ()
    assert result.total.value == 0.0
