"""``tidegauge history``, ``report`` and ``diff``: what was run before."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tidegauge.cli.delivering import CODES, deliver, formats_of
from tidegauge.cli.plain import plain
from tidegauge.cli.stored import HISTORY, is_file, report_of
from tidegauge.cli.stored import history as opened
from tidegauge.errors import TidegaugeError
from tidegauge.wording import length, window

if TYPE_CHECKING:
    from tidegauge.store import RunRow


class Listing(click.Group):
    """A group that lists runs where no command of its is named."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take what is no command for a suite."""
        if args[0] not in self.commands:
            args = ["list", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Leave the options of the list to it."""
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=Listing, short_help="List runs that were kept; export, prune.")
def history() -> None:
    r"""List the runs that were kept, the newest window first.

    \b
    Examples:
      tidegauge history                     all suites
      tidegauge history credit-default -n 30
      tidegauge history credit-default --json
      tidegauge history export folder       runs, results and causes as Parquet
      tidegauge history prune --keep 400d --keep-profiles 90d
    """


@history.command("list", short_help="List runs: the default.")
@click.argument("suite", required=False)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Runs to show.",
)
@click.option("--all", "superseded", is_flag=True, help="Show runs that a later one replaced, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@HISTORY
def list_runs(
    suite: str | None, limit: int, superseded: bool, as_json: bool, place: str | None
) -> int:
    r"""List the runs of SUITE, or of all suites.

    \b
    Examples:
      tidegauge history list credit-default --limit 100
    """
    import json

    store = opened(place)
    if suite is not None:
        _require(suite, [row.name for row in store.suites()])
    rows = store.runs(suite, limit=limit, superseded=superseded)
    if as_json:
        click.echo(json.dumps([_plain(row) for row in rows], indent=1))
        return 0
    for line in _table(rows, several=suite is None):
        click.echo(line)
    if len(rows) > 1:
        click.echo(f"\nLook at one:  tidegauge report {rows[0].id}")
        click.echo(f"Compare two:  tidegauge diff {rows[1].id} {rows[0].id}")
    return 0


@history.command(short_help="Write runs, results and causes as Parquet.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--suite", help="This suite only.")
@HISTORY
def export(folder: Path, suite: str | None, place: str | None) -> int:
    r"""Write runs.parquet, results.parquet and causes.parquet to FOLDER.

    \b
    Examples:
      tidegauge history export out
      tidegauge history export out --suite credit-default
    """
    from tidegauge.store.exporting import export as write

    store = opened(place)
    if suite is not None:
        _require(suite, [row.name for row in store.suites()])
    with store.reading() as connection:
        for path, rows in write(connection, folder, suite=suite).items():
            click.echo(f"written: {path}, {rows:,} rows")
    return 0


@history.command(short_help="Forget what is older than said.")
@click.option("--keep", metavar="AGE", help="Forget runs older than this: 400d.")
@click.option("--keep-profiles", metavar="AGE", help="Add older profiles up to days: 90d.")
@click.option("--suite", help="Name of a suite; all by default.")
@HISTORY
def prune(keep: str | None, keep_profiles: str | None, suite: str | None, place: str | None) -> int:
    r"""Forget runs whose window ended longer ago than AGE, and give the room back.

    A suite with ``history: {keep: 400d, keep_profiles: 90d}`` does so by itself.

    \b
    Examples:
      tidegauge history prune --keep 400d
      tidegauge history prune --keep-profiles 90d --suite credit-default
    """
    if keep is None and keep_profiles is None:
        raise TidegaugeError("nothing to forget", "say --keep 400d, --keep-profiles 90d, or both")
    store = opened(place)
    if suite is not None:
        _require(suite, [row.name for row in store.suites()])
    done = store.prune(suite or "", keep=_age(keep), keep_profiles=_age(keep_profiles))
    store.shrink()
    click.echo(
        f"forgotten: {done.runs:,} runs; {done.profiles:,} profiles, "
        f"{done.days:,} days added up in their place"
    )
    return 0


@click.command(short_help="Show a run that was kept.")
@click.argument("run")
@click.option(
    "--format", "formats", default="", metavar="LIST", help="Files to write: html, json, md, junit."
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False, allow_dash=True),
    default=Path("tidegauge-report"),
    show_default=True,
    help="Folder for the files; - prints them.",
)
@HISTORY
def report(run: str, formats: str, out: Path, place: str | None) -> int:
    r"""Show RUN on the terminal, or write it as tidegauge run does.

    RUN is a run's id or the beginning of one, SUITE@latest, SUITE@2026-11-21, or the JSON file of
    a report. Files are named after the run, so that the newest report stays. The exit code is that
    of the run.

    \b
    Examples:
      tidegauge report 8f6e45
      tidegauge report credit-default@latest --format html,md
      tidegauge report credit-default@2026-11-21 --format json -o -
    """
    from tidegauge.catalog import renderer

    found = report_of(run, place)
    if formats:
        stem = "" if is_file(run) else f"{found.suite}-{found.run_id}"
        deliver(found, formats_of(formats), out, quiet=False, stem=stem)
    else:
        click.echo(renderer("terminal")(found).rstrip())
    return CODES[found.outcome]


@click.command(short_help="Tell what changed between two runs.")
@click.argument("before")
@click.argument("after")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "md", "json"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
@HISTORY
def diff(before: str, after: str, shape: str, place: str | None) -> int:
    r"""Tell what changed from run BEFORE to run AFTER.

    Alarms that began or ended, verdicts that are worse or better, and scores that moved beyond
    both their intervals. Runs are named as for: tidegauge report.

    \b
    Examples:
      tidegauge diff 3fa2 8f6e
      tidegauge diff credit-default@2026-11-20 credit-default@latest --format md
      tidegauge diff before.json after.json
    """
    from tidegauge.cli.differing import as_json, as_markdown, as_text
    from tidegauge.diffing import differences

    found = differences(report_of(before, place), report_of(after, place))
    write = {"text": as_text, "md": as_markdown, "json": as_json}[shape]
    click.echo(write(found).rstrip())
    return 0


def _require(suite: str, known: list[str]) -> None:
    from tidegauge.catalog import nearest

    if suite not in known:
        raise TidegaugeError(f'the history holds no suite "{suite}"', nearest(suite, known))


def _age(text: str | None) -> timedelta | None:
    from tidegauge.suite import parse_length

    if text is None:
        return None
    found = parse_length(text)
    if found is None:
        raise TidegaugeError(f'"{text}" is no length of time', "write it as 90d, 12h or 8w")
    return found


def _plain(row: RunRow) -> dict[str, Any]:
    found = asdict(row) | {"model_version": row.model_version}
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in found.items()}


def _table(rows: tuple[RunRow, ...], *, several: bool) -> list[str]:
    """Lay runs out in columns as wide as they need."""
    now = datetime.now(UTC)
    head = ["run", *(["suite"] if several else []), "window", "outcome", "model", "age", "because"]
    cells = [head] + [
        [
            row.id,
            *([row.suite] if several else []),
            window(row.window)
            + (f" (replaced by {row.superseded_by})" if row.superseded_by else ""),
            row.outcome,
            row.model_version or "-",
            length(now - row.created),
            row.because,
        ]
        for row in rows
    ]
    if not rows:
        return ["no runs kept yet: tidegauge run SUITE keeps its first"]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head) - 1)]
    return [
        plain("  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1]]))
        for row in cells
    ]
