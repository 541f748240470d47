"""What every column becomes on its way in, whatever format it came from.

Strings of all layouts become ``dictionary<int32, string>``, structs fall into columns named by
their path, lists and maps become JSON text. All else keeps its type.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import types as kinds

from tidegauge.logs.record import Notes

TEXT = pa.dictionary(pa.int32(), pa.string())
FEW = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A column as it comes out, and where in the file's schema it sits."""

    name: str
    top: int
    """Position of the top-level column."""
    path: tuple[int, ...]
    """Positions of the fields inside structs, from the outside in."""
    type: pa.DataType
    """After normalising."""


def leaves(schema: pa.Schema, notes: Notes) -> list[Leaf]:
    """Columns of a schema with structs taken apart and names made unique."""
    found = [
        (name, top, path, normal(kind))
        for top, one in enumerate(schema)
        for name, path, kind in _inner(one.name, one.type)
    ]
    names = unique([name for name, *_ in found], notes)
    return [
        Leaf(name=name, top=top, path=path, type=kind)
        for name, (_, top, path, kind) in zip(names, found, strict=True)
    ]


def _inner(name: str, kind: pa.DataType) -> Iterator[tuple[str, tuple[int, ...], pa.DataType]]:
    kind = _storage(kind)
    if not kinds.is_struct(kind) or not kind.num_fields:
        yield name, (), pa.null() if kinds.is_struct(kind) else kind
        return
    for position in range(kind.num_fields):
        inner = kind.field(position)
        for path_name, path, leaf in _inner(f"{name}.{inner.name}", inner.type):
            yield path_name, (position, *path), leaf


def unique(names: Iterable[str], notes: Notes) -> list[str]:
    """Tell equal names apart by a number, and name the nameless by position."""
    wanted = [name or f"column_{at}" for at, name in enumerate(names, 1)]
    taken, given = set(wanted), set[str]()
    result = []
    for name in wanted:
        new, count = name, 1
        while new in given:
            count += 1
            new = f"{name}_{count}" if f"{name}_{count}" not in taken else name
        if new != name:
            notes[f"twice:{new}"] = f'there are several columns "{name}": one is read as "{new}"'
        given.add(new)
        result.append(new)
    return result


def _storage(kind: pa.DataType) -> pa.DataType:
    while isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return pa.string()
        if kind.extension_name == "arrow.bool8":
            return pa.bool_()
        kind = kind.storage_type
    return kind


def is_text(kind: pa.DataType) -> bool:
    """Whether values are characters or bytes, in whatever layout."""
    return bool(
        kinds.is_string(kind)
        or kinds.is_large_string(kind)
        or kinds.is_string_view(kind)
        or kinds.is_binary(kind)
        or kinds.is_large_binary(kind)
        or kinds.is_binary_view(kind)
        or kinds.is_fixed_size_binary(kind)
    )


def normal(kind: pa.DataType) -> pa.DataType:
    """Type in which values of a type come out."""
    kind = _storage(kind)
    if kinds.is_dictionary(kind):
        return normal(kind.value_type)
    if kinds.is_run_end_encoded(kind):
        return normal(kind.value_type)
    if kinds.is_float16(kind):
        return pa.float32()
    if kinds.is_date64(kind):
        return pa.timestamp("ms")
    if is_text(kind) or kinds.is_nested(kind) or kinds.is_time(kind) or kinds.is_interval(kind):
        return TEXT
    return kind


def pick(batch: pa.RecordBatch, wanted: Sequence[Leaf], notes: Notes) -> pa.RecordBatch:
    """Normalise columns of a batch; ``top`` of a leaf counts the batch's own columns."""
    arrays = [normalised(_dig(batch.column(one.top), one.path), one, notes) for one in wanted]
    schema = pa.schema([pa.field(one.name, one.type) for one in wanted])
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def require_sound(batch: pa.RecordBatch, wanted: Iterable[Leaf]) -> None:
    """Refuse columns whose offsets or codes point nowhere: reading them would end the process.

    Raises
    ------
    pyarrow.ArrowInvalid
        When a column is unsound. Bytes that are not UTF-8 are no fault here.
    """
    for top in {one.top for one in wanted}:
        array = batch.column(top)
        try:
            array.validate(full=True)
        except pa.ArrowInvalid as problem:
            if "UTF8" not in str(problem):  # which is looked at after all else
                raise
            _require_codes(array)


def _require_codes(array: pa.Array) -> None:
    if kinds.is_dictionary(array.type) and len(array) > array.null_count:
        from pyarrow.compute import min_max

        ends = min_max(array.indices).as_py()
        if ends["min"] < 0 or ends["max"] >= len(array.dictionary):
            raise pa.ArrowInvalid("a code lies outside its dictionary")


def _dig(array: pa.Array, path: Sequence[int]) -> pa.Array:
    for position in path:
        if isinstance(array, pa.ExtensionArray):
            array = array.storage
        array = array.flatten()[position]  # unlike field(), this keeps the struct's own nulls
    return array


