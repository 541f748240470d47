"""A difference at the size of a line: its interval against none, and against the margin.

To the right the candidate is better, whichever way the metric goes, so that a column of these
can be read at a glance. Only geometry happens here.
"""

from __future__ import annotations

from math import isfinite

from markupsafe import Markup, escape

from tidegauge.comparison import Comparison, Difference
from tidegauge_reports._svg import coord
from tidegauge_reports.comparison import _said as said

WIDTH, HEIGHT = 240, 26
EDGE = 6
REACH = 6.0
"""An axis is at most so many half-intervals, or margins, wide on each side."""


def forest(found: Comparison, one: Difference) -> Markup:
    """Draw one difference; empty where there is none."""
    contrast, card = one.contrast, found.cards.get(one.metric)
    if contrast is None or contrast.interval is None or card is None:
        return Markup("")
    sign = 1.0 if card.better == "higher" else -1.0
    low, high = sorted(sign * end for end in contrast.interval)
    at = sign * contrast.change
    if not all(map(isfinite, (low, high, at))):
        return Markup("")
    marks = [low, high, at, *([-one.allowed] if one.allowed else [])]
    reach = max(abs(mark) for mark in marks) * 1.12 or 1.0

    def x(value: float) -> str:
        within = min(max(value / reach, -1.0), 1.0)
        return coord(WIDTH / 2 + within * (WIDTH / 2 - EDGE))

    middle = coord(HEIGHT / 2)
    parts = [f'<path class="zero" d="M{x(0.0)} 2V{HEIGHT - 2}"/>']
    if one.allowed:
        edge = x(-one.allowed)
        width = coord(float(x(0.0)) - float(edge))
        parts.insert(
            0, f'<rect class="room" x="{edge}" y="4" width="{width}" height="{HEIGHT - 8}"/>'
        )
        parts.append(f'<path class="edge" d="M{edge} 2V{HEIGHT - 2}"/>')
    ends = f"M{x(low)} {middle}H{x(high)}M{x(low)} 9v8M{x(high)} 9v8"
    parts.append(f'<path class="span" d="{ends}"/>')
    parts.append(f'<circle class="dot" cx="{x(at)}" cy="{middle}" r="4"/>')
    told = f"{said.change(contrast.change, card)}, interval {said.ends(one, card)}"
    return Markup(
        f'<svg class="forest {said.TONES[one.decision]}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(told)}">{"".join(parts)}</svg>'
    )
