"""Runs page by page, and what tells that a history has grown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tidegauge.errors import HistoryError
from tidegauge.store.asking import COUNTS, run_of, within
from tidegauge.store.history import Store
from tidegauge.store.records import RunRow
from tidegauge.store.tables import runs


def page(
    store: Store,
    suite: str | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    superseded: bool = False,
    after: str = "",
    limit: int = 50,
) -> tuple[tuple[RunRow, ...], str]:
    """List runs, the newest window first, a page at a time.

    Parameters
    ----------
    after
        What the page before gave; empty for the first page.

    Returns
    -------
    The page, and what to ask the next one with: empty at the end.

    Raises
    ------
    HistoryError
        When the run that ``after`` names is not there any more.
    """
    where = within(suite, since, until, superseded=superseded)
    with store.reading() as connection:
        if after:
            where.append(_behind(connection, after))
        asked = (sa.select(runs).where(*where).order_by(runs.c.at.desc(), runs.c.no.desc())).limit(
            limit + 1
        )
        found = tuple(run_of(row) for row in connection.execute(asked))
    return found[:limit], found[limit - 1].id if len(found) > limit else ""


def beside(store: Store, row: RunRow) -> tuple[str, str]:
    """Ids of the runs of the windows before and after one; empty where there is none."""
    found = []
    with store.reading() as connection:
        for side, order in (
            (runs.c.at < row.at, runs.c.at.desc()), (runs.c.at > row.at, runs.c.at.asc()),
        ):  # fmt: skip
            asked = sa.select(runs.c.id).where(runs.c.suite == row.suite, COUNTS, side)
            found.append(connection.scalar(asked.order_by(order).limit(1)) or "")
    return found[0], found[1]


def revisions(store: Store, row: RunRow) -> tuple[RunRow, ...]:
    """All judgings of a run's window, the oldest first."""
    same = sa.select(runs.c.span).where(runs.c.id == row.id).scalar_subquery()
    asked = (
        sa.select(runs)
        .where(runs.c.suite == row.suite, runs.c.span == same)
        .order_by(runs.c.revision)
    )
    with store.reading() as connection:
        return tuple(run_of(found) for found in connection.execute(asked))


def newest(store: Store) -> int:
    """Give a number that grows with every run that is kept."""
    with store.reading() as connection:
        return connection.scalar(sa.select(sa.func.max(runs.c.no))) or 0


def kept_since(store: Store, number: int, limit: int = 100) -> tuple[RunRow, ...]:
    """List runs kept after ``newest`` was this number, in that order."""
    asked = sa.select(runs).where(runs.c.no > number).order_by(runs.c.no).limit(limit)
    with store.reading() as connection:
        return tuple(run_of(found) for found in connection.execute(asked))


def has_window(store: Store, suite: str, end: datetime | None, created_since: datetime) -> bool:
    """Whether a window has been run: one that ends then, else any run made since a moment."""
    asked = sa.select(runs.c.no).where(runs.c.suite == suite).limit(1)
    asked = asked.where(
        runs.c.window_end == end if end is not None else runs.c.created >= created_since
    )
    with store.reading() as connection:
        return connection.scalar(asked) is not None


def _behind(connection: sa.Connection, after: str) -> Any:
    row = connection.execute(sa.select(runs.c.at, runs.c.no).where(runs.c.id == after)).first()
    if row is None:
        raise HistoryError("the page's cursor leads nowhere any more", "begin at the first page")
    return sa.or_(runs.c.at < row.at, sa.and_(runs.c.at == row.at, runs.c.no < row.no))
