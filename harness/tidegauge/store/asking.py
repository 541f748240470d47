"""Answers questions about kept runs from the tables alone."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tidegauge.store.records import RunRow, SeriesPoint, SuiteRow
from tidegauge.store.tables import results, runs, subjects

Subject = tuple[str, str, str]
"""Check, column and slice."""
COUNTS = runs.c.superseded_by == ""
"""Of the runs of one window only the newest counts."""
STRETCH = 16
"""Runs looked at together, going back in time."""


def run_of(row: Any) -> RunRow:
    """Make a record of a row of the table of runs."""
    return RunRow(
        id=row.id,
        suite=row.suite,
        at=row.at,
        window=row.window,
        window_start=row.window_start,
        window_end=row.window_end,
        created=row.created,
        revision=row.revision,
        superseded_by=row.superseded_by,
        outcome=row.outcome,
        because=row.because,
        counts=json.loads(row.counts),
        n_baseline=row.n_baseline,
        n_current=row.n_current,
        source=row.source,
        overrides=json.loads(row.overrides),
        suite_path=row.suite_path,
        baseline_digest=row.baseline_digest,
        current_digest=row.current_digest,
        model_versions=tuple(json.loads(row.model_versions)),
        seconds=row.seconds,
    )


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
    asked = (
        sa.select(
            runs.c.id.label("run_id"), runs.c.at, runs.c.model_versions,
            subjects.c.check, subjects.c.column, subjects.c.slice,
            *(c for c in results.c if c.name not in ("run", "subject")),
        )
        .join_from(subjects, results, results.c.subject == subjects.c.no)
        .join(runs, runs.c.no == results.c.run)
        .where(subjects.c.suite == suite, *within(suite, since, until))
        .order_by(runs.c.at, runs.c.no, subjects.c.no)
    )  # fmt: skip
    if check:
        asked = asked.where(subjects.c.check == check)
    if column is not None:
        asked = asked.where(subjects.c.column == column)
    if slice is not None:
        asked = asked.where(subjects.c.slice == slice)
    return tuple(_point(row) for row in connection.execute(asked))


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


def _point(row: Any) -> SeriesPoint:
    versions = json.loads(row.model_versions)
    return SeriesPoint(
        run_id=row.run_id,
        at=row.at,
        check=row.check,
        column=row.column,
        slice=row.slice,
        value=row.value,
        low=row.low,
        high=row.high,
        p_value=row.p_value,
        n=row.n,
        baseline=row.baseline,
        outcome=row.outcome,
        warn=row.warn,
        critical=row.critical,
        broke=row.broke,
        model_version=versions[0] if versions else "",
    )
