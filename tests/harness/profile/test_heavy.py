"""Heavy values: counts are lower bounds that miss no more than the slack, whatever the batches."""

from __future__ import annotations

from collections import Counter
from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.profile.heavy import KEPT, Heavy


def assert_bounds(found: Heavy, rows: list[float]) -> None:
    true = Counter(rows)
    listed = dict(zip(found.values.tolist(), found.counts.tolist(), strict=True))
    for value, count in true.items():
        assert listed.get(value, 0) <= count
        assert count - listed.get(value, 0) <= found.slack, value


def test_no_rows_and_one_row_hold_nothing_heavy() -> None:
    for rows in ([], [1.0]):
        found = Heavy.of_sorted(np.array(rows))
        assert len(found.values) == 0
        assert_bounds(found, rows)


def test_rows_that_never_repeat_are_not_listed() -> None:
    assert len(Heavy.of_sorted(np.arange(100_000.0)).values) == 0


def test_a_constant_is_listed_with_all_its_rows() -> None:
    found = Heavy.of_sorted(np.full(5000, 3.0))
    assert (found.values.tolist(), found.counts.tolist()) == ([3.0], [5000])


def test_a_sentinel_among_many_values_is_found_exactly() -> None:
    rows = np.sort(np.append(np.random.default_rng(1).normal(size=99_000), np.full(1000, -999.0)))
    found = Heavy.of_sorted(rows)
    assert found.values.tolist() == [-999.0]
    assert found.counts.tolist() == [1000]
    assert found.slack < 0.004 * 100_000


def test_more_heavy_values_than_are_kept_widen_the_slack() -> None:
    rows = np.repeat(np.arange(2.0 * KEPT), 50)
    found = Heavy.of_sorted(rows)
    assert len(found.values) == KEPT
    assert_bounds(found, rows.tolist())


@pytest.mark.parametrize("batches", [2, 7])
def test_merged_batches_of_a_skewed_column_keep_their_bounds(batches: int) -> None:
    rows = np.random.default_rng(1).zipf(1.3, 20_000).astype(float)
    parts = [Heavy.of_sorted(np.sort(part)) for part in np.array_split(rows, batches)]
    merged = reduce(Heavy.merge, parts)
    assert_bounds(merged, rows.tolist())
    assert 1.0 in merged.values


@given(st.lists(st.lists(st.integers(0, 5).map(float), max_size=60), max_size=6))
def test_any_batches_in_any_order_keep_the_bounds(batches: list[list[float]]) -> None:
    merged = reduce(Heavy.merge, [Heavy.of_sorted(np.sort(b)) for b in batches], Heavy())
    assert_bounds(merged, [row for batch in batches for row in batch])
