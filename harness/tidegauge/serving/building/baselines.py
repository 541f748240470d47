"""What each suite is held against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegauge.baseline import load_baseline
from tidegauge.errors import TidegaugeError
from tidegauge.records import Side
from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.lines import iso
from tidegauge.store import RunRow
from tidegauge.store.tracks import baseline_of, baselines_of, standings
from tidegauge.suite import Suite
from tidegauge.suite.shape import Source
from tidegauge.views import BaselineLine, BaselinesView, BaselineUse, LimitLine
from tidegauge.wording import counted

if TYPE_CHECKING:
    from tidegauge.calibration.shape import Calibrated

SUFFIX = ".tgb"
"""Of the files that ``tidegauge baseline`` writes."""
LIMITS = 200
"""Limits of one baseline that are shown."""


def baselines_view(desk: Desk) -> BaselinesView:
    """Show every suite's baseline."""
    return BaselinesView(baselines=tuple(baseline_lines(desk)))


def baseline_lines(desk: Desk) -> Iterator[BaselineLine]:
    """Give what each suite is held against, by the suite's name."""
    known = {one.name: one for one in desk.shelf}
    kept = standings(desk.store)
    for name in sorted({**kept, **known}):
        file = known.get(name)
        line = _line(desk, name, file.suite if file else None, name in kept)
        yield replace(line, trouble=file.problem) if file and file.problem else line


def _line(desk: Desk, name: str, suite: Suite | None, ran: bool) -> BaselineLine:
    named = suite.logs.baseline if suite else None
    newest = desk.store.runs(name, limit=1) if ran else ()
    side, columns = _against(desk, newest[0]) if newest else (None, 0)
    return BaselineLine(
        suite=name,
        source=(named.baseline or named.path if named else "") or (side.source if side else ""),
        kind=_kind(named, side),
        n=side.n if side else 0,
        columns=columns,
        digest=side.digest if side else "",
        created=side.created if side else "",
        window=side.window if side else "",
        **_file(desk, named.baseline if named else ""),
        uses=tuple(_uses(desk, name, side)) if ran else (),
    )


def _kind(named: Source | None, side: Side | None) -> str:
    """Say what sort of baseline it is, by the suite, or by the newest run where there is none."""
    if named is None:
        return "file" if side and side.source.endswith(SUFFIX) else "log"
    if named.rolling or named.same:
        return "rolling" if named.rolling else "seasonal"
    return "file" if named.baseline else "log"


def _file(desk: Desk, path: str) -> dict[str, Any]:
    """Say what a baseline's file tells of itself; read again when it changes."""
    if not path:
        return {}
    try:
        stamp = Path(path).stat().st_mtime_ns
    except OSError as error:
        return {"trouble": f"{path}: {error.strerror}"}
    found: dict[str, Any] = desk.tiles.get(("file", path, stamp), lambda: _read(path))
    return found


def _read(path: str) -> dict[str, Any]:
    from tidegauge.calibration.document import rate_sentence
    from tidegauge.calibration.keeping import limits_of

    try:
        baseline = load_baseline(path)
        found = limits_of(baseline)
    except TidegaugeError as error:
        return {"trouble": error.message}
    said: dict[str, Any] = {
        "promoted": _promoted(baseline.promoted),
        "model_version": ", ".join(baseline.model_versions[:3]),
    }
    if found is None:
        return said
    lines = tuple(map(_limit, found.limits[:LIMITS]))
    rate = rate_sentence(found)
    return said | {"calibrated": True, "false_alarms": rate, "limits": lines,
                   "limits_in_all": len(found.limits)}  # fmt: skip


def _limit(one: Calibrated) -> LimitLine:
    edited = ", edited by hand" if one.edited else ""
    beyond = f"{counted(one.beyond, 'window')} of {one.windows:,} lay beyond it"
    return LimitLine(
        check=one.check,
        column=one.column,
        slice=one.slice,
        warn=_bounds(one.warn),
        critical=_bounds(one.critical),
        because=f"Usually {one.usual:.4g}; {beyond}{edited}.",
    )


def _bounds(bounds: tuple[float | None, float | None]) -> str:
    low, high = bounds
    said = (f"below {low:.4g}" if low is not None else "", f"above {high:.4g}" if high is not None
            else "")  # fmt: skip
    return " or ".join(filter(None, said))


def _promoted(said: Mapping[str, str]) -> str:
    if not said:
        return ""
    by = f" by {said['by']}" if said.get("by") else ""
    return f"from run {said.get('run', '')}{by}, {said.get('at', '')}"


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
