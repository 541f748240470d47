"""The last windows of a suite as a strip of marks: the worse, the taller."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from tidegauge_reports import _words as words

STEP, HEIGHT = 8, 24
"""Room of one window, and the strip's height."""
_TALL = {"critical": 22, "error": 22, "warn": 15, "info": 8, "inconclusive": 5, "pass": 5}
"""How tall a mark stands; a window that nobody judged is a dot on the ground."""


def strip(
    outcomes: Sequence[tuple[str, str]], most: int = 30, *, stretched: bool = False
) -> Markup:
    """Draw one mark a window, oldest first, right-aligned: the newest is always at the right.

    Parameters
    ----------
    outcomes
        Outcome and name of each window; an empty outcome is a window that never came.
    most
        Windows drawn; older ones are left out.
    stretched
        Whether to fill the width that there is.
    """
    shown = outcomes[-most:]
    start = (most - len(shown)) * STEP
    marks = "".join(
        _mark(start + place * STEP, outcome, name) for place, (outcome, name) in enumerate(shown)
    )
    width = most * STEP
    form = 'preserveAspectRatio="none" ' if stretched else ""
    return Markup(
        f'<svg class="windows" viewBox="0 0 {width} {HEIGHT}" role="img" {form}'
        f'aria-label="{escape(told([outcome for outcome, _ in shown]))}">'
        f'<path class="a" d="M0 23.5H{width}"/>{marks}</svg>'
    )


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
