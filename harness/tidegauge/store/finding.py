"""Finds the run that somebody means."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tidegauge.catalog import nearest
from tidegauge.errors import HistoryError
from tidegauge.store.asking import COUNTS, run_of
from tidegauge.store.records import RunRow
from tidegauge.store.tables import runs

SHOWN = 5
LATEST = "latest"


def find(connection: sa.Connection, named: str) -> RunRow:
    """Find a run by its id, by the beginning of one, or as ``suite@latest``, ``suite@WINDOW``.

    Raises
    ------
    HistoryError
        When there is none, or more than one.
    """
    exact = connection.execute(sa.select(runs).where(runs.c.id == named)).first()
    if exact is not None:
        return run_of(exact)
    suite, at, window = named.rpartition("@")
    if at:
        return _of_suite(connection, suite, window)
    found = connection.execute(
        sa.select(runs).where(runs.c.id.startswith(named, autoescape=True)).limit(SHOWN + 1)
    ).all()
    if len(found) == 1 and named:
        return run_of(found[0])
    if found and named:
        several = ", ".join(row.id for row in found[:SHOWN])
        raise HistoryError(f'several runs begin with "{named}": {several}', "write more of the id")
    raise HistoryError(f'the history holds no run "{named}"', _near(connection, named))


def _of_suite(connection: sa.Connection, suite: str, window: str) -> RunRow:
    asked = (
        sa.select(runs)
        .where(runs.c.suite == suite, COUNTS)
        .order_by(runs.c.at.desc(), runs.c.no.desc())
        .limit(1)
    )
    if window != LATEST:
        asked = asked.where(runs.c.window.startswith(window, autoescape=True))
    row = connection.execute(asked).first()
    if row is not None:
        return run_of(row)
    names = connection.scalars(sa.select(runs.c.suite).distinct()).all()
    if suite not in names:
        raise HistoryError(f'the history holds no suite "{suite}"', nearest(suite, names))
    raise HistoryError(
        f'the suite "{suite}" has no run over a window that begins with "{window}"',
        f"tidegauge history {suite} lists them; or write {suite}@{LATEST}",
    )


def _near(connection: sa.Connection, named: str) -> str:
    rows: list[Any] = list(
        connection.execute(
            sa.select(runs.c.id, runs.c.suite).order_by(runs.c.no.desc()).limit(1_000)
        )
    )
    if not rows:
        return "it is empty: tidegauge run SUITE keeps its first run"
    suites = {row.suite for row in rows}
    if named in suites:
        return f"{named} is a suite: write {named}@{LATEST}"
    said = nearest(named, [row.id for row in rows] + [f"{suite}@{LATEST}" for suite in suites])
    if said.startswith("did you mean"):
        return said
    return f"the newest are {', '.join(row.id for row in rows[:SHOWN])}; see tidegauge history"
