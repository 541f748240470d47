"""From the findings of a run to what became of the suite's incidents.

One transaction reads what lasts, decides, and writes incidents, timelines and what is to be done; a
process that is killed leaves all of it or nothing. The same window settled twice, by one process or
by two, changes nothing the second time: what a window had to say is kept under its place in time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tidegauge.alerts import evidence
from tidegauge.alerts.arrivals import rows_came
from tidegauge.alerts.book import Book, described, place_of, sight
from tidegauge.alerts.grouping import Group, alarms_of, grouped, worst
from tidegauge.alerts.lasting import go_on
from tidegauge.alerts.paging import paging
from tidegauge.alerts.routing import route
from tidegauge.causes.incidents import key_of
from tidegauge.incident import Delivery, Incident, Settled
from tidegauge.records import Report, Result, Severity
from tidegauge.store import Store
from tidegauge.store import incident_writing as writing
from tidegauge.store.speaking import Speaker
from tidegauge.suite import Suite
from tidegauge.wording import counted


def settle(
    store: Store, suite: Suite, report: Report, *, now: datetime | None = None, act: bool = True
) -> tuple[Settled, tuple[Delivery, ...]]:
    """Take a run's findings into the suite's incidents, and note what is to be done.

    Parameters
    ----------
    store
        The history; the run is in it already.
    suite
        The suite that was run.
    report
        What came of it.
    now
        Moment of settling.
    act
        Whether what follows is noted to be done; else it is only told.

    Returns
    -------
    What changed, and what is to be done, or would be.
    """
    now = (now or datetime.now(UTC)).astimezone(UTC)
    accepted = paging(suite)
    with writing.spoken(store) as speaker:
        book = Book(speaker, suite, report, now, place_of(report))
        if _superseded(speaker, report):
            return Settled(paging=accepted), ()
        before = evidence.earlier(speaker, suite.name, book.at)
        standings, tests = evidence.standings(report, before)
        pages = evidence.paged(report, standings, tests, accepted)
        lasting = {one.id: one for one in writing.seen_at(speaker, suite.name, book.at)}
        lasting |= {one.id: one for one in writing.recent(speaker, suite.name, _since(book))}
        rows_came(book, lasting)
        waiting = _take(book, lasting, pages)
        told = [key_of(page.result) for page in pages]
        evidence.keep(speaker, suite.name, book.at, standings, tests, told)
        _mark(speaker, report, suite, now)
        todo = route(speaker, suite, book.events, book.incidents, now=now, act=act)
    settled = Settled(
        incidents=tuple(book.incidents.values()),
        events=tuple(book.events),
        waiting=waiting,
        paging=accepted,
        notes=_notes(book, waiting),
    )
    return settled, todo


def _since(book: Book) -> datetime:
    return book.now - book.suite.alerts.reopen_within


def _superseded(speaker: Speaker, report: Report) -> bool:
    rows = speaker.ask("SELECT superseded_by FROM runs WHERE id = :id", id=report.run_id)
    return bool(rows and rows[0][0])


def _mark(speaker: Speaker, report: Report, suite: Suite, now: datetime) -> None:
    row = {"run": report.run_id, "suite": suite.name, "at": now}
    speaker.tell("DELETE FROM settled WHERE run = :run", [row])
    speaker.tell("INSERT INTO settled (run, suite, at) VALUES (:run, :suite, :at)", [row])


def _take(
    book: Book, lasting: dict[str, Incident], pages: Sequence[evidence.Paged]
) -> tuple[str, ...]:
    """Give every alarm to the incident it belongs to; tell which wait for more evidence."""
    paging_keys = {key_of(page.result): page for page in pages}
    alarms = list(alarms_of(book.report))
    known = {key_of(result) for result in alarms}
    alarms += [p.result for p in pages if key_of(p.result) not in known]
    open_ones = [one for one in lasting.values() if one.state != "resolved"]
    held: dict[str, list[Result]] = {one.id: [] for one in open_ones if one.sort == "finding"}
    causes: dict[str, Group] = {}
    waiting = []
    for group in grouped(book.report, alarms):
        mine, rest = _claimed(group, [one for one in open_ones if one.sort == "finding"])
        for id, results in mine.items():
            held[id] += results
            causes[id] = group
        if not rest:
            continue
        if not any(key_of(result) in paging_keys for result in rest):
            waiting += [f"{r.verdict.because}; more evidence is needed to page" for r in rest]
            continue
        fresh = replace(group, results=tuple(rest))
        severity = worst(paging_keys[k].severity for k in fresh.keys if k in paging_keys)
        because = [paging_keys[k].because for k in fresh.keys if k in paging_keys]
        _begin(book, fresh, severity, because[0], lasting)
    for one in open_ones:
        if one.sort == "finding":
            go_on(book, one, held[one.id], causes.get(one.id), paging_keys)
    return tuple(waiting)


def _claimed(
    group: Group, open_ones: Sequence[Incident]
) -> tuple[dict[str, list[Result]], list[Result]]:
    """Share a group's results out to incidents that last; what joins none comes back.

    A finding stays in the incident that held it before. The others of its group join the one that
    already holds most of the group, for they have its cause in common.
    """
    mine: dict[str, list[Result]] = {}
    rest = []
    for result in group.results:
        holder = next((one for one in open_ones if key_of(result) in one.findings), None)
        if holder:
            mine.setdefault(holder.id, []).append(result)
        else:
            rest.append(result)
    factor = group.cause.factor if group.cause else ""
    target = max(mine, key=lambda id: len(mine[id]), default="")
    if not target and factor:
        target = next((one.id for one in open_ones if one.cause == factor), "")
    if not target:
        columns = {result.column for result in rest if result.column}
        target = next((one.id for one in open_ones if columns & _columns(one)), "")
    if target and rest:
        mine.setdefault(target, []).extend(rest)
        rest = []
    return mine, rest


def _columns(incident: Incident) -> set[str]:
    return {key.split("|", 2)[1] for key in incident.findings} - {""}


def _begin(
    book: Book, group: Group, severity: Severity, because: str, lasting: Mapping[str, Incident]
) -> None:
    """Open an incident, or let one come back that ended a short while ago."""
    factor = group.cause.factor if group.cause else ""
    said = f"{group.cause.because}; {because}" if group.cause else because
    before = _ended(group, factor, lasting)
    if before is not None and _knew(book, before, group):
        return
    if before is not None:
        came = replace(
            before,
            state="open",
            severity=severity,
            resolved="",
            resolved_by="",
            acknowledged_by="",
            reopened=before.reopened + 1,
            notified=book.stamp,
        )
    else:
        lead = f"{book.suite.name}|{book.window or book.report.run_id}|{group.keys[0]}"
        came = Incident(
            id=_free_id(book, lead),
            suite=book.suite.name,
            title="",
            severity=severity,
            opened=book.stamp,
            updated=book.stamp,
            first_window=book.window,
            notified=book.stamp,
        )
    came = described(book, came, group, group.results)
    sight(book, came, "found", group.results)
    windows, clean = writing.tallies(book.speaker, came.id)
    came = replace(came, windows=windows, clean=clean, because=said)
    book.put(came, "opened" if before is None else "reopened", said)


def _ended(group: Group, factor: str, lasting: Mapping[str, Incident]) -> Incident | None:
    """Find the incident that ended a short while ago and is about the same."""
    found = [
        one
        for one in lasting.values()
        if one.state == "resolved"
        and one.sort == "finding"
        and (set(group.keys) & set(one.findings) or (factor and one.cause == factor))
    ]
    return found[-1] if found else None


def _knew(book: Book, ended: Incident, group: Group) -> bool:
    """Whether an incident ended after this window: whoever ended it knew of it, or could have."""
    newest = writing.newest_sighting(book.speaker, ended.id)
    if newest is None or book.at > newest:
        return False
    sight(book, ended, "found", group.results)
    return True


def _free_id(book: Book, lead: str) -> str:
    """Make an id of what an incident begins with; another where that one was taken long ago."""
    for n in range(1_000):
        digest = hashlib.sha256(f"{lead}|{n}".encode("utf-8", "replace")).hexdigest()[:8]
        if writing.one(book.speaker, digest) is None:
            return digest
    raise AssertionError("a thousand incidents begin with one window")


def _notes(book: Book, waiting: Sequence[str]) -> tuple[str, ...]:
    words = {"opened": "opened", "reopened": "came back", "escalated": "got worse",
             "resolved": "ended", "found": "goes on", "repeated": "goes on"}  # fmt: skip
    lines = []
    for event in book.events:
        incident = book.incidents[event.incident]
        if event.what in words:
            lines.append(f"incident {incident.id} {words[event.what]}: {incident.title}")
    if waiting:
        lines.append(
            f"{counted(len(waiting), 'alarm')} shown, but not paged: one window alone does not "
            "show enough for the false pages a year that the suite accepts"
        )
    return tuple(lines)
