"""From Arrow columns of any type to numbers or to labels; nothing is dropped uncounted.

Plain columns are read straight from their buffers: Arrow's own conversions first import pandas,
and its compute functions, which together cost more start-up than a run over ten thousand rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$|^\s*[+-]?([iI]nf(inity)?|[nN]a[nN])\s*$"
WIDTHS = {
    pa.types.is_int8: np.int8,
    pa.types.is_int16: np.int16,
    pa.types.is_int32: np.int32,
    pa.types.is_int64: np.int64,
    pa.types.is_uint8: np.uint8,
    pa.types.is_uint16: np.uint16,
    pa.types.is_uint32: np.uint32,
    pa.types.is_uint64: np.uint64,
    pa.types.is_float16: np.float16,
    pa.types.is_float32: np.float32,
    pa.types.is_float64: np.float64,
    pa.types.is_date32: np.int32,
    pa.types.is_time32: np.int32,
    pa.types.is_date64: np.int64,
    pa.types.is_time64: np.int64,
    pa.types.is_timestamp: np.int64,
    pa.types.is_duration: np.int64,
}
TICKS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
DAY = 86_400.0


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
    levels: Sequence[str]


def as_array(values: Any) -> pa.Array:
    """One contiguous Arrow array from an Arrow column, a numpy array or a sequence."""
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    if isinstance(values, pa.Array):
        return values
    return pa.array(values, from_pandas=False)


def plain(array: pa.Array) -> NDArray[Any]:
    """View the values of a column of fixed width, whatever lies in its null slots."""
    width = next((width for fits, width in WIDTHS.items() if fits(array.type)), None)
    if width is None:
        raise TypeError(f"{array.type} has no fixed width")
    data = array.buffers()[1]
    if data is None or not len(array):
        return np.zeros(len(array), dtype=width)
    return np.frombuffer(data, dtype=width)[array.offset : array.offset + len(array)]


def present(array: pa.Array) -> NDArray[np.bool_]:
    """Say of each row whether it holds a value."""
    if not array.null_count:
        return np.ones(len(array), dtype=bool)
    if pa.types.is_null(array.type):
        return np.zeros(len(array), dtype=bool)
    return _bits(array.buffers()[0], array)


def numbers(values: Any) -> Numbers:
    """Read a column as numbers; texts are parsed, times become seconds since 1970 in UTC.

    Examples
    --------
    >>> numbers(["1.5", "n/a", None])
    Numbers(values=array([1.5]), null=1, unparsable=1)
    """
    array = as_array(values)
    if isinstance(array, pa.DictionaryArray) or _is_text(array.type):
        return _numbers_of_dictionary(_encoded(array))
    kind, null = array.type, array.null_count
    if pa.types.is_null(kind):
        return Numbers(np.empty(0), null, 0)
    if pa.types.is_boolean(kind):
        found: NDArray[Any] = _bits(array.buffers()[1], array).view(np.uint8)
    elif pa.types.is_decimal(kind):
        found = plain(array.cast(pa.float64(), safe=False))
    elif pa.types.is_temporal(kind) and not pa.types.is_interval(kind):
        found = _seconds(array)
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
        found = plain(array)
    else:
        return Numbers(np.empty(0), null, len(array) - null)
    return Numbers(found[present(array)] if null else found, null, 0)


def instants(values: Any) -> Numbers:
    """Read a column as points in time: seconds since 1970 in UTC.

    Numbers are taken for seconds, milliseconds, microseconds or nanoseconds, each by its own
    size, so that a batch does not decide for its rows; texts are read as ISO 8601.

    Examples
    --------
    >>> instants([1.7e9, 1.7e12]).values.tolist()
    [1700000000.0, 1700000000.0]
    """
    array = as_array(values)
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        found, null, unparsable = numbers(array)
        return Numbers(_from_epoch(found.astype(np.float64)), null, unparsable)
    if isinstance(array, pa.DictionaryArray) or _is_text(array.type):
        encoded = _encoded(array)
        if not _is_text(encoded.dictionary.type):
            return instants(encoded.dictionary_decode())
        return _take(_seconds_of_texts(encoded.dictionary), encoded)
    return numbers(array)


def labels(values: Any) -> Labels:
    """Read a column as labels; 1, 1.0 and "1" are one label, and NaN is none.

    Examples
    --------
    >>> labels([1.0, None, 2.5])
    Labels(codes=array([ 0, -1,  1]), levels=['1', '2.5'])
    """
    array = as_array(values)
    if pa.types.is_boolean(array.type):
        bits = _bits(array.buffers()[1], array).view(np.int8)
        return Labels(np.where(present(array), bits, -1).astype(np.int64), ["false", "true"])
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        return _labels_of_numbers(array)
    if pa.types.is_nested(array.type):
        array = pa.array([None if v is None else str(v) for v in array.to_pylist()], pa.string())
    encoded = _encoded(array)
    codes = np.where(present(encoded), plain(encoded.indices), -1).astype(np.int64, copy=False)
    levels = spelled(encoded.dictionary)
    if None not in levels and len(set(levels)) == len(levels):
        return Labels(codes, [level or "" for level in levels])
    return _distinct(codes, levels)


def _distinct(codes: NDArray[np.int64], levels: Sequence[str | None]) -> Labels:
    """Give levels that are spelled alike one code, and those that are null none."""
    places = {level: i for i, level in enumerate(dict.fromkeys(x for x in levels if x is not None))}
    recoded = np.array([-1 if x is None else places[x] for x in levels] + [-1], dtype=np.int64)
    return Labels(recoded[codes], list(places))


def spelled(levels: pa.Array) -> list[str | None]:
    """Write values as text, whole floats without a fraction."""
    texts = levels.to_pylist()
    if _is_text(levels.type):
        return texts  # type: ignore[no-any-return]
    if pa.types.is_floating(levels.type) or pa.types.is_decimal(levels.type):
        return [_spell(value) for value in texts]
    return [None if value is None else str(value) for value in texts]


def positions(levels: Sequence[str], among: Sequence[str]) -> NDArray[np.int64]:
    """Index of each level among the known ones; -1 where unknown."""
    places = {name: place for place, name in enumerate(among)}
    return np.fromiter((places.get(level, -1) for level in levels), np.int64, len(levels))


def coded(values: Any, among: Sequence[str]) -> NDArray[np.int64]:
    """Code each row by its place among the known levels: -1 null, ``len(among)`` unknown."""
    codes, levels = labels(values)
    if not len(levels):
        return np.full(len(codes), -1)
    known = positions(levels, among)
    known[known < 0] = len(among)
    return np.where(codes < 0, -1, known[codes])


def distinct(ordered: NDArray[Any]) -> NDArray[Any]:
    """Drop repeats from sorted values; ``np.unique`` first imports masked arrays, for 0.02 s."""
    kept: NDArray[Any] = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return kept


def dense(values: Any) -> NDArray[np.float64]:
    """One float64 a row, NaN where there is no number."""
    array = as_array(values)
    if isinstance(array, pa.DictionaryArray) or _is_text(array.type):
        encoded = _encoded(array)
        if not _is_text(encoded.dictionary.type):
            return dense(encoded.dictionary_decode())
        parsed = np.append(_floats_of_texts(encoded.dictionary.cast(pa.string())), np.nan)
        return parsed[np.where(present(encoded), plain(encoded.indices), -1)]
    found, null, unparsable = numbers(array)
    if not null and not unparsable:
        return found.astype(np.float64, copy=False)
    out = np.full(len(array), np.nan)
    if not unparsable:
        out[present(array)] = found
    return out


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _encoded(array: pa.Array) -> pa.DictionaryArray:
    if isinstance(array, pa.DictionaryArray):
        nulls_within = array.dictionary.null_count
        return array.dictionary_decode().dictionary_encode() if nulls_within else array
    return array.dictionary_encode()


def _bits(buffer: pa.Buffer | None, array: pa.Array) -> NDArray[np.bool_]:
    """Unpack a bitmap that lies beside or under a column."""
    if buffer is None:
        return np.zeros(len(array), dtype=bool)
    first, last = array.offset // 8, -(-(array.offset + len(array)) // 8)
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8)[first:last], bitorder="little")
    return bits[array.offset - 8 * first :][: len(array)].view(np.bool_)


def _labels_of_numbers(array: pa.Array) -> Labels:
    held = present(array)
    values = plain(array)
    if pa.types.is_floating(array.type):
        held = held & ~np.isnan(values)
    distinct, places = np.unique(values[held], return_inverse=True)
    codes = np.full(len(array), -1, dtype=np.int64)
    codes[held] = places
    return Labels(codes, [_spell(value) or "" for value in distinct.tolist()])


def _numbers_of_dictionary(array: pa.DictionaryArray) -> Numbers:
    if not _is_text(array.dictionary.type):
        return numbers(array.dictionary_decode())
    return _take(_floats_of_texts(array.dictionary), array)


def _take(parsed: NDArray[np.float64], array: pa.DictionaryArray) -> Numbers:
    """Spread parsed levels over the rows; a NaN level is one that did not parse."""
    codes = plain(array.indices)
    null = array.null_count
    rows = parsed[codes[present(array)] if null else codes] if len(parsed) else np.empty(0)
    failed = np.isnan(rows)
    return Numbers(rows[~failed], null, int(failed.sum()))


def _floats_of_texts(levels: pa.Array) -> NDArray[np.float64]:
    import pyarrow.compute as pc

    levels = levels.cast(pa.string())
    fit = pc.match_substring_regex(levels, NUMBER)
    cleaned = pc.if_else(fit, pc.utf8_trim_whitespace(levels), pa.scalar("nan"))
    cleaned = pc.replace_substring(cleaned, "+", "")  # Arrow reads no leading plus
    return plain(pc.cast(cleaned, pa.float64()).fill_null(np.nan))


def _seconds(array: pa.Array) -> NDArray[np.float64]:
    ticks = plain(array)
    if pa.types.is_date32(array.type):
        return ticks * DAY
    return ticks / (1e3 if pa.types.is_date64(array.type) else TICKS[array.type.unit])


def _seconds_of_texts(levels: pa.StringArray) -> NDArray[np.float64]:
    from datetime import UTC, datetime

    def seconds(text: str | None) -> float:
        try:
            moment = datetime.fromisoformat((text or "").strip())
        except ValueError:
            return np.nan
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

    return np.array([seconds(text) for text in levels.to_pylist()], dtype=np.float64)


def _from_epoch(ticks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide each by its unit; 1973 in one is later than the year 5000 in the next coarser."""
    size = np.abs(ticks)
    seconds: NDArray[np.float64] = ticks / np.select(
        [size >= 1e17, size >= 1e14, size >= 1e11], [1e9, 1e6, 1e3], 1.0
    )
    return seconds


def _spell(value: Any) -> str | None:
    if value is None:
        return None
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else str(value)
