"""Scores over time in as few bytes as drawing needs: columns of numbers, not a record each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tidegauge.store.asking import COUNTS, within
from tidegauge.store.history import Store
from tidegauge.store.tables import results, runs, subjects

Row = tuple[int, str, float | None, float | None, float | None, float | None, float | None]
"""Run, outcome, value, low, high, warn, critical."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A run in a strip."""

    no: int
    """Its number in the tables."""
    id: str
    at: datetime
    outcome: str
    model_versions: str
    """A list in JSON, as it is stored: equal texts are equal lists."""
    baseline_digest: str


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
    store: Store, suite: str, *, since: datetime | None = None, until: datetime | None = None
) -> tuple[Brief, ...]:
    """List runs that count, the oldest first."""
    names = ("no", "id", "at", "outcome", "model_versions", "baseline_digest")
    asked = (
        sa.select(*(runs.c[name] for name in names))
        .where(*within(suite, since, until))
        .order_by(runs.c.at, runs.c.no)
    )
    with store.reading() as connection:
        return tuple(
            Brief(no=no, id=id_, at=at, outcome=outcome, model_versions=versions,
                  baseline_digest=digest)
            for no, id_, at, outcome, versions, digest in connection.execute(asked)
        )  # fmt: skip


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


def rows_of(
    store: Store, subject: int, suite: str, *, since: datetime | None, until: datetime | None
) -> list[Row]:
    """Rows of one subject, in no order; those of runs that do not count may be among them."""
    asked = sa.select(*_columns()).where(results.c.subject == subject)
    if since is not None or until is not None:
        chosen = sa.select(runs.c.no).where(*within(suite, since, until))
        asked = asked.where(results.c.run.in_(chosen))
    with store.reading() as connection:
        return connection.execute(asked).all()  # type: ignore[return-value]


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


def _columns() -> tuple[sa.ColumnElement[object], ...]:
    names = ("run", "outcome", "value", "low", "high", "warn", "critical")
    return tuple(results.c[name] for name in names)
