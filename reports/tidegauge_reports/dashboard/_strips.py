"""The last windows of a suite as a strip of marks: the worse, the taller."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from tidegauge_reports import _words as words

STEP, HEIGHT = 8, 24
"""Room of one window, and the strip's height."""
_TALL = {"critical": 22, "error": 22, "warn": 15, "info": 8, "inconclusive": 5, "pass": 5}
"""How tall a mark stands; a window that nobody judged is a dot on the ground."""


def strip(outcomes: Sequence[tuple[str, str]], room: int = 30, most: int = 30) -> Markup:
    """Draw one mark a window, oldest first, right-aligned: the newest is always at the right.

    Parameters
    ----------
    outcomes
        Outcome and name of each window; an empty outcome is a window that never came.
    room
        Windows that there is room for, where there are fewer.
    most
        Marks drawn; of more windows, each mark is the worst of several.
    """
    shown = folded(outcomes, most)
    width = max(room, len(shown)) * STEP
    start = width - len(shown) * STEP
    marks = "".join(
        _mark(start + place * STEP, outcome, name) for place, (outcome, name) in enumerate(shown)
    )
    return Markup(
        f'<svg class="windows" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
        'preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(told([outcome for outcome, _ in outcomes]))}">'
        f'<path class="a" d="M0 23.5H{width}"/>{marks}</svg>'
    )


def folded(outcomes: Sequence[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    """Put several windows into one mark, the worst of them, where there are too many.

    Examples
    --------
    >>> folded([("pass", "a"), ("warn", "b"), ("pass", "c")], 2)
    [('warn', 'b, the worst of 2'), ('pass', 'c')]
    """
    size = -(-len(outcomes) // most) or 1
    groups = [outcomes[place : place + size] for place in range(0, len(outcomes), size)]
    return [_worst(group) for group in groups]


def _worst(group: Sequence[tuple[str, str]]) -> tuple[str, str]:
    ranks = {str(word): place for place, word in enumerate(words.OUTCOMES)}
    outcome, name = min(group, key=lambda one: ranks.get(one[0], len(ranks)))
    return outcome, name if len(group) == 1 else f"{name}, the worst of {len(group)}"


def told(outcomes: Sequence[str]) -> str:
    """Say in words what the strip shows.

    Examples
    --------
    >>> told(["pass", "pass", "critical"])
    'Last 3 windows: 1 critical, 2 pass; the newest is critical'
    >>> told([])
    'No window yet'
    """
    if not outcomes:
        return "No window yet"
    counts = [
        f"{outcomes.count(word)} {words.outcome(word)}"
        for word in words.OUTCOMES
        if word in outcomes
    ]
    missing = outcomes.count("")
    if missing:
        counts.append(f"{missing} missing")
    newest = words.outcome(outcomes[-1]) or "missing"
    return f"Last {len(outcomes)} windows: {', '.join(counts)}; the newest is {newest}"


def _mark(x: int, outcome: str, name: str) -> str:
    title = f"<title>{escape(words.clean(name))}: {words.outcome(outcome) or 'missing'}</title>"
    if not outcome:
        return f'<rect class="gap" x="{x + 1.5}" y="18" width="4" height="4">{title}</rect>'
    tall = _TALL.get(outcome, 3)
    return (
        f'<rect class="{outcome}" x="{x + 1}" y="{23 - tall}" width="5" height="{tall}">'
        f"{title}</rect>"
    )
