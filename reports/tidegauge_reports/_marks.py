"""Pictures the size of a word: a distribution, a share, how often each outcome occurs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import isfinite

from markupsafe import Markup

from tidegauge.records import Shares
from tidegauge_reports._svg import coord


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


def share_bar(
    share: float, ends: tuple[float, float] | None, reach: tuple[float, float] = (0.0, 1.0)
) -> Markup:
    """Draw a share as a bar, its interval as a line across the bar's end.

    Parameters
    ----------
    share
        The share; below zero where it works against the change.
    ends
        Both ends of its interval.
    reach
        Both ends of the axis; what lies beyond is cut off.
    """
    low, high = reach

    def x(value: float) -> float:
        within = min(max(value, low), high) if isfinite(value) else 0.0
        return 200 * (within - low) / (high - low)

    start, stop = sorted((x(0.0), x(share)))
    parts = [
        '<rect class="r" width="200" height="8" y="2"/>',
        f'<rect class="c" x="{coord(start)}" width="{coord(stop - start)}" height="8" y="2"/>',
    ]
    if low < 0:
        parts.append(f'<path class="z" d="M{coord(x(0.0))} 0V12"/>')
    if ends is not None:
        first, last = (coord(x(end)) for end in ends)
        parts.append(f'<path class="w" d="M{first} 6H{last}M{first} 3v6M{last} 3v6"/>')
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
        f'<rect class="{word}" x="{coord(x)}" width="{coord(width * scale - 2)}" height="10"/>'
        for (word, _), x, width in zip(counts, places, widths, strict=False)
    )
    return Markup(
        '<svg class="strip" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )
