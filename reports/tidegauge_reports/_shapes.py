"""Pictures of one column's rows: a distribution over its bins, or bars for its levels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

from markupsafe import escape

from tidegauge.records import Picture, Shares
from tidegauge_reports import _svg as svg
from tidegauge_reports import _words as words
from tidegauge_reports._svg import FLOOR, LEFT, RIGHT, TOP, WIDTH, Figure

REPAIRED = ", dashed: current after the repair"
LEVELS = 9
"""Levels drawn as bars; the rest is summed up in words."""
TAIL = 0.06
"""Share of rows on either side that an axis may leave out at each end, said in the caption."""


Drawn = Shares | Picture
"""Both sides over bins or levels; a picture may hold the current side repaired, too."""


def distribution(shares: Drawn, name: str) -> Figure | None:
    """Draw both distributions over each other, or as bars where the column has levels.

    The current side after a repair, where there is one, is a dashed outline on top.
    """
    if not shares.baseline or not (any(shares.baseline) or any(shares.current)):
        return None
    if isinstance(shares, Picture) and shares.of:
        return _means(shares, name)
    if not shares.edges:
        return _levels(shares, name)
    first, last = _axis(shares.edges, shares)
    if first is None or last is None:
        return _slots(shares, name)
    return _densities(shares, first, last, name)


def _axis(edges: Sequence[float], shares: Drawn) -> tuple[int | None, int | None]:
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
        if (
            max(widths) / whole <= max(0.45, 1.8 / count)
            and min(heavy, default=whole) / whole >= 0.003
        ):
            return start, stop
    return None, None


def _heart(shares: Drawn) -> tuple[int, int]:
    """Find the bins that remain when tails up to ``TAIL`` on both sides are left out."""

    def tail(baseline: Sequence[float], current: Sequence[float]) -> int:
        sums = zip(accumulate(baseline), accumulate(current), strict=True)
        return sum(max(before, after) <= TAIL for before, after in sums)

    last = len(shares.baseline) - tail(shares.baseline[::-1], shares.current[::-1])
    return tail(shares.baseline, shares.current), last


def _densities(shares: Drawn, first: int, last: int, name: str) -> Figure:
    edges = shares.edges[first : last + 1]
    low, high = edges[0], edges[-1]
    widths = [b - a for a, b in pairwise(edges)]
    before = [s / w for s, w in zip(shares.baseline[first:last], widths, strict=True)]
    after = [s / w for s, w in zip(shares.current[first:last], widths, strict=True)]
    fixed = [s / w for s, w in zip(_repaired(shares)[first:last], widths, strict=False)]
    top = max((*before, *after, *fixed)) or 1.0
    x = [LEFT + (edge - low) / (high - low) * (RIGHT - LEFT) for edge in edges]
    ticks = [
        (LEFT + (v - low) / (high - low) * (RIGHT - LEFT), words.number(v))
        for v in svg.round_ticks(low, high)
    ]
    caption = "Height shows how dense the rows lie; equal areas hold equal shares of rows."
    for end, sides in (
        (f"below {words.number(low)}", (shares.baseline[:first], shares.current[:first])),
        (f"above {words.number(high)}", (shares.baseline[last:], shares.current[last:])),
    ):
        if any(sides):
            was, now = (words.percent(sum(side)) for side in sides)
            caption += f" Not drawn: rows {end}, {was} of the baseline and {now} of the current."
    return _overlay(x, before, after, top, ticks, name, caption, fixed=fixed)


def _repaired(shares: Drawn) -> Sequence[float]:
    return shares.repaired if isinstance(shares, Picture) else ()


def _slots(shares: Drawn, name: str) -> Figure:
    """Draw every bin equally wide, where a true scale would hide most of them."""
    edges = shares.edges
    count = len(shares.baseline)
    x = [LEFT + place / count * (RIGHT - LEFT) for place in range(count + 1)]
    fixed = _repaired(shares)
    top = max((*shares.baseline, *shares.current, *fixed)) or 1.0
    marks = sorted({0, count // 4, count // 2, 3 * count // 4, count})
    caption = (
        f"Height is the share of rows in each of {count} bins. The bins are drawn equally wide, "
        "so the axis is not to scale."
    )
    return _overlay(
        x, shares.baseline, shares.current, top,
        [(x[m], words.number(edges[m])) for m in marks],
        name, caption, scale=svg.rule(TOP, words.percent(round(top, 3))), fixed=fixed,
    )  # fmt: skip


def _overlay(
    x: Sequence[float],
    before: Sequence[float],
    after: Sequence[float],
    top: float,
    ticks: list[tuple[float, str]],
    name: str,
    caption: str,
    *,
    scale: str = "",
    fixed: Sequence[float] = (),
) -> Figure:
    def path(heights: Sequence[float]) -> str:
        moves = "".join(
            f"V{svg.coord(FLOOR - height / top * (FLOOR - TOP))}H{svg.coord(x[place + 1])}"
            for place, height in enumerate(heights)
        )
        return f"M{svg.coord(x[0])} {FLOOR}{moves}V{FLOOR}"

    parts = [
        scale,
        f'<path class="c" d="{path(after)}z"/>',
        f'<path class="b" d="{path(before)}"/>',
        f'<path class="fix" d="{path(fixed)}"/>' if len(fixed) == len(after) else "",
        svg.ground(),
        svg.ticks_below(ticks),
    ]
    told, more = (", repaired dashed", REPAIRED) if fixed else ("", "")
    return Figure(
        title="Distribution",
        svg=svg.picture(
            parts, f"Distribution of {name}, baseline as outline, current filled{told}"
        ),
        caption=f"Outline: baseline, filled: current{more}. {caption}",
    )


def _levels(shares: Drawn, name: str) -> Figure:
    """Draw one bar a level: current filled, baseline as an outline on top."""
    fixed = _repaired(shares)
    sides = (shares.baseline, shares.current, fixed or shares.baseline)
    rows = list(zip(shares.labels, *sides, strict=False))
    rows.sort(key=lambda row: -max(row[1:]))
    shown, rest = rows[:LEVELS], rows[LEVELS:]
    parts = _bars(shown, words.percent, repaired=bool(fixed))
    caption = (
        "Share of rows in each level, baseline to current. Outline: baseline, filled: current"
        f"{REPAIRED if fixed else ''}."
    )
    if rest:
        was, now = (
            words.percent(sum(side))
            for side in ([row[1] for row in rest], [row[2] for row in rest])
        )
        levels = "level" if len(rest) == 1 else "levels"
        caption += (
            f" {len(rest):,} more {levels} hold {was} of the baseline and {now} of the current."
        )
    label = f"Shares of the levels of {name}, baseline and current"
    return Figure(
        title="Levels", svg=svg.picture(parts, label, 16 + 22 * len(shown)), caption=caption
    )


def _means(picture: Picture, name: str) -> Figure:
    """Draw one bar a level or stretch, in their order: what is drawn are no shares."""
    sides = (picture.baseline, picture.current, picture.baseline)
    rows = list(zip(picture.labels, *sides, strict=True))
    parts = _bars(rows, words.number)
    of = words.clean(picture.of)
    return Figure(
        title="Levels",
        svg=svg.picture(parts, f"{of} over {name}, baseline and current", 16 + 22 * len(rows)),
        caption=f"{of[:1].upper()}{of[1:]} over {name}, baseline to current. Outline: baseline, "
        "filled: current.",
    )


def _bars(
    rows: Sequence[tuple[str, float, float, float]],
    told: Callable[[float], str],
    *,
    repaired: bool = False,
) -> list[str]:
    """Draw rows of a label and its numbers: before, after, and repaired where that is known."""
    top = max((max(row[1:]) for row in rows), default=1.0) or 1.0
    start, end = 118, 285
    return [
        _bar(
            row[:3], row[3] if repaired else None, 8 + 22 * place, start, (end - start) / top, told
        )
        for place, row in enumerate(rows)
    ]


def _bar(
    row: tuple[str, float, float],
    fixed: float | None,
    y: int,
    x: int,
    scale: float,
    told: Callable[[float], str],
) -> str:
    label, before, after = row
    return (
        f'<rect class="c" x="{x}" y="{y}" width="{svg.coord(after * scale)}" height="14"/>'
        f'<rect class="b" x="{x}" y="{y}" width="{svg.coord(before * scale)}" height="14"/>'
        f"{_repair(fixed, y, x, scale)}"
        f"<g><title>{escape(words.clean(label))}</title>"
        f"{svg.label(x - 7, y + 11, words.shorten(label, 18) or '(empty)', 'end', 'ink')}</g>"
        f"{svg.label(WIDTH - 4, y + 11, f'{told(before)} → {told(after)}', 'end')}"
    )


def _repair(fixed: float | None, y: int, x: int, scale: float) -> str:
    if fixed is None:
        return ""
    width = svg.coord(fixed * scale)
    return f'<rect class="fix" x="{x}" y="{y - 2}" width="{width}" height="18"/>'
