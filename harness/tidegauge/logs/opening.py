"""Opening a log: find its files, tell their formats, agree on one schema."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from tidegauge.errors import DataError
from tidegauge.logs.columns import TEXT, conformed, constant, nulls_of, wider
from tidegauge.logs.kept import Budget
from tidegauge.logs.places import (
    NULL_PARTITION,
    Place,
    digest,
    find,
    is_template,
    splits_window,
)
from tidegauge.logs.record import Log, Notes, Piece, Read
from tidegauge.logs.sniffing import COMPRESSIONS, FORMATS, look, named
from tidegauge.logs.translating import LAYOUTS
from tidegauge.logs.windows import Window

CSV_OPTIONS = (
    "delimiter", "decimal", "encoding", "header", "names", "quote", "escape", "skip_rows", "nulls",
)  # fmt: skip
OPTIONS = (*CSV_OPTIONS, "storage")
TRACES = "mlflow-traces:"
"""How the place of traces on a server of MLflow begins."""
ALIASES = {"tsv": "csv", "feather": "arrow", "ipc": "arrow", "json": "jsonl", "ndjson": "jsonl"}


def open_log(
    source: Any,
    *,
    format: str | None = None,
    window: Window | None = None,
    timestamp: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Log:
    """Open rows that a model logged; batches are read when they are asked for.

    Parameters
    ----------
    source
        A path, folder, pattern, ``{date}`` template or URL, several of them in a list, or a
        frame: pandas, polars, Arrow, a dictionary of columns.
    format
        ``parquet``, ``csv``, ``jsonl`` or ``arrow``; ``chats``, ``otel`` or ``openinference`` for
        JSON Lines of language models, ``mlflow`` for its traces and evaluations; told from the
        file's bytes when not given.
    window
        Rows of which time are meant. It fills in ``{date}`` and ``{hour}``; without these, and
        where it splits a day or an hour, rows are chosen by ``timestamp``.
    timestamp
        Column of times: timestamps, dates, ISO text, or seconds to nanoseconds since 1970.
        Times without a zone are UTC.
    options
        For CSV ``delimiter``, ``decimal``, ``encoding``, ``header``, ``names``, ``quote``,
        ``escape``, ``skip_rows``, ``nulls``; for URLs ``storage``, passed to fsspec.

    Raises
    ------
    DataError
        When nothing is there, or not in a format that is read; the message says what was looked
        for and what was found.

    Examples
    --------
    >>> open_log({"age": [31, 47], "city": ["Bern", None]}).schema.field("age").type
    DataType(int64)
    """
    options = dict(options or {})
    _refuse_options(options)
    notes: Notes = {}
    paths = _paths(source)
    if paths is None:
        log = _of_frame(source, notes)
    elif paths[0].startswith(TRACES):
        from tidegauge.logs.mlflow_traces import open_experiment

        return open_experiment(paths[0], window, notes)
    else:
        log = _of_files(paths, _format(format), window, options, notes)
    if not log.schema.names:
        raise DataError(f"{log.source} has no columns", "pass rows with at least one column")
    if window is None or (paths and not _needs_rows(paths, window, timestamp)):
        return log
    return _within(log, window, timestamp)


def _refuse_options(options: Mapping[str, Any]) -> None:
    from tidegauge.catalog import nearest

    for name in options:
        if name not in OPTIONS:
            raise DataError(f'no log option is called "{name}"', nearest(name, OPTIONS))


def _format(name: str | None) -> str | None:
    from tidegauge.catalog import nearest

    if name is None:
        return None
    known, allowed = ALIASES.get(name, name), {*FORMATS.values(), *LAYOUTS}
    if known not in allowed:
        raise DataError(f'no log format is called "{name}"', nearest(name, allowed))
    return known


def _paths(source: Any) -> list[str] | None:
    if isinstance(source, str | os.PathLike):
        return [os.fspath(source)]
    several = isinstance(source, list | tuple) and len(source) > 0
    if several and all(isinstance(one, str | os.PathLike) for one in source):
        return [os.fspath(one) for one in source]
    return None


def _needs_rows(paths: Sequence[str], window: Window, timestamp: str | None) -> bool:
    if not all(is_template(path) for path in paths):
        return True
    return timestamp is not None and any(splits_window(path, window) for path in paths)


def _of_frame(frame: Any, notes: Notes) -> Log:
    from tidegauge.logs.frames import digest as digest_of
    from tidegauge.logs.frames import open_frame

    piece = _traces(frame, notes) or open_frame(frame, notes)
    return Log(
        source="frame",
        files=(),
        schema=piece.schema,
        digest=digest_of(piece),
        rows=piece.rows,
        read=piece.read,
        remarks=notes,
    )


def _traces(frame: Any, notes: Notes) -> Piece | None:
    """Open a pandas frame that ``mlflow.search_traces`` gave; its cells fit no Arrow type."""
    if type(frame).__module__.partition(".")[0] != "pandas" or not hasattr(frame, "to_dict"):
        return None
    from tidegauge.logs.mlflow_rows import is_frame

    if not is_frame(map(str, getattr(frame, "columns", ()))):
        return None
    from tidegauge.logs.mlflow_traces import open_frame_of_traces

    return open_frame_of_traces(frame, notes)


def _of_files(
    paths: Sequence[str],
    format: str | None,
    window: Window | None,
    options: Mapping[str, Any],
    notes: Notes,
) -> Log:
    source = ", ".join(paths)
    found = [place for path in paths for place in find(path, window, options, notes)]
    places = _of_one_format(_with_bytes(found, source, notes), source, format)
    budget = Budget()
    pieces = [_piece(place, format, options, notes, budget) for place in places]
    pieces = _with_partitions(pieces, places)
    schema, pieces = _agree(pieces, notes)
    known = [piece.rows for piece in pieces if piece.rows is not None]
    return Log(
        source=source,
        files=tuple(place.name for place in places),
        schema=schema,
        digest=digest(places),
        rows=sum(known) if len(known) == len(pieces) else None,
        read=_reading(pieces, schema, notes),
        remarks=notes,
    )


def _with_bytes(places: list[Place], source: str, notes: Notes) -> list[Place]:
    filled = [place for place in places if place.size]
    if not filled:
        raise DataError(
            f"{source}: {'the file is' if len(places) == 1 else 'all files are'} empty",
            "a log needs at least a header or a schema",
        )
    if len(filled) < len(places):
        notes["empty"] = f"{len(places) - len(filled)} of {len(places)} files are empty: left out"
    return filled


def _of_one_format(places: list[Place], source: str, format: str | None) -> list[Place]:
    """Leave out what lies beside the data in a folder: a README, a checksum."""
    if len(places) == 1:
        return places
    counts = Counter(named(place.path) for place in places)
    formats = {name for name in counts if name}
    file_format = "jsonl" if format in LAYOUTS else format
    if file_format in formats:
        return [place for place in places if named(place.path) == file_format]
    if len(formats) > 1 and format is None:
        listed = ", ".join(f"{counts[name]} {name}" for name in sorted(formats))
        raise DataError(f"{source} holds files of several formats: {listed}", "say which by format")
    strangers = (".txt", *COMPRESSIONS)
    kept = [p for p in places if named(p.path) and not p.path.lower().endswith(strangers[0])]
    return kept or places


def _piece(
    place: Place,
    format: str | None,
    options: Mapping[str, Any],
    notes: Notes,
    budget: Budget,
) -> Piece:
    promised = named(place.path)
    seen = look(place, None if format == "mlflow" and promised == "parquet" else format)
    if promised not in (None, seen.format) and format is None:
        notes[f"named:{place.name}"] = f"{place.name} is named {promised} and holds {seen.format}"
    if seen.format == "parquet":
        from tidegauge.logs.mlflow_rows import is_frame
        from tidegauge.logs.parquet import open_parquet

        piece = open_parquet(place, notes)
        if format in (None, "mlflow") and is_frame(
            {name.partition(".")[0] for name in piece.schema.names}
        ):
            from tidegauge.logs.mlflow_traces import open_traces

            return open_traces(place, notes)
        return piece
    if seen.format == "arrow":
        from tidegauge.logs.arrow import open_arrow

        return open_arrow(place, notes)
    if seen.format == "jsonl":
        from tidegauge.logs.jsonl import open_jsonl

        return open_jsonl(place, seen, notes, budget)
    from tidegauge.logs.csv import open_csv

    return open_csv(place, seen, options, notes, budget)


def _with_partitions(pieces: list[Piece], places: list[Place]) -> list[Piece]:
    names = list(dict.fromkeys(name for place in places for name in place.partitions))
    if not names:
        return pieces
    columns = {name: _parsed([p.partitions.get(name) for p in places]) for name in names}
    result = []
    for at, piece in enumerate(pieces):
        new = [name for name in names if name not in piece.schema.names]
        schema = pa.schema([*piece.schema, *(pa.field(n, _text_or(columns[n])) for n in new)])
        constants = {name: columns[name][at] for name in new}
        result.append(replace(piece, schema=schema, constants=constants))
    return result


def _parsed(values: list[str | None]) -> pa.Array:
    strings = pa.array([None if v == NULL_PARTITION else v for v in values], pa.string())
    for kind in (pa.int64(), pa.date32()):
        try:
            return strings.cast(kind)
        except pa.ArrowInvalid:
            continue
    return strings


def _text_or(column: pa.Array) -> pa.DataType:
    return TEXT if column.type == pa.string() else column.type


def _agree(pieces: list[Piece], notes: Notes) -> tuple[pa.Schema, list[Piece]]:
    """Find one type a column over all pieces, and say where they differ."""
    kinds: dict[str, pa.DataType] = {}
    seen: dict[str, Counter[str]] = {}
    for piece in pieces:
        for one in piece.schema:
            kinds[one.name] = wider(kinds.get(one.name, one.type), one.type)
            seen.setdefault(one.name, Counter())[_word(one.type)] += 1
    for name, counts in seen.items():
        _note_difference(name, counts, kinds[name], len(pieces), notes)
    schema = pa.schema([pa.field(name, kind) for name, kind in kinds.items()])
    return schema, [_retyped(piece, kinds) for piece in pieces]


def _word(kind: pa.DataType) -> str:
    return "string" if kind == TEXT else str(kind)


def _note_difference(
    name: str, counts: Counter[str], kind: pa.DataType, files: int, notes: Notes
) -> None:
    absent = files - counts.total()
    if absent:
        notes[f"absent:{name}"] = f'{absent} of {files} files have no column "{name}": read as null'
    if len([word for word in counts if word != "null"]) > 1:
        listed = ", ".join(f"{word} in {n}" for word, n in counts.most_common())
        notes[f"types:{name}"] = f'column "{name}" is {listed} files: read as {_word(kind)}'


def _retyped(piece: Piece, kinds: Mapping[str, pa.DataType]) -> Piece:
    if piece.retype is None:
        return piece
    own = [one for one in piece.schema if one.name not in piece.constants]
    to_text = {
        o.name: TEXT for o in own if kinds[o.name] == TEXT and o.type not in (TEXT, pa.null())
    }
    return replace(piece.retype(to_text), constants=piece.constants) if to_text else piece


def _reading(pieces: Sequence[Piece], schema: pa.Schema, notes: Notes) -> Read:
    def read(columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        fields = [schema.field(name) for name in columns]
        for piece in pieces:
            yield from _conforming(piece, fields, rows, notes)

    return read


def _conforming(
    piece: Piece, fields: Sequence[pa.Field], rows: int, notes: Notes
) -> Iterator[pa.RecordBatch]:
    own = [name for name in piece.schema.names if name not in piece.constants]
    wanted = [one.name for one in fields if one.name in own]
    for batch in piece.read(wanted or own[:1], rows):
        arrays = [_array(batch, one, piece, notes) for one in fields]
        yield pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _array(batch: pa.RecordBatch, field: pa.Field, piece: Piece, notes: Notes) -> pa.Array:
    if field.name in piece.constants:
        array = constant(piece.constants[field.name], batch.num_rows)
    elif field.name in batch.schema.names:
        array = batch.column(field.name)
    else:
        return nulls_of(field.type, batch.num_rows)
    try:
        return conformed(array, field.type, field.name, notes)
    except pa.ArrowInvalid as problem:
        raise DataError(
            f'{piece.name}: column "{field.name}" does not fit {_word(field.type)}, '
            f"which the other files have: {str(problem).splitlines()[0]}",
            "write the column in one type",
        ) from problem


def _within(log: Log, window: Window, timestamp: str | None) -> Log:
    from tidegauge.catalog import nearest
    from tidegauge.logs.instants import within

    if timestamp is None:
        raise DataError(
            f"{log.source}: the window {window} cannot be applied without times",
            "name the timestamp column, or put {date} into the path",
        )
    if timestamp not in log.schema.names:
        raise DataError(
            f'{log.source} has no timestamp column "{timestamp}"',
            nearest(timestamp, log.schema.names),
        )
    notes = log.remarks

    def read(columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        names = list(dict.fromkeys([*columns, timestamp]))
        return within(log.read(names, rows), timestamp, window, notes)

    return replace(log, read=read, rows=None)
