"""What changed most: one card a column, with its findings, pictures and numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidegauge.records import ALARMS, Card, Check, Column, Limit, Report, Result, Score
from tidegauge_reports import _curves as curves
from tidegauge_reports import _shapes as shapes
from tidegauge_reports import _words as words
from tidegauge_reports._incidents import Incident, counted, key, leads
from tidegauge_reports._mechanisms import icon
from tidegauge_reports._scorers import examples
from tidegauge_reports._svg import Figure

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All results on one column, worst first."""

    name: str
    id: str
    results: list[Result]
    column: Column | None

    @property
    def outcome(self) -> str:
        return self.results[0].verdict.outcome


def groups_of(report: Report) -> list[Group]:
    """Gather the results by column, in the report's own order: worst column first."""
    columns = {column.name: column for column in report.columns}
    found: dict[str, list[Result]] = {}
    for result in report.results:
        found.setdefault(result.column, []).append(result)
    return [
        Group(name=name, id=f"c{place}", results=results, column=columns.get(name))
        for place, (name, results) in enumerate(found.items())
    ]


def chosen(groups: Sequence[Group]) -> list[Group]:
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


def _loud(group: Group) -> bool:
    return any(result.verdict.outcome in (*ALARMS, "info") for result in group.results)


def changed(
    report: Report,
    groups: Sequence[Group],
    shown: Sequence[Group],
    links: Mapping[str, str],
    gathered: Sequence[Incident],
) -> dict[str, Any]:
    """Lay out the columns drawn large: those with a known cause beneath it, then the others."""
    alarmed = [group for group in groups if group.outcome in ALARMS]
    checks = {check.id: check for check in report.checks}
    owners = {group.name: _owner(group, gathered) for group in shown}
    mine = [group for group in shown if owners[group.name] is None]
    beneath = [
        _incident(report, incident, [g for g in shown if owners[g.name] is incident], checks, links)
        for incident in gathered
        if any(owner is incident for owner in owners.values())
    ]
    left = len(alarmed) - sum(group.outcome in ALARMS for group in shown)
    loud = any(group.outcome in ALARMS for group in mine)
    return {
        "incidents": beneath,
        "cards": [
            _card(report, group, checks, links, folded=place >= (OPEN if _loud(group) else 2))
            for place, group in enumerate(mine)
        ],
        "rest_title": "Alarms without a known cause" if loud else "Changes that raised no alarm",
        "cards_title": "What changed most" if alarmed else "What moved most",
        "cards_lead": _lead(bool(alarmed), bool(beneath)),
        "cards_left": f"{left:,} more columns raised alarms; they are in the table."
        if left
        else "",
    }


def _lead(alarmed: bool, beneath: bool) -> str:
    if not alarmed:
        return "Nothing raised an alarm. These columns come first in the order of the evidence."
    if beneath:
        return "What is behind the alarms, each column beneath the cause that explains it."
    return "What is behind the alarms, worst first, then changes worth knowing."


def _owner(group: Group, gathered: Sequence[Incident]) -> Incident | None:
    """Find the incident that explains most of a column's findings, the first where two do."""
    loud = {key(r) for r in group.results if r.verdict.outcome in (*ALARMS, "info")}
    named = [len(loud & {key(r) for r in incident.results}) for incident in gathered]
    most = max(named, default=0)
    return gathered[named.index(most)] if most else None


def _incident(
    report: Report,
    incident: Incident,
    groups: Sequence[Group],
    checks: Mapping[str, Check],
    links: Mapping[str, str],
) -> dict[str, Any]:
    """Lay out one incident: its own columns open, those that moved because of it folded."""
    cause = incident.cause
    moved = "moved because of it" if cause.verdict != "undetermined" else "moved with it"
    first = [group for group in groups if leads(cause, group.name) or not group.name]
    rest = [group for group in groups if group not in first]
    if not first:  # the factor is no column: a segment, a model version
        first, rest = rest[:1], rest[1:]
    n = len(rest)
    return {
        "id": f"i{incident.place}",
        "icon": icon(cause.verdict),
        "link": "Because of" if cause.verdict != "undetermined" else "Together with",
        "title": words.shorten(cause.factor, 120),
        "told": counted(incident),
        "cards": [_card(report, group, checks, links, folded=False) for group in first],
        "folded": [_card(report, group, checks, links, folded=True) for group in rest],
        "folded_told": f"{n:,} more column{'s' if n != 1 else ''} that {moved}",
    }


def _card(
    report: Report,
    group: Group,
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


def _meta(group: Group) -> str:
    column = group.column
    if column is None:
        role = words.clean(group.results[0].role)
        return role if group.name and role else "checks that concern whole rows"
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
        "because": result.verdict.because,
        "explain": card.explain if card else "",
        "footing": _footing(result, result.limits or (check.limits if check else ()), card),
        "parts": _parts(score) if score else [],
        "examples": examples(score.examples) if score else [],
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
        named = (
            f"{words.clean(key).replace('_', ' ')} {words.number(v)}"
            for key, v in score.details.items()
        )
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
    report: Report, group: Group, told: Sequence[Result], checks: Mapping[str, Check]
) -> Iterator[Figure]:
    column, drawn = group.column, []
    if column is not None:
        name = words.shorten(column.name, 60)
        drawn.append(shapes.distribution(column.shares, name) if column.shares else None)
        drawn.append(curves.cumulative(column.curves, name) if column.curves else None)
    for result in [result for result in told if len(result.series) > 1][:2]:
        check, card = checks.get(result.check), report.cards.get(result.evaluator)
        baseline = result.score.baseline if result.score else None
        limits = result.limits or (check.limits if check else ())
        drawn.append(curves.series(result.series, limits, card, baseline))
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
