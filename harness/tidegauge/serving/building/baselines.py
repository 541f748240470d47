"""What each suite is held against."""

from __future__ import annotations

from collections.abc import Iterator

from tidegauge.records import Side
from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.lines import iso
from tidegauge.store import RunRow
from tidegauge.store.tracks import baseline_of, baselines_of, standings
from tidegauge.suite import Suite
from tidegauge.views import BaselineLine, BaselinesView, BaselineUse


def baselines_view(desk: Desk) -> BaselinesView:
    """Show every suite's baseline."""
    return BaselinesView(baselines=tuple(baseline_lines(desk)))


def baseline_lines(desk: Desk) -> Iterator[BaselineLine]:
    """Give what each suite is held against, by the suite's name."""
    known = {one.name: one for one in desk.shelf}
    kept = standings(desk.store)
    for name in sorted({**kept, **known}):
        file = known.get(name)
        yield _line(desk, name, file.suite if file else None, name in kept)


def _line(desk: Desk, name: str, suite: Suite | None, ran: bool) -> BaselineLine:
    named = suite.logs.baseline if suite else None
    newest = desk.store.runs(name, limit=1) if ran else ()
    side, columns = _against(desk, newest[0]) if newest else (None, 0)
    return BaselineLine(
        suite=name,
        source=(named.baseline or named.path if named else "") or (side.source if side else ""),
        kind="file" if (named and named.baseline) or (side and side.created) else "log",
        n=side.n if side else 0,
        columns=columns,
        digest=side.digest if side else "",
        created=side.created if side else "",
        window=side.window if side else "",
        uses=tuple(_uses(desk, name, side)) if ran else (),
    )


def _uses(desk: Desk, suite: str, side: Side | None) -> Iterator[BaselineUse]:
    for one in baselines_of(desk.store, suite):
        source = side.source if side and side.digest == one.digest else ""
        since, until = iso(one.first), iso(one.last)
        yield BaselineUse(
            digest=one.digest, source=source, since=since, until=until, runs=one.runs, n=one.n
        )


def _against(desk: Desk, newest: RunRow) -> tuple[Side | None, int]:
    """Say what the newest run was held against; read once for each digest of a baseline."""
    key = ("baseline", newest.suite, newest.baseline_digest or newest.id)
    found: tuple[Side, int] | None = desk.tiles.get(key, lambda: baseline_of(desk.store, newest.id))
    return found or (None, 0)
