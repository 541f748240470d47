"""The report as one HTML page that needs neither a network nor scripts to be read."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from tidegauge.records import ALARMS, Card, Check, Column, Limit, Report, Result, Score
from tidegauge_reports import _svg as svg
from tidegauge_reports import _words as words

if TYPE_CHECKING:
    from jinja2 import Template

CARDS = 40
"""Columns drawn large."""
OPEN = 8
"""Of those, how many lie open; the rest unfolds at a click."""
QUIET = 6
"""Columns drawn when fewer have alarmed, so that a calm report still has something to see."""
FOUND = 12
"""Results told in full on one card; the table has the rest."""
PARTS = 8
"""Lines of evidence told for one result."""
_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """All results on one column, worst first."""

    name: str
    id: str
    results: list[Result]
    column: Column | None

    @property
    def outcome(self) -> str:
        return self.results[0].verdict.outcome


def render(report: Report) -> str:
    """Write the report as one self-contained page."""
    groups = _groups(report)
    shown = _chosen(groups)
    links = {name: f"m{place}" for place, name in enumerate(report.cards)}
    return _template().render(
        report=report,
        worded=words.outcome,
        policy=_content_policy(),
        style=Markup(_asset("report.css")),
        script=Markup(_asset("report.js")),
        **_head(report),
        **_changed(report, groups, shown, links),
        **_tables(report, {group.name: group for group in shown}, links),
        **_foot(report, links),
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    place = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_plain,
    )
    return place.get_template("report.html.j2")


def _plain(value: object) -> object:
    """Make every logged string safe to print before it is escaped."""
    return words.clean(value) if type(value) is str else value


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _content_policy() -> str:
    """Allow this page's own style and script, and nothing from anywhere else."""

    def seal(name: str) -> str:
        return b64encode(sha256(_asset(name).encode()).digest()).decode()

    return (
        f"default-src 'none'; style-src 'sha256-{seal('report.css')}'; "
        f"script-src 'sha256-{seal('report.js')}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _head(report: Report) -> dict[str, Any]:
    counts = words.counts(report)
    alarmed = any(word in ALARMS for word, _ in counts)
    sections = (
        ("causes", "Causes", report.causes),
        ("changed", "What changed most" if alarmed else "What moved most", report.results),
        ("checks", "All checks", True),
        ("columns-title", "Columns", report.columns),
        ("measures", "Measures, explained", report.cards),
        ("notes", "Notes", report.notes),
        ("made", "How this was made", True),
    )
    return {
        "suite": report.suite,
        "because": report.because,
        "mark": words.MARKS[report.outcome],
        "headline": {"pass": "Passed", "warn": "Warning"}.get(
            report.outcome, report.outcome.capitalize()
        ),
        "sides": [
            {
                "name": name,
                "rows": f"{side.n:,}",
                "window": words.window(side),
                "source": side.source,
            }
            for name, side in (("baseline", report.baseline), ("current", report.current))
        ],
        "strip": svg.count_strip(counts) if counts else "",
        "counts": [(word, f"{n:,}") for word, n in counts],
        "sections": [(anchor, label) for anchor, label, there in sections if there],
        "causes": [
            {
                "bar": svg.share_bar(cause.share, cause.interval),
                "share": words.percent(cause.share),
                "because": cause.because,
            }
            for cause in report.causes
        ],
    }


def _groups(report: Report) -> list[_Group]:
    """Gather the results by column, in the report's own order: worst column first."""
    columns = {column.name: column for column in report.columns}
    found: dict[str, list[Result]] = {}
    for result in report.results:
        found.setdefault(result.column, []).append(result)
    return [
        _Group(name=name, id=f"c{place}", results=results, column=columns.get(name))
        for place, (name, results) in enumerate(found.items())
    ]


def _chosen(groups: Sequence[_Group]) -> list[_Group]:
    """Pick what to draw: alarms, then what is worth knowing, then a few of the rest."""
    alarmed = [group for group in groups if group.outcome in ALARMS]
    noted = [group for group in groups if _loud(group)]
    quiet = [
        group
        for group in groups
        if group.outcome == "pass" and group.column is not None and group.column.shares
    ]
    chosen = alarmed + [group for group in noted if group not in alarmed]
    return (chosen + quiet[: max(0, QUIET - len(chosen))])[:CARDS]


def _loud(group: _Group) -> bool:
    return any(result.verdict.outcome in (*ALARMS, "info") for result in group.results)


def _changed(
    report: Report, groups: Sequence[_Group], shown: Sequence[_Group], links: Mapping[str, str]
) -> dict[str, Any]:
    alarmed = [group for group in groups if group.outcome in ALARMS]
    left = len(alarmed) - sum(group.outcome in ALARMS for group in shown)
    checks = {check.id: check for check in report.checks}
    tail = f"{left:,} more columns raised alarms; they are in the table." if left else ""
    lead = "The columns behind the alarms, worst first, then changes worth knowing."
    if not alarmed:
        lead = "No column raised an alarm. These come first in the order of the evidence."
    return {
        "cards": [
            _card(report, group, checks, links, folded=place >= (OPEN if _loud(group) else 2))
            for place, group in enumerate(shown)
        ],
        "cards_title": "What changed most" if alarmed else "What moved most",
        "cards_lead": lead,
        "cards_left": f"{left:,} more columns raised alarms; they are in the table."
        if left
        else "",
    }


def _card(
    report: Report,
    group: _Group,
    checks: Mapping[str, Check],
    links: Mapping[str, str],
    *,
    folded: bool,
) -> dict[str, Any]:
    loud = [r for r in group.results if r.verdict.outcome in (*ALARMS, "error", "info")]
    calm = [r for r in group.results if r.score is not None and not r.slice]
    told = loud[:FOUND] if loud else calm[:2]
    rest = len(group.results) - len(told)
    figures = list(_figures(report, group, told, checks))
    summary = _summary(group.column) if group.column else []
    return {
        "id": group.id,
        "name": words.clean(group.name),
        "title": words.shorten(group.name, 120) or "The whole log",
        "whole": group.column is None,
        "folded": folded,
        "outcome": group.outcome,
        "meta": _meta(group),
        "found": [_found(report, result, checks, links) for result in told],
        "figures": figures,
        "summary": summary,
        "across": "three" if len(figures) + bool(summary) == 3 else "two",
        "rest": f"{rest:,} more checks on it, in the table" if rest else "",
    }


def _meta(group: _Group) -> str:
    column = group.column
    if column is None:
        return words.clean(group.results[0].role) or "checks that concern every row"
    return (
        f"{column.kind} {column.role} · {column.n_baseline:,} baseline rows, "
        f"{column.n_current:,} current rows · missing {words.percent(column.missing_baseline)}, "
        f"now {words.percent(column.missing_current)}"
    )


def _found(
    report: Report, result: Result, checks: Mapping[str, Check], links: Mapping[str, str]
) -> dict[str, Any]:
    card, score = report.cards.get(result.evaluator), result.score
    check = checks.get(result.check)
    return {
        "outcome": result.verdict.outcome,
        "title": card.title if card else result.evaluator,
        "link": links.get(result.evaluator, ""),
        "slice": result.slice,
        "value": words.measured(score.value, card) if score else "",
        "ends": words.interval(score.interval, card) if score else "",
        "because": result.verdict.because,
        "explain": card.explain if card else "",
        "footing": _footing(result, check.limits if check else (), card),
        "parts": _parts(score) if score else [],
    }


def _footing(result: Result, limits: Sequence[Limit], card: Card | None) -> str:
    """Say what a number stands on: limits, rows, evidence, exactness."""
    score, p = result.score, result.verdict.adjusted_p
    told = [f"Limits: {'; '.join(words.limit(bound, card) for bound in limits)}."] if limits else []
    if score is None:
        return " ".join(told)
    told.append(f"Read from {words.rows(score)}.")
    if score.baseline is not None:
        told.append(f"On the baseline alone it is {words.measured(score.baseline, card)}.")
    if p is not None:
        told.append(
            f"If nothing had changed, a value this large would come up with p {_equals(p)} "
            "after the run's false-alarm budget."
        )
    if score.resolution:
        told.append(f"On all raw rows it differs by at most {words.number(score.resolution)}.")
    if score.details:
        named = (f"{words.clean(key)} {words.number(v)}" for key, v in score.details.items())
        told.append(f"Also: {', '.join(named)}.")
    return " ".join(told)


def _equals(p: float) -> str:
    text = words.p_value(p)
    return text if text.startswith("<") else f"= {text}"


def _parts(score: Score) -> list[dict[str, str]]:
    return [
        {
            "label": words.shorten(part.label, 60),
            "baseline": words.number(part.baseline),
            "current": words.number(part.current),
            "adds": words.number(part.contribution) if part.contribution else "",
        }
        for part in score.parts[:PARTS]
    ]


def _figures(
    report: Report, group: _Group, told: Sequence[Result], checks: Mapping[str, Check]
) -> Iterator[svg.Figure]:
    column, drawn = group.column, []
    if column is not None:
        name = words.shorten(column.name, 60)
        drawn.append(svg.distribution(column.shares, name) if column.shares else None)
        drawn.append(svg.cumulative(column.curves, name) if column.curves else None)
    for result in [result for result in told if len(result.series) > 1][:2]:
        check, card = checks.get(result.check), report.cards.get(result.evaluator)
        baseline = result.score.baseline if result.score else None
        limits = check.limits if check else ()
        drawn.append(svg.series(result.series, limits, card, baseline))
    return (figure for figure in drawn if figure is not None)


def _summary(column: Column) -> list[tuple[str, str, str]]:
    before, after = column.summary_baseline, column.summary_current
    rows = [
        ("rows", f"{column.n_baseline:,}", f"{column.n_current:,}"),
        ("missing", words.percent(column.missing_baseline), words.percent(column.missing_current)),
    ]
    rows += [
        (words.clean(key), words.number(before.get(key)), words.number(after.get(key)))
        for key in dict.fromkeys((*before, *after))
    ]
    return rows


def _tables(
    report: Report, drawn: Mapping[str, _Group], links: Mapping[str, str]
) -> dict[str, Any]:
    worst: dict[str, str] = {}
    for result in report.results:
        worst.setdefault(result.column, result.verdict.outcome)
    n = len(report.columns)
    return {
        "rows": Markup("\n").join(_row(result, report, drawn, links) for result in report.results),
        "total": f"{len(report.results):,}",
        "columns": Markup("\n").join(
            _column_row(column, worst.get(column.name, ""), drawn) for column in report.columns
        ),
        "columns_told": f"{n:,} column" + ("s" if n != 1 else ""),
    }


def _row(
    result: Result, report: Report, drawn: Mapping[str, _Group], links: Mapping[str, str]
) -> Markup:
    """Write one table row; end tags that HTML implies are left out, which halves the page."""
    score, verdict = result.score, result.verdict
    card = report.cards.get(result.evaluator)
    value = words.measured(score.value, card) if score else ""
    ends = words.interval(score.interval, card) if score else ""
    check = escape(words.clean(result.check))
    if result.evaluator in links:
        check = Markup(f'<a href="#{links[result.evaluator]}">{check}</a>')
    return Markup(
        f"<tr class={verdict.outcome}><td>{words.outcome(verdict.outcome)}<td>{check}"
        f"<td>{_linked(result.column, drawn)}<td>{escape(words.clean(result.slice))}"
        f"<td>{escape(value)}<td>{escape(ends)}<td>{escape(words.p_value(verdict.adjusted_p))}"
        f"<td>{escape(words.clean(verdict.because))}"
    )


def _linked(name: str, drawn: Mapping[str, _Group]) -> Markup:
    text = escape(words.clean(name))
    return Markup(f'<a href="#{drawn[name].id}">{text}</a>') if name in drawn and name else text


def _column_row(column: Column, worst: str, drawn: Mapping[str, _Group]) -> Markup:
    mark = f'<span class="tag {worst}">{words.outcome(worst)}</span>' if worst else "not checked"
    return Markup(
        f'<tr><th scope="row">{_linked(column.name, drawn)}<td>{escape(column.kind)}'
        f"<td>{escape(words.clean(column.role))}<td>{mark}"
        f'<td class="num">{escape(words.percent(column.missing_baseline))}'
        f'<td class="num">{escape(words.percent(column.missing_current))}'
        f"<td>{svg.spark(column.shares)}"
    )


def _foot(report: Report, links: Mapping[str, str]) -> dict[str, Any]:
    return {
        "glossary": [
            {
                "id": links[name],
                "name": name,
                "title": card.title,
                "explain": card.explain,
                "fine": _fine(card),
            }
            for name, card in report.cards.items()
        ],
        "notes": report.notes,
        "judged": words.policy(report.policy),
        "outcomes": [(word, words.meaning(word)) for word in words.OUTCOMES],
        "provenance": [row for row in _provenance(report) if row[1]],
    }


def _fine(card: Card) -> str:
    """Say in which unit a measure comes, between which ends, and where it is defined."""
    low, high = (None if end is None else words.number(end) for end in card.range)
    span = f"from {low} " if low is not None else ""
    span += f"to {high}" if high is not None else "upwards" if low is not None else ""
    better = {"lower": "lower is better", "higher": "higher is better", "none": ""}[card.better]
    unit = f"Unit: {card.unit}" if card.unit else ""
    return ". ".join(filter(None, (", ".join(filter(None, (unit, span, better))), card.reference)))


def _provenance(report: Report) -> Iterator[tuple[str, str, str]]:
    yield "run", report.run_id, "digest"
    yield "made", words.instant(report.created) + " UTC", ""
    for name, side in (("baseline", report.baseline), ("current", report.current)):
        yield f"{name} from", side.source, ""
        yield f"{name} digest", side.digest, "digest"
        yield f"{name} frozen", words.instant(side.created), ""
    yield "versions", words.listed([f"{k} {v}" for k, v in report.versions.items()], "and"), ""
    yield (
        "seconds",
        ", ".join(f"{stage} {seconds:.3g}" for stage, seconds in report.seconds.items()),
        "",
    )
