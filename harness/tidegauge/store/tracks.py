"""Scores over time in as few bytes as drawing needs: columns of numbers, not a record each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic_core import from_json

from tidegauge.errors import HistoryError
from tidegauge.records import Side
from tidegauge.store.asking import COUNTS, within
from tidegauge.store.history import Store
from tidegauge.store.packed import report_text
from tidegauge.store.speaking import Through
from tidegauge.store.tables import causes, reports, results, runs, subjects

Row = tuple[int, str, float | None, float | None, float | None, float | None, float | None]
"""Run, outcome, value, low, high, warn, critical."""


class Brief(NamedTuple):
    """A run in a strip; a tuple, since a page reads thousands."""

    no: int
    """Its number in the tables."""
    id: str
    at: datetime
    outcome: str
    model_versions: str
    """A list in JSON, as it is stored: equal texts are equal lists."""
    baseline_digest: str

    @property
    def stamp(self) -> str:
        """``at`` in ISO 8601, to the second."""
        return self.at.isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a suite judges: a check on one column of one slice."""

    no: int
    check: str
    evaluator: str
    column: str
    slice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineStretch:
    """Runs that were held against the same baseline."""

    digest: str
    first: datetime
    last: datetime
    runs: int
    n: int


def briefs(
    store: Store, suite: str, *, since: datetime | None = None, limit: int | None = None
) -> tuple[Brief, ...]:
    """List runs that count, the oldest first; with a limit only the newest."""
    asked = (
        sa.select(*(runs.c[name] for name in Brief._fields))
        .where(*within(suite, since, None))
        .order_by(runs.c.at.desc(), runs.c.no.desc())
    )
    if limit is not None:
        asked = asked.limit(limit)
    with store.reading() as connection:
        rows = connection.execute(asked).all()
    return tuple(map(Brief._make, reversed(rows)))


def subjects_of(store: Store, suite: str) -> tuple[Subject, ...]:
    """Everything that a suite ever judged, in the order in which it came up."""
    asked = (
        sa.select(
            subjects.c.no, subjects.c.check, subjects.c.evaluator, subjects.c.column,
            subjects.c.slice,
        )
        .where(subjects.c.suite == suite)
        .order_by(subjects.c.no)
    )  # fmt: skip
    with store.reading() as connection:
        return tuple(
            Subject(no=no, check=check, evaluator=evaluator, column=column, slice=slice_)
            for no, check, evaluator, column, slice_ in connection.execute(asked)
        )


def standing(store: Store, numbers: Sequence[int]) -> Mapping[int, list[Row]]:
    """Subject -> its rows in a few runs, in the order of the runs given."""
    found: dict[int, list[Row]] = {}
    with store.reading() as connection:
        for no in numbers:
            asked = sa.select(results.c.subject, *_columns()).where(results.c.run == no)
            for subject, *row in connection.execute(asked):
                found.setdefault(subject, []).append(tuple(row))
    return found


def outcomes_of(
    store: Store, subject: int, *, after: int = 0
) -> Sequence[tuple[int, str, float | None]]:
    """Run, outcome and value of one subject in every run numbered above ``after``, ascending.

    Those of runs that do not count are among them.
    """
    asked = (
        sa.select(results.c.run, results.c.outcome, results.c.value)
        .where(results.c.subject == subject, results.c.run > after)
        .order_by(results.c.run)
    )
    with store.reading() as connection:
        return _bare(connection, asked)


def rows_of(store: Store, subject: int, numbers: Sequence[int]) -> Mapping[int, Row]:
    """Rows of one subject by the numbers of runs."""
    asked = sa.select(*_columns()).where(results.c.subject == subject, results.c.run.in_(numbers))
    with store.reading() as connection:
        return {row[0]: tuple(row) for row in connection.execute(asked)}  # type: ignore[misc]


def standings(store: Store) -> Mapping[str, tuple[int, int]]:
    """Suite -> how many runs count, and the number of the last one that was kept."""
    asked = (
        sa.select(runs.c.suite, sa.func.count(), sa.func.max(runs.c.no))
        .where(COUNTS)
        .group_by(runs.c.suite)
        .order_by(runs.c.suite)
    )
    with store.reading() as connection:
        return {suite: (n, last) for suite, n, last in connection.execute(asked)}


def standing_of(store: Store, suite: str) -> tuple[int, int]:
    """Say of one suite how many runs count, and the number of the last one that was kept."""
    asked = sa.select(sa.func.count(), sa.func.max(runs.c.no)).where(*within(suite, None, None))
    with store.reading() as connection:
        n, last = connection.execute(asked).one()
        return n, last or 0


def first_cause(store: Store, run: str) -> str:
    """Name the factor of a run's first cause; empty where none was told apart."""
    asked = (
        sa.select(causes.c.factor, causes.c.verdict)
        .join(runs, runs.c.no == causes.c.run)
        .where(runs.c.id == run)
        .order_by(causes.c.place)
        .limit(1)
    )
    with store.reading() as connection:
        row = connection.execute(asked).first()
    return row.factor if row is not None and row.verdict != "undetermined" else ""


def baseline_of(store: Store, run: str) -> tuple[Side, int] | None:
    """Say what a run was held against, and over how many columns, reading no more of its report."""
    asked = (
        sa.select(reports.c.codec, reports.c.model, reports.c.body)
        .join(runs, runs.c.no == reports.c.run)
        .where(runs.c.id == run)
    )
    with store.reading() as connection:
        row = connection.execute(asked).first()
        if row is None:
            return None
        told = from_json(report_text(Through(connection), row))  # thrice as quick as json's
    return Side(**told["baseline"]), len(told["columns"])


def stamp_of(store: Store, run: str) -> str:
    """Give a digest of a run's report as it is kept now, without reading the report.

    Raises
    ------
    HistoryError
        When the history holds none.
    """
    asked = sa.select(reports.c.model, reports.c.body).join(runs, runs.c.no == reports.c.run)
    with store.reading() as connection:
        row = connection.execute(asked.where(runs.c.id == run)).first()
    if row is None:
        raise HistoryError(f'the history holds no report of run "{run}"')
    return blake2b(f"{row.model}".encode() + row.body, digest_size=12).hexdigest()


def baselines_of(store: Store, suite: str, limit: int = 10) -> tuple[BaselineStretch, ...]:
    """List what a suite was held against, the newest first."""
    last = sa.func.max(runs.c.at)
    asked = (
        sa.select(
            runs.c.baseline_digest,
            sa.func.min(runs.c.at),
            last,
            sa.func.count(),
            sa.func.max(runs.c.n_baseline),
        )
        .where(runs.c.suite == suite, COUNTS)
        .group_by(runs.c.baseline_digest)
        .order_by(last.desc())
        .limit(limit)
    )
    with store.reading() as connection:
        return tuple(
            BaselineStretch(digest=digest, first=first, last=final, runs=count, n=n)
            for digest, first, final, count, n in connection.execute(asked)
        )


def _bare(connection: sa.Connection, asked: sa.Select[Any]) -> Sequence[Any]:
    """Rows as the driver gives them: of texts and numbers only, and many."""
    cursor = connection.execute(asked).cursor
    assert cursor is not None
    return cursor.fetchall()


def _columns() -> tuple[sa.ColumnElement[object], ...]:
    names = ("run", "outcome", "value", "low", "high", "warn", "critical")
    return tuple(results.c[name] for name in names)
