"""Columns of every Arrow type: each row is a number, a label or counted as missing."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.profile import CategoricalProfile, KeysProfile, NumericProfile, PresenceProfile
from tidegauge.profile.arrays import coded, dense, instants, labels, numbers

DAY = dt.datetime(2024, 1, 1)
STAMP = 1_704_067_200.0

COLUMNS: dict[str, tuple[Any, list[float]]] = {
    "int8": (pa.array([1, None, -2], pa.int8()), [1, -2]),
    "uint8": (pa.array([255, None], pa.uint8()), [255]),
    "uint64": (pa.array([2**63, None], pa.uint64()), [2.0**63]),
    "Int64": (pa.array([1, None, 3], pa.int64()), [1, 3]),
    "float16": (pa.array(np.array([1.5, -2], np.float16)), [1.5, -2]),
    "Float32": (pa.array([1.5, None], pa.float32()), [1.5]),
    "bool": (pa.array([True, None, False]), [1, 0]),
    "decimal128": (pa.array([Decimal("1.25"), None], pa.decimal128(10, 2)), [1.25]),
    "decimal256": (pa.array([Decimal("1.25")], pa.decimal256(40, 2)), [1.25]),
    "date32": (pa.array([DAY.date(), None], pa.date32()), [STAMP]),
    "date64": (pa.array([DAY.date(), None], pa.date64()), [STAMP]),
    "timestamp s": (pa.array([DAY, None], pa.timestamp("s")), [STAMP]),
    "timestamp ns": (pa.array([DAY], pa.timestamp("ns")), [STAMP]),
    "timestamp tz": (pa.array([int(STAMP * 1e6)], pa.timestamp("us", "Asia/Tokyo")), [STAMP]),
    "duration": (pa.array([dt.timedelta(minutes=2), None], pa.duration("ms")), [120]),
    "time32 s": (pa.array([5, None], pa.time32("s")), [5]),
    "time32 ms": (pa.array([5000], pa.time32("ms")), [5]),
    "time64 ns": (pa.array([5_000_000_000], pa.time64("ns")), [5]),
    "string": (pa.array(["1.5", None, " 2 ", "+3", "1e2", "abc"]), [1.5, 2, 3, 100]),
    "large_string": (pa.array(["1", "x", None], pa.large_string()), [1]),
    "string_view": (pa.array(["1", "x", None], pa.string_view()), [1]),
    "dictionary": (pa.array(["1", "x", None, "1"]).dictionary_encode(), [1, 1]),
    "dictionary of numbers": (pa.array([5, None, 5]).dictionary_encode(), [5, 5]),
    "dictionary of times": (pa.array([DAY, None]).dictionary_encode(), [STAMP]),
    "dictionary with a null level": (
        pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["1", None])),
        [1],
    ),
    "dictionary with a level twice": (
        pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["1", "1"])),
        [1, 1],
    ),
    "null": (pa.nulls(3), []),
    "all null": (pa.array([None, None], pa.float64()), []),
    "binary": (pa.array([b"1", b"\xff", None]), []),
    "list": (pa.array([[1], None, [2, 3]]), []),
    "struct": (pa.array([{"a": 1}, None]), []),
    "map": (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), []),
    "interval": (pa.array([(1, 2, 3)], pa.month_day_nano_interval()), []),
    "chunks": (pa.chunked_array([[1.0], [None, 2.0]]), [1, 2]),
    "no chunk": (pa.chunked_array([], pa.float64()), []),
    "chunks of other dictionaries": (
        pa.chunked_array([pa.array(x).dictionary_encode() for x in (["1", "2"], ["2", "3"])]),
        [1, 2, 2, 3],
    ),
    "slice": (pa.array([9, None, 3, 4, 9], pa.int32())[1:4], [3, 4]),
    "slice of bools": (pa.array([True] * 9 + [None, False, True])[8:11], [1, 0]),
    "empty": (pa.array([], pa.int64()), []),
    "empty texts": (pa.array([], pa.string()), []),
    "numpy": (np.array([1.5, 2.5]), [1.5, 2.5]),
    "list of Python": ([1, None, 2.5], [1, 2.5]),
}
CASES = pytest.mark.parametrize(("column", "expected"), COLUMNS.values(), ids=COLUMNS)


@CASES
def test_each_row_is_a_number_or_counted_as_none(column: Any, expected: list[float]) -> None:
    found = numbers(column)
    assert found.values.astype(float).tolist() == expected
    assert len(found.values) + found.null + found.unparsable == len(column)


@CASES
def test_dense_keeps_rows_in_place(column: Any, expected: list[float]) -> None:
    found = dense(column)
    assert len(found) == len(column)
    assert found[~np.isnan(found)].tolist() == expected


@CASES
def test_each_row_has_a_label_or_none(column: Any, expected: list[float]) -> None:
    codes, levels = labels(column)
    assert len(codes) == len(column)
    assert len(set(levels)) == len(levels)
    assert all(isinstance(level, str) for level in levels)
    assert set(codes.tolist()) <= {-1, *range(len(levels))}


@CASES
def test_every_profile_counts_every_row_of_every_type(column: Any, expected: list[float]) -> None:
    numeric = NumericProfile.freeze(column)
    assert numeric.finite == len(expected)
    assert numeric.finite + numeric.missing + numeric.unparsable == numeric.n == len(column)
    categorical = CategoricalProfile.freeze(column)
    assert categorical.counts.sum() + categorical.null == categorical.n == len(column)
    assert CategoricalProfile.over_grid(()).lay(column).unseen_rows == categorical.present
    keys = KeysProfile().lay(column)
    assert keys.rows + keys.null == keys.n == len(column)
    assert PresenceProfile().lay(column).n == len(column)
    time = NumericProfile.freeze(column, instant=True)
    assert time.finite + time.missing + time.unparsable == len(column)


@CASES
def test_a_column_in_two_batches_counts_like_one(column: Any, expected: list[float]) -> None:
    column = column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column)
    grids: tuple[Any, ...] = (NumericProfile.freeze(column), CategoricalProfile.freeze(column))
    for grid in (*grids, KeysProfile()):
        whole = grid.lay(column)
        merged = grid.lay(column[:1]).merge(grid.lay(column[1:]))
        assert merged.n == whole.n
        for name in ("upto", "counts"):
            if hasattr(whole, name):
                np.testing.assert_array_equal(getattr(merged, name), getattr(whole, name))


@pytest.mark.parametrize("same", [[1], [1.0], ["1"], [Decimal("1.00")]])
def test_one_spelled_in_any_type_is_one_label(same: list[Any]) -> None:
    assert list(labels(same).levels) == ["1"]


def test_minus_zero_is_zero_and_nan_is_missing() -> None:
    codes, levels = labels(pa.array([0.0, -0.0, math.nan, None]))
    assert codes.tolist() == [0, 0, -1, -1]
    assert list(levels) == ["0"]


def test_labels_of_floats_are_those_of_ints_of_any_width() -> None:
    for kind in (pa.int8(), pa.uint64(), pa.float32(), pa.float64(), pa.float16()):
        assert list(labels(pa.array([7, 7, None], kind)).levels) == ["7"], kind


def test_codes_tell_unknown_levels_from_missing_ones() -> None:
    assert coded(["a", "x", None, "b"], ["b", "a"]).tolist() == [1, 2, -1, 0]
    assert coded(pa.nulls(2), ["a"]).tolist() == [-1, -1]


@pytest.mark.parametrize("ticks", [STAMP, STAMP * 1e3, STAMP * 1e6, STAMP * 1e9])
def test_an_epoch_is_read_in_its_own_unit(ticks: float) -> None:
    assert instants(np.array([ticks])).values.tolist() == [STAMP]
    assert instants(pa.array([int(ticks), None])).values.tolist() == [STAMP]


def test_the_unit_of_an_epoch_does_not_depend_on_the_batch() -> None:
    mixed = instants(np.array([STAMP, STAMP * 1e3])).values
    apart = [instants(np.array([x])).values[0] for x in (STAMP, STAMP * 1e3)]
    assert mixed.tolist() == apart


def test_times_that_are_no_number_pass_through() -> None:
    found = instants(np.array([np.nan, np.inf, STAMP])).values
    assert found.tolist()[1:] == [math.inf, STAMP]


@pytest.mark.parametrize(
    "text", ["2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01 09:00:00+09:00", " 2024-01-01T00 "]
)
def test_iso_texts_are_times(text: str) -> None:
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        found = instants(pa.array([text, None, "soon"], kind))
        assert (found.values.tolist(), found.null, found.unparsable) == ([STAMP], 1, 1)


@pytest.mark.parametrize("text", ["", " ", "1,000", "0x1f", "1_000", "--1", "1e", "one", "\uff11"])
def test_what_is_no_number_is_counted_as_such(text: str) -> None:
    assert numbers([text, "4"]).unparsable == 1


@given(st.lists(st.one_of(st.none(), st.floats(width=64)), max_size=30))
def test_floats_come_through_unchanged(rows: list[float | None]) -> None:
    found = numbers(pa.array(rows, pa.float64()))
    np.testing.assert_array_equal(found.values, [row for row in rows if row is not None])
    assert found.null == rows.count(None)


@given(st.lists(st.one_of(st.none(), st.floats(-1e300, 1e300)), max_size=30))
def test_numbers_written_as_text_are_those_numbers(rows: list[float | None]) -> None:
    texts = [None if row is None else repr(row) for row in rows]
    found = numbers(pa.array(texts, pa.string()))
    np.testing.assert_array_equal(found.values, [row for row in rows if row is not None])


@given(st.lists(st.one_of(st.none(), st.text(max_size=4)), max_size=30))
def test_labels_spell_the_texts(rows: list[str | None]) -> None:
    codes, levels = labels(pa.array(rows, pa.string()))
    assert [levels[code] if code >= 0 else None for code in codes] == rows
