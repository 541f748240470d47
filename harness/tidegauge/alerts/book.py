"""What is read and written while the findings of one run are settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tidegauge.alerts.grouping import Group, because_of, owners_of, title_of, told_of, worst
from tidegauge.causes.incidents import key_of
from tidegauge.incident import Event, Incident, What
from tidegauge.records import Report, Result
from tidegauge.store import incident_writing as writing
from tidegauge.store.speaking import Speaker
from tidegauge.suite import Suite


@dataclass(slots=True)
class Book:
    """What is read and written while a run is settled."""

    speaker: Speaker
    suite: Suite
    report: Report
    now: datetime
    at: datetime
    """Where the run's window stands."""
    incidents: dict[str, Incident] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    @property
    def window(self) -> str:
        """The run's window, ``start/end``."""
        return self.report.current.window

    @property
    def stamp(self) -> str:
        """The moment of settling, ISO 8601."""
        return self.now.astimezone(UTC).isoformat(timespec="seconds")

    def put(self, incident: Incident, what: What, text: str, by: str = "tidegauge") -> None:
        """Write an incident as it stands now, and a line of its timeline."""
        stamp = self.stamp
        incident = replace(incident, updated=stamp)
        writing.keep_incident(self.speaker, incident)
        event = Event(
            id=0,
            incident=incident.id,
            at=stamp,
            what=what,
            severity=incident.severity,
            by=by,
            text=text,
            run=self.report.run_id,
            window=self.window,
        )
        self.incidents[incident.id] = incident
        self.events.append(writing.add_event(self.speaker, event))


def place_of(report: Report) -> datetime:
    """Where a run stands in time: the end of its window, or when it was run."""
    end = report.current.window.partition("/")[2]
    at = writing.moment(end or report.created)
    assert at is not None
    return at


def described(book: Book, incident: Incident, group: Group, results: Sequence[Result]) -> Incident:
    """Bring an incident up to what a window says of it."""
    keys = dict.fromkeys((*incident.findings, *(key_of(result) for result in results)))
    owners = owners_of(keys, book.suite)
    title = title_of(replace(group, results=tuple(results)), book.report)
    return replace(
        incident,
        title=title if group.cause or not incident.cause else incident.title,
        because=because_of(replace(group, results=tuple(results))),
        cause=group.cause.factor if group.cause else incident.cause,
        findings=tuple(keys),
        last_window=book.window,
        run=book.report.run_id,
        owner=", ".join(owner.name for owner in owners),
    )


def sight(book: Book, incident: Incident, state: str, results: Sequence[Result]) -> None:
    """Write what the run's window has to say of an incident."""
    # An incident's row must be there before what refers to it.
    if not book.speaker.ask("SELECT 1 FROM incidents WHERE id = :id", id=incident.id):
        writing.keep_incident(book.speaker, incident)
    writing.keep_sighting(
        book.speaker,
        incident.id,
        book.at,
        window=book.window,
        run=book.report.run_id,
        state=state,
        severity=worst(r.verdict.outcome for r in results) if results else "info",
        findings=[told_of(result) for result in results],
    )
