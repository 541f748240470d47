"""The command that decides whether a candidate may replace the model in production."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidegauge.cli.delivering import CODES, SHORT, SUFFIXES, write
from tidegauge.cli.stored import to_keep
from tidegauge.errors import TidegaugeError

if TYPE_CHECKING:
    from tidegauge.comparison import Comparison


@click.command(short_help="Hold a candidate against the model in production.")
@click.argument("suite", type=click.Path(path_type=Path))
@click.option(
    "--baseline", metavar="PATH", help="Log of the model in production; the suite's if not given."
)
@click.option(
    "--candidate", metavar="PATH", help="Log of the candidate; the suite's current log by default."
)
@click.option("--id", "id_column", metavar="COLUMN", help="Column of ids that both logs share.")
@click.option("--window", metavar="W", help="A day (2026-11-21), or START/END, of both logs.")
@click.option(
    "--format",
    "formats",
    default="html,json",
    show_default=True,
    metavar="LIST",
    help="Files to write: html, json, md, junit.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False, allow_dash=True),
    default=Path("tidegauge-report"),
    show_default=True,
    help="Folder for the files; - prints them.",
)
@click.option("--history", "place", metavar="PLACE", help="File or URL of the history to keep.")
@click.option("--no-history", is_flag=True, help="Do not keep the comparison.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def compare(
    suite: Path,
    baseline: str | None,
    candidate: str | None,
    id_column: str | None,
    window: str | None,
    formats: str,
    out: Path,
    place: str | None,
    no_history: bool,
    quiet: bool,
) -> int:
    r"""Compare a candidate's answers with those of the model in production, by SUITE.

    Rows that both models answered are compared pair by pair, by their ids. The suite's compare
    key says which loss is acceptable, and what must be shown.

    \b
    Examples:
      tidegauge compare suite.yaml --baseline prod.parquet --candidate new.parquet
      tidegauge compare suite.yaml --candidate new.parquet --format md -o -
      tidegauge compare suite.yaml --candidate new.csv --id request_id -o gate

    \b
    Exit codes:
      0 passed                        1 the candidate is worse
      2 could not compare             3 evidence that the suite demands is not there
    """
    from dataclasses import replace

    from tidegauge.comparing import compare_suite
    from tidegauge.progress import shown
    from tidegauge.startup import spare_pandas
    from tidegauge.suite import load_suite

    spare_pandas()
    wanted = formats_of(formats)
    loaded = load_suite(suite)
    if id_column:
        loaded = replace(loaded, columns=replace(loaded.columns, id=id_column))
    store = to_keep(place, loaded, never=no_history)
    with shown() as progress:
        found = compare_suite(
            loaded, baseline=baseline, candidate=candidate, window=window, progress=progress
        )
    deliver(found, wanted, out, quiet=quiet)
    if store is not None:
        from tidegauge.store.comparisons import keep_comparison

        keep_comparison(store, found)
    return CODES[found.outcome]


def deliver(found: Comparison, formats: tuple[str, ...], out: Path, *, quiet: bool) -> None:
    """Render everything, then write it; a failure leaves nothing half-written."""
    from tidegauge.catalog import renderer

    texts = {name: renderer(name, "comparison")(found) for name in formats}
    if str(out) == "-":
        for text in texts.values():
            click.echo(text, nl=not text.endswith("\n"))
        return
    stem = "".join(c if c.isalnum() or c in "-_." else "-" for c in found.suite) or "suite"
    files = {
        out / f"{stem}.comparison{SUFFIXES.get(name, f'.{name}')}": text
        for name, text in texts.items()
    }
    write(files)
    if not quiet:
        click.echo(renderer("terminal", "comparison")(found).rstrip() + "\n")
        for path in files:
            click.echo(f"written: {path}")


def formats_of(listed: str) -> tuple[str, ...]:
    """Read the names of renderers of comparisons, long or short."""
    from tidegauge.catalog import nearest, renderer_names

    known = renderer_names("comparison")
    names = [SHORT.get(part.strip(), part.strip()) for part in listed.split(",") if part.strip()]
    for name in names:
        if name not in known:
            raise TidegaugeError(f'no format "{name}"', nearest(name, known))
    return tuple(names)
