"""Results kept between runs: one SQLite file, bounded, shared by processes, never essential."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

from tidegauge.models.places import cache_folder

FILE = "scores.sqlite"
LIMIT = "TIDEGAUGE_CACHE_MB"
"""Environment variable that bounds the file, in MiB."""
MEGABYTES = 1_024
KEYS = 900
"""Keys of one statement; every SQLite takes 999."""
HOUR = 3_600
TABLE = """
CREATE TABLE IF NOT EXISTS kept (
  key BLOB PRIMARY KEY, value BLOB NOT NULL, used INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS kept_by_use ON kept (used);
"""
Answer = TypeVar("Answer")


class Cache:
    """Bytes by key, in a file that any number of processes may share.

    Whatever happens to the file, scoring goes on: a damaged one is set aside and begun anew, a
    disk that is full or read-only means that nothing is kept. ``notes`` says so.

    Parameters
    ----------
    file
        Where; by default in ``$TIDEGAUGE_CACHE`` or the user's cache folder.
    megabytes
        Bound in MiB; by default ``$TIDEGAUGE_CACHE_MB`` or 1,024. What was not used for the
        longest time leaves first.
    now
        Clock, in seconds since 1970.

    Examples
    --------
    >>> import tempfile
    >>> cache = Cache(Path(tempfile.mkdtemp()) / "scores.sqlite")
    >>> cache.put({b"key": b"value"})
    >>> cache.get([b"key", b"other"])
    {b'key': b'value'}
    >>> cache.close()
    """

    def __init__(
        self,
        file: Path | None = None,
        *,
        megabytes: float | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.file = cache_folder() / FILE if file is None else file
        self.bytes = int((_limit() if megabytes is None else megabytes) * 2**20)
        self._now = now
        self._notes: dict[str, str] = {}
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._inherited: sqlite3.Connection | None = None
        self._process = 0
        self._writable = self._usable = True

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong with the file, one sentence each."""
        return tuple(self._notes.values())

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Values of the keys that are known."""
        return self._guarded(lambda: self._read(keys), {}) if keys else {}

    def put(self, entries: Mapping[bytes, bytes]) -> None:
        """Keep values, replacing those of equal keys; room is made where it lacks."""
        if entries and self._writable:
            self._guarded(lambda: self._write(entries), None)

    def size(self) -> int:
        """Bytes in use."""
        return self._guarded(lambda: _size(self._open()), 0)

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            self._shut()

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        connection = self._open()
        hour = int(self._now()) // HOUR
        found: dict[bytes, bytes] = {}
        stale: list[bytes] = []
        for part in _parts(keys):
            marks = ",".join("?" * len(part))
            query = f"SELECT key, value, used FROM kept WHERE key IN ({marks})"
            for key, value, used in connection.execute(query, part):
                found[key] = value
                if used < hour:
                    stale.append(key)
        if stale and self._writable:  # to the hour: one write for each in a run, not in each read
            self._touch(connection, stale, hour)
        return found

    def _touch(self, connection: sqlite3.Connection, keys: Sequence[bytes], hour: int) -> None:
        with suppress(sqlite3.OperationalError), connection:  # a busy file costs only the order
            connection.execute("BEGIN IMMEDIATE")
            for part in _parts(keys):
                marks = ",".join("?" * len(part))
                connection.execute(
                    f"UPDATE kept SET used = ? WHERE key IN ({marks})", [hour, *part]
                )

    def _write(self, entries: Mapping[bytes, bytes]) -> None:
        connection = self._open()
        hour = int(self._now()) // HOUR
        rows = [(key, value, hour) for key, value in entries.items()]
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)
            if _size(connection) > self.bytes:
                self._evict(connection)

    def _evict(self, connection: sqlite3.Connection) -> None:
        """Drop what was unused longest until a tenth of the bound is free."""
        goal = int(self.bytes * 0.9)
        while (size := _size(connection)) > goal:
            (count,) = connection.execute("SELECT count(*) FROM kept").fetchone()
            if not count:
                return
            spare = max(1, int(count * (size - goal) / size))
            oldest = "SELECT rowid FROM kept ORDER BY used, rowid LIMIT ?"
            connection.execute(f"DELETE FROM kept WHERE rowid IN ({oldest})", [spare])

    def _guarded(self, action: Callable[[], Answer], otherwise: Answer) -> Answer:
        """Do something with the file; no trouble with it is worth losing a run."""
        with self._lock:
            if not self._usable:
                return otherwise
            try:
                return action()
            except (sqlite3.OperationalError, OSError) as error:
                return self._degraded(error, otherwise)
            except sqlite3.DatabaseError as error:
                if not self._set_aside(error):
                    return otherwise
            try:
                return action()
            except (sqlite3.Error, OSError) as error:
                return self._degraded(error, otherwise)

    def _degraded(self, error: Exception, otherwise: Answer) -> Answer:
        if "locked" in str(error):  # another process writes for long: this once goes without
            self._notes["busy"] = f"{self.file} was busy: some results were not kept"
            return otherwise
        self._notes["unkept"] = f"results are not kept: {self.file}: {error}"
        self._writable = False
        self._usable = self._connection is not None  # a full disk can still be read
        return otherwise

    def _set_aside(self, error: Exception) -> bool:
        """Rename a damaged file, so that the next attempt begins a new one."""
        self._shut()
        aside = self.file.with_name(f"{self.file.name}.damaged")
        try:
            self.file.replace(aside)
            for suffix in ("-wal", "-shm"):
                self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        except OSError as problem:
            self._degraded(problem, None)
            return False
        self._notes["damaged"] = (
            f"{self.file} was damaged ({error}): begun anew, the old is {aside}"
        )
        return True

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._process == os.getpid():
            return self._connection
        self._inherited = self._connection  # of a process before a fork: not ours to close
        try:
            connection = self._opened_to_write()
        except (sqlite3.OperationalError, OSError) as error:
            connection = self._opened_to_read(error)
        self._connection, self._process = connection, os.getpid()
        return connection

    def _opened_to_write(self) -> sqlite3.Connection:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        # no isolation level: transactions are begun here, not by the first statement that writes
        connection = sqlite3.connect(
            self.file, timeout=30.0, check_same_thread=False, isolation_level=None
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # a lost cache entry is no harm
            connection.execute(f"PRAGMA journal_size_limit = {2**24}")
            connection.executescript(TABLE)
        except BaseException:
            connection.close()
            raise
        return connection

    def _opened_to_read(self, error: Exception) -> sqlite3.Connection:
        """Open a file that may not be written, as one that comes with a container's image."""
        if "locked" in str(error) or not self.file.is_file():
            raise error
        for mode in ("mode=ro", "immutable=1"):  # the latter needs no files beside it
            connection = sqlite3.connect(
                f"{self.file.absolute().as_uri()}?{mode}", uri=True, check_same_thread=False
            )
            try:
                connection.execute("SELECT key FROM kept LIMIT 1").fetchone()
            except sqlite3.Error:
                connection.close()
                continue
            self._writable = False
            self._notes["unkept"] = f"results are read and not kept: {self.file}: {error}"
            return connection
        raise error

    def _shut(self) -> None:
        if self._connection is not None and self._process == os.getpid():
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None


def _size(connection: sqlite3.Connection) -> int:
    pages, free, page = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * page)


def _parts(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), KEYS):
        yield keys[start : start + KEYS]


def _limit() -> float:
    with suppress(ValueError):
        return max(0.0, float(os.environ.get(LIMIT, MEGABYTES)))
    return MEGABYTES
