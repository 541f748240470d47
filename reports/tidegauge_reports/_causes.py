"""Why: each explanation laid out for the page, from one sentence down to the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tidegauge.records import (
    Cause,
    Decomposition,
    Explanation,
    Information,
    Interval,
    Mechanism,
    Onset,
    Report,
    Restored,
    Segment,
    Shape,
)
from tidegauge_reports import _marks as marks
from tidegauge_reports import _mechanisms as mechanisms
from tidegauge_reports import _pictures as pictures
from tidegauge_reports import _words as words
from tidegauge_reports._incidents import Incident, told_of
from tidegauge_reports._scorers import examples

CAUSES = 10
"""Causes told of one explanation; the JSON has the rest."""
MOVED = 8
"""Columns that moved because of a cause, listed before the rest is folded."""
LIKELY = 0.05
"""Probability of being the first of all causes below which it is not worth a line."""
WORDS = 12
"""Words shown of one cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What stands elsewhere on the page, and what was told on it already."""

    beneath: Mapping[str, Incident]
    """Factor -> the findings shown beneath it."""
    drawn: Mapping[str, str]
    """Column -> anchor of its card."""
    told: dict[tuple[str, str], str] = field(default_factory=dict)
    """Factor and sentence -> anchor of the cause that was told in full."""
    meant: set[Mechanism] = field(default_factory=set)
    """Verdicts whose meaning was told."""


def why(
    report: Report, gathered: Sequence[Incident], drawn: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Lay out every explanation.

    Parameters
    ----------
    report
        The report.
    gathered
        Its incidents, to lead from a cause to its findings.
    drawn
        Column -> anchor of its card.
    """
    page = Page(beneath={one.cause.factor: one for one in gathered}, drawn=drawn)
    return [_explanation(one, f"w{place}", page) for place, one in enumerate(report.explanations)]


def _explanation(one: Explanation, anchor: str, page: Page) -> dict[str, Any]:
    reach = pictures.reach(one.causes)
    only = one.causes[0].because if len(one.causes) == 1 else ""
    meaning = "" if one.verdict in page.meant else mechanisms.meaning(one)
    page.meant.add(one.verdict)
    begun = one.onset if one.onset not in [cause.onset for cause in one.causes] else None
    return {
        "id": anchor,
        "of": mechanisms.subject(one.of),
        "verdict": one.verdict,
        "icon": mechanisms.icon(one.verdict),
        "word": mechanisms.heading(one),
        "meaning": meaning,
        "because": one.because if one.because != only else "",
        "onset": onset(begun) if begun else "",
        "tied": [words.shorten(name, 80) for name in one.tied],
        "apart": mechanisms.telling_apart(one),
        "causes": [
            _cause(cause, f"{anchor}-{place}", reach, page)
            | {"word": mechanisms.kind(one, cause.verdict)}
            for place, cause in enumerate(one.causes[:CAUSES])
        ],
        "more": f"{len(one.causes) - CAUSES:,} smaller causes are in the JSON report."
        if len(one.causes) > CAUSES
        else "",
        "parts": _decomposition(one.decomposition) if one.decomposition else None,
        "segments": [_segment(segment) for segment in one.segments],
        "basis": mechanisms.basis(one),
        "known": _known(one),
    }


def _cause(cause: Cause, anchor: str, reach: tuple[float, float], page: Page) -> dict[str, Any]:
    above = page.told.setdefault((cause.factor, cause.because), anchor)
    told: dict[str, Any] = {
        "id": anchor,
        "factor": words.shorten(cause.factor, 120),
        "verdict": cause.verdict,
        "icon": mechanisms.icon(cause.verdict),
        "because": cause.because,
        "bar": marks.share_bar(cause.share, cause.interval, reach),
        "share": share(cause.share, cause.interval),
        "above": above if above != anchor else "",
    }
    return told if told["above"] else told | _evidence(cause, page)


def told(causes: Sequence[Cause]) -> list[dict[str, Any]]:
    """Lay out causes that stand alone, outside of any report, for the macro ``cause_of``."""
    page, reach = Page(beneath={}, drawn={}), pictures.reach(causes)
    return [
        _cause(cause, f"cause-{place}", reach, page) | {"word": mechanisms.SHORT[cause.verdict]}
        for place, cause in enumerate(causes[:CAUSES])
    ]


def _evidence(cause: Cause, page: Page) -> dict[str, Any]:
    incident = page.beneath.get(cause.factor)
    moved = [(words.shorten(name, 60), page.drawn.get(name, "")) for name in cause.moved]
    first = cause.columns[0] if cause.columns else cause.factor
    return {
        "facts": list(facts(cause)),
        "moved": moved[:MOVED],
        "moved_more": moved[MOVED:],
        "findings": told_of(incident) if incident else "",
        "incident": f"i{incident.place}" if incident else "",
        "figure": pictures.before_after(cause.picture, first) if cause.picture else None,
        "words": [
            {
                "label": words.shorten(part.label, 60),
                "baseline": words.number(part.baseline),
                "current": words.number(part.current),
            }
            for part in cause.words[:WORDS]
        ],
        "examples": examples(cause.examples),
    }


