"""Frames in memory: pandas, polars, Arrow, NumPy, dictionaries, and all that speaks Arrow C."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from tidegauge.errors import DataError
from tidegauge.logs.columns import leaves, pick, unique
from tidegauge.logs.record import Notes, Piece

ALLOWED = (
    "allowed: a path or URL, a pandas or polars frame, an Arrow table, a dictionary of columns, "
    "a list of dictionaries, or anything with __arrow_c_stream__"
)


def open_frame(frame: Any, notes: Notes) -> Piece:
    """Take a frame as it is; nothing is copied that Arrow can share."""
    table = as_table(frame, notes)
    found = leaves(table.schema, notes)
    return Piece(
        name="frame",
        schema=pa.schema([pa.field(one.name, one.type) for one in found]),
        rows=table.num_rows,
        read=lambda columns, rows: _read(table, columns, rows, notes),
    )


def digest(piece: Piece) -> str:
    """SHA-256 of schema and row count: what is cheap to know of a frame."""
    return hashlib.sha256(f"{piece.schema}\n{piece.rows}".encode()).hexdigest()


def as_table(frame: Any, notes: Notes) -> pa.Table:
    """Make an Arrow table of whatever frame it is.

    Raises
    ------
    DataError
        When it is no frame.
    """
    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, pa.RecordBatch):
        return pa.Table.from_batches([frame])
    if isinstance(frame, pa.RecordBatchReader):
        return frame.read_all()
    home = type(frame).__module__.partition(".")[0]
    if home == "pandas" and hasattr(frame, "columns"):
        return _from_pandas(frame, notes)
    if home == "polars" and hasattr(frame, "get_columns"):
        return _from_polars(frame, notes)
    if home == "polars" and hasattr(frame, "collect"):
        return _from_polars(frame.collect(), notes)
    if hasattr(frame, "__arrow_c_stream__"):
        return _imported(frame)
    if hasattr(frame, "__arrow_c_array__"):
        return pa.Table.from_batches([pa.record_batch(frame)])
    return _from_python(frame, notes)


def _read(
    table: pa.Table, columns: Sequence[str], rows: int, notes: Notes
) -> Iterator[pa.RecordBatch]:
    wanted = set(columns)
    found = [one for one in leaves(table.schema, {}) if one.name in wanted]
    for batch in table.to_batches(max_chunksize=rows):
        yield pick(batch, found, notes)


def _imported(frame: Any) -> pa.Table:
    try:
        return pa.table(frame)
    except (TypeError, ValueError, pa.ArrowException) as problem:
        reason = str(problem).splitlines()[0]
        raise DataError(f"a {type(frame).__name__} cannot be read: {reason}", ALLOWED) from problem


def _from_columns(names: Sequence[str], arrays: Sequence[Any]) -> pa.Table:
    lengths = sorted({len(one) for one in arrays})
    if len(lengths) > 1:
        raise DataError(
            f"columns are of different length: {lengths[0]:,} to {lengths[-1]:,} rows",
            "pass columns of one length",
        )
    return pa.Table.from_arrays(list(arrays), names=list(names))


def _from_pandas(frame: Any, notes: Notes) -> pa.Table:
    names = [_label(name) for name in frame.columns]
    series = [frame.iloc[:, at] for at in range(len(names))]
    for name, level in _index(frame):
        if name not in names:
            names.insert(0, name)
            series.insert(0, level)
    fresh = unique(names, notes)
    return _from_columns(
        fresh, [_column(n, one, notes) for n, one in zip(fresh, series, strict=True)]
    )


def _label(name: Any) -> str:
    if isinstance(name, tuple):
        return ".".join(str(part) for part in name if str(part))
    return str(name)


def _index(frame: Any) -> Iterator[tuple[str, Any]]:
    # An index with a name is a column in all but place; so is one of times.
    for level in reversed(range(frame.index.nlevels)):
        values = frame.index.get_level_values(level)
        if values.name is not None:
            yield _label(values.name), values.to_series()
        elif type(values).__name__ == "DatetimeIndex":
            yield "index", values.to_series()


def _column(name: str, values: Any, notes: Notes) -> pa.Array:
    kind = str(getattr(values, "dtype", ""))
    if kind == "category":
        kind = str(getattr(values, "cat", values).categories.dtype)
    if kind.startswith(("period", "interval")):
        return _as_text(values)
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        notes[f"mixed:{name}"] = f'column "{name}" mixes types: read as text'
        return _as_text(values)
    if isinstance(array, pa.ChunkedArray):
        return array.combine_chunks()
    return array


def _as_text(values: Any) -> pa.Array:
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    if value is None or value != value or str(value) in ("<NA>", "NaT"):  # NaN
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value).encode("utf-8", "replace").decode()


def _from_polars(frame: Any, notes: Notes) -> pa.Table:
    # Polars hands Python objects over as bare addresses, so these are taken out first.
    objects = [one.name for one in frame.get_columns() if str(one.dtype) == "Object"]
    if not objects:
        return _imported(frame)
    for name in objects:
        notes[f"mixed:{name}"] = f'column "{name}" mixes types: read as text'
    arrays = [
        _as_text(one.to_list()) if one.name in objects else pa.chunked_array(one)
        for one in frame.get_columns()
    ]
    return _from_columns(frame.columns, arrays)


def _from_python(frame: Any, notes: Notes) -> pa.Table:
    if isinstance(frame, Mapping):
        names = unique([_label(name) for name in frame], notes)
        values = [_listed(name, one) for name, one in zip(names, frame.values(), strict=True)]
        return _from_columns(
            names, [_column_of(n, v, notes) for n, v in zip(names, values, strict=True)]
        )
    if isinstance(frame, list | tuple) and frame and all(isinstance(r, Mapping) for r in frame):
        keys = list(dict.fromkeys(key for row in frame for key in row))
        return _from_python({key: [row.get(key) for row in frame] for key in keys}, notes)
    shape = getattr(frame, "shape", None)
    if shape is not None and getattr(frame, "dtype", None) is not None:
        if frame.dtype.names:
            return _from_python({name: frame[name] for name in frame.dtype.names}, notes)
        if len(shape) == 2:
            return _from_python({f"x{at}": frame[:, at] for at in range(shape[1])}, notes)
    raise DataError(f"a {type(frame).__name__} is not a log", ALLOWED)


def _listed(name: str, values: Any) -> Any:
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        raise DataError(
            f'column "{name}" is a single {type(values).__name__}', "pass a list or an array"
        )
    return values


def _column_of(name: str, values: Any, notes: Notes) -> pa.Array:
    # In NumPy and in lists NaN is a value of its own; only pandas means "missing" by it.
    if type(values).__module__.partition(".")[0] == "pandas":
        return _column(name, values, notes)
    try:
        array = pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _column(name, values, notes)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
