"""Writes incidents, their timelines and what is to be done, in the transaction of a speaker."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tidegauge.incident import Delivery, Event, Incident, Message
from tidegauge.store.cleaning import clean
from tidegauge.store.places import file_of
from tidegauge.store.speaking import Speaker, Through, insert, writing_file

if TYPE_CHECKING:
    from tidegauge.store.history import Store

MOMENTS = ("opened", "updated", "resolved", "notified")
INCIDENT = tuple(field.name for field in fields(Incident))
COLUMNS = ", ".join(f'"{name}"' for name in INCIDENT)


@contextmanager
def spoken(store: Store) -> Iterator[Speaker]:
    """Open a transaction that is alone in writing; a SQLite file needs no SQLAlchemy for it."""
    file = file_of(store.place)
    if file is not None:
        with writing_file(file) as speaker:
            yield speaker
    else:
        with store.transaction() as connection:
            yield Through(connection)


def recent(speaker: Speaker, suite: str, since: datetime) -> list[Incident]:
    """Read a suite's incidents that last, or ended no earlier than ``since``; the oldest first."""
    rows = speaker.ask(
        f"SELECT {COLUMNS} FROM incidents WHERE suite = :suite "
        "AND (state <> 'resolved' OR resolved >= :since) ORDER BY opened, id",
        suite=clean(suite),
        since=since,
    )
    return [_incident(row) for row in rows]


def seen_at(speaker: Speaker, suite: str, at: datetime) -> list[Incident]:
    """Read the incidents that a window showed, however long ago they ended."""
    chosen = ", ".join(f'i."{name}"' for name in INCIDENT)
    rows = speaker.ask(
        f"SELECT {chosen} FROM incidents i JOIN sightings s ON s.incident = i.id "
        "WHERE i.suite = :suite AND s.at = :at AND s.state = 'found' ORDER BY i.opened, i.id",
        suite=clean(suite),
        at=at,
    )
    return [_incident(row) for row in rows]


def one(speaker: Speaker, id: str) -> Incident | None:
    """Read one incident."""
    rows = speaker.ask(f"SELECT {COLUMNS} FROM incidents WHERE id = :id", id=id)
    return _incident(rows[0]) if rows else None


def keep_incident(speaker: Speaker, incident: Incident) -> None:
    """Write an incident: a new one, or what became of one that is there."""
    row = {name: clean(getattr(incident, name)) for name in INCIDENT}
    row |= {name: moment(getattr(incident, name)) for name in MOMENTS}
    row["findings"] = json.dumps(incident.findings)
    if speaker.ask("SELECT 1 FROM incidents WHERE id = :id", id=incident.id):
        changes = ", ".join(f'"{name}" = :{name}' for name in row if name != "id")
        speaker.tell(f"UPDATE incidents SET {changes} WHERE id = :id", [row])
    else:
        speaker.tell(insert("incidents", row), [row])


def add_event(speaker: Speaker, event: Event, *, routed: bool = True) -> Event:
    """Add an event to a timeline, and give it with its number."""
    row = {
        "incident": event.incident,
        "at": moment(event.at),
        "what": event.what,
        "severity": event.severity,
        "by": clean(event.by),
        "text": clean(event.text),
        "run": event.run,
        "window": event.window,
        "routed": routed,
    }
    number = speaker.ask(f"{insert('incident_events', row)} RETURNING id", **row)[0][0]
    return replace(event, id=int(number))


def unrouted(speaker: Speaker, suite: str) -> list[Event]:
    """Read events of which nobody has asked yet what follows from them."""
    rows = speaker.ask(
        'SELECT e.id, e.incident, e.at, e.what, e.severity, e."by", e.text, e.run, e."window" '
        "FROM incident_events e JOIN incidents i ON i.id = e.incident "
        "WHERE NOT e.routed AND i.suite = :suite ORDER BY e.id",
        suite=clean(suite),
    )
    return [
        Event(id=row[0], incident=row[1], at=iso(row[2]), what=row[3], severity=row[4], by=row[5],
              text=row[6], run=row[7], window=row[8])
        for row in rows
    ]  # fmt: skip


