"""A history: what was run, what came of it, and what the rows looked like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from tidegauge.errors import HistoryError
from tidegauge.profile import DatasetProfile
from tidegauge.records import Report
from tidegauge.store import asking, finding, keeping, packed
from tidegauge.store.opening import open_engine, reading, shown, writing
from tidegauge.store.records import RunRow, SeriesPoint, SuiteRow
from tidegauge.store.tables import metadata, profiles, reports, runs

PAGE = 64
"""Profiles held in memory at a time."""


@dataclass(frozen=True, slots=True)
class Store:
    """A history that any number of processes and threads may share.

    ``run`` in every method is a run's id, the beginning of one that no other has, or
    ``suite@latest``, ``suite@2026-11-21``.
    """

    engine: sa.Engine

    @property
    def metadata(self) -> sa.MetaData:
        """The tables."""
        return metadata

    @property
    def place(self) -> str:
        """Path or URL, without its password."""
        return shown(self.engine)

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Open a transaction that is alone in writing, and holds whole or not at all.

        Keep it short, and do nothing slow in it: every other writer waits.
        """
        with writing(self.engine) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a connection for questions."""
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
        with writing(self.engine) as connection:
            return keeping.keep(connection, report, profile=profile, baseline=baseline)

    def run(self, run: str) -> RunRow:
        """Find one run.

        Raises
        ------
        HistoryError
            When there is none, or several whose id begins so.
        """
        with reading(self.engine) as connection:
            return finding.find(connection, run)

    def report(self, run: str) -> Report:
        """Read a run's report back."""
        with reading(self.engine) as connection:
            found = finding.find(connection, run)
            row = connection.execute(_of(reports, found)).one()
            return packed.unpack_report(connection, row)

    def profile(self, run: str) -> DatasetProfile:
        """Read a run's profile back: its current rows, counted over the baseline's grids.

        Raises
        ------
        HistoryError
            When none was kept, or no longer is.
        """
        with reading(self.engine) as connection:
            found = finding.find(connection, run)
            row = connection.execute(_of(profiles, found)).first()
            if row is None:
                raise HistoryError(
                    f"run {found.id} has no profile any more", "its report and results are kept"
                )
            return packed.unpack_profile(connection, row)

    def profiles(
        self, suite: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[tuple[RunRow, DatasetProfile]]:
        """Profiles of the runs that count, the oldest first; ``until`` is excluded."""
        chosen = asking.within(suite, since, until)
        with reading(self.engine) as connection:
            asked = (
                sa.select(runs.c.id)
                .join(profiles, profiles.c.run == runs.c.no)
                .where(*chosen)
                .order_by(runs.c.at, runs.c.no)
            )
            names = connection.scalars(asked).all()
        for name in names:
            with reading(self.engine) as connection:
                row = connection.execute(
                    sa.select(runs, *(c for c in profiles.c if c.name != "run"))
                    .join(profiles, profiles.c.run == runs.c.no)
                    .where(runs.c.id == name)
                ).first()
                if row is None:  # pruned since
                    continue
                pair = asking.run_of(row), packed.unpack_profile(connection, row)
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
        chosen = asking.within(suite, since, until, superseded=superseded)
        with reading(self.engine) as connection:
            return asking.listed(connection, chosen, limit)

    def suites(self) -> tuple[SuiteRow, ...]:
        """List every suite that was run, by name."""
        with reading(self.engine) as connection:
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
        with reading(self.engine) as connection:
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
        with reading(self.engine) as connection:
            return asking.streaks(connection, suite, before)

    def close(self) -> None:
        """Close all connections; the next call opens new ones."""
        self.engine.dispose()


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
    return Store(open_engine(place, create=create))


def _of(table: sa.Table, run: RunRow) -> sa.Select[tuple[object, ...]]:
    return sa.select(table).join(runs, runs.c.no == table.c.run).where(runs.c.id == run.id)
