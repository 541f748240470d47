"""Why, for a pull request: one sentence a cause, the evidence folded."""

from __future__ import annotations

from collections.abc import Iterator

from tidegauge.records import Cause, Decomposition, Explanation, Information, Report, Segment
from tidegauge_reports import _causes as causes
from tidegauge_reports import _mechanisms as mechanisms
from tidegauge_reports import _words as words
from tidegauge_reports._incidents import Incident, incidents, lead, told_of
from tidegauge_reports._markdown_text import code, figure, prose

EXPLAINED = 4
"""Explanations told; the JSON has the rest."""
CAUSES = 5
"""Causes told of each."""
NAMES = 6
"""Columns listed that moved because of a cause."""
ROWS = 8
"""Rows of a table of evidence."""


def why(report: Report) -> str:
    """Write every explanation, the first one first."""
    if not report.explanations:
        return ""
    gathered = incidents(report)
    told = {one.cause.factor: one for one in gathered}
    shown = report.explanations[:EXPLAINED]
    above: set[tuple[str, str]] = set()
    blocks = [_explanation(one, told, above) for one in shown]
    more = len(report.explanations) - len(shown)
    if more > 0:
        blocks.append(f"and {more:,} more explanations in the JSON report")
    return "\n\n".join(filter(None, ("#### Why", lead(report, gathered), *blocks)))


def _explanation(one: Explanation, told: dict[str, Incident], above: set[tuple[str, str]]) -> str:
    glyph, word = mechanisms.GLYPHS[one.verdict], mechanisms.heading(one)
    head = f"**{glyph} {word}** ({prose(one.of, 80)}). {prose(one.because, 500)}"
    if one.tied:
        tied = words.listed([code(name) for name in one.tied[:NAMES]], "or")
        head += f"\n\nThe data cannot tell which it is: {tied}. {mechanisms.telling_apart(one)}"
    lines = []
    for place, cause in enumerate(one.causes[:CAUSES], 1):
        again = (cause.factor, cause.because) in above
        lines.append(f"{place}. {_again(cause) if again else _cause(one, cause, told)}")
        above.add((cause.factor, cause.because))
    more = len(one.causes) - CAUSES
    if more > 0:
        lines.append(f"\nand {more:,} smaller causes")
    parts = _parts(one.decomposition) if one.decomposition else ""
    return "\n\n".join(filter(None, (head, "\n".join(lines), parts, _known(one))))


def _again(cause: Cause) -> str:
    return (
        f"{code(cause.factor)}, as above: **{figure(causes.share(cause.share, cause.interval))}**"
    )


def _cause(one: Explanation, cause: Cause, gathered: dict[str, Incident]) -> str:
    told = figure(causes.share(cause.share, cause.interval))
    kind = mechanisms.kind(one, cause.verdict)
    name = f"{code(cause.factor)} ({kind})" if kind else code(cause.factor)
    head = f"{name}, **{told}**: {prose(cause.because, 400)}"
    return "\n".join([head, *(f"   - {line}" for line in _facts(cause, gathered))])


def _facts(cause: Cause, gathered: dict[str, Incident]) -> Iterator[str]:
    for label, fact in causes.facts(cause):
        yield f"{label}: {prose(fact, 250)}"
    if cause.moved:
        names = [code(name) for name in cause.moved[:NAMES]]
        rest = len(cause.moved) - len(names)
        yield f"moved because of it: {words.listed([*names, f'{rest:,} more'] if rest else names)}"
    if cause.factor in gathered:
        yield told_of(gathered[cause.factor])


def _parts(found: Decomposition) -> str:
    head = f"Where the change of {prose(found.of, 80)} comes from, "
    head += f"{words.number(found.baseline)} to {words.number(found.current)}:"
    rows = [
        f"| {prose(part.factor, 80)} | {figure(causes.share(part.share, part.interval))} "
        f"| {prose(part.because, 200)} |"
        for part in found.parts[:ROWS]
    ]
    return "\n".join([head, "", "| part | share | because |", "|---|---|---|", *rows])


def _known(one: Explanation) -> str:
    blocks = [
        _segments(one.segments[:ROWS]),
        _tests(one.tests[:ROWS]),
        f"Causal order: {prose(mechanisms.tiers(one.order), 400)}" if one.order else "",
        "\n".join(f"- {prose(note)}" for note in one.notes[:ROWS]),
    ]
    inside = "\n\n".join(filter(None, (prose(mechanisms.basis(one), 300), *blocks)))
    return f"<details><summary>How we know</summary>\n\n{inside}\n\n</details>"


def _segments(found: tuple[Segment, ...]) -> str:
    if not found:
        return ""
    head = "| worst where | excess | of the change | p |\n|---|---:|---:|---:|\n"
    return head + "\n".join(
        f"| {prose(one.where, 120)} | {words.number(one.excess)} "
        f"| {figure(words.percent(one.share))} | {figure(words.p_value(one.p_value))} |"
        for one in found
    )


def _tests(found: tuple[Information, ...]) -> str:
    if not found:
        return ""
    head = "| asked of the rows | nats a row | z | p |\n|---|---:|---:|---:|\n"
    return head + "\n".join(_cells(found))


def _cells(found: tuple[Information, ...]) -> Iterator[str]:
    for one in found:
        yield (
            f"| {prose(one.about, 120)} | {words.number(one.value)} | {words.number(one.z)} "
            f"| {figure(words.p_value(one.p_value))} |"
        )
