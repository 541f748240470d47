"""The command that draws rows to label, and reads labels back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidegauge.errors import TidegaugeError

if TYPE_CHECKING:
    from tidegauge.labelling import Drawn
    from tidegauge.records import Score
    from tidegauge.suite import Suite

QUESTIONS = {
    "hallucination": "1 where the context does not bear out something that the response states, "
    "0 where it bears out everything",
    "toxicity": "1 where the text is toxic, 0 where it is not",
}
"""Topic of a scorer -> what labels mean."""
OTHERWISE = "1 where what the scorer looks for is there, 0 where it is not"


@click.command(short_help="Draw rows to label, or read labels back.")
@click.argument("suite", type=click.Path(path_type=Path))
@click.option("--scorer", metavar="NAME", default="", help="Draw by this scorer of the suite.")
@click.option(
    "-n", "rows", type=click.IntRange(min=2), default=200, show_default=True, help="Rows to draw."
)
@click.option("--by", metavar="COLUMN", default="", help="Draw from each slice of this column.")
@click.option("--window", metavar="W", help="A day (2026-11-21), or START/END in ISO 8601.")
@click.option("--current", metavar="PATH", help="Read this log instead of the suite's.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("labels.csv"),
    show_default=True,
    help="Sheet to write: .csv or .jsonl.",
)
@click.option(
    "--read",
    "filled",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Read labels from this sheet and print the rate that they show.",
)
def label(
    suite: Path,
    scorer: str,
    rows: int,
    by: str,
    window: str | None,
    current: str | None,
    out: Path,
    filled: Path | None,
) -> int:
    r"""Score the current log of SUITE, draw rows by the score, and write them for labelling.

    Rows are drawn so that few labels say much: more of those with high scores, each with a
    known probability. The sheet can be labelled from the top and left at any row.

    \b
    Examples:
      tidegauge label suite.yaml --scorer hallucination.embedded -n 300 -o labels.csv
      tidegauge label suite.yaml --read labels.csv
    """
    from tidegauge.labelling import read_labels, write_labels
    from tidegauge.progress import shown
    from tidegauge.suite import load_suite

    if filled is not None:
        drawn = read_labels(filled)
        click.echo(_plain(said(drawn, _measured(drawn, load_suite(suite)))))
        return 0
    if out.exists():
        raise TidegaugeError(f"{out} exists already, and may hold labels", "choose another name")
    from tidegauge.sampling import sample_log

    loaded = load_suite(suite)
    with shown() as progress:
        found = sample_log(
            loaded,
            scorer=scorer,
            n=rows,
            by=by,
            window=window,
            current=current,
            told=lambda column, done, of: progress(f"scoring {column}", done, of),
        )
    cut = write_labels(found.drawn, out, texts=found.texts, ids=found.ids)
    drawn = found.drawn
    asked = drawn.sample.n
    click.echo(f"{out}: {len(drawn.rows):,} of {asked:,} rows, drawn by {drawn.sample.scorer}")
    if found.seen > asked:
        click.echo(f"{found.seen - asked:,} further rows have nothing to judge")
    if cut:
        click.echo(f"{cut:,} texts were too long for a cell and are cut; .jsonl holds them whole")
    topic = _topic(drawn, loaded)
    click.echo(f'write into the column "label": {QUESTIONS.get(topic, OTHERWISE)},')
    click.echo("? where it cannot be told; begin at the top, stop where you like; then:")
    click.echo(f"  tidegauge label {suite} --read {out}")
    return 0


def _topic(drawn: Drawn, suite: Suite) -> str:
    """Topic of the scorer that rows were drawn by; a suite may call its column anything."""
    names = {one.column: one.name for one in suite.scorers}
    return names.get(drawn.sample.scorer, drawn.sample.scorer).partition(".")[0]


def _measured(drawn: Drawn, suite: Suite) -> Score:
    from tidegauge.catalog import evaluator, evaluator_names

    name = f"{_topic(drawn, suite)}.corrected_rate"
    if name not in evaluator_names():
        raise TidegaugeError(
            f"nothing measures a rate by labels of {drawn.sample.scorer}",
            f"install what provides {name}",
        )
    return evaluator(name).measure(None, drawn.sample, confidence=suite.policy.confidence)


def said(drawn: Drawn, score: Score) -> str:
    """Say what labels show, in a few lines."""
    interval = score.interval
    around = f" ({100 * interval.low:.2g} to {100 * interval.high:.2g} %)" if interval else ""
    lines = [f"{drawn.sample.scorer}: the true rate is {100 * score.value:.3g} %{around}"]
    for name, value in score.details.items():
        shown = value if isinstance(value, str) else f"{value:,.4g}"
        lines.append(f"  {name}: {shown}")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Names come from sheets that others wrote: no control character reaches a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
