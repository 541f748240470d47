"""Moments and comoments: merged in any order they are those of all rows."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.profile.moments import NO_COMOMENTS, NO_MOMENTS, Comoments, Moments

NUMBERS = st.lists(st.floats(-1e6, 1e6), max_size=40)


def test_nothing_has_no_moments_and_changes_none() -> None:
    assert Moments.of([]) == NO_MOMENTS
    some = Moments.of([1.0, 4.0])
    assert some.merge(NO_MOMENTS) == NO_MOMENTS.merge(some) == some


def test_one_row_has_no_spread_that_could_be_known() -> None:
    assert Moments.of([3.0]) == Moments(1, 3.0, 0.0)
    assert math.isinf(Moments.of([3.0]).variance)
    assert math.isinf(Moments.of([3.0]).standard_error)
    assert math.isinf(NO_MOMENTS.standard_error)


def test_by_hand() -> None:
    moments = Moments.of([1.0, 2.0, 3.0, 6.0])
    assert moments == Moments(4, 3.0, 14.0)
    assert moments.variance == pytest.approx(14 / 3)
    assert moments.standard_error == pytest.approx(math.sqrt(14 / 12))


def test_a_constant_far_from_zero_has_no_spread() -> None:
    parts = [Moments.of(np.full(1000, 1e15 + 0.5)) for _ in range(50)]
    assert reduce(Moments.merge, parts).m2 == 0.0


def test_small_spread_far_from_zero_is_not_lost() -> None:
    rows = 1e9 + np.random.default_rng(1).normal(size=10_000)
    merged = reduce(Moments.merge, [Moments.of(part) for part in np.array_split(rows, 100)])
    assert merged.variance == pytest.approx(np.var(rows, ddof=1), rel=1e-6)


def test_spread_that_overflows_is_infinite_and_never_nan() -> None:
    huge = Moments.of([1e300, -1e300])
    assert (huge.mean, huge.m2) == (0.0, math.inf)
    assert huge.merge(Moments.of([1.0])).m2 == math.inf
    assert Comoments.of(np.array([1e300, -1e300]), np.array([0.0, 1.0])).yyyy == math.inf


def test_subnormal_values_keep_their_mean() -> None:
    assert Moments.of([5e-324, 5e-324]).mean == 5e-324


@given(NUMBERS, NUMBERS, NUMBERS)
def test_merged_in_any_order_they_are_those_of_all_rows(
    a: list[float], b: list[float], c: list[float]
) -> None:
    whole = Moments.of([*a, *b, *c])
    for order in ((a, b, c), (c, a, b), (b, c, a)):
        merged = reduce(Moments.merge, map(Moments.of, order))
        assert merged.n == whole.n
        assert merged.mean == pytest.approx(whole.mean, rel=1e-12, abs=1e-8)
        assert merged.m2 == pytest.approx(whole.m2, rel=1e-9, abs=1e-3)


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), max_size=40), st.data())
def test_comoments_merge_to_those_of_all_rows(
    rows: list[tuple[float, float]], data: st.DataObject
) -> None:
    y, u = (np.array([row[i] for row in rows]) for i in (0, 1))
    cut = data.draw(st.integers(0, len(rows)))
    halves = [(y[:cut], u[:cut]), (y[cut:], u[cut:])]
    parts = [Comoments.of(*half) for half in halves]
    of_y, of_u = ([Moments.of(half[i]) for half in halves] for i in (0, 1))
    merged = parts[0].merge(parts[1], (of_y[0], of_y[1]), (of_u[0], of_u[1]))
    assert merged == pytest.approx(Comoments.of(y, u), rel=1e-9, abs=1e-3)


def test_comoments_by_hand() -> None:
    y, u = np.array([0.0, 0.0, 3.0]), np.array([1.0, 1.0, 4.0])
    assert Comoments.of(y, u) == pytest.approx(Comoments(6.0, 18.0, 6.0, 6.0))
    assert Comoments.of(np.empty(0), np.empty(0)) == NO_COMOMENTS


def test_means_near_the_largest_double_do_not_overflow() -> None:
    huge = Moments.of([1.7e308, 1.7e308])
    assert huge.mean == pytest.approx(1.7e308)
    low = Moments.of([-1.7e308])
    assert huge.merge(low).mean == pytest.approx(1.7e308 / 3)
    assert huge.merge(low).m2 == math.inf
