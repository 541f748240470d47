"""Opens a history: makes it, or carries an older one to this release's tables."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from tidegauge.errors import HistoryError, MissingExtraError
from tidegauge.store.tables import VERSION, metadata

VARIABLE = "TIDEGAUGE_HISTORY"
DEFAULT = Path("tidegauge-report") / "history.db"
WAIT = 30
"""Seconds that a process waits for another to finish writing."""
LOCK = 0x71D36A06E
"""Advisory lock of PostgreSQL that writers hold, so that there is one at a time as in SQLite."""
WRITES = "tidegauge_writes"
"""Execution option of connections that will write."""


def place_of(place: str | Path | None = None) -> str:
    """Path or URL of the history: what is given, else ``TIDEGAUGE_HISTORY``, else the default."""
    return str(place or os.environ.get(VARIABLE) or DEFAULT)


def open_engine(place: str | Path | None = None, *, create: bool = True) -> sa.Engine:
    """Connect to a history whose tables are this release's.

    Raises
    ------
    HistoryError
        When it cannot be opened, is of a newer release, or is not there and not to be made.
    """
    named = place_of(place)
    url = _url(named)
    if url.drivername == "sqlite":
        _make_room(Path(url.database or ""), create=create)
    engine = _engine(url)
    with told(engine):
        _fit(engine)
    return engine


@contextmanager
def told(engine: sa.Engine) -> Iterator[None]:
    """Say in words what went wrong with a database."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        where = shown(engine)
        said = str(cause).strip().split("\n", 1)[0]
        hint = "name another place by --history or TIDEGAUGE_HISTORY, or run with --no-history"
        if "locked" in said:
            hint = f"another process has been writing for over {WAIT} s; try again"
        elif "not a database" in said or "malformed" in said:
            hint = "move the file away, and a new history is begun"
        raise HistoryError(f"history {where}: {said}", hint) from error


def shown(engine: sa.Engine) -> str:
    """Name the place of a history without its password."""
    if engine.url.drivername.startswith("sqlite"):
        return str(engine.url.database)
    return engine.url.render_as_string(hide_password=True)


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction that is alone in writing; it holds whole or not at all."""
    with (
        told(engine),
        engine.connect().execution_options(**{WRITES: True}) as connection,
        connection.begin(),
    ):
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        yield connection


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a connection that reads."""
    with told(engine), engine.connect() as connection:
        yield connection


def _url(named: str) -> sa.URL:
    if "://" not in named:
        return sa.URL.create("sqlite", database=str(Path(named).absolute()))
    try:
        url = sa.make_url(named)
    except SQLAlchemyError:
        raise HistoryError("the history's URL cannot be read", _allowed()) from None
    if url.drivername == "sqlite":
        return url
    if url.get_backend_name() in ("postgresql", "postgres"):
        try:
            import psycopg  # noqa: F401
        except ImportError:
            raise MissingExtraError(
                "a history in PostgreSQL needs an optional dependency",
                'pip install "tidegauge[postgres]"',
            ) from None
        return url.set(drivername="postgresql+psycopg")
    raise HistoryError(f'no history in "{url.drivername}"', _allowed())


def _allowed() -> str:
    return "allowed: a path, or postgresql://user@host/database"


def _make_room(file: Path, *, create: bool) -> None:
    if file.is_dir():
        raise HistoryError(f"{file} is a folder, not a history", f"name a file: {file}/history.db")
    if file.exists():
        return
    if not create:
        raise HistoryError(
            f"{file}: no history there",
            "tidegauge run SUITE begins one; name another by --history or TIDEGAUGE_HISTORY",
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HistoryError(
            f"history {file}: {error.strerror}", "name another place by --history"
        ) from error


def _engine(url: sa.URL) -> sa.Engine:
    if url.drivername != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True)
    engine = sa.create_engine(url, connect_args={"timeout": WAIT})
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    """Set a new connection up.

    With a write-ahead log a process killed at any point leaves a whole file, and readers never
    wait. ``synchronous=FULL`` flushes that log at each commit: one flush a run is cheap, and what
    somebody was told of must not be forgotten when the power fails.
    """
    connection.isolation_level = None  # transactions are begun below, and not by the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    """Take the lock of a writer at once: one that is taken later can fail instead of waiting."""
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _fit(engine: sa.Engine) -> None:
    found = _version(engine)
    if found == VERSION:
        return
    if found is None:
        with writing(engine) as connection:
            if _version(engine, connection) is None:  # nobody else was quicker
                _create(connection)
                return
        found = _version(engine)
    if found is not None and found != VERSION:
        from tidegauge.store.migrating import upgrade

        upgrade(engine, found)


def _create(connection: sa.Connection) -> None:
    metadata.create_all(connection)
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
    )
    connection.execute(
        sa.text("INSERT INTO alembic_version VALUES (:version)"), {"version": VERSION}
    )


def _version(engine: sa.Engine, connection: sa.Connection | None = None) -> str | None:
    """Revision of the tables; ``None`` where there are none yet."""
    if connection is None:
        with engine.connect() as connection:
            return _version(engine, connection)
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found
