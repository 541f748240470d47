"""Answers questions about kept runs from the tables alone."""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from tidegauge.store.records import RunRow, SeriesPoint, SuiteRow
from tidegauge.store.tables import results, runs, subjects

Subject = tuple[str, str, str]
"""Check, column and slice."""
COUNTS = runs.c.superseded_by == ""
"""Of the runs of one window only the newest counts."""
FIELDS = (
    "run", "subject", "outcome", "broke", "n", "value", "low", "high", "p_value", "baseline",
    "warn", "critical",
)  # fmt: skip
FEW = 500
"""Subjects that a statement names one by one."""
RUN_FIELDS = tuple(
    one.name for one in fields(RunRow) if one.name not in ("counts", "overrides", "model_versions")
)
STRETCH = 16
"""Runs looked at together, going back in time."""


def run_of(row: Any) -> RunRow:
    """Make a record of a row of the table of runs."""
    told = row._mapping
    counts, overrides, versions = (
        _told(told[name]) for name in ("counts", "overrides", "model_versions")
    )
    return RunRow(
        **{name: told[name] for name in RUN_FIELDS},
        counts=dict(counts),
        overrides=dict(overrides),
        model_versions=tuple(versions),
    )


@lru_cache(4_096)
def _told(text: str) -> Any:
    """Read JSON of which many runs hold the same."""
    return json.loads(text)


def within(
    suite: str | None, since: datetime | None, until: datetime | None, *, superseded: bool = False
) -> list[sa.ColumnElement[bool]]:
    """Conditions that choose runs; ``until`` is excluded."""
    return [
        *([runs.c.suite == suite] if suite is not None else []),
        *([runs.c.at >= since] if since is not None else []),
        *([runs.c.at < until] if until is not None else []),
        *([] if superseded else [COUNTS]),
    ]


def listed(
    connection: sa.Connection, where: Sequence[sa.ColumnElement[bool]], limit: int | None
) -> tuple[RunRow, ...]:
    """List runs, the newest first."""
    asked = sa.select(runs).where(*where).order_by(runs.c.at.desc(), runs.c.no.desc())
    if limit is not None:
        asked = asked.limit(limit)
    return tuple(run_of(row) for row in connection.execute(asked))


def suites(connection: sa.Connection) -> tuple[SuiteRow, ...]:
    """List every suite, by name."""
    asked = (
        sa.select(
            runs.c.suite, sa.func.count().label("runs"), sa.func.min(runs.c.at).label("first")
        )
        .where(COUNTS)
        .group_by(runs.c.suite)
        .order_by(runs.c.suite)
    )
    return tuple(
        SuiteRow(
            name=row.suite,
            runs=row.runs,
            first=row.first,
            latest=listed(connection, within(row.suite, None, None), 1)[0],
        )
        for row in connection.execute(asked).all()
    )


def series(
    connection: sa.Connection,
    suite: str,
    *,
    check: str = "",
    column: str | None = None,
    slice: str | None = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[SeriesPoint, ...]:
    """Find results over time, the oldest first."""
    about = _about(connection, suite, check, column, slice)
    asked = (
        sa.select(runs.c.no, runs.c.id, runs.c.at, runs.c.model_versions)
        .where(*within(suite, since, until))
        .order_by(runs.c.at, runs.c.no)
    )
    counting = {
        no: (id_, at, next(iter(_told(versions)), ""))
        for no, id_, at, versions in connection.execute(asked)
    }
    order = {no: place for place, no in enumerate(counting)}
    found = [row for row in _results(connection, about, counting) if row[0] in order]
    found.sort(key=lambda row: (order[row[0]], row[1]))
    return tuple(_point(counting[row[0]], about[row[1]], row[2:]) for row in found)


def _about(
    connection: sa.Connection, suite: str, check: str, column: str | None, slice: str | None
) -> dict[int, Subject]:
    """List what is judged, of all that is asked for, by its number."""
    asked = sa.select(subjects.c.no, subjects.c.check, subjects.c.column, subjects.c.slice).where(
        subjects.c.suite == suite
    )
    if check:
        asked = asked.where(subjects.c.check == check)
    if column is not None:
        asked = asked.where(subjects.c.column == column)
    if slice is not None:
        asked = asked.where(subjects.c.slice == slice)
    return {no: (a, b, c) for no, a, b, c in connection.execute(asked)}


def _results(
    connection: sa.Connection, about: Collection[int], counting: Collection[int]
) -> list[tuple[Any, ...]]:
    """Rows as the driver gives them, which is ten times as quick; some may be of other runs."""
    if not about or not counting:
        return []
    asked = sa.select(*(results.c[name] for name in FIELDS)).where(
        results.c.run.between(min(counting), max(counting))
    )
    if len(about) <= FEW:
        asked = asked.where(results.c.subject.in_(about))
    cursor = connection.execute(asked).cursor
    assert cursor is not None
    return [row for row in cursor.fetchall() if row[1] in about]


def streaks(connection: sa.Connection, suite: str, before: datetime) -> dict[Subject, int]:
    """Count, for what broke its limit last, the windows in a row that it did so."""
    lasting: dict[Subject, int] = {}
    for place, broken in enumerate(_broken(connection, suite, before)):
        still = [key for key in broken if not place or lasting.get(key) == place]
        if not still:
            break
        lasting |= dict.fromkeys(still, place + 1)
    return lasting


def _broken(connection: sa.Connection, suite: str, before: datetime) -> Iterator[list[Subject]]:
    """Tell what broke its limit in each run, the newest run first."""
    chosen = (
        sa.select(runs.c.no)
        .where(*within(suite, None, before))
        .order_by(runs.c.at.desc(), runs.c.no.desc())
    )
    for start in itertools.count(0, STRETCH):
        numbers = connection.scalars(chosen.limit(STRETCH).offset(start)).all()
        by_run: dict[int, list[Subject]] = {number: [] for number in numbers}
        asked = (
            sa.select(results.c.run, subjects.c.check, subjects.c.column, subjects.c.slice)
            .join_from(results, subjects, results.c.subject == subjects.c.no)
            .where(results.c.run.in_(numbers), results.c.broke)
        )
        for run, *subject in connection.execute(asked):
            by_run[run].append((subject[0], subject[1], subject[2]))
        yield from by_run.values()
        if len(numbers) < STRETCH:
            return


def _point(run: tuple[str, datetime, str], subject: Subject, row: tuple[Any, ...]) -> SeriesPoint:
    run_id, at, version = run
    check, column, slice_ = subject
    outcome, broke, n, value, low, high, p_value, baseline, warn, critical = row
    return SeriesPoint(
        run_id=run_id, at=at, check=check, column=column, slice=slice_, value=value, low=low,
        high=high, p_value=p_value, n=n, baseline=baseline, outcome=outcome, warn=warn,
        critical=critical, broke=bool(broke), model_version=version,
    )  # fmt: skip
