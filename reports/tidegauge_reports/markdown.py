"""The report as a Markdown comment for a pull request."""

from __future__ import annotations

import re

from tidegauge.records import Report, Result
from tidegauge_reports import _words as words

SHOWN = 15
"""Alarms listed; the rest is a count."""
_SIGNS = {"critical": "❌", "warn": "⚠️", "error": "💥", "inconclusive": "❔", "pass": "✅"}
_SPECIAL = re.compile(r"([\\`*_\[\]|~$>]|^[#+=-]|^\d+[.)])")
# A zero-width space after these stops mentions, references and bare links; escaping does not.
_LINKING = re.compile(r"(@|(?<!&)#|://|\bwww\.|\bGH-)", re.IGNORECASE)


def render(report: Report) -> str:
    """Write the verdict, the alarms and the counts, well within a comment's 65,536 characters."""
    blocks = [
        f"### {_SIGNS[report.outcome]} {prose(report.suite, 120)}: {report.outcome}",
        prose(report.because, 600),
        _sides(report),
        _alarms(report),
        _causes(report),
        _scorers(report),
        _counts(report),
        _notes(report),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def prose(text: object, limit: int = 300) -> str:
    r"""Escape logged text so that it stays text: no markup, link, mention or table cell.

    Examples
    --------
    >>> prose("a | <b> *c*")
    'a \\| &lt;b\\> \\*c\\*'
    """
    text = words.shorten(text, limit).strip()
    text = _LINKING.sub("\\1\u200b", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return _SPECIAL.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)


def code(text: object, limit: int = 60) -> str:
    """Set a name as code, whatever backticks and pipes it holds."""
    text = words.shorten(text, limit).replace("|", r"\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest or text != text.strip() or not text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _sides(report: Report) -> str:
    def side(name: str, n: int, window: str) -> str:
        return f"{name} {n:,} rows" + (f" ({prose(window)})" if window else "")

    return (
        f"{side('Baseline', report.baseline.n, words.window(report.baseline))}, "
        f"{side('current', report.current.n, words.window(report.current))}."
    )


def _alarms(report: Report) -> str:
    alarms = report.alarms
    if not alarms:
        return ""
    head = "| | column | check | value | because |\n|---|---|---|---|---|\n"
    body = "\n".join(_row(report, result) for result in alarms[:SHOWN])
    more = len(alarms) - SHOWN
    return head + body + (f"\n\nand {more:,} more alarms" if more > 0 else "")


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


def _causes(report: Report) -> str:
    lines = [f"- {prose(cause.because)}" for cause in report.causes[:5]]
    return "**Causes**\n\n" + "\n".join(lines) if lines else ""


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
