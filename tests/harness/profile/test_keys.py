"""Id profiles: exact counts while ids fit, an even sample of ids beyond."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.profile import KeysProfile

IDS = st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=40)


def column(rows: list[str | None]) -> pa.Array:
    return pa.array(rows, pa.string())


@pytest.mark.parametrize("rows", [pa.array([], pa.string()), pa.nulls(3), pa.nulls(2, pa.int64())])
def test_without_ids_nothing_is_held(rows: pa.Array) -> None:
    profile = KeysProfile().lay(rows)
    assert (profile.rows, profile.distinct, profile.null) == (0, 0, len(rows))
    assert profile.merge(profile).n == 2 * len(rows)


def test_ids_that_never_repeat_are_all_distinct() -> None:
    for rows in (pa.array(range(50_000)), pa.array([f"id-{i}" for i in range(50_000)])):
        profile = KeysProfile().lay(rows)
        assert profile.distinct == profile.rows == 50_000


def test_anagrams_and_affixes_are_other_ids() -> None:
    rows = ["", " ", "a", "aa", "ab", "ba", "a ", " a", "aaa", "\0", "\0\0", "é"]
    assert KeysProfile().lay(rows).distinct == len(rows)


@pytest.mark.parametrize(
    "kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
def test_an_id_is_the_same_in_every_type_of_text(kind: pa.DataType) -> None:
    rows = ["x", "y", None, "x"]
    one, other = KeysProfile().lay(column(rows)), KeysProfile().lay(pa.array(rows).cast(kind))
    assert one.hashes.tolist() == other.hashes.tolist()
    assert other.counts.sum() == 3


def test_a_slice_of_a_batch_hashes_like_the_rows_alone() -> None:
    rows = ["aa", "b", None, "cccc", "dd"]
    sliced = KeysProfile().lay(pa.array(rows)[1:4])
    assert sliced.hashes.tolist() == KeysProfile().lay(column(rows[1:4])).hashes.tolist()


def test_beyond_the_cap_an_even_sample_of_ids_is_counted_exactly() -> None:
    rows = np.repeat(np.arange(40_000), np.where(np.arange(40_000) % 4, 1, 3))
    profile = KeysProfile().lay(rows).thinned(4096)
    assert 1024 < profile.distinct <= 4096
    assert profile.depth > 0
    assert profile.rows / profile.distinct == pytest.approx(1.5, rel=0.05)
    assert profile.distinct * 2**profile.depth == pytest.approx(40_000, rel=0.1)


def test_samples_of_any_depth_merge() -> None:
    whole = KeysProfile().lay(np.arange(20_000))
    parts = [KeysProfile().lay(part) for part in np.array_split(np.arange(20_000), 3)]
    merged = reduce(KeysProfile.merge, [parts[0].thinned(500), parts[1], parts[2].thinned(50)])
    assert merged.hashes.tolist() == whole.deepened(merged.depth).hashes.tolist()
    assert merged.n == 20_000


@given(IDS, IDS, IDS, st.permutations(range(3)))
def test_batches_merge_to_the_profile_of_all_rows_in_any_order(
    a: list[str | None], b: list[str | None], c: list[str | None], order: list[int]
) -> None:
    whole = KeysProfile().lay(column([*a, *b, *c]))
    merged = reduce(KeysProfile.merge, [KeysProfile().lay(column([a, b, c][i])) for i in order])
    np.testing.assert_array_equal(merged.hashes, whole.hashes)
    np.testing.assert_array_equal(merged.counts, whole.counts)
    assert (merged.n, merged.null) == (whole.n, whole.null)
    held = [row for row in (*a, *b, *c) if row is not None]
    assert (whole.rows, whole.distinct) == (len(held), len(set(held)))
