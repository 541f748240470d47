"""Pictures with two axes: both cumulative distributions, and a score over windows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from markupsafe import escape

from tidegauge.records import Card, Curves, Limit, Point
from tidegauge_reports import _svg as svg
from tidegauge_reports import _words as words
from tidegauge_reports._svg import FLOOR, LEFT, RIGHT, TOP, Figure


def cumulative(curves: Curves, name: str) -> Figure | None:
    """Draw both cumulative distributions with the largest gap between them."""
    points = list(zip(curves.at, curves.baseline, curves.current, strict=False))
    inner = [p for p in points if max(p[1:]) >= 0.005 and min(p[1:]) <= 0.995]
    if len(inner) > 2:
        points = inner
    if len(points) < 2 or points[0][0] >= points[-1][0]:
        return None
    low, high = points[0][0], points[-1][0]

    def x(value: float) -> float:
        return LEFT + (value - low) / (high - low) * (RIGHT - LEFT)

    def y(share: float) -> float:
        return FLOOR - share * (FLOOR - TOP)

    widest = max(points, key=lambda p: abs(p[1] - p[2]))
    at, before, after = widest
    gap = abs(before - after)
    parts = [
        svg.rule(y(0.5), "50 %"),
        svg.rule(y(1), "100 %"),
        svg.line("b", ((x(v), y(b)) for v, b, _ in points)),
        svg.line("c", ((x(v), y(c)) for v, _, c in points)),
        svg.ground(),
        svg.ticks_below([(x(v), words.number(v)) for v in svg.round_ticks(low, high)]),
    ]
    if gap > 0.02:
        across = f'x1="{svg.coord(x(at))}" x2="{svg.coord(x(at))}"'
        along = f'y1="{svg.coord(y(before))}" y2="{svg.coord(y(after))}"'
        parts.append(
            f'<line class="g" {across} {along}/>'
            # Both curves end at the top right, so the corner below them is free.
            + svg.label(RIGHT - 4, FLOOR - 8, f"largest gap {words.percent(gap)}", "end", "gt")
        )
    told = f"largest at {words.number(at)}: {words.percent(before)} against {words.percent(after)}"
    return Figure(
        title="Cumulative gap",
        svg=svg.picture(parts, f"Cumulative distribution of {name}, baseline and current; {told}"),
        caption="Share of rows at or below each value; line: baseline, thick line: current. "
        + (
            f"The gap is {told}."
            if gap > 0.005
            else "The curves are nowhere more than 0.5 % apart."
        )
        + _beyond(points[-1]),
    )


def _beyond(last: tuple[float, float, float]) -> str:
    """Say what lies beyond the axis, where that is more than a trifle."""
    at, *ends = last
    if min(ends) >= 0.98:
        return ""
    was, now = (words.percent(1 - end) for end in ends)
    return f" Above {words.number(at)} lie {was} of the baseline, {now} of the current."


def series(
    points: Sequence[Point], limits: Iterable[Limit], card: Card | None, baseline: float | None
) -> Figure | None:
    """Draw a score window by window, with its limits as dashed lines."""
    if len(points) < 2:
        return None
    lines = [(level, word) for bound in limits for level, word in _level(bound, baseline)]
    values = [p.value for p in points]
    low, high = _reach([*values, *(level for level, _ in lines)], card)
    start = LEFT + 6
    step = (RIGHT - start) / (len(points) - 1)

    def y(value: float) -> float:
        return FLOOR - (value - low) / (high - low) * (FLOOR - TOP)

    spots = [(start + place * step, y(value)) for place, value in enumerate(values)]
    parts = [svg.rule(y(v), words.measured(v, card)) for v in svg.round_ticks(low, high, 4)]
    parts += _limit_lines(lines, y)
    parts.append(svg.line("c", spots))
    parts += [
        f'<circle class="d" cx="{svg.coord(px)}" cy="{svg.coord(py)}" r="3"><title>'
        f"{escape(words.instant(p.label))}: {words.measured(p.value, card)}, {p.n:,} rows"
        "</title></circle>"
        for (px, py), p in zip(spots, points, strict=True)
    ]
    first, last = words.instant(points[0].label), words.instant(points[-1].label)
    parts += [
        svg.ground(),
        svg.label(LEFT, FLOOR + 16, words.shorten(first, 24), "start"),
        svg.label(RIGHT, FLOOR + 16, words.shorten(last, 24), "end"),
    ]
    title = card.title if card else "Score"
    told = f"from {words.measured(values[0], card)} to {words.measured(values[-1], card)}"
    return Figure(
        title=f"{title}, window by window",
        svg=svg.picture(parts, f"{title} in {len(points)} windows, {told}"),
        caption=f"{len(points)} windows of the current log, {told}"
        + ("; dashed: the limits." if lines else "."),
    )


def _level(bound: Limit, baseline: float | None) -> list[tuple[float, str]]:
    """Place a limit on the score's axis; a limit on evidence alone has no place there."""
    word = f"{bound.severity}"
    if bound.versus == "calibrated" and not bound.source:
        return []  # only its own result knows where it lies
    if bound.versus in ("value", "calibrated"):
        return [(bound.bound, word)]
    if bound.versus == "any" or baseline is None:
        return []
    sign = -1 if bound.versus == "drop" else 1
    return [(baseline + sign * bound.bound * (abs(baseline) if bound.share else 1.0), word)]


def _limit_lines(lines: Sequence[tuple[float, str]], y: Callable[[float], float]) -> list[str]:
    """Draw limits; the name of one stands below its line where another line is close above."""
    places = [(y(level), word) for level, word in sorted(lines)]
    above = [*(at for at, _ in places[1:]), float("-inf")]
    return [
        f'<path class="l {word}" d="M{LEFT} {svg.coord(at)}H{RIGHT}"/>'
        + svg.label(RIGHT, at + 11 if at - over < 16 else at - 4, word, "end", f"lt {word}")
        for (at, word), over in zip(places, above, strict=False)
    ]


def _reach(values: Sequence[float], card: Card | None) -> tuple[float, float]:
    low, high = min(values), max(values)
    if card is not None and card.range[0] == 0 and card.better == "lower":
        low = 0.0
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (low if low == 0 else low - room), high + room
