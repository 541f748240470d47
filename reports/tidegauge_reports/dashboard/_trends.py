"""A score over time: its line, interval, limits, alarms, models, and where labels are awaited.

All charts of a page share one axis of time, so that the eye can run down it. However long the
history, a chart holds a few hundred strokes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from math import isfinite
from typing import NamedTuple

from markupsafe import Markup, escape

from tidegauge.records import ALARMS, Card
from tidegauge_reports import _svg as svg
from tidegauge_reports import _words as words
from tidegauge_reports.dashboard import _times as times

WIDTH, HEIGHT = 340, 138
LEFT, RIGHT, TOP, FLOOR = 36, 334, 16, 112
MOST = 64
"""Slots of time that a line is drawn through; the extremes of each are kept."""
_BEYOND = 3.0
"""Times its usual height that a value may reach before the axis leaves it out."""


class Spot(NamedTuple):
    """One window of one check."""

    at: float
    """End of the window, seconds since 1970."""
    value: float | None
    """The score; ``None`` where there was none."""
    low: float | None = None
    high: float | None = None
    outcome: str = "pass"
    warn: float | None = None
    """The value beyond which it warned then; ``None`` = no such limit."""
    critical: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened at a moment, drawn across every chart."""

    at: float
    """Seconds since 1970."""
    kind: str
    """``model``, ``baseline``, ``incident``, ``resolved``."""
    said: str
    """In a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What all charts of a page share."""

    start: float
    """First moment, seconds since 1970."""
    end: float
    """Last moment."""
    events: tuple[Event, ...] = ()
    """What happened meanwhile, oldest first."""
    labels_until: float | None = None
    """Until when labels have arrived."""

    def x(self, at: float) -> float:
        """Place a moment across the chart."""
        return LEFT + (at - self.start) / ((self.end - self.start) or 1.0) * (RIGHT - LEFT)


def trend(
    spots: Sequence[Spot],
    axis: Axis,
    *,
    name: str,
    card: Card | None = None,
    labelled: bool = False,
    reach: tuple[float, float] | None = None,
) -> Markup:
    """Draw one check over time.

    Parameters
    ----------
    spots
        Its windows, oldest first.
    axis
        The page's axis of time, with what happened on it.
    name
        What is drawn, in words.
    card
        The measure's card, for units.
    labelled
        Whether it needs labels, so that the time still without them is marked.
    reach
        Both ends of its axis; worked out from what is drawn where not given.
    """
    thin = list(thinned(spots, axis))
    drawn = [spot for spot in thin if spot.value is not None]
    if not drawn:
        return Markup("")
    low, high = _room(*_reach(drawn, reach))

    def y(value: float) -> float:
        return min(max(FLOOR - (value - low) / (high - low) * (FLOOR - TOP), TOP), FLOOR)

    parts = [
        *_awaited(axis, labelled),
        *(_rule(y(tick), words.measured(tick, card)) for tick in svg.round_ticks(low, high, 3)),
        *_events(axis),
        *_bands(drawn, axis, y),
        *_limits(drawn, axis, y, (low, high)),
        *(_line(run, axis, y) for run in _runs(thin)),
        *_marks(drawn, axis, y, high, card),
        f'<path class="a" d="M{LEFT} {FLOOR}H{RIGHT}"/>',
        *_days(axis),
    ]
    return Markup(
        f'<svg class="fig trend" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(words.clean(_told(spots, name, card)))}">{"".join(parts)}</svg>'
    )


def thinned(spots: Sequence[Spot], axis: Axis, most: int = MOST) -> Iterator[Spot]:
    """Keep, of each slot of time, the smallest, the largest and the worst window; and the newest.

    A line through what is kept reaches as high and as low as one through all, and no slot's alarm
    is lost from sight.

    Examples
    --------
    >>> many = [Spot(float(at), float(at % 7), outcome="pass") for at in range(10_000)]
    >>> few = list(thinned(many, Axis(start=0.0, end=10_000.0), most=10))
    >>> len(few) <= 40, max(spot.value for spot in few)
    (True, 6.0)
    """
    if len(spots) <= 2 * most:
        yield from spots
        return
    width = (axis.end - axis.start) / most or 1.0
    for _, slot in groupby(spots, key=lambda spot: int((spot.at - axis.start) / width)):
        some = list(slot)
        known = [spot for spot in some if spot.value is not None]
        if not known:
            yield some[0]
            continue
        worst = min(known, key=_badness)
        ends = {min(known, key=_value), max(known, key=_value), worst}
        if some[-1] is spots[-1]:
            ends.add(known[-1])
        yield from sorted(ends, key=lambda spot: spot.at)


def _value(spot: Spot) -> float:
    return spot.value or 0.0


def _badness(spot: Spot) -> int:
    """Rank an outcome: the worse, the smaller."""
    return ALARMS.index(spot.outcome) if spot.outcome in ALARMS else len(ALARMS)


def _reach(drawn: Sequence[Spot], told: tuple[float, float] | None) -> tuple[float, float]:
    """Choose the axis: every limit, and every value but a few that would flatten all others."""
    values = sorted(_value(spot) for spot in drawn)
    limits = [end for spot in drawn for end in (spot.warn, spot.critical) if end is not None]
    if told is not None:
        limits = [end for end in limits if told[0] <= end <= told[1]]
    ends = _ends(drawn)
    low, high = min([values[0], *limits, *ends]), max([values[-1], *limits, *ends])
    if told is not None and told[0] == 0 <= low:
        low = 0.0
    usual = max([values[int(0.95 * (len(values) - 1))], *limits, *ends])
    if usual > low and high - low > _BEYOND * (usual - low):
        high = low + 1.6 * (usual - low)
    return (low, high) if high - low > 1e-9 * abs(high) else (low, low + (abs(low) or 1.0))


def _ends(drawn: Sequence[Spot]) -> list[float]:
    """Give both ends of the usual interval: the widest few may be cut off."""
    lows = sorted(spot.low for spot in drawn if spot.low is not None)
    highs = sorted(spot.high for spot in drawn if spot.high is not None)
    return [lows[len(lows) // 10], highs[len(highs) * 9 // 10 - 1]] if lows and highs else []


def _room(low: float, high: float) -> tuple[float, float]:
    """Leave some room at both ends; zero stays on the ground."""
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return (low if low == 0 else low - room), high + room


def _runs(spots: Iterable[Spot]) -> Iterator[list[Spot]]:
    """Split at windows without a score: no line is drawn over them."""
    for known, run in groupby(spots, key=lambda spot: spot.value is not None):
        if known:
            yield list(run)


def _line(run: Sequence[Spot], axis: Axis, y: Callable[[float], float]) -> str:
    if len(run) == 1:
        x, at = svg.coord(axis.x(run[0].at)), svg.coord(y(_value(run[0])))
        return f'<circle class="d" cx="{x}" cy="{at}" r="1.6"/>'
    return svg.line("c", [(axis.x(spot.at), y(_value(spot))) for spot in run])


def _bands(drawn: Sequence[Spot], axis: Axis, y: Callable[[float], float]) -> Iterator[str]:
    """Draw the intervals as one area behind the line."""
    for known, run in groupby(drawn, key=lambda spot: spot.low is not None):
        some = [(axis.x(s.at), y(s.low or 0.0), y(s.high or 0.0)) for s in run if known]
        if len(some) > 1:
            over = " ".join(f"{svg.coord(x)} {svg.coord(high)}" for x, _, high in some)
            back = " ".join(f"{svg.coord(x)} {svg.coord(low)}" for x, low, _ in reversed(some))
            yield f'<polygon class="band" points="{over} {back}"/>'


def _limits(
    drawn: Sequence[Spot], axis: Axis, y: Callable[[float], float], reach: tuple[float, float]
) -> Iterator[str]:
    """Draw each limit as a dashed line that steps where the limit was moved."""
    for word in ("warn", "critical"):
        known = [getattr(spot, word) for spot in drawn]
        bounds = [b if b is not None and reach[0] <= b <= reach[1] else None for b in known]
        starts = _starts(bounds, drawn, axis)
        path = "".join(
            f"M{svg.coord(start)} {svg.coord(y(bound))}H{svg.coord(end)}"
            for bound, start, end in zip(
                [bound for bound, _ in groupby(bounds)], starts, [*starts[1:], RIGHT], strict=True
            )
            if bound is not None
        )
        if path:
            yield f'<path class="l {word}" d="{path}"/>'


def _starts(bounds: Sequence[float | None], drawn: Sequence[Spot], axis: Axis) -> list[float]:
    """Where each stretch with the same limit begins; the first at the left edge."""
    moved = [spot.at for (a, b), spot in zip(pairwise(bounds), drawn[1:], strict=True) if a != b]
    return [LEFT, *(axis.x(at) for at in moved)]


def _marks(
    drawn: Sequence[Spot],
    axis: Axis,
    y: Callable[[float], float],
    high: float,
    card: Card | None,
) -> Iterator[str]:
    """Mark each alarm by its sign; one beyond the axis stands at the top with its value."""
    free = float("-inf")
    for spot in drawn:
        if spot.outcome not in ALARMS:
            continue
        x, at, value = axis.x(spot.at), y(_value(spot)), _value(spot)
        shape = "l3.6 4.2-3.6 4.2-3.6-4.2z" if spot.outcome == "critical" else "l4 6.8h-8z"
        told = f"{_day(spot.at)}: {words.measured(value, card)}, {spot.outcome}"
        yield (
            f'<path class="m {spot.outcome}" d="M{svg.coord(x)} {svg.coord(at - 4.2)}{shape}">'
            f"<title>{told}</title></path>"
        )
        if value > high and x - free > 44:
            free = x
            yield svg.label(x - 7, TOP + 4, words.measured(value, card), "end", "over")


def _events(axis: Axis) -> Iterator[str]:
    """Draw a line where another model or baseline came; a model is named where there is room.

    An incident is a sign at the top edge: where it opened, and where it was resolved.
    """
    free = float("-inf")
    for event in axis.events:
        x = axis.x(event.at)
        if not LEFT <= x <= RIGHT:
            continue
        at = words.instant(datetime.fromtimestamp(int(event.at), UTC).isoformat())
        title = f"<title>{at}: {escape(words.clean(event.said))}</title>"
        if event.kind in ("incident", "resolved"):
            shape = "l3.5-6h-7z" if event.kind == "incident" else "v-6"
            place = f"M{svg.coord(x)} {TOP - 5}{shape}"
            yield f'<path class="ev {event.kind}" d="{place}">{title}</path>'
            continue
        yield f'<path class="mv" d="M{svg.coord(x)} {TOP - 8}V{FLOOR}">{title}</path>'
        if event.kind == "model" and x > free and x < RIGHT - 30:
            free = x + 52
            yield svg.label(x + 3, TOP - 4, _version(event.said), "start", "mvt")


def _version(said: str) -> str:
    """Shorten what a line stands for to a version's name.

    Examples
    --------
    >>> _version("model v12"), _version("model credit/2026-02-27.4")
    ('v12', 'credi…-27.4')
    """
    return words.shorten(said.removeprefix("model "), 11)


def _awaited(axis: Axis, labelled: bool) -> Iterator[str]:
    """Shade the time whose labels have not arrived."""
    if labelled and axis.labels_until is not None and axis.labels_until < axis.end:
        x = max(axis.x(axis.labels_until), LEFT)
        size = f'width="{svg.coord(RIGHT - x)}" height="{FLOOR - TOP + 6}"'
        yield f'<rect class="awaited" x="{svg.coord(x)}" y="{TOP - 6}" {size}/>'
        yield svg.label(RIGHT - 2, FLOOR - 4, "labels awaited", "end", "mvt")


def _rule(y: float, text: str) -> str:
    return f'<path class="h" d="M{LEFT} {svg.coord(y)}H{RIGHT}"/>' + svg.label(
        LEFT - 4, y + 4, text, "end"
    )


def _days(axis: Axis) -> Iterator[str]:
    """Write dates below the axis, at the starts of days, months or years."""
    for at, text in _calendar(axis.start, axis.end):
        x = svg.coord(axis.x(at))
        yield f'<path class="a" d="M{x} {FLOOR}v4"/>' + svg.label(axis.x(at), FLOOR + 16, text)


def _calendar(start: float, end: float) -> Iterator[tuple[float, str]]:
    """Pick at most five round moments inside a stretch of time."""
    days = (end - start) / 86_400
    first = datetime.fromtimestamp(start, UTC)
    if days > 120:
        step = 12 if days > 1_500 else 3 if days > 240 else 1 if days <= 155 else 2
        yield from _months(first, end, step)
        return
    wanted = [1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 720]
    hours = next((h for h in wanted if days * 24 / h <= 5), 720)
    size = hours * 3_600
    at = -(-start // size) * size
    while at <= end:
        moment = datetime.fromtimestamp(at, UTC)
        yield at, f"{moment:%H:%M}" if hours < 24 else f"{moment:%-d %b}"
        at += size


def _months(first: datetime, end: float, step: int) -> Iterator[tuple[float, str]]:
    month = (
        first.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(32)
    ).replace(day=1)
    while month.timestamp() <= end:
        if (month.month - 1) % step == 0:
            yield month.timestamp(), f"{month:%Y}" if month.month == 1 else f"{month:%b}"
        month = (month + timedelta(32)).replace(day=1)


def _day(at: float) -> str:
    return times.ending(datetime.fromtimestamp(int(at), UTC).isoformat())


def _told(spots: Sequence[Spot], name: str, card: Card | None) -> str:
    """Say what the chart shows, for those who do not see it."""
    known = [spot for spot in spots if spot.value is not None and isfinite(spot.value)]
    alarms = sum(spot.outcome in ALARMS for spot in known)
    values = [_value(spot) for spot in known]
    return (
        f"{name} in {len(known):,} windows from {_day(known[0].at)} to {_day(known[-1].at)}: "
        f"between {words.measured(min(values), card)} and {words.measured(max(values), card)}, "
        f"newest {words.measured(values[-1], card)}, {alarms:,} alarm{'s' if alarms != 1 else ''}"
    )
