"""The command that draws rows to label, and reads labels back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidegauge.cli.plain import plain
from tidegauge.errors import TidegaugeError

if TYPE_CHECKING:
    from tidegauge.labelling import Drawn
    from tidegauge.records import Score, Tally
    from tidegauge.suite import Suite
    from tidegauge.suite.shape import Wanted

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
    "--judge",
    metavar="SCORER",
    default="",
    help="Ask this scorer about the drawn rows, too: YAML, as in a suite.",
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
    judge: str,
    filled: Path | None,
) -> int:
    r"""Score the current log of SUITE, draw rows by the score, and write them for labelling.

    Rows are drawn so that few labels say much: more of those with high scores, each with a
    known probability. The sheet can be labelled from the top and left at any row. A judge's
    verdicts are written beside; they count as labels where nobody wrote any, and are held against
    labels where somebody did.

    \b
    Examples:
      tidegauge label suite.yaml --scorer hallucination.embedded -n 300 -o labels.csv
      tidegauge label suite.yaml --judge \
        '{hallucination.judge: {endpoint: "http://localhost:8000/v1", model: judge}}'
      tidegauge label suite.yaml --read labels.csv
    """
    from tidegauge.labelling import read_labels, write_labels
    from tidegauge.progress import shown
    from tidegauge.suite import load_suite

    if filled is not None:
        drawn = read_labels(filled)
        click.echo(plain(said(drawn, _measured(drawn, load_suite(suite)))))
        return 0
    if out.exists():
        raise TidegaugeError(f"{out} exists already, and may hold labels", "choose another name")
    from tidegauge.sampling import judge_sample, sample_log

    loaded = load_suite(suite)
    asked = _judge(judge) if judge else None
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
        if asked is not None:
            found, tally = judge_sample(
                found,
                loaded,
                asked,
                told=lambda column, done, of: progress(f"asking {column}", done, of),
            )
            click.echo(plain(judged(tally)))
    cut = write_labels(found.drawn, out, texts=found.texts, ids=found.ids)
    drawn = found.drawn
    n = drawn.sample.n
    click.echo(f"{out}: {len(drawn.rows):,} of {n:,} rows, drawn by {drawn.sample.scorer}")
    if found.seen > n:
        click.echo(f"{found.seen - n:,} further rows have nothing to judge")
    if cut:
        click.echo(f"{cut:,} texts were too long for a cell and are cut; .jsonl holds them whole")
    topic = _topic(drawn, loaded)
    click.echo(f'write into the column "label": {QUESTIONS.get(topic, OTHERWISE)},')
    click.echo("? where it cannot be told; begin at the top, stop where you like; then:")
    click.echo(f"  tidegauge label {suite} --read {out}")
    return 0


def _judge(written: str) -> Wanted:
    """Read a scorer from YAML."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    from tidegauge.suite import parse_scorers

    try:
        parsed = YAML(typ="safe").load(written)
    except YAMLError:
        raise TidegaugeError(
            "--judge holds no YAML",
            "write it as in a suite: '{hallucination.judge: {endpoint: ..., model: ...}}'",
        ) from None
    (found,) = parse_scorers([parsed])
    return found


def judged(tally: Tally) -> str:
    """Say what a judge did, and what it cost."""
    without = {**tally.unscored, **tally.not_applicable}
    lines = [f"the judge decided on {tally.ok:,} of {tally.rows:,} rows"]
    lines += [f"  {rows:,} without a verdict: {why}" for why, rows in without.items()]
    lines += [f"  {name}: {count:,.6g}" for name, count in tally.costs.items() if count]
    return "\n".join(lines)


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
