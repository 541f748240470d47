"""Incidents in lists, and one with its story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from tidegauge.errors import TidegaugeError
from tidegauge.incident import Delivery, Event, Incident
from tidegauge.records import Cause, Outcome
from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.lines import rank, sought, ticks
from tidegauge.store import RunRow
from tidegauge.store import incidents as kept
from tidegauge.views import (
    Entry,
    Finding,
    IncidentLine,
    IncidentsView,
    IncidentView,
    State,
    Tick,
)

PAGE = 50
EARLIER = timedelta(days=7)
"""How much before an incident its strip begins."""
SHOWN = 60
"""Windows in an incident's strip."""
TOLD = {
    "found": "seen", "clean": "not seen", "repeated": "reminded", "commented": "commented",
    "investigated": "investigated",
}  # fmt: skip
"""What an event is called on a page, where its own name would not tell."""
Choice = State | Literal["unresolved", "all"]


def unresolved(desk: Desk) -> Mapping[str, int]:
    """Count open and acknowledged incidents by suite."""
    return kept.unresolved_by_suite(desk.store)


def newest_unresolved(desk: Desk, *, limit: int) -> tuple[IncidentLine, ...]:
    """List what is open, the worst first."""
    return tuple(map(line, kept.incidents(desk.store, state=kept.UNRESOLVED, limit=limit)))


def of_runs(
    desk: Desk, suite: str, *, since: datetime | None, limit: int
) -> tuple[IncidentLine, ...]:
    """List a suite's incidents since a moment, the newest first."""
    return tuple(map(line, kept.since(desk.store, since, suite, limit=limit)))


def of_run(desk: Desk, row: RunRow) -> tuple[IncidentLine, ...]:
    """List incidents that hold findings of a run."""
    return tuple(map(line, kept.of_run(desk.store, row.id)))


def line(one: Incident) -> IncidentLine:
    """Show an incident in a list."""
    return IncidentLine(
        id=one.id,
        suite=one.suite,
        title=one.title,
        severity=one.severity,
        state=one.state,
        opened=one.opened,
        updated=one.updated,
        resolved=one.resolved,
        findings=len(one.findings),
        windows=one.windows,
        owner=one.owner,
        cause=one.because if one.cause else "",
        last=_last(one),
    )


def incidents_view(
    desk: Desk, *, state: str = "unresolved", suite: str = "", before: str = ""
) -> IncidentsView:
    """List incidents of a state, of a suite."""
    known = ("open", "acknowledged", "resolved", "unresolved", "all")
    choice = cast(Choice, state if state in known else "unresolved")
    wanted: Any = {"unresolved": kept.UNRESOLVED, "all": None}.get(choice, choice)
    found = kept.incidents(desk.store, suite or None, wanted, before=before, limit=PAGE + 1)
    return IncidentsView(
        incidents=tuple(map(line, found[:PAGE])),
        state=choice,
        suite=suite,
        suites=tuple(row.name for row in desk.store.suites()),
        counts=kept.counts(desk.store, suite or None),
        older=found[PAGE - 1].id if len(found) > PAGE else "",
    )


def incident_view(desk: Desk, id: str) -> IncidentView:
    """Show one incident.

    Raises
    ------
    HistoryError
        When the history holds none of this id.
    """
    one = kept.incident(desk.store, id)
    seen = kept.sightings(desk.store, one.id)
    told = kept.events(desk.store, one.id)
    sent = kept.deliveries(desk.store, incident=one.id)
    entries = sorted([*map(_entry, told), *map(_sent, sent)], key=lambda entry: entry.at)
    return IncidentView(
        line=replace(line(one), last=_last_of(told)),
        because=one.because,
        causes=_causes(desk, one, seen),
        findings=_findings(seen),
        strip=_strip(desk, one),
        entries=tuple(entries),
        run=one.run,
    )


def _last(one: Incident) -> str:
    if one.resolved:
        return f"resolved by {one.resolved_by}" if one.resolved_by else "resolved"
    return f"acknowledged by {one.acknowledged_by}" if one.acknowledged_by else ""


def _last_of(told: Sequence[Event]) -> str:
    if len(told) < 2:
        return ""
    last = told[-1]
    return f"{TOLD.get(last.what, last.what)} by {last.by}"


def _entry(event: Event) -> Entry:
    who = "" if event.by == "tidegauge" else event.by
    return Entry(at=event.at, kind=TOLD.get(event.what, event.what), who=who, said=event.text)


def _sent(one: Delivery) -> Entry:
    return Entry(at=one.at or one.created, kind=one.state, who=one.action, said=one.problem)


def _causes(desk: Desk, one: Incident, seen: Sequence[Mapping[str, Any]]) -> tuple[Cause, ...]:
    """Causes of the newest run that has any and still has its report."""
    for run in dict.fromkeys([one.run, *(each["run"] for each in reversed(seen))][:5]):
        try:
            found = sought(desk.report(run)) if run else ()
        except TidegaugeError:
            continue
        held = {*one.findings}
        fitting = tuple(cause for cause in found if not cause.results or held & {*cause.results})
        if fitting:
            return fitting
    return ()


def _findings(seen: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Every finding that an incident's windows showed, the worst first."""
    found: dict[tuple[str, str, str], Finding] = {}
    for each in seen:
        if each["state"] != "found":
            continue
        for one in each["findings"]:
            key = (one["check"], one.get("column", ""), one.get("slice", ""))
            before = found.get(key)
            found[key] = Finding(
                check=key[0],
                column=key[1],
                slice=key[2],
                outcome=cast(Outcome, one.get("outcome", "warn")),
                because=one.get("because", ""),
                first=before.first if before else each["at"],
                last=each["at"],
                windows=before.windows + 1 if before else 1,
                run=each["run"],
            )
    return tuple(sorted(found.values(), key=lambda one: (rank(one.outcome), one.check)))


def _strip(desk: Desk, one: Incident) -> tuple[Tick, ...]:
    began = one.first_window.partition("/")[0] or one.opened
    since = datetime.fromisoformat(began) - EARLIER
    until = datetime.fromisoformat(one.resolved) + EARLIER if one.resolved else None
    runs = desk.strip(one.suite, since)
    return ticks([run for run in runs if until is None or run.at < until], SHOWN)
