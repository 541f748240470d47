"""Pictures of distributions, curves and windows, drawn as SVG that the page's style colours.

Everywhere the baseline is an outline and the current log a filled shape, so the two can be told
apart without colour. Only geometry happens here: what is drawn was computed by the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from markupsafe import Markup, escape

from tidegauge.records import Card, Curves, Limit, Point, Shares
from tidegauge_reports import _words as words

WIDTH, HEIGHT = 400, 190
LEFT, RIGHT, TOP, FLOOR = 40, 390, 16, 160
"""Edges of the plotting area; names of axes and ticks stand outside it."""
LEVELS = 9
"""Levels drawn as bars; the rest is summed up in words."""
TAIL = 0.06
"""Share of rows on either side that an axis may leave out at each end, said in the caption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture and the sentence beneath it."""

    title: str
    svg: Markup
    caption: str


def distribution(shares: Shares, name: str) -> Figure | None:
    """Draw both distributions over each other, or as bars where the column has levels."""
    if not shares.baseline or not (any(shares.baseline) or any(shares.current)):
        return None
    if not shares.edges:
        return _levels(shares, name)
    first, last = _axis(shares.edges, shares)
    if first is None or last is None:
        return _slots(shares, name)
    return _densities(shares, first, last, name)


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
    side = "end" if x(at) > (LEFT + RIGHT) / 2 else "start"
    nudge = -6 if side == "end" else 6
    # The label stands where the curves are not: below them on the left side, above on the right.
    label_y = y(max(before, after)) - 5 if side == "end" else y(min(before, after)) + 12
    parts = [
        _rule(y(0.5), "50 %"),
        _rule(y(1), "100 %"),
        _line("b", ((x(v), y(b)) for v, b, _ in points)),
        _line("c", ((x(v), y(c)) for v, _, c in points)),
        _ground(),
        _ticks([(x(v), words.number(v)) for v in _round_ticks(low, high)]),
    ]
    if gap > 0.005:
        ends = f'x1="{_n(x(at))}" x2="{_n(x(at))}" y1="{_n(y(before))}" y2="{_n(y(after))}"'
        parts.append(
            f'<line class="g" {ends}/>'
            + _text(x(at) + nudge, label_y, f"largest gap {words.percent(gap)}", side, "gt")
        )
    told = f"largest at {words.number(at)}: {words.percent(before)} against {words.percent(after)}"
    return Figure(
        title="Cumulative gap",
        svg=_svg(parts, f"Cumulative distribution of {name}, baseline and current; {told}"),
        caption="Share of rows at or below each value; line: baseline, thick line: current. "
        + (
            f"The gap is {told}."
            if gap > 0.005
            else "The curves are nowhere more than 0.5 % apart."
        ),
    )


def series(
    points: Sequence[Point], limits: Iterable[Limit], card: Card | None, baseline: float | None
) -> Figure | None:
    """Draw a score window by window, with its limits as dashed lines."""
    if len(points) < 2:
        return None
    lines = [(level, word) for bound in limits for level, word in _level(bound, baseline)]
    values = [p.value for p in points]
    low, high = _reach([*values, *(level for level, _ in lines)], card)
    step = (RIGHT - LEFT) / (len(points) - 1)

    def y(value: float) -> float:
        return FLOOR - (value - low) / (high - low) * (FLOOR - TOP)

    spots = [(LEFT + place * step, y(value)) for place, value in enumerate(values)]
    parts = [_rule(y(v), words.measured(v, card)) for v in _round_ticks(low, high, 3)]
    parts += _limit_lines(lines, y)
    parts.append(_line("c", spots))
    parts += [
        f'<circle class="d" cx="{_n(px)}" cy="{_n(py)}" r="3"><title>'
        f"{escape(words.instant(p.label))}: {words.measured(p.value, card)}, {p.n:,} rows"
        "</title></circle>"
        for (px, py), p in zip(spots, points, strict=True)
    ]
    first, last = words.instant(points[0].label), words.instant(points[-1].label)
    parts += [
        _ground(),
        _text(LEFT, FLOOR + 16, words.shorten(first, 24), "start"),
        _text(RIGHT, FLOOR + 16, words.shorten(last, 24), "end"),
    ]
    title = card.title if card else "Score"
    told = f"from {words.measured(values[0], card)} to {words.measured(values[-1], card)}"
    return Figure(
        title=f"{title}, window by window",
        svg=_svg(parts, f"{title} in {len(points)} windows, {told}"),
        caption=f"{len(points)} windows of the current log, {told}"
        + ("; dashed: the limits." if lines else "."),
    )


def spark(shares: Shares | None) -> Markup:
    """Draw a distribution at the size of a word; every bin equally wide."""
    if shares is None or len(shares.baseline) < 2:
        return Markup("")
    top = max((*shares.baseline, *shares.current)) or 1.0
    step = 120 / len(shares.baseline)

    def path(heights: Sequence[float], ground: bool) -> str:
        x = [round(place * step) for place in range(len(heights) + 1)]
        moves = "".join(
            f"V{22 - round(height / top * 20)}H{x[place + 1]}"
            for place, height in enumerate(heights)
        )
        return f"M0 22{moves}V22" + ("z" if ground else "")

    return Markup(
        '<svg class="spark" viewBox="0 0 120 24" aria-hidden="true">'
        f'<path class="c" d="{path(shares.current, True)}"/>'
        f'<path class="b" d="{path(shares.baseline, False)}"/></svg>'
    )


def share_bar(share: float, ends: tuple[float, float] | None) -> Markup:
    """Draw a share as a bar, its interval as a line across the bar's end."""
    width = 200 * min(max(share, 0.0), 1.0)
    parts = [
        '<rect class="r" width="200" height="8" y="2"/>',
        f'<rect class="c" width="{_n(width)}" height="8" y="2"/>',
    ]
    if ends is not None:
        low, high = (200 * min(max(end, 0.0), 1.0) for end in ends)
        parts.append(f'<path class="w" d="M{_n(low)} 6H{_n(high)}M{_n(low)} 3v6M{_n(high)} 3v6"/>')
    return Markup(
        f'<svg class="bar" viewBox="0 0 200 12" aria-hidden="true">{"".join(parts)}</svg>'
    )


