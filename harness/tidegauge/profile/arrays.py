"""From Arrow columns of any type to numbers or to labels; nothing is dropped uncounted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$|^\s*[+-]?([iI]nf(inity)?|[nN]a[nN])\s*$"


class Numbers(NamedTuple):
    """The numbers of a column in their own type, and what was none."""

    values: NDArray[Any]
    """Non-null values, NaN and infinities included; shape (n,)."""
    null: int
    unparsable: int
    """Texts that are no number, or no point in time."""


class Labels(NamedTuple):
    """A column as codes into its distinct values' spellings."""

    codes: NDArray[np.int64]
    """One a row; -1 where null."""
    levels: pa.StringArray


def as_array(values: Any) -> pa.Array:
    """One contiguous Arrow array from an Arrow column, a numpy array or a sequence."""
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    if isinstance(values, pa.Array):
        return values
    return pa.array(values, from_pandas=False)


def numbers(values: Any) -> Numbers:
    """Read a column as numbers; texts are parsed, times become seconds since 1970 in UTC.

    Examples
    --------
    >>> numbers(["1.5", "n/a", None])
    Numbers(values=array([1.5]), null=1, unparsable=1)
    """
    array = as_array(values)
    if isinstance(array, pa.DictionaryArray):
        return _numbers_of_dictionary(array)
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _numbers_of_dictionary(array.dictionary_encode())
    null = array.null_count
    if pa.types.is_null(kind):
        return Numbers(np.empty(0), null, 0)
    if null:
        array = array.drop_null()
    if pa.types.is_integer(kind) or (pa.types.is_floating(kind) and kind != pa.float16()):
        return Numbers(array.to_numpy(zero_copy_only=False), null, 0)
    if pa.types.is_temporal(kind):
        return Numbers(_seconds(array), null, 0)
    if pa.types.is_boolean(kind):
        return Numbers(array.cast(pa.uint8()).to_numpy(), null, 0)
    if pa.types.is_decimal(kind) or kind == pa.float16():
        return Numbers(array.cast(pa.float64(), safe=False).to_numpy(), null, 0)
    return Numbers(np.empty(0), null, len(array))


def instants(values: Any) -> Numbers:
    """Read a column as points in time: seconds since 1970 in UTC.

    Whole numbers are taken for seconds, milliseconds, microseconds or nanoseconds by their
    size; texts are read as ISO 8601.
    """
    array = as_array(values)
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        found, null, unparsable = numbers(array)
        seconds = found.astype(np.float64)
        return Numbers(seconds / _epoch_unit(seconds), null, unparsable)
    if isinstance(array, pa.DictionaryArray) or pa.types.is_string(array.type):
        encoded = array if isinstance(array, pa.DictionaryArray) else array.dictionary_encode()
        return _take(_seconds_of_texts(encoded.dictionary), encoded)
    return numbers(array)


def labels(values: Any) -> Labels:
    """Read a column as labels; 1, 1.0 and "1" are one label.

    Examples
    --------
    >>> labels([1.0, None, 2.5]).levels.to_pylist()
    ['1', '2.5']
    """
    array = as_array(values)
    if not isinstance(array, pa.DictionaryArray):
        if pa.types.is_nested(array.type):
            array = pa.array([None if v is None else str(v) for v in array.to_pylist()])
        array = array.dictionary_encode()
    codes = array.indices
    codes = codes.fill_null(-1) if codes.null_count else codes
    return Labels(
        codes.to_numpy(zero_copy_only=False).astype(np.int64, copy=False),
        spelled(array.dictionary),
    )


def spelled(levels: pa.Array) -> pa.StringArray:
    """Write values as text, whole floats without a fraction."""
    if pa.types.is_string(levels.type):
        return levels
    if pa.types.is_floating(levels.type) or pa.types.is_decimal(levels.type):
        return pa.array([_spell(v) for v in levels.to_pylist()], pa.string())
    if pa.types.is_null(levels.type):
        return pa.array([], pa.string())
    return levels.cast(pa.string())


