"""What each suite is held against."""

from __future__ import annotations

from collections.abc import Iterator

from tidegauge.errors import TidegaugeError
from tidegauge.records import Report
from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.lines import iso
from tidegauge.store.tracks import baselines_of
from tidegauge.suite import Suite
from tidegauge.views import BaselineLine, BaselinesView, BaselineUse


def baselines_view(desk: Desk) -> BaselinesView:
    """Show every suite's baseline."""
    return BaselinesView(baselines=tuple(baseline_lines(desk)))


def baseline_lines(desk: Desk) -> Iterator[BaselineLine]:
    """Give what each suite is held against, by the suite's name."""
    known = {one.name: one for one in desk.shelf}
    kept = {row.name: row for row in desk.store.suites()}
    for name in sorted({**kept, **known}):
        file = known.get(name)
        report = _report(desk, kept[name].latest.id) if name in kept else None
        yield _line(desk, name, file.suite if file else None, report)


def _line(desk: Desk, name: str, suite: Suite | None, report: Report | None) -> BaselineLine:
    named = suite.logs.baseline if suite else None
    side = report.baseline if report else None
    return BaselineLine(
        suite=name,
        source=(named.baseline or named.path if named else "") or (side.source if side else ""),
        kind="file" if (named and named.baseline) or (side and side.created) else "log",
        n=side.n if side else 0,
        columns=len(report.columns) if report else 0,
        digest=side.digest if side else "",
        created=side.created if side else "",
        window=side.window if side else "",
        uses=tuple(
            BaselineUse(
                digest=one.digest,
                source=side.source if side and side.digest == one.digest else "",
                since=iso(one.first),
                until=iso(one.last),
                runs=one.runs,
                n=one.n,
            )
            for one in baselines_of(desk.store, name)
        ),
    )


def _report(desk: Desk, run: str) -> Report | None:
    try:
        return desk.report(run)
    except TidegaugeError:
        return None