def count_strip(counts: Sequence[tuple[str, int]]) -> Markup:
    """Draw how often each outcome occurs, side by side; one is never too thin to see."""
    total = sum(n for _, n in counts) or 1
    widths = [max(1000 * n / total, 8) for _, n in counts]
    scale = 1000 / (sum(widths) or 1)
    places = accumulate((width * scale for width in widths), initial=0.0)
    parts = (
        f'<rect class="{word}" x="{_n(x)}" width="{_n(max(width * scale - 2, 1))}" height="10"/>'
        for (word, _), x, width in zip(counts, places, widths, strict=False)
    )
    return Markup(
        '<svg class="strip" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )


def _axis(edges: Sequence[float], shares: Shares) -> tuple[int | None, int | None]:
    """Choose the bins a true scale can show: all, or all but thin tails; none where none can.

    A true scale is unreadable where one bin takes up most of the axis (a long tail) or where
    a heavy bin is too narrow to be seen (an atom).
    """
    count = len(shares.baseline)
    spans = [(0, count)]
    first, last = _heart(shares)
    if (first, last) != (0, count):
        spans += [(first, count), (0, last), (first, last)]
    for start, stop in spans:
        whole = edges[stop] - edges[start]
        widths = [b - a for a, b in pairwise(edges[start : stop + 1])]
        if stop - start < 3 or not 0 < whole < float("inf") or min(widths) <= 0:
            continue
        heavy = [
            width
            for width, *pair in zip(
                widths, shares.baseline[start:stop], shares.current[start:stop], strict=True
            )
            if max(pair) > 0.02
        ]
        if max(widths) / whole <= 0.45 and min(heavy, default=whole) / whole >= 0.003:
            return start, stop
    return None, None


def _heart(shares: Shares) -> tuple[int, int]:
    """Find the bins that remain when tails up to ``TAIL`` on both sides are left out."""

    def tail(baseline: Sequence[float], current: Sequence[float]) -> int:
        sums = zip(accumulate(baseline), accumulate(current), strict=True)
        return sum(max(before, after) <= TAIL for before, after in sums)

    last = len(shares.baseline) - tail(shares.baseline[::-1], shares.current[::-1])
    return tail(shares.baseline, shares.current), last


def _densities(shares: Shares, first: int, last: int, name: str) -> Figure:
    edges = shares.edges[first : last + 1]
    low, high = edges[0], edges[-1]
    widths = [b - a for a, b in pairwise(edges)]
    before = [s / w for s, w in zip(shares.baseline[first:last], widths, strict=True)]
    after = [s / w for s, w in zip(shares.current[first:last], widths, strict=True)]
    top = max((*before, *after)) or 1.0
    x = [LEFT + (edge - low) / (high - low) * (RIGHT - LEFT) for edge in edges]
    ticks = [
        (LEFT + (v - low) / (high - low) * (RIGHT - LEFT), words.number(v))
        for v in _round_ticks(low, high)
    ]
    caption = "Height shows how dense the rows lie; equal areas hold equal shares of rows."
    for end, sides in (
        (f"below {words.number(low)}", (shares.baseline[:first], shares.current[:first])),
        (f"above {words.number(high)}", (shares.baseline[last:], shares.current[last:])),
    ):
        if any(sides):
            was, now = (words.percent(sum(side)) for side in sides)
            caption += f" Not drawn: rows {end}, {was} of the baseline and {now} of the current."
    return _overlay(x, before, after, top, ticks, name, caption)


def _slots(shares: Shares, name: str) -> Figure:
    """Draw every bin equally wide, where a true scale would hide most of them."""
    edges = shares.edges
    count = len(shares.baseline)
    x = [LEFT + place / count * (RIGHT - LEFT) for place in range(count + 1)]
    top = max((*shares.baseline, *shares.current)) or 1.0
    marks = sorted({0, count // 4, count // 2, 3 * count // 4, count})
    caption = (
        f"Height is the share of rows in each of {count} bins. The bins are drawn equally wide, "
        "so the axis is not to scale."
    )
    return _overlay(
        x, shares.baseline, shares.current, top,
        [(x[m], words.number(edges[m])) for m in marks],
        name, caption, _rule(TOP, words.percent(top)),
    )  # fmt: skip


def _overlay(
    x: Sequence[float],
    before: Sequence[float],
    after: Sequence[float],
    top: float,
    ticks: list[tuple[float, str]],
    name: str,
    caption: str,
    scale: str = "",
) -> Figure:
    def path(heights: Sequence[float]) -> str:
        moves = "".join(
            f"V{_n(FLOOR - height / top * (FLOOR - TOP))}H{_n(x[place + 1])}"
            for place, height in enumerate(heights)
        )
        return f"M{_n(x[0])} {FLOOR}{moves}V{FLOOR}"

    parts = [
        scale,
        f'<path class="c" d="{path(after)}z"/>',
        f'<path class="b" d="{path(before)}"/>',
        _ground(),
        _ticks(ticks),
    ]
    return Figure(
        title="Distribution",
        svg=_svg(parts, f"Distribution of {name}, baseline as outline, current filled"),
        caption=f"Outline: baseline, filled: current. {caption}",
    )


def _levels(shares: Shares, name: str) -> Figure:
    """Draw one bar a level: current filled, baseline as an outline on top."""
    rows = list(zip(shares.labels, shares.baseline, shares.current, strict=False))
    rows.sort(key=lambda row: -max(row[1:]))
    shown, rest = rows[:LEVELS], rows[LEVELS:]
    top = max((max(row[1:]) for row in shown), default=1.0) or 1.0
    start, end = 118, 285
    parts = [
        _bar(row, 8 + 22 * place, start, (end - start) / top) for place, row in enumerate(shown)
    ]
    caption = (
        "Share of rows in each level, baseline to current. Outline: baseline, filled: current."
    )
    if rest:
        was, now = (words.percent(sum(row[side] for row in rest)) for side in (1, 2))
        levels = "level" if len(rest) == 1 else "levels"
        caption += (
            f" {len(rest):,} more {levels} hold {was} of the baseline and {now} of the current."
        )
    label = f"Shares of the levels of {name}, baseline and current"
    return Figure(title="Levels", svg=_svg(parts, label, 16 + 22 * len(shown)), caption=caption)


def _bar(row: tuple[str, float, float], y: int, x: int, scale: float) -> str:
    label, before, after = row
    told = f"{words.percent(before)} → {words.percent(after)}"
    return (
        f'<rect class="c" x="{x}" y="{y}" width="{_n(after * scale)}" height="14"/>'
        f'<rect class="b" x="{x}" y="{y}" width="{_n(before * scale)}" height="14"/>'
        f"<g><title>{escape(words.clean(label))}</title>"
        f"{_text(x - 7, y + 11, words.shorten(label, 18) or '(empty)', 'end', 'ink')}</g>"
        f"{_text(WIDTH - 4, y + 11, told, 'end')}"
    )


def _level(bound: Limit, baseline: float | None) -> list[tuple[float, str]]:
    """Place a limit on the score's axis; a limit on evidence alone has no place there."""
    word = f"{bound.severity}"
    if bound.versus == "value":
        return [(bound.bound, word)]
    if bound.versus == "any" or baseline is None:
        return []
    sign = -1 if bound.versus == "drop" else 1
    return [(baseline + sign * bound.bound * (abs(baseline) if bound.share else 1.0), word)]


def _limit_lines(lines: Sequence[tuple[float, str]], y):  # type: ignore[no-untyped-def]
    return [
        f'<line class="l {word}" x1="{LEFT}" x2="{RIGHT}" y1="{_n(y(level))}" y2="{_n(y(level))}"/>'
        + _text(RIGHT, y(level) - 4, word, "end", f"lt {word}")
        for level, word in lines
    ]


def _reach(values: Sequence[float], card: Card | None) -> tuple[float, float]:
    low, high = min(values), max(values)
    if card is not None and card.range[0] == 0 and card.better == "lower":
        low = 0.0
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (low if low == 0 else low - room), high + room


def _round_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Pick round numbers inside a range.

    Examples
    --------
    >>> _round_ticks(3.0, 97.0)
    [20.0, 40.0, 60.0, 80.0]
    """
    from math import ceil, floor, log10

    rough = (high - low) / wanted
    if not 0 < rough < float("inf"):
        return []
    power = 10.0 ** floor(log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    start, stop = ceil(low / step), floor(high / step)
    return [round(place * step, 12) for place in range(start, min(stop, start + 12) + 1)]


def _svg(parts: Iterable[str], label: str, height: int = HEIGHT) -> Markup:
    return Markup(
        f'<svg class="fig" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(words.clean(label))}">{"".join(parts)}</svg>'
    )


def _line(kind: str, spots: Iterable[tuple[float, float]]) -> str:
    """Draw a line, leaving out points that fall on the one before."""
    drawn: list[str] = []
    for x, y in spots:
        spot = f"{_n(x)} {_n(y)}"
        if not drawn or drawn[-1] != spot:
            drawn.append(spot)
    return f'<polyline class="{kind} line" points="{" ".join(drawn)}"/>'


def _rule(y: float, label: str) -> str:
    return f'<line class="h" x1="{LEFT}" x2="{RIGHT}" y1="{_n(y)}" y2="{_n(y)}"/>' + _text(
        LEFT - 5, y + 4, label, "end"
    )


def _ground() -> str:
    return f'<line class="a" x1="{LEFT}" x2="{RIGHT}" y1="{FLOOR}" y2="{FLOOR}"/>'


def _ticks(ticks: Sequence[tuple[float, str]]) -> str:
    """Write labels under the axis, leaving out those that would touch."""
    drawn, free = [], float("-inf")
    for x, label in ticks:
        half = 3.2 * len(label)
        left = min(max(x - half, 0), WIDTH - 2 * half)
        if left >= free:
            free = left + 2 * half + 8
            drawn.append(
                f'<line class="a" x1="{_n(x)}" x2="{_n(x)}" y1="{FLOOR}" y2="{FLOOR + 4}"/>'
                + _text(left + half, FLOOR + 17, label)
            )
    return "".join(drawn)


def _text(x: float, y: float, text: str, anchor: str = "middle", kind: str = "") -> str:
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{_n(x)}" y="{_n(y)}"{where}{style}>{escape(text)}</text>'


def _n(value: float) -> str:
    """Round a coordinate to a tenth of a unit, in as few characters as it takes."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text
