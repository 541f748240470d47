"""Time windows inside the current log: how a score moved while the rows came in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tidegauge.catalog import evaluator
from tidegauge.logs import Log
from tidegauge.measuring import Bench, Subject, measure_one
from tidegauge.profile import DatasetProfile, NumericProfile
from tidegauge.profile.numeric import NO_CUTS
from tidegauge.records import Check, Point, Result

MOST = 24
"""Most windows of one log."""
LENGTHS = (60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000)
"""Seconds a window may last; the shortest that gives at most ``MOST`` windows is taken."""
DRAWN = 40
"""Most results that get a series."""


def split(blank: DatasetProfile, log: Log) -> DatasetProfile:
    """Let a profile count time windows apart, where the log has timestamps that span two."""
    name = blank.layout.timestamp
    if name not in log.schema.names or name not in blank.columns:
        return blank
    grid = NumericProfile.over_grid(NO_CUTS, instant=True)
    first, last = math.inf, -math.inf
    for batch in log.batches([name]):
        seen = grid.lay(batch.column(0))
        first, last = min(first, seen.minimum), max(last, seen.maximum)
    if not first < last:
        return blank
    length = next((x for x in LENGTHS if (last - first) / x < MOST), (last - first) / MOST)
    start = math.floor(first / length) * length
    return blank.windowed([start + i * length for i in range(int((last - start) // length) + 1)])


def with_series(
    results: Sequence[Result], checks: Sequence[Check], bench: Bench
) -> tuple[Result, ...]:
    """Add the value window by window to the results that ask for attention."""
    if len(bench.current.windows) < 2:
        return tuple(results)
    by_id = {check.id: check for check in checks}
    coarse = replace(bench, baseline=bench.baseline.thinned())
    wanted = [r for r in results if r.score and not r.slice and _of_interest(r)][:DRAWN]
    wanted = [r for r in wanted if evaluator(r.evaluator).card.over == "profile"]
    series = {id(r): _series(r, by_id[r.check], coarse) for r in wanted}
    return tuple(replace(r, series=series.get(id(r), ())) for r in results)


def _of_interest(result: Result) -> bool:
    return result.verdict.outcome in ("critical", "warn", "info") or (
        result.evaluator.startswith(("performance.", "service."))
    )


def _series(result: Result, check: Check, bench: Bench) -> tuple[Point, ...]:
    found = evaluator(check.evaluator)
    points = []
    for start, part in sorted(bench.current.windows.items()):
        here = replace(bench, current=part)
        subject = Subject(column=result.column, role=result.role)
        score = measure_one(check, found, subject, here).score if part.n else None
        if score is not None:
            label = datetime.fromtimestamp(start, UTC).isoformat(sep=" ", timespec="minutes")
            points.append(Point(label=label, value=score.value, n=score.n_current))
    return tuple(points)
