"""Keeps what a model said of a window's rows, in as few columns as performance needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tidegauge.logs import Log
from tidegauge.profile import Layout
from tidegauge.running import Ran

if TYPE_CHECKING:
    from tidegauge.store import Store

CODEC = "arrow"
"""A stream of Arrow, its buffers compressed."""
HERE = "WHERE suite = :suite AND span = :span"
COMPLETE = f"UPDATE predictions SET labelled = rows {HERE}"
FIRST = f"SELECT first_labelled FROM predictions {HERE}"
REPLACED = f"DELETE FROM predictions {HERE}"
FORGOTTEN = """
DELETE FROM predictions WHERE suite = :suite AND updated < :old
AND span NOT IN (SELECT span FROM runs WHERE suite = :suite)
"""
"""Predictions of windows whose runs the history has forgotten."""
GRACE = timedelta(days=1)
"""Another process may be about to keep the run of predictions younger than this."""
MOST = 5_000_000
"""Rows of a window beyond which its predictions are not kept: some 100 MB."""


def keep_predictions(store: Store, ran: Ran) -> bool:
    """Keep a run's ids, predictions, scores, segments and labels, unless every label is there.

    Call it before the run itself is kept: a crash between leaves what nobody asks for.

    Returns
    -------
    Whether there was anything to keep: an id, a target, and an answer of the model.
    """
    from tidegauge.store import keeping
    from tidegauge.store.speaking import insert

    layout, log = ran.reference.profile.layout, ran.log
    if not wanted(layout, log) or ran.profile.n > MOST:
        return False
    table = outcome_rows(log, layout)
    labelled = labels_in(table, layout)
    place = {"suite": ran.report.suite, "span": keeping.span_of(ran.report)}
    if labelled == table.num_rows:
        with store.speaking() as speaker:
            speaker.tell(COMPLETE, [place])
        return False
    row: dict[str, Any] = {
        **place,
        "rows": table.num_rows,
        "labelled": labelled,
        "digest": ran.late.digest if ran.late else "",
        "updated": datetime.now(UTC),
        "codec": CODEC,
        "body": _written(table),
    }
    with store.speaking() as speaker:
        first = speaker.ask(FIRST, **place)
        row["first_labelled"] = first[0][0] if first else labelled
        speaker.tell(REPLACED, [place])
        speaker.tell(FORGOTTEN, [{"suite": place["suite"], "old": row["updated"] - GRACE}])
        speaker.tell(insert("predictions", row), [row])
    return True


def wanted(layout: Layout, log: Log) -> bool:
    """Whether labels could be joined to this log, and would tell of performance."""
    answers = [layout.prediction, *layout.scores.values()]
    answered = any(name in log.schema.names for name in answers if name)
    return layout.target is not None and layout.id in log.schema.names and answered


def outcome_rows(log: Log, layout: Layout) -> pa.Table:
    """Read the columns that performance and its slices need."""
    names = [name for name in _names(layout) if name in log.schema.names]
    schema = pa.schema([log.schema.field(name) for name in names])
    table = pa.Table.from_batches(list(log.batches(names)), schema)
    target = layout.target.column if layout.target else ""
    if target not in names:
        table = table.append_column(target, pa.nulls(table.num_rows))
    said = {"id": layout.id, "target": target}
    return table.unify_dictionaries().replace_schema_metadata(said)


def labels_in(table: pa.Table, layout: Layout) -> int:
    """Count rows with a label."""
    assert layout.target is not None
    column = table.column(layout.target.column)
    return len(column) - int(column.null_count)


def _names(layout: Layout) -> Iterable[str]:
    target = layout.target.column if layout.target else ""
    names = [
        layout.id, layout.timestamp, layout.prediction, *layout.scores.values(),
        *layout.segments, layout.model_version, layout.conversation, target,
    ]  # fmt: skip
    return dict.fromkeys(name for name in names if name)


def _written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table.combine_chunks())
    body: bytes = sink.getvalue().to_pybytes()
    return body
