"""The comparison as one HTML page that needs neither a network nor scripts to be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tidegauge.comparison import Comparison, Difference, Disagreement
from tidegauge_reports import _marks as marks
from tidegauge_reports import _words as words
from tidegauge_reports._environment import environment
from tidegauge_reports.comparison import _said as said
from tidegauge_reports.comparison._forest import forest
from tidegauge_reports.html import fine, sealed

TELLING = ("worse", "better", "error")
"""Decisions in segments that are shown unfolded."""
SHORT = 30
"""Characters of a value up to which it stands in a line with others."""


def render(found: Comparison) -> str:
    """Write the comparison as one self-contained page."""
    return (
        environment()
        .get_template("comparison.html.j2")
        .render(inside(found), **sealed("report.css", "comparison.css"))
    )


def inside(found: Comparison) -> dict[str, Any]:
    """Lay out what ``comparison_main.html.j2`` shows; another page may frame it anew."""
    return {
        **_head(found),
        "metrics": [_line(found, one) for one in found.overall],
        "segments": _segments(found),
        "mix": _mix(found),
        "disagreements": _disagreements(found),
        "pairing": _pairing(found),
        **_foot(found),
    }


def _head(found: Comparison) -> dict[str, Any]:
    counts = said.counts(found.overall)
    sections = (
        ("metrics", "Metrics", True),
        ("segments", "Segments", found.segments),
        ("rows", "Different rows" if found.mix else "Rows", True),
        ("differ", "Where they differ", found.disagreements),
        ("measures", "Metrics, explained", found.cards),
        ("notes", "Notes", found.notes),
        ("made", "How this was made", True),
    )
    return {
        "suite": found.suite,
        "outcome": found.outcome,
        "because": found.because,
        "mark": words.MARKS[found.outcome],
        "headline": said.HEADLINES[found.outcome],
        "sides": [
            {"name": name, "rows": f"{side.n:,}", "window": words.window(side),
             "source": side.source}
            for name, side in (("baseline", found.baseline), ("candidate", found.candidate))
        ],
        "strip": marks.count_strip([(said.TONES[word], n) for word, n in counts]),
        "counts": [(said.TONES[word], said.WORDS[word], f"{n:,}") for word, n in counts],
        "sections": [(anchor, label) for anchor, label, there in sections if there],
    }  # fmt: skip


def _line(found: Comparison, one: Difference) -> dict[str, Any]:
    card = said.card_of(found, one)
    contrast = one.contrast
    return {
        "tone": said.TONES[one.decision],
        "word": said.WORDS[one.decision],
        "title": said.title(found, one),
        "name": one.metric,
        "slice": one.slice,
        "better": {"lower": "lower is better", "higher": "higher is better"}.get(
            card.better if card else "", ""
        ),
        "baseline": said.value(one.baseline, card),
        "candidate": said.value(one.candidate, card),
        "change": said.change(contrast.change, card) if contrast else "",
        "ends": said.ends(one, card),
        "forest": forest(found, one),
        "detectable": said.size(one.detectable, card),
        "margin": said.margin(one, card),
        "p": words.p_value(one.adjusted_p),
        "method": contrast.method if contrast else "",
        "rows": said.rows(one),
        "moved": said.moved(one),
        "because": one.because,
    }


def _segments(found: Comparison) -> dict[str, Any]:
    lines = [(one.decision, _line(found, one)) for one in found.segments]
    return {
        "counts": [(said.TONES[word], said.WORDS[word], f"{n:,}")
                   for word, n in said.counts(found.segments)],
        "telling": [line for word, line in lines if word in TELLING],
        "rest": [line for word, line in lines if word not in TELLING],
    }  # fmt: skip


def _mix(found: Comparison) -> dict[str, Any] | None:
    mix = found.mix
    if mix is None:
        return None
    plain = []
    for one in found.overall:
        raw, card = one.unadjusted, said.card_of(found, one)
        if raw is not None:
            plain.append(
                {
                    "title": said.title(found, one),
                    "baseline": said.value(raw.baseline, card),
                    "candidate": said.value(raw.candidate, card),
                    "raw": said.change(raw.change, card),
                    "adjusted": said.change(one.contrast.change if one.contrast else None, card),
                }
            )
    return {
        "effective": f"{mix.effective_baseline:,.0f} of {found.baseline.n:,} baseline rows, "
        f"{mix.effective_candidate:,.0f} of {found.candidate.n:,} candidate rows",
        "overlap": words.percent(mix.overlap),
        "drift": f"{mix.drift.value:.3g} nats a row, {mix.drift.z:.1f} standard errors from none",
        "columns": [(name, f"{added:.2g}") for name, added in mix.columns],
        "assumes": mix.assumes,
        "method": mix.method,
        "plain": plain,
    }


def _pairing(found: Comparison) -> dict[str, Any]:
    pairing = found.pairing
    facts = (
        ("pairs", pairing.pairs),
        ("ids only in the baseline", pairing.only_baseline),
        ("ids only in the candidate's log", pairing.only_candidate),
        ("baseline rows with a repeated id", pairing.repeated_baseline),
        ("candidate rows with a repeated id", pairing.repeated_candidate),
        ("rows without an id", pairing.without_id),
    )
    differing = [*pairing.inputs, *([pairing.truths] if pairing.truths else [])]
    return {
        "because": pairing.because,
        "facts": [(name, f"{n:,}") for name, n in facts if n],
        "groups": pairing.groups,
        "differing": [
            {"column": one.column, "rows": f"{one.rows:,}", "examples": one.examples}
            for one in differing
        ],
    }


def _disagreements(found: Comparison) -> list[dict[str, Any]]:
    sides = {"candidate": "The candidate is better", "baseline": "The baseline is better"}
    return [
        {"title": title, "rows": rows}
        for favours, title in sides.items()
        if (rows := [_row(found, one) for one in found.disagreements if one.favours == favours])
    ]


def _row(found: Comparison, one: Disagreement) -> dict[str, Any]:
    card = found.cards.get(one.metric)
    answers = [
        (name, one.baseline.get(name, ""), one.candidate.get(name, ""))
        for name in {**one.baseline, **one.candidate}
    ]
    return {
        "id": one.id,
        "metric": words.clean(card.title if card else one.metric),
        "gain": "" if abs(one.gain) == 1.0 else words.number(abs(one.gain)),
        "asked": [pair for pair in one.asked.items() if len(pair[1]) > SHORT],
        "given": [pair for pair in one.asked.items() if len(pair[1]) <= SHORT],
        "answers": answers,
        "sensitive": one.sensitive,
    }


def _foot(found: Comparison) -> dict[str, Any]:
    level = words.percent(found.policy.confidence)
    return {
        "glossary": [
            {"name": name, "title": card.title, "explain": card.explain, "fine": fine(card)}
            for name, card in found.cards.items()
        ],
        "notes": found.notes,
        "judged": f"Intervals are at the {level} level. P-values are corrected by Holm's method "
        f"over all metrics, half of the budget of {words.percent(found.policy.false_alarms)} "
        "for all rows and half for segments, so that the chance of calling anything better or "
        "worse between models that are alike is within it. The smallest difference shown is what "
        "such a sample finds in 4 of 5 trials, before that correction.",
        "decisions": [
            (said.TONES[word], said.WORDS[word], said.MEANINGS[word]) for word in said.ORDER
        ],
        "provenance": [row for row in _provenance(found) if row[1]],
    }


def _provenance(found: Comparison) -> Iterator[tuple[str, str, str]]:
    yield "comparison", found.comparison_id, "digest"
    yield "made", words.instant(found.created) + " UTC", ""
    for name, side in (("baseline", found.baseline), ("candidate", found.candidate)):
        yield f"{name} from", side.source, ""
        yield f"{name} digest", side.digest, "digest"
    yield "versions", _versions(found.versions), ""
    yield "seconds", ", ".join(f"{stage} {s:.3g}" for stage, s in found.seconds.items()), ""


def _versions(versions: Mapping[str, str]) -> str:
    return words.listed([f"{name} {version}" for name, version in versions.items()])
