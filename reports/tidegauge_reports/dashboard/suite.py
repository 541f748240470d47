"""A suite over time: every check's score on one axis of time, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tidegauge.records import ALARMS, Card
from tidegauge.views import Mark, PageContext, SuiteView, Track, TrackPoint
from tidegauge_reports import _words as words
from tidegauge_reports.dashboard import _times as times
from tidegauge_reports.dashboard import _trends as trends
from tidegauge_reports.dashboard._shell import again, asked, counted, shell
from tidegauge_reports.dashboard._strips import strip

RANGES = {"7d": "7 days", "30d": "30 days", "90d": "90 days", "1y": "1 year", "all": "everything"}
LINES = 50
"""Windows listed of one check in the table of numbers."""
WHOLE = 0.95
"""Share of a window's labels that is as good as all of them."""
UNLABELLED = ("performance.estimated_", "performance.proxy")
"""Measures of performance that need no labels."""
STRIP = 120
"""Marks in the strip at the top; of a longer range, each is the worst of several windows."""


def render(view: SuiteView, *, page: PageContext) -> str:
    """Write the page of one suite; ``as=table`` in its address gives numbers in place of charts."""
    as_table = asked(page).get("as") == "table"
    axis = _axis(view)
    newest = view.suite.newest
    return shell(
        "suite.html.j2",
        page=page,
        title=f"{newest.outcome if newest else 'never run'}: {view.suite.name}",
        here="suites",
        of_suite=view.suite.name,
        view=view,
        tile=view.suite,
        outcome=newest.outcome if newest else "skipped",
        strip=strip(
            [(tick.outcome, times.ending(tick.at)) for tick in view.strip],
            room=0,
            most=STRIP,
        ),
        as_table=as_table,
        tracks=[_track(track, axis, place, as_table) for place, track in enumerate(view.tracks)],
        ranges=[(label, again(page, range=name, page="", before=""), name == view.range)
                for name, label in RANGES.items()],
        other_form=again(page, **{"as": "" if as_table else "table"}),
        pages=_pages(view, page),
        unresolved=[one for one in view.incidents if not one.resolved],
        resolved=[one for one in view.incidents if one.resolved],
        older=again(page, before=view.older) if view.older else "",
        happened=[_happened(mark, page) for mark in reversed(view.marks)],
        shown=sum(tick.windows for tick in view.strip),
        waits=sum((one.arrived or 0.0) < WHOLE for one in view.labels),
        rejudged=sum(one.revision > 1 for one in view.labels),
        chosen=bool(view.check or view.column or view.find or view.slice not in ("", "*")),
        cleared=again(page, check="", column="", slice="", find="", page=""),
        found=counted(view.tracks_in_all, "score"),
        arrived=_arrived(view, axis),
    )  # fmt: skip


def _axis(view: SuiteView) -> trends.Axis:
    """Lay the range, and what happened in it, on one axis for all charts."""
    happened = [
        trends.Event(at=at, kind=mark.kind, said=mark.said)
        for mark in view.marks
        if (at := times.seconds(mark.at)) is not None
    ]
    start, end = times.seconds(view.since) or 0.0, times.seconds(view.until) or 1.0
    return trends.Axis(start=start, end=end, events=tuple(happened), labels_until=_labelled(view))


def _arrived(view: SuiteView, axis: trends.Axis) -> dict[str, Any]:
    """Draw the share of each window's rows whose label has arrived, and list the newest."""
    card = Card(
        title="Labels", explain="", reads=(), on="", better="higher", unit="share", reference=""
    )
    spots = [trends.Spot(at=times.seconds(one.at) or 0.0, value=one.arrived) for one in view.labels]
    lines = [
        {"one": one, "share": "" if one.arrived is None else words.percent(one.arrived)}
        for one in reversed(view.labels[-LINES:])
    ]
    chart = trends.trend(spots, axis, name="Labels that have arrived", card=card, reach=(0.0, 1.0))
    return {"chart": chart, "lines": lines}


