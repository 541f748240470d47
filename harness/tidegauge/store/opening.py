"""Opens a history: makes it, or carries an older one to this release's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from tidegauge.errors import HistoryError, MissingExtraError
from tidegauge.store.places import VERSION, WAIT, file_of, make_room, place_of, prepare, trouble
from tidegauge.store.tables import metadata

LOCK = 0x71D36A06E
"""Advisory lock of PostgreSQL that writers hold, so that there is one at a time as in SQLite."""
WRITES = "tidegauge_writes"
"""Execution option of connections that will write."""


def open_engine(place: str | Path | None = None, *, create: bool = True) -> sa.Engine:
    """Connect to a history whose tables are this release's.

    Raises
    ------
    HistoryError
        When it cannot be opened, is of a newer release, or is not there and not to be made.
    """
    named = place_of(place)
    file = file_of(named)
    if file is not None:
        make_room(file, create=create)
    engine = _engine(_url(named) if file is None else sa.URL.create("sqlite", database=str(file)))
    try:
        with told(engine):
            _fit(engine)
    except Exception:
        engine.dispose()
        raise
    return engine


@contextmanager
def told(engine: sa.Engine) -> Iterator[None]:
    """Say in words what went wrong with a database."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise trouble(shown(engine), str(cause).strip().split("\n", 1)[0]) from error


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
    try:
        url = sa.make_url(named)
    except SQLAlchemyError:
        raise HistoryError("the history's URL cannot be read", _allowed()) from None
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


def _engine(url: sa.URL) -> sa.Engine:
    if url.drivername != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True)
    engine = sa.create_engine(url, connect_args={"timeout": WAIT})
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    prepare(connection)


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