def normalised(array: pa.Array, leaf: Leaf, notes: Notes) -> pa.Array:
    """One array in the type its leaf promises."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return normalised(_unwrapped(array), leaf, notes)
    if kinds.is_struct(kind):
        return pa.nulls(len(array), leaf.type)
    if kinds.is_run_end_encoded(kind):
        from pyarrow.compute import run_end_decode

        return normalised(run_end_decode(array), leaf, notes)
    if leaf.type != TEXT:
        plain = array.dictionary_decode() if kinds.is_dictionary(kind) else array
        return plain if plain.type == leaf.type else plain.cast(leaf.type)
    if kinds.is_dictionary(kind):
        return _relabelled(array, leaf.name, notes)
    return _encoded(as_strings(array, leaf.name, notes))


def _unwrapped(array: pa.ExtensionArray) -> pa.Array:
    name = array.type.extension_name
    if name == "arrow.uuid":
        return pa.array([None if v is None else str(v) for v in array.to_pylist()], pa.string())
    if name == "arrow.bool8":
        return array.storage.cast(pa.bool_())
    return array.storage


def _relabelled(array: pa.DictionaryArray, name: str, notes: Notes) -> pa.Array:
    labels = array.dictionary
    if not kinds.is_string(labels.type) or not _readable(labels):
        labels = as_strings(labels, name, notes)
    if labels.null_count or not _distinct(labels):
        return _encoded(labels.take(array.indices))
    if array.type == TEXT and labels is array.dictionary:
        return array
    return pa.DictionaryArray.from_arrays(array.indices.cast(pa.int32()), labels)


def _distinct(labels: pa.Array) -> bool:
    if len(labels) <= FEW:
        return len(set(labels.to_pylist())) == len(labels)
    from pyarrow.compute import count_distinct  # 0.05 s that small dictionaries do not need

    return bool(count_distinct(labels, mode="all").as_py() == len(labels))


def _encoded(strings: pa.Array) -> pa.Array:
    return strings.dictionary_encode()


def as_strings(array: pa.Array, name: str, notes: Notes) -> pa.Array:
    """Values as valid UTF-8 strings: bytes decoded, lists and maps as JSON."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return as_strings(_unwrapped(array), name, notes)
    if kinds.is_dictionary(kind):
        return as_strings(array.dictionary_decode(), name, notes)
    if is_text(kind):
        return _decoded(array, name, notes)
    if kinds.is_nested(kind) or kinds.is_interval(kind):
        return pa.array([_json(value) for value in array.to_pylist()], pa.string())
    return array.cast(pa.string())


def _decoded(array: pa.Array, name: str, notes: Notes) -> pa.Array:
    try:
        if kinds.is_fixed_size_binary(array.type):
            array = array.cast(pa.binary())
        strings = array if kinds.is_string(array.type) else array.cast(pa.string())
        if _readable(strings):
            return strings
    except pa.ArrowInvalid:
        pass
    notes[f"utf8:{name}"] = (
        f'column "{name}" holds bytes that are not UTF-8: shown as \N{REPLACEMENT CHARACTER}'
    )
    blobs = array.cast(pa.binary() if not kinds.is_large_string(array.type) else pa.large_binary())
    return pa.array(
        [None if v is None else v.decode("utf-8", "replace") for v in blobs.to_pylist()],
        pa.string(),
    )


def _readable(strings: pa.Array) -> bool:
    try:
        strings.validate(full=True)  # files may hold bytes under a type that promises UTF-8
    except pa.ArrowInvalid:
        return False
    return True


def _json(value: Any) -> str | None:
    if value is None:
        return None
    return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))


def wider(left: pa.DataType, right: pa.DataType) -> pa.DataType:
    """Narrowest type that holds the values of both; text where nothing else does."""
    if left == right or kinds.is_null(right):
        return left
    if kinds.is_null(left):
        return right
    for rule in (_wider_number, _wider_time):
        found = rule(left, right)
        if found is not None:
            return found
    return TEXT


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        kinds.is_integer(kind)
        or kinds.is_floating(kind)
        or kinds.is_decimal(kind)
        or kinds.is_boolean(kind)
    )


def _wider_number(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    if not (_is_number(left) and _is_number(right)):
        return None
    whole = [one for one in (left, right) if kinds.is_integer(one) or kinds.is_boolean(one)]
    if len(whole) < 2:
        return pa.float64()
    bits = max(
        1 if kinds.is_boolean(one) else one.bit_width + kinds.is_unsigned_integer(one)
        for one in whole
    )
    return next((pa.type_for_alias(f"int{n}") for n in (8, 16, 32, 64) if n >= bits), pa.float64())


def _wider_time(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    both = (left, right)
    if not all(kinds.is_timestamp(one) or kinds.is_date32(one) for one in both):
        if all(kinds.is_duration(one) for one in both):
            return pa.duration(_finest(both))
        return None
    stamps = [one for one in both if kinds.is_timestamp(one)]
    zones = {one.tz for one in stamps} - {None}
    zone = zones.pop() if len(zones) == 1 and len(stamps) == 1 else "UTC" if zones else None
    return pa.timestamp(_finest(stamps), zone)


def _finest(stamps: Iterable[Any]) -> str:
    return str(max((one.unit for one in stamps), key=("s", "ms", "us", "ns").index))


def conformed(array: pa.Array, kind: pa.DataType, name: str, notes: Notes) -> pa.Array:
    """Change an array that is normal already into the type unified over all files."""
    if array.type == kind:
        return array
    if kind == TEXT:
        return _encoded(as_strings(array, name, notes))
    if kinds.is_boolean(array.type):
        array = array.cast(pa.int8())
    if kinds.is_integer(array.type) and kinds.is_floating(kind):
        return array.cast(kind, safe=False)  # beyond 2**53 the nearest float is what is meant
    return array.cast(kind)


def nulls_of(kind: pa.DataType, rows: int) -> pa.Array:
    """Make the column that a file does not have."""
    return pa.nulls(rows, kind)


def constant(value: pa.Scalar, rows: int) -> pa.Array:
    """Make a column of one value throughout."""
    if value.type == TEXT:
        codes = pa.array([0], pa.int32()).take(pa.repeat(pa.scalar(0, pa.int32()), rows))
        return pa.DictionaryArray.from_arrays(codes, pa.array([value.as_py()], pa.string()))
    return pa.repeat(value, rows)
