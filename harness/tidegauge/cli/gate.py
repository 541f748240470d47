"""``tidegauge gate``: an alias of MLflow's registry moves only to what passes."""

from __future__ import annotations

from pathlib import Path

import click

from tidegauge.cli.delivering import CODES


@click.command(short_help="Move an alias in MLflow's registry when a version passes.")
@click.argument("suite", type=click.Path(path_type=Path))
@click.option("--model", required=True, metavar="NAME", help="Registered model.")
@click.option(
    "--candidate", required=True, metavar="VERSION", help="Version that is to pass, or @ALIAS."
)
@click.option(
    "--alias", default="production", show_default=True, help="Alias of the version in production."
)
@click.option("--mlflow", "uri", metavar="URI", help="Server; default MLFLOW_TRACKING_URI.")
@click.option("--experiment", metavar="NAME", help="Where the comparison is logged.")
@click.option("--current", metavar="PATH", help="Rows to ask about instead of the suite's.")
@click.option("--window", metavar="W", help="A day (2026-11-21), or START/END, of the rows.")
@click.option(
    "--unsafe-pickle", is_flag=True, help="Open models that run code when loaded: yours only."
)
@click.option("--dry-run", is_flag=True, help="Compare only: write nothing, move nothing.")
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
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def gate(
    suite: Path,
    model: str,
    candidate: str,
    alias: str,
    uri: str | None,
    experiment: str | None,
    current: str | None,
    window: str | None,
    unsafe_pickle: bool,
    dry_run: bool,
    formats: str,
    out: Path,
    quiet: bool,
) -> int:
    r"""Ask a registered version and the one in production about the same rows of SUITE's log.

    The alias moves to the candidate only when the comparison passes, and only while it is where
    it was when the comparison began. What was found is written to the candidate's tags.

    \b
    Examples:
      tidegauge gate suite.yaml --model credit --candidate 7
      tidegauge gate suite.yaml --model credit --candidate @challenger --dry-run
      tidegauge gate suite.yaml --model credit --candidate 7 --mlflow http://mlflow:5000

    \b
    Exit codes:
      0 passed, and the alias moved   1 the candidate is worse
      2 could not compare or move     3 evidence that the suite demands is not there
    """
    from tidegauge.cli.compare import deliver, formats_of
    from tidegauge.progress import shown
    from tidegauge.publishing.mlflow_gate import gate as decide
    from tidegauge.startup import spare_pandas

    spare_pandas()
    wanted = formats_of(formats)
    with shown() as progress:
        found = decide(
            suite,
            model=model,
            candidate=candidate,
            alias=alias,
            tracking_uri=uri or "",
            experiment=experiment or "",
            current=current,
            window=window,
            settings={"unsafe_pickle": True} if unsafe_pickle else None,
            dry_run=dry_run,
            progress=progress,
        )
    deliver(found.comparison, wanted, out, quiet=quiet)
    if not quiet and str(out) != "-":
        click.echo(f"\n{found.because}")
        if found.logged is not None:
            click.echo(f"logged: {found.logged.place}")
    return CODES[found.comparison.outcome]
