"""JSON Lines: nested fields by dotted path, malformed lines counted and left out."""

from __future__ import annotations

import codecs
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.json as pajson
from pyarrow import types as kinds

from tidegauge.errors import DataError
from tidegauge.logs.columns import TEXT, conformed, leaves, nulls_of, pick, wider
from tidegauge.logs.dialects import encoding_of
from tidegauge.logs.kept import Budget, Keeper
from tidegauge.logs.places import Place
from tidegauge.logs.record import Notes, Piece
from tidegauge.logs.sniffing import Seen, broken, unpacked
from tidegauge.logs.translating import translated

BLOCK = 2**22
STAMPS = (pa.timestamp("us", "UTC"), pa.timestamp("us"))
Types = dict[str, pa.DataType]


@dataclass(slots=True, kw_only=True)
class Tally:
    """What one reading of a file has met so far."""

    line: int = 0
    rows: int = 0
    malformed: int = 0
    first_malformed: int = 0
    as_text: dict[str, pa.DataType] = field(default_factory=dict)
    """Top-level fields that would be taken for times and are read as strings instead, so that
    a later value in another form does not change what came before."""


def open_jsonl(place: Place, seen: Seen, notes: Notes, budget: Budget) -> Piece:
    """Open a file of one JSON object a line; it is read to the end to settle types."""
    tally, keeper = Tally(), Keeper(budget)
    types: Types = {}
    stamps: dict[str, set[pa.DataType]] = {}
    for batch in _batches(place, seen, tally, notes):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            types[name] = _wider(types.get(name, pa.null()), column.type)
            if column.type == TEXT and column.null_count < len(column):
                stamps[name] = stamps.get(name, set(STAMPS)) & _stamp_types(column)
        keeper.add(batch)
    _judge(place, tally, notes)
    for name, possible in stamps.items():
        if possible and types[name] == TEXT:
            types[name] = next(one for one in STAMPS if one in possible)
    types = _without_shells(types)
    return _piece(place, seen, types, keeper, tally.rows, notes)


def _piece(
    place: Place, seen: Seen, types: Types, keeper: Keeper, rows: int, notes: Notes
) -> Piece:
    def read(columns: Sequence[str], limit: int) -> Iterator[pa.RecordBatch]:
        held = keeper.all() if keeper.whole else _batches(place, seen, Tally(), notes)
        for batch in held:
            yield _shaped(batch, {name: types[name] for name in columns}, notes)

    def retype(other: Mapping[str, pa.DataType]) -> Piece:
        return _piece(place, seen, {**types, **other}, keeper, rows, notes)

    schema = pa.schema(list(types.items()))
    return Piece(name=place.name, schema=schema, rows=rows, read=read, retype=retype)


def _shaped(batch: pa.RecordBatch, types: Types, notes: Notes) -> pa.RecordBatch:
    present = set(batch.schema.names)
    arrays = [
        _typed(batch.column(name), kind, name, notes)
        if name in present
        else nulls_of(kind, batch.num_rows)
        for name, kind in types.items()
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(list(types.items())))


def _typed(column: pa.Array, kind: pa.DataType, name: str, notes: Notes) -> pa.Array:
    if column.type == TEXT and kinds.is_timestamp(kind):
        return column.dictionary.cast(kind).take(column.indices)
    return conformed(column, kind, name, notes)


def _wider(left: pa.DataType, right: pa.DataType) -> pa.DataType:
    """Like ``wider``, but ``true`` is no number in JSON."""
    if left != right and any(kinds.is_boolean(one) for one in (left, right)):
        return wider(left, right) if pa.null() in (left, right) else TEXT
    return wider(left, right)


def _stamp_types(column: pa.DictionaryArray) -> set[pa.DataType]:
    labels = column.dictionary
    first = next((one for one in labels.to_pylist() if one), "")
    if not (first[:4].isdigit() and first[4:5] == "-"):
        return set()
    found = set()
    for kind in STAMPS:
        with suppress(pa.ArrowInvalid):
            labels.cast(kind)
            found.add(kind)
    return found


def _without_shells(types: Types) -> Types:
    """Drop what was null or an empty object in one line and an object with fields in others."""
    heads = Counter(name[:at] for name in types for at, char in enumerate(name) if char == ".")
    return {n: kind for n, kind in types.items() if not (kinds.is_null(kind) and n in heads)}


def _judge(place: Place, tally: Tally, notes: Notes) -> None:
    if not tally.malformed:
        return
    total = tally.rows + tally.malformed
    if not tally.rows:
        raise DataError(
            f"{place.name}: no line holds a JSON object, the first failure is in line "
            f"{tally.first_malformed}",
            "write one object a line, or one array of objects",
        )
    notes[f"malformed:{place.name}"] = (
        f"{place.name}: {tally.malformed:,} of {total:,} lines hold no JSON object, "
        f"the first is line {tally.first_malformed}: left out"
    )