def mark_routed(speaker: Speaker, events: Sequence[Event]) -> None:
    """Say that what follows from these events is decided."""
    if events:
        rows = [{"id": event.id, "routed": True} for event in events]
        speaker.tell("UPDATE incident_events SET routed = :routed WHERE id = :id", rows)


def sighting(speaker: Speaker, incident: str, at: datetime) -> str:
    """Tell what a window said of an incident before: found, clean, unknown, or nothing."""
    rows = speaker.ask(
        "SELECT state FROM sightings WHERE incident = :incident AND at = :at",
        incident=incident,
        at=at,
    )
    return str(rows[0][0]) if rows else ""


def newest_sighting(speaker: Speaker, incident: str) -> datetime | None:
    """Where the newest window stands that could tell anything of an incident."""
    rows = speaker.ask(
        "SELECT max(at) FROM sightings WHERE incident = :incident AND state <> 'unknown'",
        incident=incident,
    )
    return moment(rows[0][0]) if rows and rows[0][0] else None


def keep_sighting(
    speaker: Speaker,
    incident: str,
    at: datetime,
    *,
    window: str,
    run: str,
    state: str,
    severity: str,
    findings: Sequence[Mapping[str, Any]],
) -> None:
    """Write what a window has to say of an incident, in the place of what it said before."""
    speaker.tell(
        "DELETE FROM sightings WHERE incident = :incident AND at = :at",
        [{"incident": incident, "at": at}],
    )
    row = {
        "incident": incident,
        "at": at,
        "window": window,
        "run": run,
        "state": state,
        "severity": severity,
        "findings": clean(json.dumps(findings)),
    }
    speaker.tell(insert("sightings", row), [row])


def tallies(speaker: Speaker, incident: str) -> tuple[int, int]:
    """Windows that showed an incident, and clean ones since the last that did."""
    found = speaker.ask(
        "SELECT count(*), max(at) FROM sightings WHERE incident = :incident AND state = 'found'",
        incident=incident,
    )[0]
    clean_since = speaker.ask(
        "SELECT count(*) FROM sightings WHERE incident = :incident AND state = 'clean' "
        "AND at > :last",
        incident=incident,
        last=moment(found[1]) or datetime(1970, 1, 1, tzinfo=UTC),
    )[0][0]
    return int(found[0]), int(clean_since)


def findings_of(speaker: Speaker, incident: str) -> list[dict[str, Any]]:
    """Read the findings of the newest window that showed an incident."""
    rows = speaker.ask(
        "SELECT findings FROM sightings WHERE incident = :incident AND state = 'found' "
        "ORDER BY at DESC LIMIT 1",
        incident=incident,
    )
    return list(json.loads(rows[0][0])) if rows else []


def add_delivery(speaker: Speaker, delivery: Delivery, message: Message, *, due: datetime) -> bool:
    """Note something to do, once for its key; tell whether it is new."""
    row = {
        "key": delivery.key,
        "suite": clean(delivery.suite),
        "incident": delivery.incident,
        "event": delivery.event,
        "action": delivery.action,
        "kind": delivery.kind,
        "message": clean(json.dumps(asdict(message))),
        "state": delivery.state,
        "attempts": 0,
        "created": moment(delivery.created),
        "at": None,
        "due": due,
        "problem": clean(delivery.problem),
    }
    sql = f"{insert('deliveries', row)} ON CONFLICT (key) DO NOTHING RETURNING key"
    return bool(speaker.ask(sql, **row))


def moment(written: str | datetime | None) -> datetime | None:
    """Read a moment as records or either database hold it; nothing = none."""
    if not written:
        return None
    at = datetime.fromisoformat(written) if isinstance(written, str) else written
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def iso(written: str | datetime | None) -> str:
    """Write a moment as records hold it."""
    at = moment(written)
    return at.isoformat(timespec="seconds") if at else ""


def _incident(row: Sequence[Any]) -> Incident:
    values = dict(zip(INCIDENT, row, strict=True))
    values |= {name: iso(values[name]) for name in MOMENTS}
    values["findings"] = tuple(json.loads(values["findings"]))
    return Incident(**values)
