"""What a further window makes of an incident that lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tidegauge.alerts.book import Book, described, sight
from tidegauge.alerts.evidence import Paged
from tidegauge.alerts.grouping import Group
from tidegauge.causes.incidents import key_of
from tidegauge.incident import Incident
from tidegauge.records import Report, Result
from tidegauge.store import incident_writing as writing
from tidegauge.wording import counted

UNKNOWN = ("inconclusive", "not_applicable", "skipped", "error")


def go_on(
    book: Book,
    incident: Incident,
    results: Sequence[Result],
    group: Group | None,
    pages: Mapping[str, Paged],
) -> None:
    """Take a window into an incident that lasts."""
    newest = writing.newest_sighting(book.speaker, incident.id)
    before = writing.sighting(book.speaker, incident.id, book.at)
    state = "found" if results else _without(book.report, incident)
    sight(book, incident, state, results)
    windows, clean = writing.tallies(book.speaker, incident.id)
    late = newest is not None and book.at < newest
    incident = replace(incident, windows=windows, clean=clean)
    if results and group is not None and not late:
        incident = described(book, incident, group, results)
    if before not in ("", "unknown", state):
        book.put(incident, "rejudged", f"run again: {before} before, {state} now")
    if late or before == state:
        if before != state:
            writing.keep_incident(book.speaker, incident)
        elif results and not late:
            _found(book, incident, results, pages, again=True)
        return
    if state == "found":
        _found(book, incident, results, pages, again=before in ("found", "clean"))
    elif state == "clean":
        _clean(book, incident, again=before in ("found", "clean"))
    else:
        writing.keep_incident(book.speaker, incident)


def _without(report: Report, incident: Incident) -> str:
    """Say whether a window without alarms of an incident is clean, or cannot tell."""
    own = [r for r in report.results if key_of(r) in incident.findings]
    judged = [r for r in own if r.verdict.outcome not in UNKNOWN]
    beyond = any(result.verdict.streak for result in judged)
    return "clean" if judged and not beyond else "unknown"


def _found(
    book: Book,
    incident: Incident,
    results: Sequence[Result],
    pages: Mapping[str, Paged],
    *,
    again: bool,
) -> None:
    """Go on with an incident; tell of it only where it got worse, or was not told for long."""
    critical = any(
        (page := pages.get(key_of(result))) and page.severity == "critical" for result in results
    )
    stamp = book.stamp
    if critical and incident.severity != "critical":
        worse = replace(incident, severity="critical", state="open", notified=stamp)
        worse = replace(worse, acknowledged_by="")
        book.put(worse, "escalated", incident.because)
        return
    told = writing.moment(incident.notified)
    due = told is None or book.now - told >= book.suite.alerts.cooldown
    if again:
        writing.keep_incident(book.speaker, incident)
    elif due and incident.state == "open":
        book.put(replace(incident, notified=stamp), "repeated", incident.because)
    else:
        book.put(incident, "found", incident.because)


def _clean(book: Book, incident: Incident, *, again: bool) -> None:
    needed = book.suite.alerts.resolve_after
    if incident.clean >= needed:
        stamp = book.stamp
        ended = replace(incident, state="resolved", resolved=stamp, resolved_by="tidegauge")
        book.put(ended, "resolved", f"no finding in {counted(incident.clean, 'window')} in a row")
    elif not again:
        text = f"no finding in {incident.clean} of {needed} windows"
        book.put(incident, "clean", text)
    else:
        writing.keep_incident(book.speaker, incident)
