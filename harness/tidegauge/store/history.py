"""A history: what was run, what came of it, and what the rows looked like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from tidegauge.profile import DatasetProfile
from tidegauge.records import Report
from tidegauge.store import keeping
from tidegauge.store.places import VERSION, file_of, make_room, place_of
from tidegauge.store.records import RunRow, SeriesPoint, SuiteRow
from tidegauge.store.speaking import Speaker, Through, vacuum, version_of_file, writing_file

if TYPE_CHECKING:
    import sqlalchemy as sa

    from tidegauge.store.pruning import Pruned


class Store:
    """A history that any number of processes and threads may share.

    ``run`` in every method is a run's id, the beginning of one that no other has, or
    ``suite@latest``, ``suite@2026-11-21``.

    Parameters
    ----------
    named
        Path of a SQLite file, or a URL of PostgreSQL.
    """

    def __init__(self, named: str) -> None:
        self._named = named
        self._lock = Lock()
        self._engine: sa.Engine | None = None
        self._file = file_of(named)
        if self._file is None or version_of_file(self._file) != VERSION:
            _ = self.engine  # makes the tables, or carries older ones over

    @property
    def engine(self) -> sa.Engine:
        """Connections by SQLAlchemy, which is not loaded before it is asked for."""
        with self._lock:
            if self._engine is None:
                from tidegauge.store.opening import open_engine

                self._engine = open_engine(self._named)
            return self._engine

    @property
    def metadata(self) -> sa.MetaData:
        """The tables."""
        from tidegauge.store.tables import metadata

        return metadata

    @property
    def place(self) -> str:
        """Path or URL, without its password."""
        if self._file is not None:
            return str(self._file)
        from tidegauge.store.opening import shown

        return shown(self.engine)

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Open a transaction that is alone in writing, and holds whole or not at all.

        Keep it short, and do nothing slow in it: every other writer waits.
        """
        from tidegauge.store.opening import writing

        with writing(self.engine) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a connection for questions."""
        from tidegauge.store.opening import reading

        with reading(self.engine) as connection:
            yield connection

    def save(
        self,
        report: Report,
        *,
        profile: DatasetProfile | None = None,
        baseline: DatasetProfile | None = None,
    ) -> str:
        """Keep a run; once this returns, no crash loses it.

        A further run of the same suite over the same window is a new revision, and the one
        before no longer counts. The same run again replaces itself.

        Parameters
        ----------
        report
            What came of it.
        profile
            The current rows over the baseline's grids, so that later questions need no rows.
        baseline
            The baseline's rows over the same grids, which are stored once for all runs.

        Returns
        -------
        The run's id.
        """
        with self.speaking() as speaker:
            return keeping.keep(speaker, report, profile=profile, baseline=baseline)

    def run(self, run: str) -> RunRow:
        """Find one run.

        Raises
        ------
        HistoryError
            When there is none, or several whose id begins so.
        """
        from tidegauge.store import finding

        with self.reading() as connection:
            return finding.find(connection, run)

    def report(self, run: str) -> Report:
        """Read a run's report back, to the last digit."""
        from tidegauge.store import fetching

        with self.reading() as connection:
            return fetching.report(connection, run)

    def profile(self, run: str) -> DatasetProfile:
        """Read a run's profile back: its current rows, counted over the baseline's grids.

        Raises
        ------
        HistoryError
            When none was kept, or no longer is.
        """
        from tidegauge.store import fetching

        with self.reading() as connection:
            return fetching.profile(connection, run)

    def baseline(self, run: str) -> DatasetProfile:
        """Read the profile back that a run was held against.

        Raises
        ------
        HistoryError
            When none was kept.
        """
        from tidegauge.store import fetching

        with self.reading() as connection:
            return fetching.baseline(connection, run)

    def profiles(
        self, suite: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[tuple[RunRow, DatasetProfile]]:
        """Profiles of the runs that count, the oldest first; ``until`` is excluded.

        One is held in memory at a time. Days that were added up come with their last run.
        """
        from tidegauge.store import fetching

        with self.reading() as connection:
            names = fetching.profiled(connection, suite, since, until)
        for name in names:
            with self.reading() as connection:
                pair = fetching.pair(connection, name)
            if pair is not None:  # not pruned meanwhile
                yield pair

    def runs(
        self,
        suite: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = 100,
        superseded: bool = False,
    ) -> tuple[RunRow, ...]:
        """List runs, the newest window first; ``until`` is excluded, ``limit=None`` is all."""
        from tidegauge.store import asking

        chosen = asking.within(suite, since, until, superseded=superseded)
        with self.reading() as connection:
            return asking.listed(connection, chosen, limit)

    def suites(self) -> tuple[SuiteRow, ...]:
        """List every suite that was run, by name."""
        from tidegauge.store import asking

        with self.reading() as connection:
            return asking.suites(connection)

    def series(
        self,
        suite: str,
        *,
        check: str = "",
        column: str | None = None,
        slice: str | None = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[SeriesPoint, ...]:
        """Results over time, the oldest first.

        Parameters
        ----------
        check
            Id of a check; empty = every check.
        column
            One column, ``""`` for checks of the whole log; ``None`` = all of them.
        slice
            ``""`` for all rows, or ``segment=value``; ``None`` = all of them.
        """
        from tidegauge.store import asking

        with self.reading() as connection:
            return asking.series(
                connection,
                suite,
                check=check,
                column=column,
                slice=slice,
                since=since,
                until=until,
            )

    def streaks(self, suite: str, *, before: datetime) -> Mapping[tuple[str, str, str], int]:
        """Count for how many windows in a row each result has broken its limit.

        Parameters
        ----------
        before
            The last window counted is the newest that stands before this moment.

        Returns
        -------
        ``(check, column, slice)`` -> windows; only what broke it in that last window.
        """
        from tidegauge.store import asking

        with self.reading() as connection:
            return asking.streaks(connection, suite, before)

    @contextmanager
    def speaking(self) -> Iterator[Speaker]:
        """Open a transaction as ``transaction`` does, without SQLAlchemy where none is needed."""
        if self._file is not None:
            with writing_file(self._file) as plain:
                yield plain
        else:
            with self.transaction() as connection:
                yield Through(connection)

    def prune(
        self,
        suite: str = "",
        *,
        keep: timedelta | None = None,
        keep_profiles: timedelta | None = None,
        now: datetime | None = None,
    ) -> Pruned:
        """Forget what is older than said.

        Parameters
        ----------
        suite
            Name of a suite; empty = all.
        keep
            Age at which runs go whole; ``None`` = never.
        keep_profiles
            Age at which the profiles of a day's windows are added up to one; ``None`` = never.
        """
        from tidegauge.store.pruning import prune

        moment = now or datetime.now(UTC)
        with self.speaking() as speaker:
            return prune(speaker, suite=suite, keep=keep, keep_profiles=keep_profiles, now=moment)

    def shrink(self) -> None:
        """Give room that was freed back to the disk; needs as much again while it works."""
        if self._file is not None:
            vacuum(self._file)

    def close(self) -> None:
        """Close all connections; the next call opens new ones."""
        if self._engine is not None:
            self._engine.dispose()


def open_store(place: str | Path | None = None, *, create: bool = True) -> Store:
    """Open a history, making it where there is none.

    Parameters
    ----------
    place
        A SQLite file, or ``postgresql://user@host/database``; by default ``TIDEGAUGE_HISTORY``,
        else ``tidegauge-report/history.db`` in the working folder.
    create
        Whether a file that is not there is made.

    Raises
    ------
    HistoryError
        When it cannot be opened, or was written by a newer release.

    Examples
    --------
    >>> import tempfile
    >>> store = open_store(Path(tempfile.mkdtemp()) / "history.db")
    >>> store.runs()
    ()
    >>> store.close()
    """
    named = place_of(place)
    file = file_of(named)
    if file is not None:
        make_room(file, create=create)
    return Store(named)
