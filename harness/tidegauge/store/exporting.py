"""Writes a history to Parquet files, for whatever reads tables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from tidegauge.errors import HistoryError
from tidegauge.store.asking import within
from tidegauge.store.tables import causes, results, runs, subjects

BATCH = 20_000
"""Rows held in memory at a time."""
TYPES = {
    sa.Text: pa.string(),
    sa.String: pa.string(),
    sa.Integer: pa.int64(),
    sa.BigInteger: pa.int64(),
    sa.Float: pa.float64(),
    sa.Boolean: pa.bool_(),
}
INSTANT = pa.timestamp("us", tz="UTC")


def export(connection: sa.Connection, folder: Path, *, suite: str | None = None) -> dict[Path, int]:
    """Write ``runs.parquet``, ``results.parquet`` and ``causes.parquet``, superseded runs too.

    Returns
    -------
    File -> rows in it.

    Raises
    ------
    HistoryError
        When a file cannot be written.
    """
    where = within(suite, None, None, superseded=True)
    tables = {"runs": _runs(where), "results": _results(where), "causes": _causes(where)}
    written: dict[Path, int] = {}
    drafts: dict[Path, Path] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, asked in tables.items():
            path = folder / f"{name}.parquet"
            drafts[path] = path.with_name(f".{path.name}.{os.getpid()}")
            written[path] = _write(connection, asked, drafts[path])
        for path, draft in drafts.items():
            draft.replace(path)
    except OSError as error:
        raise HistoryError(f"cannot write {error.filename}: {error.strerror}") from error
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
    return written


def _runs(where: list[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    shown = (column for column in runs.c if column.name not in ("no", "span"))
    return sa.select(*shown).where(*where).order_by(runs.c.no)


def _results(where: list[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    about = (column for column in subjects.c if column.name != "no")
    shown = (column for column in results.c if column.name not in ("subject", "run"))
    return (
        sa.select(runs.c.id.label("run"), runs.c.at, *about, *shown)
        .join_from(results, runs, runs.c.no == results.c.run)
        .join(subjects, subjects.c.no == results.c.subject)
        .where(*where)
        .order_by(results.c.run, results.c.subject)
    )


def _causes(where: list[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    shown = (column for column in causes.c if column.name != "run")
    return (
        sa.select(runs.c.id.label("run"), runs.c.suite, runs.c.at, *shown)
        .join_from(causes, runs, runs.c.no == causes.c.run)
        .where(*where)
        .order_by(causes.c.run, causes.c.place)
    )


def _write(connection: sa.Connection, asked: sa.Select[Any], path: Path) -> int:
    schema = pa.schema(
        [(column.name, TYPES.get(type(column.type), INSTANT)) for column in asked.selected_columns]
    )
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(connection.execution_options(yield_per=BATCH).execute(asked)):
            columns = zip(*batch, strict=True)
            arrays = [pa.array(list(c), f.type) for c, f in zip(columns, schema, strict=True)]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
            rows += len(batch)
    return rows


def _batches(found: sa.CursorResult[Any]) -> Iterator[list[tuple[Any, ...]]]:
    for part in found.partitions():
        yield [tuple(row) for row in part]