def share(value: float, ends: Interval | None) -> str:
    """Word a share of the change with its interval.

    Examples
    --------
    >>> share(0.62, Interval(0.51, 0.714))
    '62 % of the change (51 % to 71.4 %)'
    """
    told = f"{words.percent(value)} of the change"
    return f"{told} ({words.percent(ends.low)} to {words.percent(ends.high)})" if ends else told


def facts(cause: Cause) -> Iterator[tuple[str, str]]:
    """Give what is known of one cause, each fact with its name."""
    if cause.shape is not None:
        yield "what happened", shape(cause.shape)
    if cause.onset is not None:
        yield "since", onset(cause.onset)
    if cause.where is not None:
        yield "only where", segment(cause.where)
    if cause.restored is not None:
        yield "repaired", restored(cause.restored)
    if cause.rank_one is not None and cause.rank_one >= LIKELY:
        yield "how sure", f"first of all causes with probability {words.percent(cause.rank_one)}"
    others = [name for name in cause.columns if name != cause.factor]
    if others:
        yield "columns", words.listed([words.shorten(name, 60) for name in others])


def shape(found: Shape) -> str:
    """Say how values were changed, and how well that fits."""
    exact = "an exact rule, as software makes it; " if found.exact else ""
    return f"{found.said}; {exact}explains {words.percent(found.fit)} of the column's change"


def onset(found: Onset) -> str:
    """Say when a change began, and how."""
    how = "at once" if found.form == "step" else "by and by"
    ends = [words.instant(end) for end in (found.low, found.high) if end]
    span = f", between {' and '.join(ends)}" if len(ends) == 2 and ends[0] != ends[1] else ""
    because = f". {found.because}" if found.because else ""
    return f"{words.instant(found.at)}, {how}{span}{because}"


def segment(found: Segment) -> str:
    """Name the rows that a cause is confined to."""
    of = f", {words.percent(found.support)} of the rows" if found.support else ""
    return f"{words.clean(found.where)}{of}"


def restored(found: Restored) -> str:
    """Say what a repair brings back, and who says so."""
    ends = found.interval
    span = f" ({words.percent(ends.low)} to {words.percent(ends.high)})" if ends else ""
    asked = f"asked: {found.asked}"
    return f"brings back {words.percent(found.share)}{span} of what was lost; {asked}"


def _decomposition(found: Decomposition) -> dict[str, Any]:
    reach = pictures.reach(found.parts)
    fine = []
    if found.gap:
        fine.append(f"The parts miss {words.percent(abs(found.gap))} of the change.")
    if found.assumes:
        fine.append(f"Holds where {found.assumes}.")
    return {
        "title": f"Where the change of {words.shorten(found.of, 80)} comes from",
        "ends": f"{words.number(found.baseline)} on the baseline, "
        f"{words.number(found.current)} now",
        "bar": pictures.stack(found),
        "rows": [
            {
                "place": place + 1,
                "tone": f"p{place % pictures.TONES}",
                "factor": words.shorten(part.factor, 80),
                "bar": marks.share_bar(part.share, part.interval, reach),
                "share": share(part.share, part.interval),
                "because": part.because,
            }
            for place, part in enumerate(found.parts)
        ],
        "fine": " ".join(fine),
    }


def _segment(found: Segment) -> dict[str, str]:
    ends = found.interval
    return {
        "where": words.clean(found.where),
        "excess": words.number(found.excess),
        "interval": f"{words.number(ends.low)} to {words.number(ends.high)}" if ends else "",
        "share": words.percent(found.share) if found.share else "",
        "rows": f"{words.percent(found.support_baseline)} → {words.percent(found.support)}",
        "n": f"{found.n:,}" if found.n else "",
        "p": words.p_value(found.p_value),
    }


def _known(one: Explanation) -> dict[str, Any]:
    facts = [("causal order", mechanisms.tiers(one.order))] if one.order else []
    if one.n_baseline or one.n_current:
        facts.append(("rows read", f"{one.n_baseline:,} baseline, {one.n_current:,} current"))
    if one.decomposition is not None:
        facts += list(_weights(one.decomposition))
    if one.seconds:
        facts.append(("seconds", words.number(one.seconds)))
    return {"tests": [_test(test) for test in one.tests], "facts": facts, "notes": one.notes}


def _weights(found: Decomposition) -> Iterator[tuple[str, str]]:
    if found.method:
        yield "split by", found.method
    yield "effective rows", f"{words.percent(found.effective)} of the rows, after weighting"
    yield (
        "overlap",
        f"{words.percent(found.overlap)} of current rows lie where the baseline has some",
    )


def _test(found: Information) -> dict[str, str]:
    return {
        "about": found.about,
        "value": words.number(found.value),
        "z": words.number(found.z),
        "p": words.p_value(found.p_value),
    }
