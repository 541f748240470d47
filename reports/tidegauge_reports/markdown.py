"""The report as a Markdown comment for a pull request."""

from __future__ import annotations

from tidegauge.records import Report, Result
from tidegauge_reports import _words as words
from tidegauge_reports._incidents import listed_alarms
from tidegauge_reports._markdown_causes import why
from tidegauge_reports._markdown_text import code, prose

SHOWN = 15
"""Alarms listed; the rest is a count."""
EACH = 3
"""Alarms listed of one cause; the rest is a count."""
_SIGNS = {"critical": "❌", "warn": "⚠️", "error": "💥", "inconclusive": "❔", "pass": "✅"}


def render(report: Report) -> str:
    """Write the verdict, the alarms and the counts, well within a comment's 65,536 characters."""
    blocks = [
        f"### {_SIGNS[report.outcome]} {prose(report.suite, 120)}: {report.outcome}",
        prose(report.because, 600),
        _sides(report),
        why(report),
        _alarms(report),
        _scorers(report),
        _counts(report),
        _notes(report),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _sides(report: Report) -> str:
    def side(name: str, n: int, window: str) -> str:
        return f"{name} {n:,} rows" + (f" ({prose(window)})" if window else "")

    return (
        f"{side('Baseline', report.baseline.n, words.window(report.baseline))}, "
        f"{side('current', report.current.n, words.window(report.current))}."
    )


def _alarms(report: Report) -> str:
    if not report.alarms:
        return ""
    listed, more = listed_alarms(report, SHOWN, EACH)
    head = "| | column | check | value | because |\n|---|---|---|---|---|\n"
    body = "\n".join(_row(report, result) for result in listed)
    left = [
        f"and {n:,} more because of {code(cause.factor)}" if cause else f"and {n:,} more alarms"
        for cause, n in more
    ]
    return head + body + "".join(f"\n\n{line}" for line in left)


def _row(report: Report, result: Result) -> str:
    score, card = result.score, report.cards.get(result.evaluator)
    place = code(result.column) if result.column else "whole log"
    if result.slice:
        place += f" in {code(result.slice)}"
    value = words.measured(score.value, card) if score else "\u2013"
    word = result.verdict.outcome
    cells = (
        f"{_SIGNS[word]} {word}", place, code(result.check), prose(value),
        prose(result.verdict.because),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _scorers(report: Report) -> str:
    if not report.scorings:
        return ""
    rows = []
    for one in report.scorings:
        missed = sum(one.current.unscored.values())
        cells = (
            code(one.column), prose(one.model, 60) or "\u2013", f"{one.current.ok:,}",
            f"{missed:,}", f"{sum(one.current.not_applicable.values()):,}",
            prose(" ".join(one.notes), 300),
        )  # fmt: skip
        rows.append(f"| {' | '.join(cells)} |")
    head = "| scorer | model | scored | unscored | not asked | notes |"
    rule = "|---|---|---:|---:|---:|---|"
    summary = f"<details><summary>{len(rows):,} text scorers</summary>"
    return "\n".join([summary, "", head, rule, *rows, "", "</details>"])


def _counts(report: Report) -> str:
    counts = words.counts(report)
    if not counts:
        return ""
    summary = ", ".join(f"{n:,} {words.outcome(word)}" for word, n in counts)
    lines = "\n".join(
        f"| {words.outcome(word)} | {n:,} | {words.meaning(word)} |" for word, n in counts
    )
    total = sum(n for _, n in counts)
    return (
        f"<details><summary>{total:,} checks: {summary}</summary>\n\n"
        f"| outcome | checks | meaning |\n|---|---:|---|\n{lines}\n\n</details>"
    )


def _notes(report: Report) -> str:
    lines = [f"- {prose(note)}" for note in report.notes[:10]]
    more = len(report.notes) - 10
    if more > 0:
        lines.append(f"- and {more:,} more notes")
    if not lines:
        return ""
    return (
        f"<details><summary>{len(report.notes):,} notes</summary>\n\n"
        + "\n".join(lines)
        + "\n\n</details>"
    )
