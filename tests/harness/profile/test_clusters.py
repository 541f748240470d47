"""Decisions by cluster: exact while clusters fit, an even sample of clusters beyond."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.profile import ClusterProfile

ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", None]), st.sampled_from([True, False, None])),
    max_size=30,
)


def laid(rows: list[tuple[str | None, bool | None]]) -> ClusterProfile:
    names = pa.array([name for name, _ in rows], pa.string())
    return ClusterProfile().lay(names, pa.array([flag for _, flag in rows], pa.bool_()))


def counts(profile: ClusterProfile) -> tuple[object, ...]:
    parts = (profile.hashes, profile.rows, profile.flagged)
    held = zip(*(part.tolist() for part in parts), strict=True)
    return sorted(held), profile.alone, profile.alone_flagged


def test_rows_without_a_decision_hold_nothing() -> None:
    assert counts(laid([("a", None), (None, None)])) == ([], 0, 0)
    assert counts(laid([])) == ([], 0, 0)


def test_rows_and_flags_are_counted_by_cluster() -> None:
    found = laid([("a", True), ("a", False), ("b", True), (None, True), (None, False)])
    assert sorted(zip(found.rows.tolist(), found.flagged.tolist(), strict=True)) == [(1, 1), (2, 1)]
    assert (found.alone, found.alone_flagged) == (2, 1)


@given(ROWS, ROWS)
def test_two_parts_merge_to_the_whole(
    one: list[tuple[str | None, bool | None]], other: list[tuple[str | None, bool | None]]
) -> None:
    merged = laid(one).merge(laid(other))
    assert counts(merged) == counts(laid(one + other)) == counts(laid(other).merge(laid(one)))


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string()), pa.int64()])
def test_a_cluster_may_have_any_type_of_name(kind: pa.DataType) -> None:
    names = pa.array(["1", "1", "2"]).cast(kind)
    found = ClusterProfile().lay(names, pa.array([True, True, False]))
    assert sorted(found.rows.tolist()) == [1, 2]


def test_beyond_the_cap_an_even_sample_of_clusters_is_held() -> None:
    rng = np.random.default_rng(0)
    size = rng.integers(1, 4, 20_000)
    names = pa.array(np.repeat(np.arange(20_000), size))
    flags = pa.array(np.repeat(rng.random(20_000) < 0.2, size))
    found = ClusterProfile().lay(names, flags).thinned(2_000)
    assert 500 <= len(found.rows) <= 2_000
    assert found.flagged.sum() / found.rows.sum() == pytest.approx(0.2, abs=0.04)
