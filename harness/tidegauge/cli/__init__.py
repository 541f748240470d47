"""The command line: parse, call, exit code. No arithmetic, no HTML.

Exit codes: 0 passed (warnings included), 1 a critical verdict, 2 could not run,
3 not enough evidence where the suite demands it.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import click

from tidegauge import __version__
from tidegauge.cli.arrivals import arrivals, told
from tidegauge.cli.audit import audit
from tidegauge.cli.baseline import baseline, promote
from tidegauge.cli.compare import compare
from tidegauge.cli.delivering import CODES, deliver, formats_of, write
from tidegauge.cli.explain import explain
from tidegauge.cli.gate import gate
from tidegauge.cli.history import diff, history, report
from tidegauge.cli.incidents import incidents, show_deliveries, show_incidents
from tidegauge.cli.label import label
from tidegauge.cli.models import doctor, models
from tidegauge.cli.publish import publish, to_mlflow
from tidegauge.cli.serve import serve
from tidegauge.cli.stored import to_keep
from tidegauge.errors import TidegaugeError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT, epilog="Start with: tidegauge demo")
@click.version_option(__version__, "--version", message="tidegauge %(version)s")
def cli() -> None:
    r"""Tell whether the models you run in production still work, and why not.

    \b
    Examples:
      tidegauge init logs/today.parquet -o suite.yaml   write a first suite
      tidegauge run suite.yaml                          run it, write a report
      tidegauge compare suite.yaml --candidate new.csv  gate a release
      tidegauge explain tidegauge-report/credit.json    look deeper into its alarms
      tidegauge baseline suite.yaml                     freeze the baseline once

    \b
    Exit codes:
      0 passed (warnings included)    1 a critical verdict
      2 could not run                 3 not enough evidence where the suite demands it
    """


@cli.command(short_help="Run a suite, write a report.")
@click.argument("suite", type=click.Path(path_type=Path))
@click.option("--window", metavar="W", help="A day (2026-11-21), or START/END in ISO 8601.")
@click.option("--current", metavar="PATH", help="Read this log instead of the suite's.")
@click.option("--baseline", metavar="PATH", help="Log or .tgb file to hold it against instead.")
@click.option(
    "--preset", metavar="NAME", help="standard, sensitive or none, instead of the suite's."
)
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
@click.option("--no-history", is_flag=True, help="Do not keep the run.")
@click.option("--no-actions", is_flag=True, help="Only tell which actions would be done.")
@click.option("--mlflow", "mlflow_uri", metavar="URI", help="Log the run to this MLflow, too.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def run(
    suite: Path,
    window: str | None,
    current: str | None,
    baseline: str | None,
    preset: str | None,
    formats: str,
    out: Path,
    place: str | None,
    no_history: bool,
    no_actions: bool,
    mlflow_uri: str | None,
    quiet: bool,
) -> int:
    r"""Run SUITE over its logs and write a report.

    \b
    Examples:
      tidegauge run suite.yaml
      tidegauge run suite.yaml --window 2026-11-21 -o /tmp/report
      tidegauge run suite.yaml --format md -o -
      tidegauge run suite.yaml --history postgresql://gauge@db/history
    """
    from tidegauge.operating import operate
    from tidegauge.progress import shown
    from tidegauge.startup import spare_pandas
    from tidegauge.suite import load_suite

    spare_pandas()
    wanted = formats_of(formats)
    loaded = load_suite(suite, preset=preset)
    store = to_keep(place, loaded, never=no_history)
    with shown() as progress:
        done = operate(
            loaded,
            store,
            window=window,
            current=current,
            baseline=baseline,
            progress=progress,
            act=not no_actions,
        )
    deliver(done.report, wanted, out, quiet=quiet)
    if done.trouble:
        click.echo(f"error: the run was not kept: {done.trouble}", err=True)
    for again in () if quiet else done.rejudged:
        click.echo(told(again.current.window, again.because), err=str(out) == "-")
    if not quiet and str(out) != "-":
        show_incidents(done.incidents)
        show_deliveries(done.deliveries, act=not no_actions)
    published = to_mlflow(done, mlflow_uri, quiet=quiet or str(out) == "-")
    return CODES[done.report.outcome] or (0 if published and not done.trouble else 2)


@cli.command(short_help="Read a log, write a commented suite.")
@click.argument("data")
@click.option(
    "--baseline", metavar="PATH", help="Log to hold DATA against; DATA itself if not given."
)
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
def init(data: str, baseline: str | None, out: Path | None) -> int:
    r"""Read the log DATA, infer kinds and roles, and print a suite that runs unchanged.

    \b
    Examples:
      tidegauge init logs/today.parquet
      tidegauge init logs/today.csv --baseline data/validation.csv -o suite.yaml
    """
    from tidegauge.init import draft_suite

    if out is not None and out.exists():
        raise TidegaugeError(f"{out} exists already", "choose another name, or remove it")
    text = draft_suite(data, baseline=baseline)
    if out is None:
        click.echo(text, nl=False)
    else:
        write({out: text})
        click.echo(f"{out}: run it with  tidegauge run {out}")
    return 0


@cli.command(short_help="Write sample logs with a planted incident, run them.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("tidegauge-report"),
    show_default=True,
    help="Folder for logs and report.",
)
def demo(out: Path) -> int:
    """Write sample logs of a credit model and of a support assistant, and report on both.

    Each holds a planted incident. Without the packages that models need, the assistant's texts are
    scored by what needs none, and the report says so.
    """
    from tidegauge.demo import write_demo
    from tidegauge.progress import shown
    from tidegauge.running import run as run_suite
    from tidegauge.startup import spare_pandas

    spare_pandas()
    for suite in write_demo(out / "demo"):
        with shown() as progress:
            report = run_suite(suite, progress=progress)
        deliver(report, ("html", "json"), out, quiet=False)
    return 0


@cli.command(short_help="Print the JSON Schema of suites or reports.")
@click.argument("what", type=click.Choice(["suite", "report"]), default="suite")
def schema(what: str) -> int:
    r"""Print the JSON Schema of suite files, for editors, or of report files.

    \b
    Example:
      tidegauge schema > suite.schema.json
      # yaml-language-server: $schema=suite.schema.json   (first line of the suite)
    """
    import json

    if what == "suite":
        from tidegauge.suite import suite_schema as build
    else:
        from tidegauge.report import report_schema as build
    click.echo(json.dumps(build(), indent=2))
    return 0


@cli.command(short_help="List evaluators, or explain one.")
@click.argument("name", required=False)
def evaluators(name: str | None) -> int:
    """List every evaluator, or explain the one called NAME."""
    import inspect

    from tidegauge.catalog import evaluator, evaluator_names, is_scorer, scorer

    if name is None:
        for known in evaluator_names():
            adds = is_scorer(known)
            card = scorer(known).card if adds else evaluator(known).card
            click.echo(f"{known:38s} {'scorer: ' if adds else ''}{card.title}")
        return 0
    if is_scorer(name):
        tool = scorer(name)
        click.echo(f"{name}: {tool.card.title}\n{tool.card.explain}")
        click.echo(f"reads {', '.join(tool.card.reads.values())}; {tool.card.reference}\n")
        click.echo(inspect.getdoc(tool.make) or "")
        return 0
    found = evaluator(name)
    click.echo(f"{found.name}: {found.card.title}\n{found.card.explain}")
    click.echo(f"reads {', '.join(found.card.reads)}; {found.card.reference}\n")
    click.echo(inspect.getdoc(found.measure) or "")
    return 0


@cli.command(short_help="Print a completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    r"""Print a completion script.

    \b
    Example:
      tidegauge completion bash >> ~/.bashrc
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "tidegauge", "_TIDEGAUGE_COMPLETE").source())
    return 0


def _keep_lines(command: click.Command) -> None:
    r"""Turn the ``\b`` of raw docstrings into the mark by which click keeps lines as they are."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for inner in getattr(command, "commands", {}).values():
        _keep_lines(inner)


for command in (
    arrivals, audit, baseline, compare, diff, doctor, explain, gate, history, incidents, label,
    models, promote, publish, report, serve,
):  # fmt: skip
    cli.add_command(command)
_keep_lines(cli)


def main() -> None:
    """Entry point of the ``tidegauge`` command."""
    # Our matrices are small: threads of the linear algebra library cost more than they give.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(200_000)  # starting makes many objects and no garbage: a tenth of a short run
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except TidegaugeError as error:
        click.echo(f"error: {error}", err=True)
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; nothing was written", err=True)
        code = 130
    except BrokenPipeError:
        code = 0
    sys.exit(code or 0)