def positions(levels: pa.StringArray, among: Sequence[str]) -> NDArray[np.int64]:
    """Index of each level among the known ones; -1 where unknown."""
    found = pc.index_in(levels, value_set=pa.array(among, pa.string()))
    places: NDArray[np.int64] = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def coded(values: Any, among: Sequence[str]) -> NDArray[np.int64]:
    """Code each row by its place among the known levels: -1 null, ``len(among)`` unknown."""
    codes, levels = labels(values)
    if not len(levels):
        return np.full(len(codes), -1)
    known = positions(levels, among)
    known[known < 0] = len(among)
    return np.where(codes < 0, -1, known[codes])


def dense(values: Any) -> NDArray[np.float64]:
    """One float64 a row, NaN where there is no number."""
    array = as_array(values)
    found, null, unparsable = numbers(array)
    if not null and not unparsable:
        return found.astype(np.float64, copy=False)
    out = np.full(len(array), np.nan)
    if not unparsable:
        out[array.is_valid().to_numpy(zero_copy_only=False)] = found
        return out
    encoded = array if isinstance(array, pa.DictionaryArray) else array.dictionary_encode()
    parsed = _floats_of_texts(encoded.dictionary.cast(pa.string()))
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.where(codes < 0, np.nan, np.where(np.isnan(parsed[codes]), np.nan, parsed[codes]))


def _numbers_of_dictionary(array: pa.DictionaryArray) -> Numbers:
    levels = array.dictionary
    if not (pa.types.is_string(levels.type) or pa.types.is_large_string(levels.type)):
        return numbers(array.dictionary_decode())
    return _take(_floats_of_texts(levels), array)


def _take(parsed: NDArray[np.float64], array: pa.DictionaryArray) -> Numbers:
    """Spread parsed levels over the rows; a NaN level is one that did not parse."""
    codes = array.indices
    null = array.null_count
    if null:
        codes = codes.drop_null()
    rows = parsed[codes.to_numpy(zero_copy_only=False)] if len(parsed) else np.empty(0)
    failed = np.isnan(rows)
    return Numbers(rows[~failed], null, int(failed.sum()))


def _floats_of_texts(levels: pa.StringArray) -> NDArray[np.float64]:
    fit = pc.match_substring_regex(levels, NUMBER)
    cleaned = pc.if_else(fit, pc.utf8_trim_whitespace(levels), pa.scalar("nan"))
    cleaned = pc.replace_substring(cleaned, "+", "")  # Arrow reads no leading plus
    parsed: NDArray[np.float64] = (
        pc.cast(cleaned, pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    )
    return parsed


def _seconds(array: pa.Array) -> NDArray[np.float64]:
    kind = array.type
    if pa.types.is_date(kind):
        array = array.cast(pa.timestamp("s"))
    elif pa.types.is_time(kind):
        array = array.cast(pa.time64("us") if pa.types.is_time64(kind) else pa.time32("ms"))
    unit = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[array.type.unit]
    width = pa.int32() if pa.types.is_time32(array.type) else pa.int64()
    ticks: NDArray[np.int64] = array.view(width).to_numpy(zero_copy_only=False)
    return ticks / unit


def _seconds_of_texts(levels: pa.StringArray) -> NDArray[np.float64]:
    from datetime import UTC, datetime

    def seconds(text: str | None) -> float:
        try:
            moment = datetime.fromisoformat((text or "").strip())
        except ValueError:
            return np.nan
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

    return np.array([seconds(text) for text in levels.to_pylist()], dtype=np.float64)


def _epoch_unit(seconds: NDArray[np.float64]) -> float:
    size = float(np.nanmax(np.abs(seconds))) if len(seconds) else 0.0
    for unit in (1e9, 1e6, 1e3):
        if size >= 1e8 * unit:  # 1973 in that unit; later than the year 5000 in the next coarser
            return unit
    return 1.0


def _spell(value: Any) -> str | None:
    if value is None:
        return None
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else str(value)
