"""Look for the causes in the rows, put them on the incident's timeline, and tell its owners."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tidegauge.alerts.actions.notify import tell
from tidegauge.alerts.grouping import owners_of
from tidegauge.alerts.texts import harmless
from tidegauge.causes.incidents import key_of
from tidegauge.errors import TidegaugeError
from tidegauge.incident import Event, Message
from tidegauge.records import Explanation, Report
from tidegauge.store import incident_writing as writing
from tidegauge.suite.acts import Deed, Investigate

if TYPE_CHECKING:
    from tidegauge.store import Store
    from tidegauge.suite import Suite

MOST = 3
"""Causes that are told."""


def act(deed: Deed, message: Message, suite: Suite, store: Store) -> None:
    """Explain the run that showed the incident, and tell the owners of what it is about."""
    assert isinstance(deed, Investigate)
    asked = message.run and not message.test  # a window that did not come has no rows to ask
    said = _investigated(message, suite, store) if asked else ""
    keys = [f"{one['check']}|{one['column']}|{one['slice']}" for one in message.findings]
    owners = suite.owners.values() if message.test else owners_of(keys, suite)
    places = dict.fromkeys(place for owner in owners for place in owner.places)
    if places:
        tell(places, message, more=f"Investigation: {harmless(said, 2_000)}" if said else "")


def _investigated(message: Message, suite: Suite, store: Store) -> str:
    """Find the causes and note them, once; a repeat finds them on the timeline."""
    with writing.spoken(store) as speaker:
        rows = speaker.ask(
            "SELECT text FROM incident_events WHERE incident = :incident "
            "AND what = 'investigated' AND run = :run",
            incident=message.incident,
            run=message.run,
        )
    if rows:
        return str(rows[0][0])
    report = store.report(message.run)
    try:
        report = report if _sought(report) else _explained(report, message, suite)
        said = in_words(report)
    except TidegaugeError as error:
        said = f"the causes could not be looked for: {error.message}"
    else:
        store.save(report)
    with writing.spoken(store) as speaker:
        incident = writing.one(speaker, message.incident)
        if incident is not None:
            event = Event(
                id=0,
                incident=incident.id,
                at=datetime.now(UTC).isoformat(timespec="seconds"),
                what="investigated",
                severity=incident.severity,
                text=said,
                run=message.run,
                window=message.window,
            )
            writing.add_event(speaker, event)
            first = next((one.causes[0] for one in report.explanations if one.causes), None)
            if first is not None and not incident.cause and _sought(report):
                writing.keep_incident(speaker, replace(incident, cause=first.factor))
    return said


def _sought(report: Report) -> bool:
    return any(one.basis != "profiles" for one in report.explanations)


def _explained(report: Report, message: Message, suite: Suite) -> Report:
    from tidegauge.causes import explain_report

    columns = [str(one["column"]) for one in message.findings if one["column"]]
    known = {key_of(result).split("|")[1] for result in report.results}
    check = columns[0] if len(set(columns)) == 1 and columns[0] in known else ""
    places = {side: None if place == "frame" else place for side, place in report.overrides.items()}
    return explain_report(
        report,
        suite,
        check=check,
        window=report.current.window or None,
        current=places.get("current"),
        baseline=places.get("baseline"),
    )


def in_words(report: Report) -> str:
    """Give the explanations of a report in a few sentences."""
    return " ".join(_said(one) for one in report.explanations) or "nothing explains it"


def _said(one: Explanation) -> str:
    causes = [cause.because for cause in one.causes[:MOST]]
    return " ".join(dict.fromkeys(filter(None, (one.because, *causes))))
