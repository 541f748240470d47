"""Traces of MLflow out of frames, Parquet files, and a server's experiments."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tidegauge.errors import DataError, MissingExtraError
from tidegauge.logs.frames import open_frame
from tidegauge.logs.mlflow_rows import rows_of
from tidegauge.logs.places import Place
from tidegauge.logs.record import Log, Notes, Piece
from tidegauge.logs.sniffing import broken, opened
from tidegauge.logs.windows import Window

SERVER = "set MLFLOW_TRACKING_URI to the server that holds the traces"
UNREAD = ("trace",)
"""Columns of an export that hold everything once more."""
PAGE = 500
"""Traces asked for at once; a server gives no more."""
MOST = 200_000
"""Traces that are held in memory."""


def open_traces(place: Place, notes: Notes) -> Piece:
    """Open a Parquet file of traces, as ``mlflow.search_traces().to_parquet()`` writes it."""
    try:
        with opened(place) as stream:
            file = pq.ParquetFile(stream)
            names = [name for name in file.schema_arrow.names if name not in UNREAD]
            records = (
                row
                for batch in file.iter_batches(batch_size=1_000, columns=names)
                for row in batch.to_pylist()
            )
            table = _table(place.name, records, notes)
    except (pa.ArrowException, OSError, UnicodeError) as problem:
        raise broken(place, problem) from problem
    return _named(place.name, table, notes)


def open_frame_of_traces(frame: Any, notes: Notes) -> Piece:
    """Open a pandas frame of traces, whose cells are dictionaries and lists."""
    wanted = frame[[name for name in frame.columns if name not in UNREAD]]
    return _named("frame", _table("frame", wanted.to_dict("records"), notes), notes)


def open_experiment(url: str, window: Window | None, notes: Notes) -> Log:
    """Fetch the traces of an experiment, named by ``mlflow-traces:/NAME``.

    The server is the one of ``MLFLOW_TRACKING_URI``; with a window only its traces are asked for.

    Raises
    ------
    MissingExtraError
        When MLflow is not installed.
    DataError
        When there is no such experiment, or the server cannot be asked.
    """
    name = url.partition(":")[2].strip("/")
    table = _table(url, _fetched(url, name, window), notes)
    piece = _named(url, table, notes)
    ids = "\n".join(str(one) for one in table.column("id").to_pylist())
    return Log(
        source=url,
        files=(),
        schema=piece.schema,
        digest=hashlib.sha256(ids.encode("utf-8", "replace")).hexdigest(),
        rows=piece.rows,
        read=piece.read,
        remarks=notes,
    )


def _fetched(url: str, name: str, window: Window | None) -> Iterator[Mapping[str, Any]]:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import mlflow
            from mlflow.exceptions import MlflowException
    except ImportError as error:
        raise MissingExtraError(
            f"{url} needs MLflow, which is not installed", 'pip install "tidegauge[mlflow]"'
        ) from error
    if not mlflow.is_tracking_uri_set():  # type: ignore[no-untyped-call, unused-ignore]
        raise DataError(f"{url}: no MLflow server is named", SERVER)
    try:
        client = mlflow.MlflowClient()
        found = client.get_experiment_by_name(name)
        if found is None:
            known = [one.name for one in client.search_experiments(max_results=20)]
            raise DataError(f'{url}: MLflow has no experiment "{name}"', _known(known))
        yield from _pages(client, found.experiment_id, window)
    except (MlflowException, OSError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{url}: {said}", SERVER) from error


def _known(names: list[str]) -> str:
    return f"experiments there: {', '.join(names)}" if names else "it holds no experiment"


def _pages(client: Any, experiment: str, window: Window | None) -> Iterator[Mapping[str, Any]]:
    query: dict[str, Any] = {"locations": [experiment], "max_results": PAGE}
    if window is not None:
        start, end = (round(one.timestamp() * 1_000) for one in (window.start, window.end))
        query["filter_string"] = f"trace.timestamp_ms >= {start} AND trace.timestamp_ms < {end}"
    token, read = None, 0
    while read < MOST:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            page = client.search_traces(**query, page_token=token)
        yield from (one.to_dict() for one in page)
        read, token = read + len(page), page.token
        if not token:
            return
    raise DataError(f"more than {MOST:,} traces", "read fewer at once: give the log a window")


def _table(name: str, records: Iterable[Mapping[str, Any]], notes: Notes) -> pa.Table:
    left: Counter[str] = Counter()
    rows = list(rows_of(records, left))
    if not rows:
        raise DataError(f"{name}: found no trace", "widen the window, or look at the experiment")
    said = "".join(f"; left out: {count:,} {what}" for what, count in left.items())
    notes[f"layout:{name}"] = f"{name} is read as traces of MLflow: {len(rows):,} rows{said}"
    names = dict.fromkeys(key for row in rows for key in row)
    columns = {key: _column([row.get(key) for row in rows]) for key in names}
    return pa.table({key: one for key, one in columns.items() if not pa.types.is_null(one.type)})


def _column(values: list[Any]) -> pa.Array:
    kinds = {type(one) for one in values if one is not None}
    if kinds == {int, float}:
        return pa.array(values, pa.float64())
    if len(kinds) <= 1:
        return pa.array(values)
    texts = [one if one is None or isinstance(one, str) else json.dumps(one) for one in values]
    return pa.array(texts, pa.string())


def _named(name: str, table: pa.Table, notes: Notes) -> Piece:
    return replace(open_frame(table, notes), name=name)