def _labelled(view: SuiteView) -> float | None:
    """Up to when labels have arrived; ``None`` where no check reads any."""
    if view.suite.labels_until:
        return times.seconds(view.suite.labels_until)
    whole = [one.at for one in view.labels if (one.arrived or 0.0) >= WHOLE]
    return times.seconds(whole[-1] if whole else view.since) if view.labels else None


def _track(track: Track, axis: trends.Axis, place: int, as_table: bool) -> dict[str, Any]:
    card = _card(track)
    newest = track.points[-1] if track.points else None
    alarmed = [point for point in track.points if point.outcome in ALARMS]
    name = " · ".join(filter(None, (track.check, track.column or "whole log", track.slice)))
    return {
        "id": f"t{place}",
        "track": track,
        "value": words.measured(newest.value, card) if newest and newest.value is not None else "",
        "limits": _bounds(newest, card) if newest else "",
        "chart": "" if as_table else trends.trend(
            [spot(point) for point in track.points],
            axis,
            name=name,
            card=card,
            reach=(track.low, track.high),
            labelled=track.evaluator.startswith("performance.")
            and not track.evaluator.startswith(UNLABELLED),
        ),
        "alarmed": counted(sum(point.windows for point in alarmed), "alarm") if alarmed else "",
        "last": alarmed[-1] if alarmed else None,
        "lines": [_line(point, card) for point in reversed(track.points[-LINES:])]
        if as_table
        else [],
        "left": len(track.points) - LINES,
    }  # fmt: skip


def spot(point: TrackPoint) -> trends.Spot:
    """Place a window on the chart; of several windows, their whole reach is shown."""
    several = point.windows > 1
    return trends.Spot(
        at=times.seconds(point.at) or 0.0,
        value=point.value,
        low=point.least if several else point.low,
        high=point.most if several else point.high,
        outcome=point.outcome,
        warn=point.warn,
        critical=point.critical,
    )


def _card(track: Track) -> Card:
    """Say of a track what its numbers are, as renderers of reports want to know it."""
    return Card(
        title=track.title, explain=track.explain, reads=(), on="", better=track.better,
        unit=track.unit, reference="",
        range=(0.0 if track.low == 0 else None, None),
    )  # fmt: skip


def _bounds(point: TrackPoint, card: Card) -> str:
    """Word the limits of a window beside its value: "limit 0.2", "limits 0.1 and 0.2"."""
    known = [words.measured(b, card) for b in (point.warn, point.critical) if b is not None]
    return f"limit{'s' if len(known) > 1 else ''} {words.listed(known)}" if known else ""


def _limits(point: TrackPoint, card: Card) -> Iterator[str]:
    for word, bound in (("warn", point.warn), ("critical", point.critical)):
        if bound is not None:
            yield f"{word} at {words.measured(bound, card)}"


def _line(point: TrackPoint, card: Card) -> dict[str, Any]:
    ends = (
        f"{words.measured(point.low, card)} to {words.measured(point.high, card)}"
        if point.low is not None and point.high is not None
        else ""
    )
    return {
        "point": point,
        "value": words.measured(point.value, card) if point.value is not None else words.UNKNOWN,
        "ends": ends,
        "limits": ", ".join(_limits(point, card)),
    }


def _happened(mark: Mark, page: PageContext) -> Mapping[str, str]:
    kinds = {
        "incident": "incident opened", "resolved": "incident resolved",
        "model": "model", "baseline": "baseline",
    }  # fmt: skip
    return {
        "at": mark.at,
        "kind": kinds.get(mark.kind, mark.kind),
        "said": mark.said,
        "href": page.base + mark.link if mark.link else "",
    }


def _pages(view: SuiteView, page: PageContext) -> dict[str, str]:
    first = 1 if view.page <= 1 else view.page - 1
    return {
        "before": again(page, page=first) if view.page > 1 else "",
        "after": again(page, page=view.page + 1) if view.page < view.pages else "",
    }
