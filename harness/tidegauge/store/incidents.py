"""Asks a history about incidents, their timelines, and who was told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from tidegauge.errors import HistoryError
from tidegauge.incident import Delivery, Event, Incident, State
from tidegauge.store import tables as t
from tidegauge.store.incident_writing import iso

if TYPE_CHECKING:
    from tidegauge.store.history import Store

Kind = TypeVar("Kind", Event, Delivery, Incident)
UNRESOLVED: tuple[State, ...] = ("open", "acknowledged")


def incidents(
    store: Store,
    suite: str | None = None,
    state: State | Sequence[State] | None = None,
    *,
    before: str = "",
    limit: int | None = 200,
) -> tuple[Incident, ...]:
    """List incidents: unresolved before resolved, worst first, then the newest first.

    Parameters
    ----------
    store
        The history.
    suite
        Of this suite only.
    state
        One state or several; ``None`` = all.
    before
        Only what comes after the incident of this id in that order.
    limit
        At most so many; ``None`` = all.
    """
    order = [_rank("state"), _rank("severity"), t.incidents.c.opened.desc(), t.incidents.c.id]
    asked = sa.select(t.incidents).where(*_chosen(suite, state)).order_by(*order)
    with store.reading() as connection:
        rows = connection.execute(asked).all() if before else None
        if rows is None:
            found = connection.execute(asked.limit(limit) if limit is not None else asked).all()
            return tuple(incident_of(row) for row in found)
    ids = [row.id for row in rows]
    start = ids.index(before) + 1 if before in ids else 0
    return tuple(incident_of(row) for row in rows[start : None if limit is None else start + limit])


def incident(store: Store, id: str) -> Incident:
    """Find one incident by its id, or the beginning of one that no other has.

    Raises
    ------
    HistoryError
        When there is none, or several.
    """
    with store.reading() as connection:
        return find(connection, id)


def events(store: Store, id: str) -> tuple[Event, ...]:
    """Tell an incident's timeline, the oldest event first."""
    asked = (
        sa.select(t.incident_events)
        .where(t.incident_events.c.incident == id)
        .order_by(t.incident_events.c.id)
    )
    with store.reading() as connection:
        return tuple(_record(Event, row) for row in connection.execute(asked))


def deliveries(
    store: Store,
    *,
    suite: str | None = None,
    incident: str | None = None,
    states: Sequence[str] | None = None,
    limit: int | None = 200,
) -> tuple[Delivery, ...]:
    """List deliveries, the newest first."""
    table = t.deliveries
    chosen = [
        *([table.c.suite == suite] if suite is not None else []),
        *([table.c.incident == incident] if incident is not None else []),
        *([table.c.state.in_(tuple(states))] if states is not None else []),
    ]
    asked = sa.select(table).where(*chosen).order_by(table.c.created.desc(), table.c.event.desc())
    with store.reading() as connection:
        rows = connection.execute(asked if limit is None else asked.limit(limit))
        return tuple(_record(Delivery, row) for row in rows)


def sightings(store: Store, id: str) -> tuple[Mapping[str, Any], ...]:
    """Tell what each window had to say of an incident, the oldest first.

    Returns
    -------
    ``at``, ``window``, ``run``, ``state`` (found, clean, unknown), ``severity`` and ``findings``,
    a tuple of mappings with ``check``, ``column``, ``slice``, ``outcome``, ``value``, ``streak``
    and ``because``.
    """
    table = t.sightings
    asked = sa.select(table).where(table.c.incident == id).order_by(table.c.at)
    with store.reading() as connection:
        return tuple(sighting_of(row) for row in connection.execute(asked))


def counts(store: Store, suite: str | None = None) -> Mapping[str, int]:
    """Count incidents by state."""
    table = t.incidents
    asked = sa.select(table.c.state, sa.func.count()).where(*_chosen(suite, None))
    with store.reading() as connection:
        rows = connection.execute(asked.group_by(table.c.state)).all()
        return {str(state): int(n) for state, n in rows}


def unresolved_by_suite(store: Store) -> Mapping[str, int]:
    """Count what is open or acknowledged, suite by suite."""
    table = t.incidents
    asked = sa.select(table.c.suite, sa.func.count()).where(*_chosen(None, UNRESOLVED))
    with store.reading() as connection:
        rows = connection.execute(asked.group_by(table.c.suite)).all()
        return {str(suite): int(n) for suite, n in rows}


def since(
    store: Store, moment: datetime | None, suite: str | None = None, *, limit: int = 200
) -> tuple[Incident, ...]:
    """List incidents to which something happened after a moment, the newest first."""
    table = t.incidents
    asked = sa.select(table).where(*_chosen(suite, None)).order_by(table.c.opened.desc())
    if moment is not None:
        asked = asked.where(table.c.updated > moment)
    with store.reading() as connection:
        return tuple(incident_of(row) for row in connection.execute(asked.limit(limit)))


def of_run(store: Store, run: str) -> tuple[Incident, ...]:
    """List the incidents that a run showed."""
    asked = (
        sa.select(t.incidents)
        .join(t.sightings, t.sightings.c.incident == t.incidents.c.id)
        .where(t.sightings.c.run == run, t.sightings.c.state == "found")
        .order_by(_rank("severity"), t.incidents.c.opened)
    )
    with store.reading() as connection:
        return tuple(incident_of(row) for row in connection.execute(asked))


def find(connection: sa.Connection, id: str) -> Incident:
    """Find one incident by its id, or the beginning of one."""
    wanted = id.strip().lower()
    asked = sa.select(t.incidents).where(t.incidents.c.id.startswith(wanted, autoescape=True))
    rows = connection.execute(asked.limit(3)).all() if wanted else []
    exact = [row for row in rows if row.id == wanted]
    if len(exact or rows) == 1:
        return incident_of((exact or rows)[0])
    if rows:
        raise HistoryError(f"several incidents begin with {id!r}", "write more of the id")
    raise HistoryError(f"no incident {id!r} in the history", "list them: tidegauge incidents")


def incident_of(row: Any) -> Incident:
    """Make a record of a row."""
    return replace(_record(Incident, row), findings=tuple(json.loads(row.findings)))


def sighting_of(row: Any) -> dict[str, Any]:
    """Make a mapping of a row."""
    return {
        "at": iso(row.at),
        "window": row.window,
        "run": row.run,
        "state": row.state,
        "severity": row.severity,
        "findings": tuple(json.loads(row.findings)),
    }


def _record(kind: type[Kind], row: Any) -> Kind:
    """Make a record of a row that has a column for each of its fields; moments become text."""
    told = {field.name: getattr(row, field.name) for field in fields(kind)}
    moments = {name: iso(x) for name, x in told.items() if x is None or isinstance(x, datetime)}
    return kind(**told | moments)


def _chosen(
    suite: str | None, state: State | Sequence[State] | None
) -> list[sa.ColumnElement[bool]]:
    states = (state,) if isinstance(state, str) else state
    return [
        *([t.incidents.c.suite == suite] if suite is not None else []),
        *([t.incidents.c.state.in_(tuple(states))] if states is not None else []),
    ]


def _rank(column: str) -> sa.ColumnElement[int]:
    """Order by what matters more: unresolved first, worst first."""
    if column == "state":
        return sa.case((t.incidents.c.state == "resolved", 1), else_=0)
    ranks = {"critical": 0, "warn": 1, "info": 2}
    return sa.case(ranks, value=t.incidents.c.severity, else_=3)
