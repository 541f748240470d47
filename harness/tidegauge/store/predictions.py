"""What a model said row by row, kept so that labels can be joined when the log is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from tidegauge.store.asking import COUNTS
from tidegauge.store.history import Store
from tidegauge.store.tables import predictions, runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The predictions of one window; ``table_of`` reads them."""

    suite: str
    span: str
    """What revisions of its run have in common."""
    run: str
    """The newest revision."""
    at: datetime
    window: str
    rows: int
    labelled: int
    """Rows whose label is there."""
    first_labelled: int
    """Rows whose label was there when the window was first judged."""
    digest: str
    """Of the labels that were joined last."""
    updated: datetime
    """When labels were last joined."""


def kept_windows(store: Store, suite: str, *, incomplete: bool = False) -> tuple[Kept, ...]:
    """List windows whose predictions are kept, the oldest first."""
    names = [c for c in predictions.c if c.name not in ("codec", "body")]
    where = [predictions.c.suite == suite, COUNTS]
    if incomplete:
        where.append(predictions.c.labelled < predictions.c.rows)
    asked = (
        sa.select(*names, runs.c.id.label("run"), runs.c.at, runs.c.window)
        .join(runs, (runs.c.suite == predictions.c.suite) & (runs.c.span == predictions.c.span))
        .where(*where)
        .order_by(runs.c.at, runs.c.no)
    )
    with store.reading() as connection:
        return tuple(Kept(**row._mapping) for row in connection.execute(asked))


def table_of(store: Store, kept: Kept) -> pa.Table:
    """Read the predictions of one window: id, prediction, scores, segments, label."""
    asked = sa.select(predictions.c.body).where(*_of(kept))
    with store.reading() as connection:
        return pa.ipc.open_stream(connection.execute(asked).scalar_one()).read_all()


def mark(
    store: Store, kept: Kept, *, now: datetime, digest: str, labelled: int | None = None
) -> None:
    """Note which labels were joined last, and how many rows have one."""
    values = {"digest": digest, "updated": now}
    if labelled is not None:
        values["labelled"] = labelled
    with store.transaction() as connection:
        connection.execute(sa.update(predictions).where(*_of(kept)).values(**values))


def _of(kept: Kept) -> tuple[sa.ColumnElement[bool], ...]:
    return predictions.c.suite == kept.suite, predictions.c.span == kept.span
