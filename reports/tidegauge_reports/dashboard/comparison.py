"""One stored comparison of two models: the gate's word, then metric by metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from tidegauge.records import Card
from tidegauge.views import ComparisonView, MetricLine, PageContext
from tidegauge_reports import _words as words
from tidegauge_reports._svg import coord
from tidegauge_reports.dashboard._shell import counted, shell

_TONES = {
    "better": "pass", "not worse": "pass", "equivalent": "pass",
    "worse": "critical", "not shown": "inconclusive", "not measured": "skipped",
}  # fmt: skip
_OUTCOMES = {"pass": "pass", "fail": "critical", "inconclusive": "inconclusive"}


def render(view: ComparisonView, *, page: PageContext) -> str:
    """Write the page of one comparison."""
    line = view.line
    return shell(
        "comparison.html.j2",
        page=page,
        title=f"{line.outcome}: {line.candidate}",
        here="compare",
        view=view,
        line=line,
        tone=_OUTCOMES.get(line.outcome, "skipped"),
        rows=counted(line.n, "pair" if line.paired else "row"),
        tables=[
            (name, anchor, [_row(one, reach) for one in lines])
            for name, anchor, lines in (
                ("Metric by metric", "metrics", view.metrics),
                ("Segment by segment", "segments", view.segments),
            )
            if lines
            for reach in (_reaches(lines),)
        ],
    )


def _row(line: MetricLine, reaches: dict[str, float]) -> dict[str, Any]:
    card = Card(
        title=line.title, explain="", reads=(), on="", better=line.better, unit=line.unit,
        reference="",
    )  # fmt: skip

    def told(value: float | None) -> str:
        return words.UNKNOWN if value is None else words.measured(value, card)

    def apart(gap: float | None) -> str:
        return words.UNKNOWN if gap is None else words.points(gap, card)

    return {
        "line": line,
        "tone": _TONES.get(line.shown, "skipped"),
        "baseline": told(line.baseline),
        "candidate": told(line.candidate),
        "difference": apart(line.difference),
        "ends": f"{apart(line.low)} to {apart(line.high)}" if line.low is not None else "",
        "margin": f"margin {apart(line.margin)}" if line.margin is not None else "",
        "p": words.p_value(line.p_value),
        "smallest": ""
        if line.smallest is None
        else f"The smallest difference that it could have shown: {apart(line.smallest)}.",
        "drawing": interval(line, reaches[line.metric]),
    }


def _reaches(lines: Sequence[MetricLine]) -> dict[str, float]:
    """Give each metric one scale for all its lines."""
    found: dict[str, float] = {}
    for line in lines:
        ends = [abs(end) for end in (line.difference, line.low, line.high, line.margin) if end]
        found[line.metric] = max([found.get(line.metric, 0.0), *ends])
    return found


def interval(line: MetricLine, reach: float) -> Markup:
    """Draw a difference with its interval around zero, and the margin as a dashed line."""
    if line.difference is None or not reach:
        return Markup("")

    def x(value: float) -> str:
        return coord(80 + 74 * min(max(value / reach, -1.0), 1.0))

    parts = ['<path class="z" d="M80 1v14"/>']
    if line.low is not None and line.high is not None:
        parts.append(f'<path class="w" d="M{x(line.low)} 8H{x(line.high)}"/>')
    if line.margin is not None and line.better != "none":
        at = -line.margin if line.better == "higher" else line.margin
        parts.append(f'<path class="l critical" d="M{x(at)} 1v14"/>')
    parts.append(f'<circle class="dot" cx="{x(line.difference)}" cy="8" r="3.4"/>')
    return Markup(
        f'<svg class="gap-bar" viewBox="0 0 160 16" aria-hidden="true">{"".join(parts)}</svg>'
    )
