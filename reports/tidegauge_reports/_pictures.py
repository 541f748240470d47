"""Pictures of a cause: its column before, after and repaired; the parts of a change in one bar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import isfinite

from markupsafe import Markup, escape

from tidegauge.records import Cause, Decomposition, Picture
from tidegauge_reports import _shapes as shapes
from tidegauge_reports import _words as words
from tidegauge_reports._svg import Figure, coord, label

TONES = 6
"""Fills of a stacked bar before they begin anew; numbers tell the parts apart."""
WIDEST = 5.0
"""Times the whole change that an axis of shares may reach on either side."""


def before_after(picture: Picture, name: str) -> Figure | None:
    """Draw a factor on both sides, and the current side after its repair."""
    return shapes.distribution(picture, words.shorten(name, 60))


def reach(causes: Iterable[Cause]) -> tuple[float, float]:
    """Choose one axis for the shares of several causes: zero and the whole change are on it."""
    ends = [0.0, 1.0]
    for cause in causes:
        ends += [cause.share, *(cause.interval or ())]
    known = [end for end in ends if isfinite(end)]
    return max(min(known), -WIDEST), min(max(known), WIDEST)


def stack(decomposition: Decomposition) -> Markup:
    """Draw all parts end to end: those of the change's own direction right, the others left."""
    shares = [part.share if isfinite(part.share) else 0.0 for part in decomposition.parts]
    low = min(sum(min(share, 0.0) for share in shares), 0.0)
    high = max(sum(max(share, 0.0) for share in shares), 1.0)

    def x(value: float) -> float:
        return 600 * (value - low) / (high - low)

    drawn = [_block(place, x(start), x(stop)) for place, start, stop in _laid(shares)]
    marks = "".join(
        f'<path class="z" d="M{coord(x(at))} 31v6"/>'
        + label(x(at), 50, text, "start" if at == 0 == low else "end" if x(at) > 560 else "middle")
        for at, text in ((0.0, "0"), (1.0, "the whole change"))
    )
    told = ", ".join(
        f"{words.shorten(part.factor, 60)} {words.percent(part.share)}"
        for part in decomposition.parts
    )
    name = f"Parts of the change of {words.clean(decomposition.of)}: {told}"
    return Markup(
        f'<svg class="stack-bar" viewBox="-1 0 602 54" role="img" aria-label="{escape(name)}">'
        f"{''.join(drawn)}{marks}</svg>"
    )


def _laid(shares: Sequence[float]) -> list[tuple[int, float, float]]:
    """Lay shares end to end from zero, each direction by itself."""
    right = list(accumulate((max(share, 0.0) for share in shares), initial=0.0))
    left = list(accumulate((min(share, 0.0) for share in shares), initial=0.0))
    return [
        (
            place,
            *((right[place], right[place + 1]) if share >= 0 else (left[place + 1], left[place])),
        )
        for place, share in enumerate(shares)
    ]


def _block(place: int, start: float, stop: float) -> str:
    width = stop - start
    block = (
        f'<rect class="p{place % TONES}" x="{coord(start)}" y="1" width="{coord(width)}" '
        'height="28"/>'
    )
    if width < 16:
        return block
    return block + label(start + width / 2, 20, str(place + 1), "middle", "ink")
