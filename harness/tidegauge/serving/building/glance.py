"""Suites at a glance."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from tidegauge.errors import TidegaugeError
from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.incidents import newest_unresolved, unresolved
from tidegauge.serving.building.lines import cause_of, iso, rank, run_line, ticks
from tidegauge.serving.shelf import Shelved
from tidegauge.store import RunRow
from tidegauge.views import SuitesView, SuiteTile

STRIP = 30
"""Windows in a tile's strip."""
REMEMBERED = timedelta(hours=24)
"""How long a run that broke down is shown."""
OVERDUE = 2.0
"""A suite with a window is overdue when its newest is this many windows old."""


def suites_view(desk: Desk) -> SuitesView:
    """Show every suite, the worst first."""
    known = {one.name: one for one in reversed([*desk.shelf])}
    kept = {row.name: row.runs for row in desk.store.suites()}
    waiting = unresolved(desk)
    tiles = [
        tile(desk, name, known.get(name), kept.get(name, 0), waiting.get(name, 0))
        for name in {**kept, **known}
    ]
    tiles.sort(key=_urgency)
    since = iso(desk.now() - REMEMBERED)
    return SuitesView(
        tiles=tuple(tiles),
        totals=Counter(one.newest.outcome if one.newest else "none" for one in tiles),
        incidents=newest_unresolved(desk, limit=5),
        jobs=(*desk.jobs.going.values(), *desk.jobs.failed(since)),
        notes=_notes(desk, tiles),
    )


def tile(desk: Desk, name: str, file: Shelved | None, runs: int, incidents: int) -> SuiteTile:
    """Show one suite."""
    latest = desk.store.runs(name, limit=STRIP) if runs else ()
    newest = latest[0] if latest else None
    suite = file.suite if file else None
    schedule = suite.schedule if suite else None
    labelled = suite is not None and suite.columns.target is not None
    return SuiteTile(
        name=name,
        path=str(file.path) if file else "",
        newest=run_line(newest) if newest else None,
        strip=ticks(latest[::-1], STRIP),
        runs=runs,
        incidents=incidents,
        cause=_cause(desk, newest),
        schedule=str(schedule or ""),
        next_at=iso(desk.next_at(name)) if schedule else "",
        overdue=_overdue(desk, file, newest),
        job=desk.jobs.of(name),
        broken=file.problem if file else "",
        hint=file.hint if file else "",
        can_run=suite is not None,
        since=_since(latest),
        labels_until=labels_until(desk, newest) if labelled else "",
    )


def tile_of(desk: Desk, name: str) -> SuiteTile | None:
    """Show one suite by its name; ``None`` where nobody knows it."""
    file = desk.shelf.get(name)
    runs = next((row.runs for row in desk.store.suites() if row.name == name), 0)
    if file is None and not runs:
        return None
    return tile(desk, name, file, runs, unresolved(desk).get(name, 0))


def labels_until(desk: Desk, newest: RunRow | None) -> str:
    """Say up to when labels have arrived, as far as the newest report tells."""
    return ""


def _cause(desk: Desk, newest: RunRow | None) -> str:
    if newest is None or newest.outcome == "pass":
        return ""
    try:
        return cause_of(desk.report(newest.id))
    except TidegaugeError:  # pruned since, or of a newer release
        return ""


def _since(latest: tuple[RunRow, ...]) -> str:
    """End of the first of the windows in a row with the newest one's outcome."""
    same = []
    for row in latest:
        if row.outcome != latest[0].outcome:
            break
        same.append(row)
    return iso(same[-1].at) if same else ""


def _overdue(desk: Desk, file: Shelved | None, newest: RunRow | None) -> str:
    from tidegauge.logs import parse_window

    suite = file.suite if file else None
    if suite is None or suite.logs.current.window is None or newest is None:
        return ""
    now = desk.now()
    due = parse_window(None, suite.logs.current.window, now=now)
    if due is None or newest.window_end is None:
        return ""
    late = now - newest.window_end
    if late < OVERDUE * (due.end - due.start) or suite.schedule is None:
        return ""
    return f"The newest window ended {iso(newest.window_end)}; {due} should be there."


def _urgency(one: SuiteTile) -> tuple[int, bool, int, str]:
    outcome = rank(one.newest.outcome) if one.newest else rank("pass")
    return (outcome, not (one.overdue or one.broken), -one.incidents, one.name)


def _notes(desk: Desk, tiles: list[SuiteTile]) -> tuple[str, ...]:
    notes = []
    if not tiles:
        notes.append(
            "The history is empty, and no suite was named: start with tidegauge serve SUITE.yaml."
        )
    if not desk.scheduled and any(one.schedule for one in tiles):
        notes.append("Schedules are off on this server: suites run when somebody starts them.")
    return tuple(notes)
