"""Where a history is, and how a SQLite file is spoken to; nothing here loads SQLAlchemy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tidegauge.errors import HistoryError

if TYPE_CHECKING:
    import sqlite3

VARIABLE = "TIDEGAUGE_HISTORY"
DEFAULT = Path("tidegauge-report") / "history.db"
VERSION = "0001"
"""Alembic revision of this release's tables; a change to them needs a new one beside it."""
WAIT = 30
"""Seconds that a process waits for another to finish writing."""


def place_of(place: str | Path | None = None) -> str:
    """Path or URL of the history: what is given, else ``TIDEGAUGE_HISTORY``, else the default."""
    return str(place or os.environ.get(VARIABLE) or DEFAULT)


def file_of(named: str) -> Path | None:
    """Path of a SQLite file; ``None`` for the URL of a server.

    Examples
    --------
    >>> file_of("postgresql://gauge@db/history") is None
    True
    """
    if "://" not in named:
        return Path(named).absolute()
    scheme, _, path = named.partition(":///")
    return Path(path).absolute() if scheme == "sqlite" and path else None


def make_room(file: Path, *, create: bool) -> None:
    """See to it that a file can be opened, or made.

    Raises
    ------
    HistoryError
        When it is a folder, cannot be made, or is not there and not to be made.
    """
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


def prepare(connection: sqlite3.Connection) -> None:
    """Set a new connection up.

    With a write-ahead log a process killed at any point leaves a whole file, and readers never
    wait. ``synchronous=FULL`` flushes that log at each commit: one flush a run is cheap, and what
    somebody was told of must not be forgotten when the power fails.
    """
    connection.isolation_level = None  # transactions are begun by name, and not by the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def trouble(where: str, said: str) -> HistoryError:
    """Say in words what went wrong with a database."""
    hint = "name another place by --history or TIDEGAUGE_HISTORY, or run with --no-history"
    if "locked" in said:
        hint = f"another process has been writing for over {WAIT} s; try again"
    elif "not a database" in said or "malformed" in said:
        hint = "name another file; if this was the history, move it away and a new one is begun"
    return HistoryError(f"history {where}: {said}", hint)
