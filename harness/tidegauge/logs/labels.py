"""Labels that come in files of their own, later than the rows they belong to.

They are joined to rows by id. A label that comes twice counts once: the newest wins, by its
timestamp where there is one, else by the order of files and rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.errors import DataError
from tidegauge.logs.opening import open_log
from tidegauge.logs.record import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The newest label of each id."""

    source: str
    ids: pa.Array
    """As texts, each once."""
    values: pa.Array
    """In the order of ``ids``."""
    rows: int = 0
    """Rows that had an id and a label."""
    changed: int = 0
    """Ids whose label is another than it was at first."""
    digest: str = ""
    """Equal digests are equal labels."""

    @property
    def repeated(self) -> int:
        """Rows that a newer one took the place of."""
        return self.rows - len(self.ids)

    @property
    def said(self) -> str:
        """One sentence for a reader of the report."""
        twice = f", {self.repeated:,} of them again: the newest counts" if self.repeated else ""
        other = f" ({self.changed:,} with another label than before)" if self.changed else ""
        return f"{self.source}: {self.rows:,} labels{twice}{other}."


def read_labels(
    source: Any,
    *,
    id: str,
    target: str,
    timestamp: str = "",
    format: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Labels:
    """Read a log of labels.

    Parameters
    ----------
    source
        As ``open_log`` takes it; a pattern that nothing fits yet holds no label.
    id, target
        Its columns.
    timestamp
        Its column of the moment at which the label was made; empty = later rows are newer.

    Raises
    ------
    DataError
        When a column is missing, or a file cannot be read.

    Examples
    --------
    >>> found = read_labels({"id": [1, 2, 1], "paid": ["no", "no", "yes"]}, id="id", target="paid")
    >>> found.ids.to_pylist(), found.values.to_pylist(), found.repeated
    (['1', '2'], ['yes', 'no'], 1)
    """
    log = open_log(source, format=format, options=options)
    names = [id, target, *([timestamp] if timestamp else [])]
    table = pa.Table.from_batches(
        list(log.batches(names)), pa.schema([log.schema.field(name) for name in names])
    )
    known = pc.and_(pc.is_valid(table.column(id)), pc.is_valid(table.column(target)))
    table = table.filter(known)
    keys = texts(table.column(id)).dictionary_encode()
    values = plain(table.column(target))
    codes = np.asarray(keys.indices, dtype=np.int64)
    order = np.lexsort((np.arange(len(codes)), _moments(table, timestamp)))
    newest = np.zeros(len(keys.dictionary), np.int64)
    newest[codes[order]] = order  # of one id the last stays
    return Labels(
        source=log.source,
        ids=keys.dictionary,
        values=values.take(pa.array(newest)),
        rows=len(codes),
        changed=_changed(codes, values),
        digest=log.digest,
    )


def with_labels(log: Log, labels: Labels, *, id: str, target: str) -> Log:
    """Fill a log's labels in from those that arrived; a row without one keeps its own.

    Raises
    ------
    DataError
        When the log has no column of ids, or a label does not fit its column's type.
    """
    if id not in log.schema.names:
        raise DataError(
            f'{log.source} has no column "{id}" to join labels by', f"it has {log.schema.names}"
        )
    place = log.schema.get_field_index(target)
    kind = log.schema.field(target).type if place >= 0 else labels.values.type
    kind = labels.values.type if pa.types.is_null(kind) else kind
    field = pa.field(target, kind)
    schema = log.schema.set(place, field) if place >= 0 else log.schema.append(field)
    own = fitted(labels, kind, target)

    def read(names: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        if target not in names:
            yield from log.batches(names, rows=rows)
            return
        asked = dict.fromkeys([*names, id])
        for batch in log.batches([name for name in asked if name in log.schema.names], rows=rows):
            yield labelled(batch, own, id=id, target=target)

    remarks = {**log.remarks, f"labels of {labels.source}": labels.said}
    return replace(log, schema=schema, read=read, remarks=remarks)


def labelled(batch: pa.RecordBatch, labels: Labels, *, id: str, target: str) -> pa.RecordBatch:
    """Fill one batch's labels in; one without the column gets it."""
    found = labels.values.take(pc.index_in(texts(batch.column(id)), value_set=labels.ids))
    place = batch.schema.get_field_index(target)
    if place < 0:
        return batch.append_column(target, found)
    own = batch.column(place)
    if pa.types.is_null(own.type):
        return batch.set_column(place, pa.field(target, found.type), found)
    if pa.types.is_dictionary(own.type):
        filled = pc.coalesce(plain(found), plain(own)).dictionary_encode().cast(own.type)
    else:
        filled = pc.coalesce(found, own)
    return batch.set_column(place, batch.schema.field(place), filled)


def texts(column: Any) -> Any:
    """Ids as texts, so that 7 and "7" are one; ``7.0`` is 7 as well."""
    array = plain(column)
    if pa.types.is_floating(array.type):
        whole = pc.equal(array, pc.floor(array))
        if pc.all(pc.fill_null(whole, True)).as_py():
            array = array.cast(pa.int64())
    return array.cast(pa.string())


def plain(column: Any) -> Any:
    """Values without a dictionary, in one piece."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(array.type):
        return array.cast(array.type.value_type)
    return array


def _moments(table: pa.Table, timestamp: str) -> np.ndarray:
    """Seconds row by row; rows without a moment are the oldest."""
    if not timestamp:
        return np.zeros(table.num_rows)
    from tidegauge.profile.arrays import instants

    column = plain(table.column(timestamp))
    valid = np.asarray(pc.is_valid(column))
    found = np.full(len(column), -np.inf)
    read = instants(column)
    if read.unparsable:
        raise DataError(
            f'{read.unparsable:,} values of "{timestamp}" among the labels are no times',
            "allowed: timestamps, dates, ISO 8601 text, seconds since 1970",
        )
    found[valid] = read.values
    return found


def _changed(codes: np.ndarray, values: Any) -> int:
    """Count ids that have more than one label."""
    words = values.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    pairs = np.unique(np.column_stack([codes, words]), axis=0) if len(codes) else np.empty((0, 2))
    return int((np.bincount(pairs[:, 0].astype(np.int64)) > 1).sum()) if len(pairs) else 0


def fitted(labels: Labels, kind: pa.DataType, target: str) -> Labels:
    """Labels of the type that a log's column has.

    Raises
    ------
    DataError
        When they do not fit.
    """
    wanted = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_null(wanted):
        return labels
    try:
        values = labels.values.cast(wanted)
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{labels.source}: labels are {labels.values.type}, "
            f'the log\'s column "{target}" is {wanted}: {error}',
            "write them as the log does",
        ) from error
    if pa.types.is_dictionary(kind):
        values = values.dictionary_encode().cast(kind)
    return replace(labels, values=values)
