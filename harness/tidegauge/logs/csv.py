"""CSV and its relatives: types are settled by reading to the end, so no late value surprises."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from pyarrow import types as kinds

from tidegauge.errors import DataError
from tidegauge.logs.columns import TEXT, unique
from tidegauge.logs.dialects import Dialect, dialect_of
from tidegauge.logs.kept import Budget, Keeper
from tidegauge.logs.places import Place
from tidegauge.logs.record import Notes, Piece
from tidegauge.logs.sniffing import Seen, broken, unpacked

BLOCK = 2**22
LARGEST_BLOCK = 2**29
"""A line longer than a block cannot be read; blocks grow up to here for it."""

MICROS, ZONED = pa.timestamp("us"), pa.timestamp("us", "UTC")
PATIENCE = 8
"""Columns corrected one by one, a reading each, before all are tried at once on every value."""

LADDERS = ((pa.int64(), pa.float64()), (pa.bool_(),), (pa.timestamp("s"), MICROS), (ZONED,))
"""Types to try on text; what fits one fits all to its right."""

Types = dict[str, pa.DataType]


def open_csv(
    place: Place, seen: Seen, options: Mapping[str, Any], notes: Notes, budget: Budget
) -> Piece:
    """Open a CSV file: its dialect is told, its types are settled."""
    dialect = dialect_of(place, seen, options, notes)
    source = Source(place, seen.compression, dialect, unique(dialect.names, notes), notes)
    types, keeper, rows = _settled(source, budget)
    return _piece(source, types, keeper, rows)


class Source:
    """A CSV file and how it is read; the way of reading is corrected as faults turn up."""

    __slots__ = ("block", "compression", "dialect", "names", "notes", "place")

    def __init__(
        self,
        place: Place,
        compression: str | None,
        dialect: Dialect,
        names: list[str],
        notes: Notes,
    ) -> None:
        self.place = place
        self.compression = compression
        self.dialect = dialect
        self.names = names
        self.notes = notes
        self.block = BLOCK

    def reader(
        self, types: Types | None, columns: Sequence[str] = (), ragged: list[int] | None = None
    ) -> pacsv.CSVStreamingReader:
        """Start reading from the top."""
        own, counts = self.dialect, ragged if ragged is not None else [0]

        def skip(row: pacsv.InvalidRow) -> str:
            counts[0] += 1
            self.notes.setdefault(
                f"first ragged:{self.place.name}",
                f"{self.place.name}: a line has {row.actual_columns} fields instead of "
                f"{row.expected_columns}: {row.text[:60]!r}",
            )
            return "skip"

        return pacsv.open_csv(
            unpacked(self.place, self.compression),
            read_options=pacsv.ReadOptions(
                block_size=self.block,
                column_names=self.names,
                skip_rows=own.skip,
                encoding=own.encoding,
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=own.delimiter,
                quote_char=own.quote or False,
                escape_char=own.escape or False,
                newlines_in_values=True,
                invalid_row_handler=skip,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=types,
                include_columns=list(columns),
                null_values=list(own.nulls),
                strings_can_be_null=True,
                decimal_point=own.decimal,
            ),
        )


def _piece(source: Source, types: Types, keeper: Keeper, rows: int) -> Piece:
    def read(columns: Sequence[str], limit: int) -> Iterator[pa.RecordBatch]:
        return keeper.read(columns, limit) if keeper.whole else _stream(source, types, columns)

    def retype(other: Mapping[str, pa.DataType]) -> Piece:
        keeper.drop()
        return _piece(source, {**types, **other}, keeper, rows)

    return Piece(
        name=source.place.name,
        schema=pa.schema(list(types.items())),
        rows=rows,
        read=read,
        retype=retype,
    )


def _stream(source: Source, types: Types, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    try:
        yield from source.reader(types, columns)
    except (pa.ArrowException, OSError, UnicodeError) as problem:
        raise broken(source.place, problem) from problem


def _settled(source: Source, budget: Budget) -> tuple[Types, Keeper, int]:
    """Read to the end, correcting encoding, block size and types until everything fits."""
    types: Types | None = None
    guessed: Types = {}
    corrections = 0
    while True:
        keeper, ragged = Keeper(budget), [0]
        try:
            if types is None:
                types = guessed = _guess(source)
            rows = _pass(source, types, keeper, ragged)
        except (pa.ArrowException, OSError, UnicodeError) as problem:
            keeper.drop()
            corrections += 1
            types = _corrected(source, types, corrections, problem)
            continue
        _note(source, guessed, types, ragged[0], rows)
        return types, keeper, rows


def _pass(source: Source, types: Types, keeper: Keeper, ragged: list[int]) -> int:
    rows = 0
    for batch in source.reader(types, ragged=ragged):
        rows += batch.num_rows
        keeper.add(batch)
    return rows


def _guess(source: Source) -> Types:
    with source.reader(None) as reader:
        return {one.name: _chosen(one.type) for one in reader.schema}


def _chosen(kind: pa.DataType) -> pa.DataType:
    if kinds.is_date(kind):
        return pa.timestamp("s")
    if kinds.is_timestamp(kind) and kind.unit == "ns":
        return pa.timestamp("us", kind.tz)
    known = kinds.is_null(kind) or kinds.is_timestamp(kind) or kinds.is_boolean(kind)
    return kind if known or kind in (pa.int64(), pa.float64()) else TEXT


_MISFIT = re.compile(
    r"In CSV column #(\d+): CSV conversion error to .*?: invalid value '(.*)'", re.S
)


def _corrected(
    source: Source, types: Types | None, corrections: int, problem: Exception
) -> Types | None:
    """Change what the failure asks to be changed; types begin anew where None comes back."""
    message = str(problem)
    if "straddl" in message and source.block < LARGEST_BLOCK:
        source.block *= 8
        return types
    if isinstance(problem, UnicodeError) or "UTF8" in message or "utf-8" in message:
        _next_encoding(source, problem)
        return None
    found = _MISFIT.search(message)
    if not found or types is None:
        raise broken(source.place, problem) from problem
    if corrections == PATIENCE:
        return _widened(source)
    name = list(types)[int(found[1])]
    fitting = TEXT if corrections > PATIENCE else _fitting(types[name], found[2], source.dialect)
    return {**types, name: fitting}


def _fitting(kind: pa.DataType, value: str, dialect: Dialect) -> pa.DataType:
    """Find the narrowest type that holds a value and all that came before it."""
    for ladder in LADDERS:
        rungs = (
            ladder
            if kinds.is_null(kind)
            else ladder[ladder.index(kind) + 1 :]
            if kind in ladder
            else ()
        )
        left = [list(rungs)]
        _try(pa.array([value]), left, dialect.decimal)
        if left[0]:
            return left[0][0]
    return TEXT


def _next_encoding(source: Source, problem: Exception) -> None:
    name = source.dialect.encoding.lower()
    if name not in ("utf-8", "utf-8-sig", "cp1252"):
        raise broken(source.place, problem) from problem
    following = "latin-1" if name == "cp1252" else "cp1252"
    source.dialect = replace(source.dialect, encoding=following)
    source.notes[f"encoding:{source.place.name}"] = (
        f"{source.place.name} is not {name} throughout: read as {following}"
    )


def _widened(source: Source) -> Types:
    """Try every type on every value, with all columns read as text."""
    plain = dict.fromkeys(source.names, TEXT)
    alive = {name: [list(ladder) for ladder in LADDERS] for name in source.names}
    filled: set[str] = set()
    for batch in source.reader(plain):
        for name, ladders in alive.items():
            column = batch.column(name)
            if column.null_count < len(column):
                filled.add(name)
                _try(column.dictionary, ladders, source.dialect.decimal)
    return {
        name: next((one[0] for one in alive[name] if one), TEXT) if name in filled else pa.null()
        for name in source.names
    }


def _try(column: pa.Array, ladders: list[list[pa.DataType]], decimal: str) -> None:
    text = pc.utf8_trim_whitespace(column) if any(ladders) else column
    if decimal != ".":
        text = pc.replace_substring(text, decimal, ".", max_replacements=1)
    for ladder in ladders:
        while ladder:
            with suppress(pa.ArrowInvalid):
                text.cast(ladder[0])
                break
            ladder.pop(0)


def _note(source: Source, guessed: Types, types: Types, ragged: int, rows: int) -> None:
    notes, name = source.notes, source.place.name
    first = notes.pop(f"first ragged:{name}", "")
    if ragged and not rows:
        raise DataError(first, "check the delimiter; no line has as many fields as the header")
    if ragged:
        notes[f"ragged:{name}"] = f"{first}; lines left out: {ragged:,}"
    for column, kind in types.items():
        before = guessed.get(column, kind)
        if kind == TEXT and before != TEXT and not kinds.is_null(before):
            notes[f"late:{column}"] = f'column "{column}" is not {before} throughout: read as text'
