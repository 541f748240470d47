"""Categorical profiles: exact counts over the baseline's levels, all others apart."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.profile import CategoricalProfile
from tidegauge.profile.categorical import UNSEEN

ROWS = st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh"), st.text(max_size=2)), max_size=40)


def column(rows: list[str | None]) -> pa.Array:
    return pa.array(rows, pa.string())


def assert_same(one: CategoricalProfile, other: CategoricalProfile) -> None:
    np.testing.assert_array_equal(one.counts, other.counts)
    names = ("levels", "unseen_rows", "unseen", "n", "null")
    assert [getattr(one, x) for x in names] == [getattr(other, x) for x in names]


def test_empty_and_all_null_columns_have_no_levels() -> None:
    cases: tuple[list[str | None], ...] = ([], [None, None])
    for rows in cases:
        profile = CategoricalProfile.freeze(column(rows))
        assert (profile.levels, profile.n, profile.null) == ((), len(rows), len(rows))
    assert CategoricalProfile.freeze(pa.nulls(3)).missing == 3


def test_levels_are_ordered_by_frequency_then_name() -> None:
    profile = CategoricalProfile.freeze(["b", "c", "a", "c", "b", None])
    assert profile.levels == ("b", "c", "a")
    assert profile.counts.tolist() == [2, 2, 1]


def test_a_level_never_seen_is_counted_apart_and_by_name() -> None:
    laid = CategoricalProfile.freeze(["a", "b"]).lay(["a", "x", "x", "y", None])
    assert laid.counts.tolist() == [1, 0]
    assert (laid.unseen_rows, dict(laid.unseen)) == (3, {"x": 2, "y": 1})
    assert (laid.present, laid.missing) == (4, 1)


def test_levels_beyond_the_cap_count_as_unseen_on_both_sides() -> None:
    profile = CategoricalProfile.freeze(["a"] * 3 + ["b"] * 2 + ["c"], levels=2)
    assert (profile.levels, profile.unseen_rows) == (("a", "b"), 1)


def test_unseen_names_are_bounded_and_their_rows_are_not_lost() -> None:
    names = [f"id{i}" for i in range(3 * UNSEEN)]
    laid = CategoricalProfile.freeze(["a"]).lay(names)
    merged = laid.merge(laid)
    assert len(laid.unseen) == len(merged.unseen) == UNSEEN
    assert (laid.unseen_rows, merged.unseen_rows) == (3 * UNSEEN, 6 * UNSEEN)


def test_numbers_and_their_texts_are_one_level() -> None:
    grid = CategoricalProfile.freeze(pa.array([1, 2, 2]))
    for rows in (pa.array([2.0, 1.0]), ["2", "1"], pa.array([2, 1], pa.uint8())):
        assert grid.lay(rows).counts.tolist() == [1, 1]


def test_booleans_are_levels_whichever_of_them_occur() -> None:
    grid = CategoricalProfile.freeze(pa.array([True, True, None]))
    assert grid.levels == ("true",)
    assert grid.lay(pa.array([False, True])).unseen_rows == 1


def test_a_dictionary_counts_only_the_levels_that_occur() -> None:
    rows = pa.DictionaryArray.from_arrays(pa.array([1, 1, None]), pa.array(["never", "a"]))
    assert CategoricalProfile.freeze(rows).levels == ("a",)


@given(ROWS, ROWS, ROWS, st.permutations(range(3)))
def test_batches_merge_to_the_profile_of_all_rows_in_any_order(
    a: list[str | None], b: list[str | None], c: list[str | None], order: list[int]
) -> None:
    grid = CategoricalProfile.freeze(column(a))
    parts = [grid.lay(column([a, b, c][i])) for i in order]
    assert_same(reduce(CategoricalProfile.merge, parts), grid.lay(column([*a, *b, *c])))


@given(ROWS)
def test_every_row_is_counted_once_whatever_the_type(rows: list[str | None]) -> None:
    profile = CategoricalProfile.freeze(column(rows))
    assert profile.counts.sum() + profile.null == profile.n == len(rows)
    for other in (column(rows).dictionary_encode(), column(rows).cast(pa.large_string())):
        assert_same(profile.lay(other), profile)