def _batches(place: Place, seen: Seen, tally: Tally, notes: Notes) -> Iterator[pa.RecordBatch]:
    try:
        for block in _blocks_of_rows(place, seen, notes):
            batch = _parsed(block, tally, notes)
            tally.line += block.count(b"\n")
            if batch.num_rows:
                tally.rows += batch.num_rows
                yield batch
    except (pa.ArrowException, OSError, UnicodeError) as problem:
        raise broken(place, problem) from problem


def _blocks_of_rows(place: Place, seen: Seen, notes: Notes) -> Iterator[bytes]:
    blocks = _blocks(place, seen)
    return translated(place.name, seen.layout, blocks, notes) if seen.layout else blocks


def _blocks(place: Place, seen: Seen) -> Iterator[bytes]:
    """Bytes of whole lines, UTF-8 whatever the file is in."""
    encoding = encoding_of(seen.head)
    with unpacked(place, seen.compression) as stream:
        if seen.head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
            yield from _lines_of_array(place, stream.read().decode(encoding))
            return
        decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)()
        rest = b""
        while chunk := stream.read(BLOCK):
            if decoder:
                chunk = decoder.decode(chunk).encode()
            rest = rest.removeprefix(codecs.BOM_UTF8) + chunk
            whole, newline, rest = rest.rpartition(b"\n")
            if newline:
                yield whole.removeprefix(codecs.BOM_UTF8) + newline
        if rest.strip():
            yield rest.removeprefix(codecs.BOM_UTF8) + b"\n"


def _lines_of_array(place: Place, text: str) -> Iterator[bytes]:
    try:
        rows = json.loads(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
    except ValueError as problem:
        raise DataError(
            f"{place.name} begins a JSON array that cannot be read: {problem}",
            "write one object a line",
        ) from None
    for start in range(0, len(rows), 4096):
        lines = (json.dumps(row, ensure_ascii=False) for row in rows[start : start + 4096])
        yield "".join(line + "\n" for line in lines).encode("utf-8", "replace")


def _parsed(block: bytes, tally: Tally, notes: Notes) -> pa.RecordBatch:
    """Parse with Arrow; line by line where it gives up or would change lists."""
    try:
        table = _by_arrow(block, tally)
    except pa.ArrowInvalid:
        return _by_lines(block, tally, notes)
    if any(_has_list(one.type) for one in table.schema):
        return _by_lines(block, tally, notes)
    batch = table.combine_chunks().to_batches()
    if not batch:
        return pa.record_batch({})
    return pick(batch[0], leaves(table.schema, {}), notes)


def _by_arrow(block: bytes, tally: Tally) -> pa.Table:
    table = _read_json(block, tally)
    times = {
        one.name: _timeless(one.type) for one in table.schema if _timeless(one.type) != one.type
    }
    if not times:
        return table
    tally.as_text.update(times)
    return _read_json(block, tally)


def _read_json(block: bytes, tally: Tally) -> pa.Table:
    schema = pa.schema(list(tally.as_text.items())) if tally.as_text else None
    table = pajson.read_json(
        io.BytesIO(block),
        read_options=pajson.ReadOptions(block_size=2**20),
        parse_options=pajson.ParseOptions(explicit_schema=schema),
    )
    if len(set(table.schema.names)) < table.num_columns:
        raise pa.ArrowInvalid("a key comes twice")
    return table


def _timeless(kind: pa.DataType) -> pa.DataType:
    if kinds.is_timestamp(kind):
        return pa.string()
    if kinds.is_struct(kind):
        return pa.struct([pa.field(one.name, _timeless(one.type)) for one in kind])
    return kind


def _has_list(kind: pa.DataType) -> bool:
    if kinds.is_struct(kind):
        return any(_has_list(one.type) for one in kind)
    return bool(kinds.is_list(kind))


def _by_lines(block: bytes, tally: Tally, notes: Notes) -> pa.RecordBatch:
    rows: list[dict[str, Any]] = []
    for at, line in enumerate(block.split(b"\n"), tally.line + 1):
        if not line.strip():
            continue
        row = _object(line, notes)
        if row is None:
            tally.malformed += 1
            tally.first_malformed = tally.first_malformed or at
        else:
            rows.append(dict(_flat("", row)))
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: _column([row.get(name) for row in rows]) for name in names}
    if not columns:
        return pa.record_batch({})
    flat = pa.record_batch(columns)
    return pick(flat, leaves(flat.schema, {}), notes)


def _object(line: bytes, notes: Notes) -> dict[str, Any] | None:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        notes["utf8"] = (
            "some lines hold bytes that are not UTF-8: shown as \N{REPLACEMENT CHARACTER}"
        )
        text = line.decode("utf-8", "replace")
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _flat(prefix: str, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value:
            yield from _flat(f"{name}.", value)
        elif isinstance(value, list):
            yield name, json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        else:
            yield name, None if value == {} else value


def _column(values: list[Any]) -> pa.Array:
    found = {type(value) for value in values if value is not None}
    if found <= {int, float} and found:
        with suppress(OverflowError, pa.ArrowException):
            return pa.array(values, pa.float64() if float in found else pa.int64())
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    if found <= {bool}:
        return pa.array(values, pa.bool_() if found else pa.null())
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()  # a lone surrogate is legal JSON, not UTF-8
