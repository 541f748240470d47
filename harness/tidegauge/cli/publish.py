"""``tidegauge publish``: to Prometheus, to MLflow, and the files that go with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidegauge.errors import TidegaugeError

if TYPE_CHECKING:
    from tidegauge.operating import Operated
    from tidegauge.records import Report

HISTORY = click.option(
    "--history", metavar="PLACE", help="File or URL of the history; default TIDEGAUGE_HISTORY."
)


@click.group(short_help="Hand results to Prometheus or MLflow.")
def publish() -> None:
    r"""Hand results to Prometheus or MLflow, and print the files that go with them.

    \b
    Examples:
      tidegauge publish prometheus                     print every suite's newest samples
      tidegauge publish mlflow credit-default@latest   log a run to MLflow
      tidegauge publish rules > tidegauge-rules.yml    alert rules for Prometheus
      tidegauge publish dashboard > tidegauge.json     a dashboard to import into Grafana
    """


@publish.command(short_help="Print, write or push samples of every suite.")
@HISTORY
@click.option(
    "--textfile",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write them to this .prom file, for node_exporter's textfile collector.",
)
@click.option("--push", "gateway", metavar="URL", help="Send them to this push gateway.")
@click.option(
    "--job", default="tidegauge", show_default=True, help="Job that the gateway keeps them under."
)
@click.option(
    "--series",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Results of a suite to expose at most, the worst first.",
)
def prometheus(
    history: str | None, textfile: Path | None, gateway: str | None, job: str, series: int
) -> int:
    r"""Print the samples of every suite's newest run, as /metrics of tidegauge serve has them.

    \b
    Examples:
      tidegauge publish prometheus
      tidegauge publish prometheus --textfile /var/lib/prometheus/node-exporter/tidegauge.prom
      tidegauge publish prometheus --push http://gateway:9091
    """
    from tidegauge.publishing.prometheus import metrics, push, write_textfile
    from tidegauge.store import open_store

    store = open_store(history, create=False)
    try:
        page = metrics(store, series=series)
    finally:
        store.close()
    if textfile is None and gateway is None:
        click.echo(page, nl=False)
    if textfile is not None:
        click.echo(f"written: {write_textfile(page, textfile)}")
    if gateway is not None:
        push(page, gateway, job=job)
        click.echo(f"pushed: {gateway}, job {job}")
    return 0


@publish.command(short_help="Log a run to MLflow.")
@click.argument("run")
@HISTORY
@click.option("--mlflow", "uri", metavar="URI", help="Server; default MLFLOW_TRACKING_URI.")
@click.option("--experiment", metavar="NAME", help="Default: tidegauge/ and the suite's name.")
def mlflow(run: str, history: str | None, uri: str | None, experiment: str | None) -> int:
    r"""Log RUN to MLflow: an id, suite@latest, or the JSON file of a report.

    A run that was logged before is logged into the same run of MLflow again.

    \b
    Examples:
      tidegauge publish mlflow credit-default@latest --mlflow http://127.0.0.1:5000
      tidegauge publish mlflow tidegauge-report/credit-default.json --experiment credit
    """
    from tidegauge.publishing.mlflow import publish_report

    report = _report(run, history)
    logged = publish_report(report, tracking_uri=uri or "", experiment=experiment or "")
    click.echo(f"logged: {logged.place}")
    return 0


def to_mlflow(done: Operated, uri: str | None, *, quiet: bool) -> bool:
    """Log a round to MLflow where it was asked for, and say what could not be published.

    The runs stand whatever becomes of it: a server that is away is told of, not raised.
    """
    problems = list(done.unpublished)
    if uri is not None:
        from tidegauge.publishing.mlflow import publish_report

        try:
            for report in (*done.rejudged, done.report):
                logged = publish_report(report, tracking_uri=uri)
                if not quiet:
                    click.echo(f"logged: {logged.place}")
        except TidegaugeError as error:
            problems.append(str(error))
    for problem in problems:
        click.echo(f"error: not published: {problem}", err=True)
    return not problems


def _report(run: str, history: str | None) -> Report:
    path = Path(run)
    if path.suffix == ".json":
        from tidegauge.report import from_json

        try:
            return from_json(path.read_bytes())
        except OSError as error:
            raise TidegaugeError(f"{path}: cannot be read: {error.strerror}") from None
    from tidegauge.store import open_store

    store = open_store(history, create=False)
    try:
        return store.report(run)
    finally:
        store.close()


@publish.command(short_help="Print alert rules for Prometheus.")
def rules() -> int:
    r"""Print alert rules over tidegauge's metrics, for rule_files of Prometheus.

    \b
    Example:
      tidegauge publish rules > tidegauge-rules.yml
    """
    click.echo(_shipped("rules.yml"), nl=False)
    return 0


@publish.command(short_help="Print a dashboard for Grafana.")
def dashboard() -> int:
    r"""Print a dashboard over tidegauge's metrics, to import into Grafana.

    \b
    Example:
      tidegauge publish dashboard > tidegauge.json
    """
    click.echo(_shipped("dashboard.json"), nl=False)
    return 0


def _shipped(name: str) -> str:
    from importlib.resources import files

    return (files("tidegauge.publishing") / "shipped" / name).read_text(encoding="utf-8")
