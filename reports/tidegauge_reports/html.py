"""The report as one HTML page that needs neither a network nor scripts to be read."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from markupsafe import Markup

from tidegauge.records import ALARMS, Card, Report
from tidegauge_reports import _cards as cards
from tidegauge_reports import _marks as marks
from tidegauge_reports import _mechanisms as mechanisms
from tidegauge_reports import _words as words
from tidegauge_reports._causes import why
from tidegauge_reports._environment import TEMPLATES, environment
from tidegauge_reports._incidents import incidents, lead
from tidegauge_reports._scorers import scorers
from tidegauge_reports._tables import tables


def render(report: Report) -> str:
    """Write the report as one self-contained page."""
    return (
        environment()
        .get_template("report.html.j2")
        .render(inside(report), **sealed("report.css", "why.css"))
    )


def inside(report: Report) -> dict[str, Any]:
    """Lay out what ``report_main.html.j2`` shows; the dashboard frames it anew."""
    groups = cards.groups_of(report)
    shown = cards.chosen(groups)
    drawn = {group.name: group.id for group in shown}
    gathered = incidents(report)
    links = {name: f"m{place}" for place, name in enumerate(report.cards)}
    return {
        "report": report,
        "worded": words.outcome,
        **_head(report),
        "explanations": why(report, gathered, drawn),
        "why_lead": lead(report, gathered),
        **cards.changed(report, groups, shown, links, gathered),
        "scorers": scorers(report),
        **tables(report, drawn, links),
        **_foot(report, links),
    }


@cache
def asset(name: str) -> str:
    """Read a style or a script that pages carry inside."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


@cache
def sealed(*styles: str) -> dict[str, Any]:
    """Give a page its style and script, and the policy that allows these and nothing else."""
    style, script = "".join(map(asset, styles)), asset("report.js")

    def seal(text: str) -> str:
        return b64encode(sha256(text.encode()).digest()).decode()

    policy = (
        f"default-src 'none'; style-src 'sha256-{seal(style)}'; "
        f"script-src 'sha256-{seal(script)}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return {"policy": policy, "style": Markup(style), "script": Markup(script)}


def _head(report: Report) -> dict[str, Any]:
    counts = words.counts(report)
    alarmed = any(word in ALARMS for word, _ in counts)
    sections = (
        ("why", "Why", report.explanations),
        ("changed", "What changed most" if alarmed else "What moved most", report.results),
        ("scorers", "Texts", report.scorings),
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
        "headline": words.outcome(report.outcome).capitalize(),
        "sides": [
            {
                "name": name,
                "rows": f"{side.n:,}",
                "window": words.window(side),
                "source": side.source,
            }
            for name, side in (("baseline", report.baseline), ("current", report.current))
        ],
        "strip": marks.count_strip(counts) if counts else "",
        "counts": [(word, f"{n:,}") for word, n in counts],
        "sections": [(anchor, label) for anchor, label, there in sections if there],
    }


def _foot(report: Report, links: Mapping[str, str]) -> dict[str, Any]:
    return {
        "glossary": [
            {
                "id": links[name],
                "name": name,
                "title": card.title,
                "explain": card.explain,
                "fine": fine(card),
            }
            for name, card in report.cards.items()
        ],
        "notes": report.notes,
        "judged": words.policy(report.policy),
        "outcomes": [(word, words.meaning(word)) for word in words.OUTCOMES],
        "mechanisms": [
            (mechanisms.icon(one), word, mechanisms.MEANINGS[one])
            for one, word in mechanisms.WORDS.items()
        ]
        if report.explanations
        else [],
        "provenance": [row for row in _provenance(report) if row[1]],
    }


def fine(card: Card) -> str:
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
