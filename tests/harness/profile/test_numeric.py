"""Numeric profiles: exact counts over a frozen grid, the same in any batches."""

from __future__ import annotations

import math
from dataclasses import fields
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.profile import NumericProfile
from tidegauge.profile.numeric import log_cuts, quantile_cuts

FLOATS = st.one_of(
    st.none(),
    st.floats(-1e300, 1e300),
    st.integers(-3, 3).map(float),
    st.sampled_from([5e-324, 1e300, -1e300, math.nan, math.inf, -math.inf]),
)
ROWS = st.lists(FLOATS, max_size=60)
EXACT = ("n", "null", "nan", "neg_inf", "pos_inf", "unparsable", "under", "over")


def column(rows: list[float | None]) -> pa.Array:
    return pa.array(rows, pa.float64())


def assert_same(one: NumericProfile, other: NumericProfile) -> None:
    for name in (*EXACT, "minimum", "maximum", "valid"):
        assert getattr(one, name) == getattr(other, name), name
    for name in ("cuts", "below", "upto"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    scale = max(1.0, abs(one.minimum), abs(one.maximum)) if one.finite else 1.0
    np.testing.assert_allclose(one.sums / scale, other.sums / scale, atol=1e-9)
    assert one.moments.n == other.moments.n
    assert one.moments.mean / scale == pytest.approx(other.moments.mean / scale, abs=1e-9)
    spreads = math.sqrt(one.moments.m2) / scale, math.sqrt(other.moments.m2) / scale
    assert spreads[0] == pytest.approx(spreads[1], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    "rows", [[], [None, None], [math.nan], [math.inf, -math.inf], [None, math.nan]]
)
def test_without_a_finite_row_there_is_a_grid_without_cuts(rows: list[float | None]) -> None:
    profile = NumericProfile.freeze(column(rows))
    assert (profile.finite, len(profile.cuts), profile.n) == (0, 0, len(rows))
    assert profile.cells.tolist() == [0]
    assert profile.largest_cell == 0.0
    assert math.isnan(profile.quantile(0.5))
    assert profile.merge(profile.lay(column([1.0]))).finite == 1


def test_one_row() -> None:
    profile = NumericProfile.freeze([4.0])
    assert (profile.cuts.tolist(), profile.valid) == ([4.0], (4.0, 4.0))
    assert profile.quantile(0.5) == 4.0
    assert profile.cells.tolist() == [0, 1, 0]


def test_a_constant_is_one_atom() -> None:
    profile = NumericProfile.freeze([7] * 1000)
    assert profile.cells.tolist() == [0, 1000, 0]
    assert (profile.moments.mean, profile.moments.m2, profile.largest_cell) == (7.0, 0.0, 0.0)


def test_null_nan_and_infinities_are_counted_apart() -> None:
    rows = column([None, None, math.nan, math.inf, math.inf, math.inf, -math.inf, 1.0, 2.0])
    profile = NumericProfile.freeze(rows)
    counts = (profile.null, profile.nan, profile.pos_inf, profile.neg_inf, profile.finite)
    assert counts == (2, 1, 3, 1, 2)
    assert profile.missing == 3


def test_by_hand() -> None:
    profile = NumericProfile.freeze([1.0, 2.0, 4.0]).lay([0.0, 2.0, 2.0, 3.0, 3.5, 9.0])
    assert profile.below.tolist() == [1, 1, 5]
    assert profile.upto.tolist() == [1, 3, 5]
    assert profile.cells.tolist() == [1, 0, 0, 2, 2, 0, 1]
    assert profile.sums.tolist() == [0.0, 0.0, 6.5, 9.0]
    assert (profile.under, profile.over) == (1, 1)
    assert profile.quantile(0.5) == 2.0


def test_few_distinct_values_are_all_cut_points_and_many_are_thinned() -> None:
    assert quantile_cuts(np.array([3.0, 1.0, 3.0, np.nan, np.inf])).tolist() == [1.0, 3.0]
    rows = np.random.default_rng(1).normal(size=50_000)
    profile = NumericProfile.freeze(rows, cuts=100)
    assert len(profile.cuts) == 100
    assert profile.cuts[[0, -1]].tolist() == [rows.min(), rows.max()]
    assert np.isin(profile.cuts, rows).all()
    assert profile.largest_cell < 0.011


def test_an_atom_among_many_values_stays_exact() -> None:
    rows = np.append(np.random.default_rng(1).normal(size=50_000), np.zeros(10_000))
    profile = NumericProfile.freeze(rows)
    assert profile.atom[np.flatnonzero(profile.cuts == 0.0)].tolist() == [10_000]


@pytest.mark.parametrize("q", [0.0, 0.01, 0.5, 0.95, 0.99, 1.0])
def test_quantiles_are_off_by_less_than_a_cell(q: float) -> None:
    rows = np.random.default_rng(1).lognormal(size=30_000)
    profile = NumericProfile.freeze(rows, cuts=500)
    found = profile.quantile(q)
    below, upto = (np.searchsorted(np.sort(rows), found, side) for side in ("left", "right"))
    assert below / 30_000 - 1 / 499 <= q <= upto / 30_000 + 1 / 499


def test_durations_have_a_grid_of_even_ratios() -> None:
    cuts = log_cuts()
    assert cuts[0] == 0.0
    assert (cuts[2:] / cuts[1:-1]).max() < 1.018


def test_a_thinned_grid_keeps_its_ends() -> None:
    profile = NumericProfile.freeze(np.arange(1000.0)).thinned(10)
    assert profile.cuts[[0, -1]].tolist() == [0.0, 999.0]
    assert len(profile.cuts) <= 11
    assert profile.n == 1000
    assert profile.thinned(500) is profile


@given(ROWS, ROWS, st.integers(1, 9))
def test_thinned_counts_are_those_of_rows_laid_over_the_thinned_grid(
    a: list[float | None], b: list[float | None], cuts: int
) -> None:
    laid = NumericProfile.freeze(column(a)).lay(column(b))
    thinned = laid.thinned(cuts)
    assert_same(thinned, thinned.lay(column(b)))


def test_huge_and_subnormal_values_are_counted_and_nothing_is_nan() -> None:
    rows = [1e300, -1e300, 1.7e308, 5e-324, -5e-324, 0.0]
    profile = NumericProfile.freeze(rows)
    assert profile.finite == 6
    assert profile.cuts.tolist() == sorted(rows)
    assert not math.isnan(profile.moments.mean)
    assert not np.isnan(profile.merge(profile).sums).any()
    assert profile.merge(profile).moments.m2 == math.inf


def test_sums_that_overflow_do_so_quietly_in_one_batch_or_two() -> None:
    grid = NumericProfile.freeze([0.0, 1.0])
    half = grid.lay([1.7e308, 2.0])
    assert half.merge(half).sums.tolist() == grid.lay([1.7e308, 2.0] * 2).sums.tolist()
    assert half.merge(half).finite == 4


def test_texts_that_are_numbers_count_as_these() -> None:
    profile = NumericProfile.freeze(["1", "2.5", "n/a", None, "1e300", ""])
    assert (profile.finite, profile.unparsable, profile.null) == (3, 2, 1)


@given(ROWS, ROWS, ROWS, st.permutations(range(3)))
def test_batches_merge_to_the_profile_of_all_rows_in_any_order(
    a: list[float | None], b: list[float | None], c: list[float | None], order: list[int]
) -> None:
    grid = NumericProfile.freeze(column(a))
    batches = [a, b, c]
    whole = grid.lay(column([*a, *b, *c]))
    parts = [grid.lay(column(batches[i])) for i in order]
    assert_same(reduce(NumericProfile.merge, parts), whole)


@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    a: list[float | None], b: list[float | None], random: Any
) -> None:
    grid = NumericProfile.freeze(column(a))
    shuffled = random.sample(b, len(b))
    assert_same(grid.lay(column(b)), grid.lay(column(shuffled)))


@given(ROWS)
def test_every_row_is_counted_once(rows: list[float | None]) -> None:
    profile = NumericProfile.freeze(column(rows), cuts=5)
    infinite = profile.neg_inf + profile.pos_inf
    assert profile.finite + profile.missing + infinite == profile.n == len(rows)
    assert profile.cells.sum() == profile.finite
    assert (profile.cells >= 0).all()
    assert (profile.under, profile.over) == (0, 0)


@given(ROWS, ROWS)
def test_the_grid_is_the_baselines_whatever_is_laid(
    a: list[float | None], b: list[float | None]
) -> None:
    grid = NumericProfile.freeze(column(a))
    laid = grid.lay(column(b))
    assert laid.cuts is grid.cuts
    assert laid.valid == grid.valid
    empty = laid.lay(column([]))
    assert all(
        np.array_equal(getattr(empty, f.name), getattr(laid.blank(), f.name))
        for f in fields(empty)
        if f.name not in ("heavy",)
    )
