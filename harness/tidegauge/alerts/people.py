"""What people do with an incident: acknowledge it, comment on it, end it, hand it over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from tidegauge.errors import TidegaugeError
from tidegauge.incident import Event, Incident, What
from tidegauge.store import Store
from tidegauge.store import incident_writing as writing

LONGEST = 10_000
"""Characters of a comment."""


def acknowledge(
    store: Store, id: str, *, by: str, text: str = "", now: datetime | None = None
) -> Incident:
    """Say that somebody knows: nobody is told again until it gets worse."""

    def known(one: Incident) -> Incident:
        _refuse_resolved(one)
        return replace(one, state="acknowledged", acknowledged_by=by)

    return _done(store, id, "acknowledged", known, by=by, text=text, now=now)


def resolve(
    store: Store, id: str, *, by: str, text: str = "", now: datetime | None = None
) -> Incident:
    """End an incident by hand; it comes back when a later window shows it again."""

    def ended(one: Incident) -> Incident:
        _refuse_resolved(one)
        return replace(one, state="resolved", resolved=_stamp(now), resolved_by=by)

    return _done(store, id, "resolved", ended, by=by, text=text, now=now)


def comment(store: Store, id: str, *, by: str, text: str, now: datetime | None = None) -> Incident:
    """Add a comment to an incident's timeline."""
    if not text.strip():
        raise TidegaugeError("the comment is empty", "write what you found")
    return _done(store, id, "commented", lambda one: one, by=by, text=text, now=now)


def assign(store: Store, id: str, *, owner: str, by: str, now: datetime | None = None) -> Incident:
    """Name who looks after an incident."""
    return _done(
        store, id, "assigned", lambda one: replace(one, owner=owner), by=by, text=owner, now=now
    )


def _done(
    store: Store,
    id: str,
    what: What,
    change: Callable[[Incident], Incident],
    *,
    by: str,
    text: str,
    now: datetime | None,
) -> Incident:
    """Change an incident and its timeline together; what follows is decided by the next round."""
    if len(text) > LONGEST:
        raise TidegaugeError(f"found {len(text):,} characters; allowed: {LONGEST:,}")
    from tidegauge.store import incidents  # loads SQLAlchemy, which a run does without

    found = incidents.incident(store, id)
    with writing.spoken(store) as speaker:
        before = writing.one(speaker, found.id)
        assert before is not None
        after = replace(change(before), updated=_stamp(now))
        writing.keep_incident(speaker, after)
        event = Event(
            id=0,
            incident=after.id,
            at=after.updated,
            what=what,
            severity=after.severity,
            by=by or "somebody",
            text=text,
            run=after.run,
            window=after.last_window,
        )
        writing.add_event(speaker, event, routed=False)
    return after


def _refuse_resolved(one: Incident) -> None:
    if one.state == "resolved":
        raise TidegaugeError(
            f"incident {one.id} ended at {one.resolved}, by {one.resolved_by or 'nobody known'}",
            "comment on it instead: tidegauge incidents comment",
        )


def _stamp(now: datetime | None) -> str:
    return (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
