"""The report for a terminal: verdict first, then what raised it, then where to look."""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING

from tidegauge.records import Report, Result
from tidegauge_reports import _words as words
from tidegauge_reports._incidents import listed_alarms
from tidegauge_reports._terminal_causes import why

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

SHOWN = 12
"""Alarms listed; the rest is a count."""
EACH = 3
"""Alarms listed of one cause; the rest is a count."""
STYLES = {
    "critical": "bold red",
    "warn": "yellow",
    "error": "bold magenta",
    "info": "cyan",
    "inconclusive": "blue",
    "pass": "green",
    "not_applicable": "dim",
    "skipped": "dim",
}


def render(report: Report) -> str:
    """Write the report as text, in colour only where standard output is a terminal."""
    return written(lambda console: print_report(report, console))


def written(told: Callable[[Console], None]) -> str:
    """Take what is printed on a console as text."""
    from rich.console import Console

    on_terminal = sys.stdout.isatty()
    console = Console(
        file=StringIO(),
        force_terminal=on_terminal,
        width=None if on_terminal else 100,
        highlight=False,
        emoji=False,
        markup=False,
    )
    told(console)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO above
    return "\n".join(line.rstrip() for line in text.split("\n"))


def print_report(report: Report, console: Console) -> None:
    """Print the report on a console that the caller has set up."""
    for block in (
        _verdict(report),
        _sides(report),
        why(report),
        _alarms(report),
        _scorers(report),
        _broken(report),
        _counts(report),
        _next(report),
    ):
        if block is not None:
            console.print(block, highlight=False, markup=False, emoji=False)
            console.print()


def _verdict(report: Report) -> RenderableType:
    from rich.text import Text

    style = STYLES[report.outcome]
    mark = f"{words.MARKS[report.outcome]} {report.outcome}"
    return Text.assemble(
        (mark, style), "  ", (words.clean(report.suite), "bold"), "\n", words.clean(report.because)
    )


def _sides(report: Report) -> RenderableType:
    grid = _grid()
    for name, side in (("baseline", report.baseline), ("current", report.current)):
        window = words.window(side)
        told = f"{side.n:,} rows" + (f", {window}" if window else "")
        grid.add_row(_dim(name), f"{told}, {words.shorten(side.source, 60)}")
    return grid


def _alarms(report: Report) -> RenderableType | None:
    if not report.alarms:
        return None
    grid = _grid()
    listed, left = listed_alarms(report, SHOWN, EACH)
    for result in listed:
        grid.add_row(_mark(result), _told(report, result))
    for cause, n in left:
        because = f" because of {words.shorten(cause.factor, 48)}" if cause else " alarms"
        grid.add_row("", f"and {n:,} more{because}")
    return grid


def _broken(report: Report) -> RenderableType | None:
    broken = [result for result in report.results if result.verdict.outcome == "error"]
    if not broken:
        return None
    grid = _grid()
    for result in broken[:SHOWN]:
        grid.add_row(_mark(result), _told(report, result))
    if len(broken) > SHOWN:
        grid.add_row("", f"and {len(broken) - SHOWN:,} more checks that failed")
    return grid


def _told(report: Report, result: Result) -> RenderableType:
    from rich.text import Text

    text = Text.assemble(
        (words.shorten(words.where(result), 48), "bold"), "  ", words.clean(result.check)
    )
    if result.score is not None:
        value = words.measured(result.score.value, report.cards.get(result.evaluator))
        text.append(f"  {value}", STYLES[result.verdict.outcome])
    return text.append(f"\n{words.shorten(result.verdict.because, 300)}")


def _scorers(report: Report) -> RenderableType | None:
    if not report.scorings:
        return None
    grid = _grid()
    for one in report.scorings:
        tally = one.current
        told = f"{tally.ok:,} of {tally.rows:,} rows scored"
        told += "".join(f", {n:,} unscored ({why})" for why, n in tally.unscored.items())
        told += "".join(f", {n:,} not asked ({why})" for why, n in tally.not_applicable.items())
        grid.add_row(
            _dim(words.shorten(one.column, 40)), words.clean(". ".join((told, *one.notes)))
        )
    return grid


def _counts(report: Report) -> RenderableType:
    from rich.text import Text

    text = Text()
    for place, (word, n) in enumerate(words.counts(report)):
        text.append("  " if place else "")
        text.append(f"{words.MARKS[word]} {n:,} {words.outcome(word)}", STYLES[word])
    return text or Text("no checks were asked for")


def _next(report: Report) -> RenderableType:
    step = "The HTML report holds pictures of what changed, the JSON every number."
    return _dim(f"Run {words.clean(report.run_id)}. {step}")


def _mark(result: Result) -> RenderableType:
    from rich.text import Text

    word = result.verdict.outcome
    return Text(f"{words.MARKS[word]} {words.outcome(word)}", STYLES[word], no_wrap=True)


def _dim(text: str) -> RenderableType:
    from rich.text import Text

    return Text(text, "dim")


def _grid() -> Table:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", ratio=1)
    return grid
