"""Times in whatever form a column holds them, and the rows that lie in a window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types as kinds

from tidegauge.errors import DataError
from tidegauge.logs.record import Notes
from tidegauge.logs.windows import Window

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
MICROS = pa.timestamp("us", "UTC")
LATEST = {"s": 10**11, "ms": 10**14, "us": 10**17}
"""Smallest integers too large to be meant in the unit: the year 5138 in each."""


def instants(array: pa.Array) -> pa.Array:
    """Read times as ``timestamp[us, UTC]``; what cannot be read is null.

    Examples
    --------
    >>> instants(pa.array([1_700_000_000]))[0].as_py().isoformat()
    '2023-11-14T22:13:20+00:00'
    """
    kind = array.type
    if kinds.is_dictionary(kind):
        return instants(array.dictionary).take(array.indices)
    if kinds.is_timestamp(kind):
        return _from_counts(array.cast(pa.int64()), kind.unit)
    if kinds.is_date(kind):
        return _from_counts(array.cast(pa.timestamp("s")).cast(pa.int64()), "s")
    if kinds.is_integer(kind):
        return _from_counts(array.cast(pa.int64(), safe=False), epoch_unit(array))
    if kinds.is_floating(kind) or kinds.is_decimal(kind):
        return _from_floats(array.cast(pa.float64()))
    if kinds.is_null(kind):
        return pa.nulls(len(array), MICROS)
    if kinds.is_string(kind):
        return _from_text(array)
    raise TypeError(f"{kind} holds no times")


def epoch_unit(array: pa.Array) -> str:
    """Tell in which unit numbers since 1970 are meant, by their size."""
    ends = pc.min_max(array)
    largest = max(
        (abs(end.as_py()) for end in (ends["min"], ends["max"]) if end.is_valid), default=0
    )
    return next((unit for unit, bound in LATEST.items() if largest < bound), "ns")


def within(
    batches: Iterator[pa.RecordBatch], timestamp: str, window: Window, notes: Notes
) -> Iterator[pa.RecordBatch]:
    """Keep the rows whose time lies in the window; rows without a time are counted."""
    timeless = 0
    for batch in batches:
        try:
            moments = instants(batch.column(timestamp))
        except TypeError as problem:
            raise DataError(
                f'column "{timestamp}" cannot place rows in the window {window}: {problem}',
                "name a column of times",
            ) from None
        timeless += moments.null_count
        if timeless:
            notes["timeless"] = f'{timeless:,} rows have no readable "{timestamp}": left out'
        inside = pc.and_(
            pc.greater_equal(moments, pa.scalar(window.start, MICROS)),
            pc.less(moments, pa.scalar(window.end, MICROS)),
        )
        yield batch.filter(inside, null_selection_behavior="drop")


def _from_counts(counts: pa.Array, unit: str) -> pa.Array:
    per_second = PER_SECOND[unit]
    if per_second > PER_SECOND["us"]:
        counts = _floored(counts, per_second // PER_SECOND["us"])
    elif per_second < PER_SECOND["us"]:
        counts = pc.multiply(counts, PER_SECOND["us"] // per_second)
    return counts.cast(MICROS)


def _floored(counts: pa.Array, by: int) -> pa.Array:
    whole = pc.divide(counts, by)
    below = pc.less(counts, pc.multiply(whole, by))  # division cuts towards zero
    return pc.subtract(whole, below.cast(pa.int64()))


def _from_floats(array: pa.Array) -> pa.Array:
    finite = pc.if_else(pc.is_finite(array), array, None)
    per_second = PER_SECOND[epoch_unit(finite)]
    micros = pc.multiply(finite, PER_SECOND["us"] / per_second)
    return pc.floor(micros).cast(pa.int64(), safe=False).cast(MICROS)


def _from_text(strings: pa.Array) -> pa.Array:
    try:
        return _from_counts(strings.cast(pa.timestamp("us", "UTC")).cast(pa.int64()), "us")
    except pa.ArrowInvalid:
        return pa.array([_moment(text) for text in strings.to_pylist()], MICROS)


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (zoned - EPOCH) // timedelta(microseconds=1)
