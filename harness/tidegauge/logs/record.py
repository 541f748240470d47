"""The log as a record: a schema, and batches that can be read again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import pyarrow as pa

from tidegauge.errors import DataError

Notes: TypeAlias = dict[str, str]
"""What was repaired or left out, one sentence under each key; a second reading says it once."""

Read: TypeAlias = Callable[[Sequence[str], int], Iterator[pa.RecordBatch]]
"""From column names and rows a batch to batches that hold at least those columns."""

BATCH_BYTES = 2**26
"""Larger batches are no faster (a column then leaves the cache) and cost memory several times
over: the batch, its successor in the making, and what the reader holds between them."""
SMALLEST_BATCH, LARGEST_BATCH = 16_384, 2**18
SMALL = 32_768
"""Shorter batches are joined: what a batch costs beside its rows would dominate them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One file, or one frame, opened: its columns as they will come."""

    name: str
    schema: pa.Schema
    rows: int | None
    """Rows, where the format tells without reading them."""
    read: Read
    retype: Callable[[Mapping[str, pa.DataType]], Piece] | None = None
    """For formats of text: the same file with some columns read as other types, so that
    ``007`` stays ``007`` when another file of the log holds ``A07``."""
    constants: Mapping[str, pa.Scalar] = field(default_factory=dict)
    """Columns that the path holds: ``date=2026-01-01``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Rows of a model, ready to be read in batches of bounded size.

    Strings come as ``dictionary<int32, string>``, structs as columns ``outer.inner``, lists and
    maps as JSON text; every other type comes as it was written.
    """

    source: str
    """What the user wrote; ``frame`` for a frame."""
    files: tuple[str, ...]
    schema: pa.Schema
    """Unified over files, as the batches come."""
    digest: str
    """SHA-256 of names, sizes and times of the files; of schema and row count of a frame."""
    rows: int | None = None
    """Rows, where that is known without reading them."""
    read: Read = field(repr=False, compare=False)
    remarks: Notes = field(default_factory=dict, repr=False, compare=False)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was repaired or left out; reading the batches may add to it."""
        return tuple(self.remarks.values())

    def batches(
        self, columns: Sequence[str] | None = None, *, rows: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Read the log from its start.

        Parameters
        ----------
        columns
            Names, in the order they shall come; all of them when not given.
        rows
            Most rows of one batch; chosen from a byte budget when not given.

        Raises
        ------
        DataError
            When a column does not exist, or a file breaks off.

        Examples
        --------
        >>> from tidegauge.logs import open_log
        >>> log = open_log({"age": [31, 47], "city": ["Bern", None]})
        >>> [batch.to_pydict() for batch in log.batches(["city"])]
        [{'city': ['Bern', None]}]
        """
        names = self.schema.names if columns is None else list(columns)
        self._refuse_unknown(names)
        limit = rows if rows is not None else rows_for(len(names))
        found = self.read(names or self.schema.names[:1], limit)
        return joined((batch.select(names) for batch in found if batch.num_rows), limit)

    def _refuse_unknown(self, names: Sequence[str]) -> None:
        known = set(self.schema.names)
        unknown = [name for name in names if name not in known]
        if unknown:
            from tidegauge.catalog import nearest

            raise DataError(
                f'{self.source} has no column "{unknown[0]}"', nearest(unknown[0], known)
            )


def rows_for(columns: int) -> int:
    """Rows of a batch that keeps within the byte budget, at eight bytes a value."""
    fitting = BATCH_BYTES // (8 * max(columns, 1))
    return min(max(fitting, SMALLEST_BATCH), LARGEST_BATCH)


def joined(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Join runs of short batches, cut long ones; rows keep their order."""
    enough = min(SMALL, rows)
    waiting: list[pa.RecordBatch] = []
    held = 0
    for batch in batches:
        for start in range(0, batch.num_rows, rows):
            part = batch.slice(start, rows)
            if waiting and (part.num_rows >= enough or held + part.num_rows > rows):
                yield _together(waiting)
                waiting, held = [], 0
            if part.num_rows >= enough:
                yield part
                continue
            waiting.append(part)
            held += part.num_rows
            if held >= enough:
                yield _together(waiting)
                waiting, held = [], 0
    if waiting:
        yield _together(waiting)


def _together(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    if not batches[0].num_columns:
        first = pa.table({"n": pa.nulls(sum(batch.num_rows for batch in batches))})
        return first.to_batches()[0].select([])
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
