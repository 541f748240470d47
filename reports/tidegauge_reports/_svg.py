"""Strokes that every picture is made of: axes, lines, labels, and the frame around them.

Everywhere the baseline is an outline and the current log a filled shape, so the two can be told
apart without colour. Only geometry happens here: what is drawn was computed by the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup, escape

from tidegauge_reports import _words as words

WIDTH, HEIGHT = 400, 190
LEFT, RIGHT, TOP, FLOOR = 40, 390, 16, 160
"""Edges of the plotting area; names of axes and ticks stand outside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture and the sentence beneath it."""

    title: str
    svg: Markup
    caption: str


def picture(parts: Iterable[str], told: str, height: int = HEIGHT) -> Markup:
    """Frame strokes as a picture that a screen reader can name."""
    return Markup(
        f'<svg class="fig" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(words.clean(told))}">{"".join(parts)}</svg>'
    )


def line(kind: str, spots: Iterable[tuple[float, float]]) -> str:
    """Draw a line, leaving out points that fall on the one before."""
    drawn: list[str] = []
    for x, y in spots:
        spot = f"{coord(x)} {coord(y)}"
        if not drawn or drawn[-1] != spot:
            drawn.append(spot)
    return f'<polyline class="{kind} line" points="{" ".join(drawn)}"/>'


def rule(y: float, text: str) -> str:
    """Draw a faint line across, with its value at the left."""
    return f'<line class="h" x1="{LEFT}" x2="{RIGHT}" y1="{coord(y)}" y2="{coord(y)}"/>' + label(
        LEFT - 5, y + 4, text, "end"
    )


def ground() -> str:
    """Draw the line on which everything stands."""
    return f'<line class="a" x1="{LEFT}" x2="{RIGHT}" y1="{FLOOR}" y2="{FLOOR}"/>'


def ticks_below(ticks: Sequence[tuple[float, str]]) -> str:
    """Write labels under the axis, leaving out those that would touch."""
    drawn, free = [], float("-inf")
    for x, text in ticks:
        half = 3.2 * len(text)
        left = min(max(x - half, 0), WIDTH - 2 * half)
        if left >= free:
            free = left + 2 * half + 8
            drawn.append(
                f'<line class="a" x1="{coord(x)}" x2="{coord(x)}" y1="{FLOOR}" y2="{FLOOR + 4}"/>'
                + label(left + half, FLOOR + 17, text)
            )
    return "".join(drawn)


def label(x: float, y: float, text: str, anchor: str = "middle", kind: str = "") -> str:
    """Write text at a place."""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{coord(x)}" y="{coord(y)}"{where}{style}>{escape(text)}</text>'


def coord(value: float) -> str:
    """Round a coordinate to a tenth of a unit, in as few characters as it takes."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def round_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Pick round numbers inside a range.

    Examples
    --------
    >>> round_ticks(3.0, 97.0)
    [20.0, 40.0, 60.0, 80.0]
    """
    rough = (high - low) / wanted
    if not 0 < rough < float("inf"):
        return []
    power = 10.0 ** floor(log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    start, stop = ceil(low / step), floor(high / step)
    return [round(place * step, 12) for place in range(start, min(stop, start + 12) + 1)]
