"""Suites at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.incidents import newest_unresolved, unresolved
from tidegauge.serving.building.labels import labels_until
from tidegauge.serving.building.lines import iso, rank, run_line, ticks
from tidegauge.serving.shelf import Shelved
from tidegauge.store import RunRow, Store
from tidegauge.store.tracks import Brief, briefs, first_cause, standing_of, standings
from tidegauge.views import SuitesView, SuiteTile, Tick
from tidegauge.wording import window

NEVER = (0, 0)
"""Standing of a suite that never ran."""
STRIP = 30
"""Windows in a tile's strip."""
REMEMBERED = timedelta(hours=24)
"""How long a run that broke down is shown."""
GRACE = timedelta(hours=1)
"""Time that a run may take after it was due, where the suite's alerts say none."""


def suites_view(desk: Desk) -> SuitesView:
    """Show every suite, the worst first."""
    known = {one.name: one for one in reversed([*desk.shelf])}
    kept = standings(desk.store)
    waiting = unresolved(desk)
    tiles = [
        tile(desk, name, known.get(name), kept.get(name, NEVER), waiting.get(name, 0))
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


@dataclass(frozen=True, slots=True)
class Lately:
    """What a suite's latest windows came to."""

    newest: RunRow
    strip: tuple[Tick, ...]
    since: str
    cause: str
    labels_until: str

    @classmethod
    def of(cls, store: Store, suite: str) -> Lately:
        """Read it."""
        strip = briefs(store, suite, limit=STRIP)
        newest = store.run(strip[-1].id)
        cause = first_cause(store, newest.id) if newest.outcome != "pass" else ""
        labelled = labels_until(store, suite)
        return cls(newest, ticks(strip, STRIP), _since(strip), cause, labelled)


def tile(
    desk: Desk, name: str, file: Shelved | None, standing: tuple[int, int], incidents: int
) -> SuiteTile:
    """Show one suite."""
    runs, _ = standing
    lately: Lately | None = (
        desk.tiles.get((name, standing), lambda: Lately.of(desk.store, name)) if runs else None
    )
    newest = lately.newest if lately else None
    suite = file.suite if file else None
    schedule = suite.schedule if suite else None
    return SuiteTile(
        name=name,
        path=str(file.path) if file else "",
        newest=run_line(newest) if newest else None,
        strip=lately.strip if lately else (),
        runs=runs,
        incidents=incidents,
        cause=lately.cause if lately else "",
        schedule=str(schedule or ""),
        next_at=iso(desk.next_at(name)) if schedule else "",
        overdue=_overdue(desk, file, newest),
        job=desk.jobs.of(name),
        broken=file.problem if file else "",
        hint=file.hint if file else "",
        can_run=suite is not None,
        since=lately.since if lately else "",
        labels_until=lately.labels_until if lately else "",
    )


def tile_of(desk: Desk, name: str) -> SuiteTile | None:
    """Show one suite by its name; ``None`` where nobody knows it."""
    file = desk.shelf.get(name)
    standing = standing_of(desk.store, name)
    if file is None and not standing[0]:
        return None
    return tile(desk, name, file, standing, unresolved(desk).get(name, 0))


def _since(strip: Sequence[Brief]) -> str:
    """End of the first of the windows in a row with the newest one's outcome."""
    first = strip[-1]
    for run in reversed(strip):
        if run.outcome != first.outcome:
            break
        first = run
    return iso(first.at)


def _overdue(desk: Desk, file: Shelved | None, newest: RunRow | None) -> str:
    """Say which window should be there by the suite's schedule and is not."""
    from tidegauge.logs import parse_window
    from tidegauge.suite.cron import parse_cron

    suite = file.suite if file else None
    if suite is None or suite.schedule is None or newest is None or newest.window_end is None:
        return ""
    cron = parse_cron(suite.schedule.cron, zone=suite.schedule.timezone)
    moment = cron.latest(desk.now() - (suite.alerts.expect or GRACE))
    due = parse_window(None, suite.logs.current.window, now=moment) if moment else None
    if due is None or newest.window_end >= due.end:
        return ""
    return f"The newest window is {window(newest.window)}; {window(str(due))} should be there."


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
