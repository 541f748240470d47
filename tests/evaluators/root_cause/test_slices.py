from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tidegauge.case import case_of
from tidegauge_evaluators._contrast import Sums, z_of
from tidegauge_evaluators._halves import corrected
from tidegauge_evaluators._lattice import Lattice
from tidegauge_evaluators._slices import Axis, Rule, axes_of, number

RNG = np.random.default_rng(5)


def axis(values: np.ndarray | Sequence[Any], bins: int = 10) -> Axis:
    case = case_of({"x": values}, np.zeros(len(values), bool))
    return axes_of(case, ["x"], bins=bins)[0]


def test_columns_that_tell_nothing_make_no_axis() -> None:
    case = case_of({"same": np.ones(9), "none": np.full(9, np.nan)}, np.arange(9) > 4)
    assert axes_of(case, ["same", "none"]) == []


def test_cuts_are_round_and_even() -> None:
    income = axis(np.exp(RNG.normal(10, 0.5, 5_000)))
    shares = np.bincount(income.codes) / 5_000
    assert shares.min() > 0.08
    assert shares.max() < 0.12
    assert all(len(f"{value:g}".rstrip("0")) <= 3 for value, _ in income.cuts)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0, 3, "x below 30"),
        (7, 10, "x at least 70"),
        (2, 4, "x from 20 to 40"),
    ],
)
def test_ranges_in_words(low: int, high: int, said: str) -> None:
    assert axis(np.linspace(0, 100, 10_001)).said(low, high) == said


def test_frequent_values_few_values_and_missing_ones_in_words() -> None:
    spiked = axis(np.concatenate([np.full(300, -999.0), np.linspace(0, 100, 700)]))
    assert spiked.said(0, 1) == "x at most -999"
    inner = axis(np.concatenate([np.full(300, 50.0), np.linspace(0, 100, 700)]))
    spike = int(inner.codes[0])
    assert inner.said(spike, spike + 1) == "x = 50"
    few = axis([1.0, 2.0, 3.0, np.nan] * 5)
    assert [few.said(0, 1), few.said(0, 2), few.said(1, 3)] == [
        "x = 1",
        "x at most 2",
        "x at least 2",
    ]
    assert [few.said(3, 4), few.said(0, 3)] == ["x is missing", "x is known"]
    levels = axis(["a", "b", None] * 5)
    assert [levels.said(1, 2), levels.said(2, 3)] == ["x = b", "x is missing"]


def test_every_row_is_where_the_words_say() -> None:
    values = np.round(RNG.normal(size=2_000), 1)
    one = axis(values)
    for low, high in one.ranges():
        inside = Rule(((0, low, high),)).holds([one])
        first = one.cuts[low - 1] if low else (-np.inf, False)
        last = one.cuts[high - 1] if high < one.ordered else (np.inf, True)
        above = values > first[0] if first[1] else values >= first[0]
        below = values <= last[0] if last[1] else values < last[0]
        np.testing.assert_array_equal(inside, above & below)


def test_numbers_are_written_as_people_do() -> None:
    assert [number(1e6), number(0.5), number(123456.78), number(np.inf)] == [
        "1,000,000", "0.5", "123,456.8", "inf",
    ]  # fmt: skip


def test_the_search_finds_what_trying_all_rules_finds() -> None:
    n = 400
    columns = {name: RNG.integers(0, 4, n).astype(float) for name in "abc"}
    case = case_of(columns, np.arange(n) >= n // 2)
    axes = axes_of(case, list("abc"))
    now, then = np.flatnonzero(case.current), np.flatnonzero(~case.current)
    values = RNG.normal(size=n) + 2 * ((columns["a"] == 1) & (columns["b"] >= 2) & case.current)
    lattice = Lattice(axes, now, values[now], then, values[then], least=10, depth=2)
    found = lattice.best()
    assert found is not None
    total = lattice._total()
    best = max(
        float(z_of(lattice._whole(held[now], held[then]), total, 10))
        for (i, one), (j, other) in itertools.combinations(enumerate(axes), 2)
        for low, high in one.ranges()
        for start, stop in other.ranges()
        for held in [Rule(((i, low, high), (j, start, stop))).holds(axes)]
    )
    assert found.z == pytest.approx(best, rel=1e-4)
    assert found.rule.said(axes) == "a = 1 and b at least 2"


def test_forgetting_a_rule_leaves_nothing_of_it() -> None:
    n = 2_000
    x = RNG.integers(0, 4, n).astype(float)
    case = case_of({"x": x, "z": RNG.integers(0, 3, n).astype(float)}, np.ones(n, bool))
    axes = axes_of(case, ["x", "z"])
    rows, values = np.arange(n), RNG.normal(size=n) + 3 * (x == 2)
    lattice = Lattice(axes, rows, values, rows[:0], values[:0], least=10)
    first = lattice.best()
    assert first is not None
    assert first.rule.said(axes) == "x = 2"
    lattice.forget(first.rule.holds(axes))
    fresh = Lattice(axes, rows, lattice.values, rows[:0], values[:0], least=10)
    assert lattice.pairs is not None
    assert fresh.pairs is not None
    np.testing.assert_allclose(lattice.pairs.sum, fresh.pairs.sum, atol=1e-2)
    np.testing.assert_allclose(lattice.pairs.square, fresh.pairs.square, atol=1e-1)
    second = lattice.best()
    assert second is None or second.score < 0


def test_far_inside_is_welch_with_many_rows() -> None:
    from scipy.stats import ttest_ind

    inside, outside = RNG.normal(1, 2, 4_000), RNG.normal(0, 1, 6_000)
    both = np.concatenate([inside, outside])

    def sums(values: np.ndarray) -> Sums:
        zero = np.zeros(())
        return Sums(
            n=np.asarray(float(len(values))), sum=values.sum(), square=(values**2).sum(),
            n_before=zero, sum_before=zero,
        )  # fmt: skip

    welch = ttest_ind(inside, outside, equal_var=False).statistic
    assert float(z_of(sums(inside), sums(both), 1)) == pytest.approx(welch, rel=0.01)


def test_corrected_p_values_are_scipys() -> None:
    from scipy.stats import false_discovery_control

    p = RNG.uniform(size=20) ** 3
    np.testing.assert_allclose(np.array(corrected(p.tolist())), false_discovery_control(p))
    assert corrected([]) == []
