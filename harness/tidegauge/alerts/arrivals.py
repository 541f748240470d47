"""Windows without rows, and windows that did not come at all: the dead-man's check."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tidegauge.alerts.book import Book, sight
from tidegauge.alerts.grouping import owners_of
from tidegauge.alerts.paging import paging
from tidegauge.alerts.routing import route
from tidegauge.incident import Delivery, Event, Incident, Settled, Sort, What
from tidegauge.logs import parse_window
from tidegauge.logs.windows import Window
from tidegauge.store import Store
from tidegauge.store import incident_writing as writing
from tidegauge.store.speaking import Speaker
from tidegauge.suite import Suite
from tidegauge.wording import counted

MOST = 400
"""Windows looked back at: a year of days."""


def rows_came(book: Book, lasting: Mapping[str, Incident]) -> None:
    """Open or end what is about windows without rows; end what waited for this window."""
    empty = book.report.current.n == 0
    for one in lasting.values():
        if one.state == "resolved" or one.sort == "finding":
            continue
        newest = writing.newest_sighting(book.speaker, one.id)
        if newest is not None and book.at < newest:
            continue
        if one.sort == "missing":
            if book.at >= _last_end(one):  # else a later window is still missing
                _end(book, one, "a window came again")
        elif not empty:
            sight(book, one, "clean", ())
            _end(book, one, "rows came again")
        else:
            again = writing.sighting(book.speaker, one.id, book.at) == "found"
            sight(book, one, "found", ())
            windows, _ = writing.tallies(book.speaker, one.id)
            one = replace(one, windows=windows, last_window=book.window)
            if not again:
                book.put(one, "found", _no_rows(book))
            empty = False
    if empty:
        _open(book, _no_rows(book))


def expected_windows(suite: Suite, now: datetime) -> tuple[Window, ...]:
    """Windows that should have come by now, the newest first.

    A suite with a schedule expects what its runs would read; one without, every window of its
    length. A window may take ``alerts.expect`` after its end, or after its run was due.
    """
    length, grace = suite.logs.current.window, suite.alerts.expect
    if length is None or grace is None:
        return ()
    found: dict[datetime, Window] = {}
    due = now - grace
    for _ in range(MOST):
        at = _due(suite, due)
        window = parse_window(None, length, now=at) if at is not None else None
        if at is None or window is None:
            break
        found.setdefault(window.end, window)
        due = (window.end if suite.schedule is None else at) - timedelta(microseconds=1)
    return tuple(found.values())


def _due(suite: Suite, moment: datetime) -> datetime | None:
    if suite.schedule is None:
        return moment
    from tidegauge.suite.cron import parse_cron

    return parse_cron(suite.schedule.cron, zone=suite.schedule.timezone).latest(moment)


def check_arrivals(
    store: Store, suite: Suite, *, now: datetime | None = None, act: bool = True
) -> tuple[Settled, tuple[Delivery, ...]]:
    """Open an incident for windows that did not come, or end it.

    Only windows after the first that ever came are missed: nobody waits for what was before.
    """
    now = (now or datetime.now(UTC)).astimezone(UTC)
    expected = expected_windows(suite, now)
    if not expected:
        return Settled(paging=paging(suite)), ()
    with writing.spoken(store) as speaker:
        newest = _newest(speaker, suite.name)
        if newest is None:
            return Settled(paging=paging(suite)), ()
        lost = [one for one in expected if one.end > newest]
        incidents: dict[str, Incident] = {}
        events: list[Event] = []
        if lost:
            changed = _missed(speaker, suite, lost, now)
            if changed is not None:
                incident, event = changed
                incidents[incident.id] = incident
                events.append(event)
        todo = route(speaker, suite, events, incidents, now=now, act=act)
    settled = Settled(
        incidents=tuple(incidents.values()),
        events=tuple(events),
        paging=paging(suite),
        notes=tuple(f"incident {one.id}: {one.title}" for one in incidents.values()),
    )
    return settled, todo


def _newest(speaker: Speaker, suite: str) -> datetime | None:
    rows = speaker.ask("SELECT max(window_end) FROM runs WHERE suite = :suite", suite=suite)
    return writing.moment(rows[0][0])


def _missed(
    speaker: Speaker,
    suite: Suite,
    lost: list[Window],
    now: datetime,
) -> tuple[Incident, Event] | None:
    """Open an incident for lost windows (the newest first), or add to the one that lasts."""
    stamp = now.isoformat(timespec="seconds")
    first, last = lost[-1], lost[0]
    lasting = (one for one in writing.recent(speaker, suite.name, now) if one.sort == "missing")
    before = next((one for one in lasting if one.state != "resolved"), None)
    before = before or writing.one(speaker, _id(suite, "missing", str(first)))
    if before is not None and before.last_window == str(last):
        return None
    days = day_of(str(first)) if first == last else f"{day_of(str(first))} to {day_of(str(last))}"
    grace = suite.alerts.expect or timedelta()
    said = f"no rows came for {days}, expected by {_clock(last.end + grace)}"
    if len(lost) > 1:
        said += f"; {counted(len(lost), 'window')} in a row"
    told = writing.moment(before.notified) if before else None
    due = told is None or now - told >= suite.alerts.cooldown
    again = before is not None and due and before.state != "acknowledged"
    back = before is not None and before.state == "resolved"
    base = before or Incident(
        id=_id(suite, "missing", str(first)),
        suite=suite.name,
        sort="missing",
        title="",
        opened=stamp,
        updated=stamp,
        first_window=str(first),
    )
    incident = replace(
        base,
        title=f"no rows for {days}",
        because=said,
        state="open" if back else base.state,
        resolved="" if back else base.resolved,
        resolved_by="" if back else base.resolved_by,
        reopened=base.reopened + back,
        last_window=str(last),
        windows=len(lost),
        updated=stamp,
        notified=stamp if before is None or again or back else base.notified,
        owner=", ".join(owner.name for owner in owners_of((), suite)),
    )
    writing.keep_incident(speaker, incident)
    event = Event(
        id=0,
        incident=incident.id,
        at=stamp,
        what=_what(before, back, again),
        severity=incident.severity,
        text=said,
        window=str(last),
    )
    return incident, writing.add_event(speaker, event)


def _what(before: Incident | None, back: bool, again: bool) -> What:
    if before is None:
        return "opened"
    return "reopened" if back else "repeated" if again else "found"


def _last_end(incident: Incident) -> datetime:
    return datetime.fromisoformat(incident.last_window.partition("/")[2])


def _end(book: Book, incident: Incident, said: str) -> None:
    ended = replace(
        incident, state="resolved", resolved=book.stamp, resolved_by="tidegauge", clean=1
    )
    book.put(ended, "resolved", said)


def _open(book: Book, said: str) -> None:
    came = Incident(
        id=_id(book.suite, "empty", book.window or book.report.run_id),
        suite=book.suite.name,
        sort="empty",
        title=f"no rows for {day_of(book.window)}" if book.window else "no rows",
        because=said,
        opened=book.stamp,
        updated=book.stamp,
        first_window=book.window,
        last_window=book.window,
        windows=1,
        run=book.report.run_id,
        notified=book.stamp,
        owner=", ".join(owner.name for owner in owners_of((), book.suite)),
    )
    if writing.one(book.speaker, came.id) is None:
        sight(book, came, "found", ())
        book.put(came, "opened", said)


def _no_rows(book: Book) -> str:
    where = f" for {day_of(book.window)}" if book.window else ""
    return f"the log holds no rows{where}: {book.report.current.source}"


def _id(suite: Suite, sort: Sort, lead: str) -> str:
    text = f"{suite.name}|{sort}|{lead}"
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def day_of(window: str) -> str:
    """Name a window: its day, or both its ends.

    Examples
    --------
    >>> day_of("2026-11-22T00:00:00+00:00/2026-11-23T00:00:00+00:00")
    '2026-11-22'
    >>> day_of("2026-11-22T06:00:00+00:00/2026-11-22T07:00:00+00:00")
    '2026-11-22 06:00 to 07:00'
    """
    start, _, end = window.partition("/")
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    if (last - first) == timedelta(days=1) and first.hour == first.minute == 0:
        return f"{first:%Y-%m-%d}"
    same = first.date() == last.date()
    return f"{_clock(first)} to {f'{last:%H:%M}' if same else _clock(last)}"


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
