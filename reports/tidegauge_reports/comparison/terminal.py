"""The comparison for a terminal: verdict first, then each metric, then what segments add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.comparison import Comparison, Difference
from tidegauge_reports import _words as words
from tidegauge_reports.comparison import _said as said
from tidegauge_reports.terminal import STYLES, written

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

SHOWN = 12
"""Segments listed; the rest is a count."""


def render(found: Comparison) -> str:
    """Write the comparison as text, in colour only where standard output is a terminal."""
    return written(lambda console: _print(found, console))


def _print(found: Comparison, console: Console) -> None:
    for block in (_verdict(found), _sides(found), _metrics(found), _segments(found), _next(found)):
        if block is not None:
            console.print(block, highlight=False, markup=False, emoji=False)
            console.print()


def _verdict(found: Comparison) -> RenderableType:
    from rich.text import Text

    mark = f"{words.MARKS[found.outcome]} {said.HEADLINES[found.outcome].lower()}"
    return Text.assemble(
        (mark, STYLES[found.outcome]), "  ", (words.clean(found.suite), "bold"), "\n",
        words.clean(found.because),
    )  # fmt: skip


def _sides(found: Comparison) -> RenderableType:
    grid = _grid()
    for name, side in (("baseline", found.baseline), ("candidate", found.candidate)):
        grid.add_row(_dim(name), f"{side.n:,} rows, {words.shorten(side.source, 60)}")
    grid.add_row(_dim("rows"), words.clean(found.pairing.because))
    for note in found.notes[:5]:
        grid.add_row(_dim("note"), words.shorten(note, 200))
    return grid


def _metrics(found: Comparison) -> RenderableType | None:
    if not found.overall:
        return None
    grid = _grid()
    for one in found.overall:
        grid.add_row(_mark(one), words.shorten(one.because, 400))
    return grid


def _segments(found: Comparison) -> RenderableType | None:
    if not found.segments:
        return None
    telling = [one for one in found.segments if one.decision in ("worse", "better", "error")]
    grid = _grid()
    for one in telling[:SHOWN]:
        grid.add_row(_mark(one), words.shorten(one.because, 300))
    rest = len(found.segments) - len(telling[:SHOWN])
    if rest:
        more = "more comparisons" if telling else "comparisons"
        grid.add_row("", f"{rest:,} {more} in segments, of which nothing needs to be told")
    return grid


def _next(found: Comparison) -> RenderableType:
    examples = " and the rows on which they differ most" if found.disagreements else ""
    return _dim(
        f"Comparison {words.clean(found.comparison_id)}. The HTML page holds the intervals drawn"
        f"{examples}, the JSON every number."
    )


def _mark(one: Difference) -> RenderableType:
    from rich.text import Text

    tone = said.TONES[one.decision]
    return Text(f"{words.MARKS[tone]} {said.WORDS[one.decision]}", STYLES[tone], no_wrap=True)


def _dim(text: str) -> RenderableType:
    from rich.text import Text

    return Text(text, "dim")


def _grid() -> Table:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", ratio=1)
    return grid
