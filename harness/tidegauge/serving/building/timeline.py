"""A suite over time: which tracks to show, their points, and what happened meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import TidegaugeError
from tidegauge.records import ALARMS, Outcome, Report
from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.glance import tile_of
from tidegauge.serving.building.history import History
from tidegauge.serving.building.incidents import of_runs
from tidegauge.serving.building.labels import labels_of
from tidegauge.serving.building.lines import WORST, rank, run_line, ticks
from tidegauge.store.paging import page as runs_page
from tidegauge.store.tracks import (
    Brief,
    Row,
    Subject,
    briefs,
    outcomes_of,
    rows_of,
    standing,
    subjects_of,
)
from tidegauge.views import IncidentLine, Mark, SuiteView, Track, TrackPoint, places

MARKS = 120
"""Points of a track, and marks of a strip: more cannot be told apart on a screen."""
TRACKS = 10
"""Tracks on a page."""
RUNS = 50
"""Runs on a page."""
RECENT = 10
"""Runs that say which tracks come first."""
MOST_MARKS = 60


def suite_view(
    desk: Desk,
    name: str,
    *,
    range: str = "90d",
    check: str = "",
    column: str = "",
    slice: str = "",
    find: str = "",
    page: int = 1,
    before: str = "",
) -> SuiteView | None:
    """Show one suite; ``None`` where nobody knows it."""
    tile = tile_of(desk, name)
    if tile is None:
        return None
    since = _since(desk, name, range)
    strip = desk.strip(name, since)
    known = subjects_of(desk.store, name)
    chosen = _chosen(known, check, column, slice, find)
    recent = standing(desk.store, [run.no for run in strip[-RECENT:]][::-1])
    ranked = sorted(chosen, key=lambda one: _rank(recent.get(one.no, ())))
    pages = max(-(-len(ranked) // TRACKS), 1)
    page = min(max(page, 1), pages)
    shown = ranked[(page - 1) * TRACKS : page * TRACKS]
    report = _newest_report(desk, strip)
    numbers = np.array([run.no for run in strip], np.int64)
    tracks = (_track(desk, one, strip, numbers, report) for one in shown)
    runs, older = runs_page(desk.store, name, since=since, after=before, limit=RUNS)
    incidents = of_runs(desk, name, since=since, limit=MOST_MARKS)
    return SuiteView(
        suite=tile,
        range=range,
        since=strip[0].stamp if strip else "",
        until=strip[-1].stamp if strip else "",
        strip=ticks(strip, MARKS),
        tracks=tuple(track for track in tracks if track is not None),
        tracks_in_all=len(ranked),
        page=page,
        pages=pages,
        checks=tuple(dict.fromkeys(one.check for one in known)),
        columns=tuple(sorted({one.column for one in known if one.column})),
        slices=tuple(sorted({one.slice for one in known if one.slice})),
        check=check,
        column=column,
        slice=slice,
        find=find,
        marks=_marks(strip, incidents),
        labels=labels_of(desk.store, name, since),
        incidents=incidents[:10],
        runs=tuple(run_line(row) for row in runs),
        older=older,
    )


def _since(desk: Desk, suite: str, range: str) -> datetime | None:
    """Where a range begins, counted back from the newest run: old histories stay visible."""
    days = places.RANGES.get(range, places.RANGES["90d"])
    newest = briefs(desk.store, suite, limit=1) if days else ()
    return newest[0].at - timedelta(days=days) if newest else None


def _chosen(
    known: Sequence[Subject], check: str, column: str, slice: str, find: str
) -> list[Subject]:
    sought = find.strip().casefold()
    return [
        one
        for one in known
        if (not check or one.check == check)
        and (not column or one.column == column)
        and slice in ("*", one.slice)
        and sought in f"{one.check} {one.column} {one.slice}".casefold()
    ]


def _rank(recent: Sequence[Row]) -> tuple[bool, int, int, float]:
    """Order tracks: now alarming, lately alarming, then by how near they come to a limit."""
    if not recent:
        return (True, 0, 0, 0.0)
    _, outcome, value, _, _, warn, critical = recent[0]
    bound = warn if warn is not None else critical
    near = _nearness(value, bound, alarming=outcome in ALARMS)
    return (False, rank(outcome), min(rank(row[1]) for row in recent), -near)


def _nearness(value: float | None, bound: float | None, *, alarming: bool) -> float:
    """Say how near a value came to a limit from either side, or how far beyond it lies: 1 is on it.

    Examples
    --------
    >>> _nearness(0.15, 0.2, alarming=False), _nearness(300.0, 1.0, alarming=False) < 0.01
    (0.75, True)
    >>> _nearness(0.5, 0.2, alarming=True)
    2.5
    """
    if not value or not bound:
        return 0.0
    ratio = abs(value / bound)
    return max(ratio, 1 / ratio) if alarming else min(ratio, 1 / ratio)


def _newest_report(desk: Desk, strip: Sequence[Brief]) -> Report | None:
    try:
        return desk.report(strip[-1].id) if strip else None
    except TidegaugeError:
        return None


def _track(
    desk: Desk,
    subject: Subject,
    strip: Sequence[Brief],
    numbers: NDArray[np.int64],
    report: Report | None,
) -> Track | None:
    history = _history(desk, subject, int(numbers.min() if len(numbers) else 0))
    there, places_ = history.within(numbers)
    if not len(there):
        return None
    points = tuple(_points(desk, subject, strip, there, history.ranks[places_],
                           history.values[places_]))  # fmt: skip
    card = report.cards.get(subject.evaluator) if report else None
    low, high = _extent(points)
    return Track(
        check=subject.check,
        evaluator=subject.evaluator,
        title=card.title if card else subject.evaluator,
        explain=card.explain if card else "",
        unit=card.unit if card else "",
        better=card.better if card else "none",
        column=subject.column,
        slice=subject.slice,
        outcome=_word(int(history.ranks[places_[-1]])),
        because=_because(subject, report) if there[-1] == len(strip) - 1 else "",
        points=points,
        low=low,
        high=high,
    )


def _word(rank: int) -> Outcome:
    return cast(Outcome, WORST[min(rank, len(WORST) - 1)])


def _history(desk: Desk, subject: Subject, first: int) -> History:
    """Scores from a run on; of those that are in memory only the newer ones are read."""
    before = desk.tracks.look(subject.no)
    if before is not None and before.first > first:
        before = None
    rows = outcomes_of(desk.store, subject.no, after=before.last if before else first - 1)
    if before is not None and not rows:
        return before
    found = History.of(rows, before, first=first)
    desk.tracks.put(subject.no, found)
    return found


def _points(
    desk: Desk,
    subject: Subject,
    strip: Sequence[Brief],
    there: NDArray[np.int64],
    ranks: NDArray[np.int8],
    values: NDArray[np.float64],
) -> Iterator[TrackPoint]:
    """Thin a track out: of windows too close to draw apart the worst one stands for all."""
    n = len(there)
    ends = np.arange(1, min(n, MARKS) + 1) * n // min(n, MARKS)
    starts = np.concatenate([[0], ends[:-1]])
    worst = [a + int(np.argmin(ranks[a:b])) for a, b in zip(starts, ends, strict=True)]
    least = np.fmin.reduceat(values, starts)
    most = np.fmax.reduceat(values, starts)
    rows = rows_of(desk.store, subject.no, [strip[there[place]].no for place in worst])
    for place, a, b, low, high in zip(worst, starts, ends, least, most, strict=True):
        run = strip[there[place]]
        row = rows.get(run.no)
        if row is None:  # pruned since
            continue
        several = b - a > 1
        yield TrackPoint(
            at=strip[there[b - 1]].stamp,
            value=row[2],
            low=row[3],
            high=row[4],
            outcome=cast(Outcome, row[1]),
            warn=row[5],
            critical=row[6],
            run=run.id,
            windows=int(b - a),
            least=float(low) if several and low == low else None,
            most=float(high) if several and high == high else None,
        )


def _extent(points: Sequence[TrackPoint]) -> tuple[float, float]:
    """Smallest and largest number to draw: values and limits, a limit far away left out."""
    values = [
        number
        for point in points
        for number in (point.value, point.least, point.most)
        if number is not None
    ] or [0.0]
    low, high = min(values), max(values)
    reach = max(high - low, abs(high), abs(low), 1e-12)
    limits = [
        bound for point in points for bound in (point.warn, point.critical) if bound is not None
    ]
    near = [bound for bound in limits if low - 2 * reach <= bound <= high + 2 * reach]
    low, high = min([low, *near]), max([high, *near])
    return (low, high) if low < high else (low - 0.5 * reach, high + 0.5 * reach)


def _because(subject: Subject, report: Report | None) -> str:
    key = (subject.check, subject.column, subject.slice)
    found = (
        result.verdict.because
        for result in (report.results if report else ())
        if (result.check, result.column, result.slice) == key
    )
    return next(found, "")


def _marks(strip: Sequence[Brief], incidents: Sequence[IncidentLine]) -> tuple[Mark, ...]:
    """Tell what happened, the oldest first: new versions, new baselines, incidents."""
    found = [*_changes(strip, "model"), *_changes(strip, "baseline"), *_openings(incidents)]
    found.sort(key=lambda mark: mark.at)
    return tuple(found[-MOST_MARKS:])


def _changes(strip: Sequence[Brief], kind: Literal["model", "baseline"]) -> Iterator[Mark]:
    last = ""
    for run in strip:
        now = run.model_versions if kind == "model" else run.baseline_digest
        if now == last or now in ("", "[]"):
            continue
        if last:
            said = f"model {json.loads(now)[0]}" if kind == "model" else f"baseline {now[:12]}"
            link = places.link(places.RUN, run=run.id)
            yield Mark(at=run.stamp, kind=kind, said=said, link=link)
        last = now


def _openings(incidents: Sequence[IncidentLine]) -> Iterator[Mark]:
    for one in incidents:
        link = places.link(places.INCIDENT, incident=one.id)
        yield Mark(at=one.opened, kind="incident", said=one.title, link=link)
        if one.resolved:
            yield Mark(at=one.resolved, kind="resolved", said=one.title, link=link)
