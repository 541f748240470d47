"""The few statements that keeping a run takes, spoken to SQLite itself or through SQLAlchemy.

Loading SQLAlchemy takes a third of a second, as long as all the rest of a small run: a file whose
tables are there already is written to without it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tidegauge.store.places import WAIT, prepare, trouble

if TYPE_CHECKING:
    import sqlalchemy as sa

Row = Sequence[Any]


class Speaker(Protocol):
    """A connection that takes SQL with ``:names`` for its values."""

    def ask(self, sql: str, **values: Any) -> Sequence[Row]:
        """Ask for rows."""
        ...

    def tell(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Carry a statement out, once for each row of values."""
        ...


@dataclass(frozen=True, slots=True)
class Plain:
    """Speaks to a SQLite file."""

    connection: sqlite3.Connection

    def ask(self, sql: str, **values: Any) -> Sequence[Row]:
        """Ask for rows."""
        return self.connection.execute(sql, _written(values)).fetchall()

    def tell(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Carry a statement out, once for each row of values."""
        self.connection.executemany(sql, [_written(row) for row in rows])


@dataclass(frozen=True, slots=True)
class Through:
    """Speaks through SQLAlchemy."""

    connection: sa.Connection

    def ask(self, sql: str, **values: Any) -> Sequence[Row]:
        """Ask for rows."""
        from sqlalchemy import text

        return self.connection.execute(text(sql), self._fit(values)).all()

    def tell(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Carry a statement out, once for each row of values."""
        from sqlalchemy import text

        self.connection.execute(text(sql), [self._fit(row) for row in rows])

    def _fit(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        return _written(row) if self.connection.dialect.name == "sqlite" else row


def insert(table: str, row: Mapping[str, Any]) -> str:
    """Write the statement that adds rows with these columns."""
    names = ", ".join(f'"{name}"' for name in row)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in row)})"


def stored(moment: datetime) -> str:
    """Write a moment as SQLite holds it: ISO 8601 in UTC, of one length, so that it sorts."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


@contextmanager
def writing_file(file: Path) -> Iterator[Plain]:
    """Open a transaction of a SQLite file, alone in writing; it holds whole or not at all."""
    try:
        connection = sqlite3.connect(file, timeout=WAIT)
        try:
            prepare(connection)
            connection.execute("BEGIN IMMEDIATE")
            yield Plain(connection)
            connection.execute("COMMIT")
        finally:
            connection.close()  # what was not committed is undone
    except sqlite3.Error as error:
        raise trouble(str(file), str(error)) from error


def vacuum(file: Path) -> None:
    """Write a SQLite file anew without the room that was freed in it."""
    try:
        connection = sqlite3.connect(file, timeout=WAIT)
        try:
            prepare(connection)
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise trouble(str(file), str(error)) from error


def version_of_file(file: Path) -> str | None:
    """Revision of the tables in a SQLite file; ``None`` where there are none."""
    if not file.exists():
        return None
    try:
        connection = sqlite3.connect(file, timeout=WAIT)
        try:
            named = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
            if connection.execute(named).fetchone() is None:
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise trouble(str(file), str(error)) from error
    return None if row is None else str(row[0])


def _written(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: stored(v) if isinstance(v, datetime) else v for k, v in row.items()}
