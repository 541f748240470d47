"""Tables of every result and every column, written row by row since there are thousands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from tidegauge.records import Column, Report, Result
from tidegauge_reports import _words as words
from tidegauge_reports._marks import spark


def tables(report: Report, drawn: Mapping[str, str], links: Mapping[str, str]) -> dict[str, Any]:
    worst: dict[str, str] = {}
    for result in report.results:
        worst.setdefault(result.column, result.verdict.outcome)
    n = len(report.columns)
    return {
        "rows": Markup("\n").join(_row(result, report, drawn, links) for result in report.results),
        "total": f"{len(report.results):,}",
        "sliced": any(result.slice for result in report.results),
        "columns": Markup("\n").join(
            _column_row(column, worst.get(column.name, ""), drawn) for column in report.columns
        ),
        "columns_told": f"{n:,} column" + ("s" if n != 1 else ""),
    }


def _row(
    result: Result, report: Report, drawn: Mapping[str, str], links: Mapping[str, str]
) -> Markup:
    """Write one table row; end tags that HTML implies are left out, which halves the page."""
    score, verdict = result.score, result.verdict
    card = report.cards.get(result.evaluator)
    value = words.measured(score.value, card) if score else ""
    ends = Markup(" <i>{}</i>").format(words.interval(score.interval, card)) if score else ""
    check = breakable(result.check)
    if result.evaluator in links:
        check = Markup(f'<a href="#{links[result.evaluator]}">{check}</a>')
    return Markup(
        f"<tr class={verdict.outcome}><td>{words.outcome(verdict.outcome)}<td>{check}"
        f"<td>{_linked(result.column, drawn)}<td>{breakable(result.slice)}"
        f"<td>{escape(value)}{ends}<td>{escape(words.p_value(verdict.adjusted_p))}"
        f"<td>{escape(words.clean(verdict.because))}"
    )


def breakable(name: str) -> Markup:
    """Let a long name break where its words meet."""
    text = escape(words.clean(name))
    if len(text) < 14:
        return text
    return Markup(str(text).replace(".", ".<wbr>").replace("_", "_<wbr>"))


def _linked(name: str, drawn: Mapping[str, str]) -> Markup:
    text = breakable(name)
    return Markup(f'<a href="#{drawn[name]}">{text}</a>') if name in drawn and name else text


def _column_row(column: Column, worst: str, drawn: Mapping[str, str]) -> Markup:
    mark = f'<span class="tag {worst}">{words.outcome(worst)}</span>' if worst else "not checked"
    return Markup(
        f'<tr><th scope="row">{_linked(column.name, drawn)}<td>{escape(column.kind)}'
        f"<td>{escape(words.clean(column.role))}<td>{mark}"
        f'<td class="num">{escape(words.percent(column.missing_baseline))}'
        f'<td class="num">{escape(words.percent(column.missing_current))}'
        f"<td>{spark(column.shares)}"
    )
