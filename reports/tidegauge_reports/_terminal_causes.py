"""Why, for a terminal: one sentence a cause, its share as a bar, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING

from tidegauge.records import Cause, Explanation, Report
from tidegauge_reports import _causes as causes
from tidegauge_reports import _mechanisms as mechanisms
from tidegauge_reports import _words as words
from tidegauge_reports._incidents import Incident, incidents, lead, told_of

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.text import Text

CAUSES = 5
"""Causes told of one explanation."""
NAMES = 6
"""Columns listed that moved because of a cause."""
NOTES = 5
BAR = 16
"""Characters that the whole change is wide."""
STYLES = {"none": "green", "undetermined": "yellow"}


def why(report: Report) -> Group | None:
    """Lay out every explanation; a cause that was told already is not told again."""
    if not report.explanations:
        return None
    from rich.console import Group

    gathered = incidents(report)
    beneath = {one.cause.factor: one for one in gathered}
    told: set[tuple[str, str]] = set()
    blocks: list[RenderableType] = []
    for place, one in enumerate(report.explanations):
        blocks += [*([""] if place else []), *_explanation(one, beneath, told)]
    if said := lead(report, gathered):
        blocks += ["", _dim(said)]
    return Group(*blocks)


def _explanation(
    one: Explanation, beneath: dict[str, Incident], told: set[tuple[str, str]]
) -> Iterator[RenderableType]:
    from rich.text import Text

    style = STYLES.get(one.verdict, "cyan")
    head = f"{mechanisms.GLYPHS[one.verdict]} {mechanisms.heading(one)}"
    yield Text.assemble(("why  ", "dim"), (head, f"bold {style}"), ("  " + _of(one), "dim"))
    yield words.shorten(one.because, 500)
    if one.tied:
        tied = words.listed([words.shorten(name, 40) for name in one.tied[:NAMES]], "or")
        yield f"The data cannot tell which it is: {tied}. {mechanisms.telling_apart(one)}"
    for place, cause in enumerate(one.causes[:CAUSES], 1):
        again = (cause.factor, cause.because) in told
        told.add((cause.factor, cause.because))
        yield _cause(place, cause, [] if again else list(_lines(cause, beneath)))
    if len(one.causes) > CAUSES:
        yield _dim(f"and {len(one.causes) - CAUSES:,} smaller causes")
    yield from _evidence(one)


def _of(one: Explanation) -> str:
    return words.shorten(one.of, 60)


def _cause(place: int, cause: Cause, lines: list[tuple[str, str]]) -> RenderableType:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, min_width=10)
    grid.add_column(overflow="fold", ratio=1)
    share = causes.share(cause.share, cause.interval)
    name = Text.assemble((words.shorten(cause.factor, 60), "bold"), f"  {share}")
    grid.add_row(Text.assemble(f"{place}. ", bar(cause.share)), name)
    for label, line in lines:
        grid.add_row(_dim(label), line)
    return Padding(grid, (0, 0, 0, 2))


def bar(share: float) -> Text:
    """Draw a share in blocks; beyond the whole change, and below nothing, the bar stays full."""
    from rich.text import Text

    filled = round(BAR * min(abs(share), 1.0)) if isfinite(share) else 0
    sign = "\u2212" if share < 0 else " "
    return Text.assemble(sign, ("█" * filled, "cyan"), ("░" * (BAR - filled), "dim"))


def _lines(cause: Cause, beneath: dict[str, Incident]) -> Iterator[tuple[str, str]]:
    yield "", words.shorten(cause.because, 400)
    yield from ((label, words.shorten(fact, 300)) for label, fact in causes.facts(cause))
    if cause.moved:
        names = [words.shorten(name, 40) for name in cause.moved[:NAMES]]
        rest = len(cause.moved) - len(names)
        yield "moved with it", words.listed([*names, f"{rest:,} more"] if rest else names)
    if cause.factor in beneath:
        yield "", told_of(beneath[cause.factor])


def _evidence(one: Explanation) -> Iterator[RenderableType]:
    if one.decomposition is not None:
        found = one.decomposition
        parts = [
            f"{words.shorten(part.factor, 60)} {causes.share(part.share, part.interval)}"
            for part in found.parts
        ]
        yield f"{words.shorten(found.of, 60)}: {'; '.join(parts)}"
    for segment in one.segments[:CAUSES]:
        yield (
            f"worst where {words.shorten(segment.where, 120)}: {words.number(segment.excess)} "
            f"more, {words.percent(segment.share)} of the change"
        )
    if basis := mechanisms.basis(one):
        yield _dim(basis)
    for note in one.notes[:NOTES]:
        yield _dim(words.shorten(note, 300))


def _dim(text: str) -> Text:
    from rich.text import Text

    return Text(text, "dim")
