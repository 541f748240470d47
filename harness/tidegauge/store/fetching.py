"""Fetches what a run left behind: its report, its profile, what it was held against."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tidegauge.errors import HistoryError
from tidegauge.profile import DatasetProfile
from tidegauge.records import Report
from tidegauge.store import asking, packed
from tidegauge.store.finding import find
from tidegauge.store.records import RunRow
from tidegauge.store.speaking import Through
from tidegauge.store.tables import profiles, reports, runs


def report(connection: sa.Connection, run: str) -> Report:
    """Fetch a report."""
    row = connection.execute(_of(reports, find(connection, run))).one()
    return packed.unpack_report(Through(connection), row)


def profile(connection: sa.Connection, run: str) -> DatasetProfile:
    """Fetch a profile."""
    row = _profile_row(connection, run)
    if row.windows > 1:
        raise HistoryError(
            f"the profile of run {run} was added up with those of its day, {row.windows} windows",
            "Store.profiles gives that day; keep_profiles in the suite says when this happens",
        )
    return packed.unpack_profile(Through(connection), row)


def baseline(connection: sa.Connection, run: str) -> DatasetProfile:
    """Fetch the profile that a run was held against."""
    row = _profile_row(connection, run)
    if row.baseline is None:
        raise HistoryError(f"run {run} was kept without its baseline")
    return packed.unpack_baseline(Through(connection), row)


def profiled(
    connection: sa.Connection, suite: str, since: datetime | None, until: datetime | None
) -> Sequence[str]:
    """Ids of the runs that have a profile, the oldest first."""
    asked = (
        sa.select(runs.c.id)
        .join(profiles, profiles.c.run == runs.c.no)
        .where(*asking.within(suite, since, until))
        .order_by(runs.c.at, runs.c.no)
    )
    return connection.scalars(asked).all()


def pair(connection: sa.Connection, run: str) -> tuple[RunRow, DatasetProfile] | None:
    """Fetch a run with its profile, where both are still there."""
    asked = (
        sa.select(runs, *(column for column in profiles.c if column.name != "run"))
        .join(profiles, profiles.c.run == runs.c.no)
        .where(runs.c.id == run)
    )
    row = connection.execute(asked).first()
    if row is None:
        return None
    return asking.run_of(row), packed.unpack_profile(Through(connection), row)


def _profile_row(connection: sa.Connection, run: str) -> Any:
    found = find(connection, run)
    row = connection.execute(_of(profiles, found)).first()
    if row is None:
        raise HistoryError(
            f"run {found.id} has no profile any more", "its report and its results are kept"
        )
    return row


def _of(table: sa.Table, run: RunRow) -> sa.Select[Any]:
    return sa.select(table).join(runs, runs.c.no == table.c.run).where(runs.c.id == run.id)
