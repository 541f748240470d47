"""Arrow IPC: files, streams, and Feather, which is the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from tidegauge.logs.columns import leaves, pick, require_sound
from tidegauge.logs.places import Place
from tidegauge.logs.record import Notes, Piece
from tidegauge.logs.sniffing import broken, opened

MAGIC = b"ARROW1"


def open_arrow(place: Place, notes: Notes) -> Piece:
    """Open an Arrow IPC file or stream; only its schema is read."""
    try:
        with opened(place) as stream:
            found = leaves(_reader(stream).schema, notes)
    except (pa.ArrowException, OSError, EOFError, UnicodeError) as problem:
        raise broken(place, problem) from problem
    return Piece(
        name=place.name,
        schema=pa.schema([pa.field(one.name, one.type) for one in found]),
        rows=None,
        read=lambda columns, rows: _read(place, columns, rows, notes),
    )


def _reader(stream: pa.NativeFile) -> pa.RecordBatchFileReader | pa.RecordBatchStreamReader:
    framed = stream.read(len(MAGIC)) == MAGIC
    stream.seek(0)
    return pa.ipc.open_file(stream) if framed else pa.ipc.open_stream(stream)


def _read(
    place: Place, columns: Sequence[str], rows: int, notes: Notes
) -> Iterator[pa.RecordBatch]:
    wanted = set(columns)
    with opened(place) as stream:
        try:
            reader = _reader(stream)
            found = [one for one in leaves(reader.schema, {}) if one.name in wanted]
            for batch in _batches(reader):
                require_sound(batch, found)
                for start in range(0, batch.num_rows, rows):
                    yield pick(batch.slice(start, rows), found, notes)
        except (pa.ArrowException, OSError, EOFError, UnicodeError) as problem:
            raise broken(place, problem) from problem


def _batches(
    reader: pa.RecordBatchFileReader | pa.RecordBatchStreamReader,
) -> Iterator[pa.RecordBatch]:
    if isinstance(reader, pa.RecordBatchFileReader):
        for at in range(reader.num_record_batches):
            yield reader.get_batch(at)
    else:
        yield from reader
