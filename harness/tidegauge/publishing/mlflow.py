"""Reports and incidents in MLflow: one run of MLflow for each run of a suite."""

from __future__ import annotations

import hashlib
import math
import re

from tidegauge.catalog import renderer
from tidegauge.exposition import VERDICTS, kept, run_samples, seconds
from tidegauge.incident import Message
from tidegauge.publishing.mlflow_client import client_of, told
from tidegauge.publishing.mlflow_names import TAG, cut, metric_name
from tidegauge.publishing.mlflow_runs import Entry, Logged, log
from tidegauge.records import Report

RUN_TAG = "tidegauge.run_id"
"""Tag by which the run of a report is found again."""
SERIES = 500
"""Results of a report that are logged as metrics, the worst first."""
ARTIFACTS = {"html": "report.html", "json": "report.json", "markdown": "report.md"}
NOTE = "mlflow.note.content"
"""Tag that MLflow shows as the run's description, as Markdown."""


def publish_report(
    report: Report, *, tracking_uri: str = "", experiment: str = "", series: int = SERIES
) -> Logged:
    """Log a report to MLflow: numbers as metrics, circumstances as parameters, files as artifacts.

    A report that was logged before is logged into the same run of MLflow again, so that nothing
    is there twice, and what was cut short is completed.

    Parameters
    ----------
    report
        What to log.
    tracking_uri
        ``http://host:5000``, ``sqlite:///mlflow.db`` or a folder; empty = as MLflow is set up.
    experiment
        Name; by default ``tidegauge/SUITE``.
    series
        Results that become metrics at most; the others are in the artifacts.

    Raises
    ------
    MissingExtraError
        When MLflow is not installed.
    TidegaugeError
        When the server cannot be reached, or refuses.
    """
    return log(
        entry_of(report, series=series),
        tracking_uri=tracking_uri,
        experiment=experiment or experiment_of(report.suite),
    )


def publish_incident(
    message: Message, report: Report | None, *, tracking_uri: str = "", experiment: str = ""
) -> None:
    """Log the report behind an incident, and mark the run of MLflow with the incident.

    Without a report only the way to the server is tried.
    """
    client = client_of(tracking_uri)
    if report is None:
        with told(str(client.tracking_uri)):
            client.search_experiments(max_results=1)
        return
    logged = publish_report(report, tracking_uri=tracking_uri, experiment=experiment)
    marks = {
        "tidegauge.incident": message.incident,
        "tidegauge.incident.event": message.event,
        "tidegauge.incident.severity": message.severity,
        "tidegauge.incident.title": message.title,
    }
    with told(str(client.tracking_uri)):
        for name, value in marks.items():
            client.set_tag(logged.run_id, name, cut(value, TAG))


def experiment_of(suite: str) -> str:
    """Name the experiment of a suite."""
    return f"tidegauge/{suite}"


def id_of(found: str) -> str:
    """Spell an id so that it may stand in a filter; one that cannot is replaced by its hash."""
    if re.fullmatch(r"[A-Za-z0-9._-]{1,250}", found):
        return found
    return hashlib.sha256(found.encode("utf-8", "surrogatepass")).hexdigest()


def entry_of(report: Report, *, series: int = SERIES) -> Entry:
    """Lay a report out as an entry."""
    window = report.current.window
    return Entry(
        key=RUN_TAG,
        id=id_of(report.run_id),
        name=f"{report.suite} {window.partition('/')[0][:16] or report.created[:16]}",
        begun=_begun(report),
        seconds=math.fsum(report.seconds.values()),
        failed=report.outcome == "error",
        metrics=metrics_of(report, series=series),
        params={name: value for name, value in _params(report).items() if value},
        tags={name: value for name, value in _tags(report).items() if value},
        artifacts={file: renderer(name)(report) for name, file in ARTIFACTS.items()},
    )


def metrics_of(report: Report, *, series: int = SERIES) -> dict[str, float]:
    """Name a report's numbers: ``tidegauge/drift.psi/income`` and the like.

    Those of the run as a whole stand in ``tidegauge/run``, ``tidegauge/rows``,
    ``tidegauge/labels`` and ``tidegauge/results``; no check is called so, since the names of
    evaluators hold a dot.
    """
    found: dict[str, float] = {}
    outcomes = [result.verdict.outcome for result in report.results]
    for outcome in VERDICTS:
        found[f"tidegauge/results/{outcome}"] = outcomes.count(outcome)
    for one in run_samples(report):
        name = OVERALL.get(one.metric)
        if name:
            found[name.format(**one.labels)] = one.value
    for result in kept(report, series):
        if result.score is not None:
            name = metric_name("tidegauge", result.check, result.column, slice=result.slice)
            found.setdefault(name, result.score.value)
    return found


OVERALL = {
    "tidegauge_run_duration_seconds": "tidegauge/run/seconds",
    "tidegauge_rows": "tidegauge/rows/{side}",
    "tidegauge_labels_arrived_ratio": "tidegauge/labels/arrived_share",
    "tidegauge_labels_pending": "tidegauge/labels/pending",
    "tidegauge_labels_overdue": "tidegauge/labels/overdue",
}
"""Samples of a run as a whole that become metrics, and their names."""


def _begun(report: Report) -> float:
    moment = seconds(report.created)
    return moment if math.isfinite(moment) else 0.0


def _params(report: Report) -> dict[str, str]:
    return {
        "tidegauge.suite": report.suite,
        "tidegauge.window": report.current.window,
        "tidegauge.current": report.current.source,
        "tidegauge.current_digest": report.current.digest,
        "tidegauge.baseline": report.baseline.source,
        "tidegauge.baseline_digest": report.baseline.digest,
        "tidegauge.false_alarms": str(report.policy.false_alarms),
        "tidegauge.seed": str(report.policy.seed),
    }


def _tags(report: Report) -> dict[str, str]:
    return {
        "tidegauge.suite": report.suite,
        "tidegauge.outcome": report.outcome,
        "tidegauge.because": report.because,
        "tidegauge.window": report.current.window,
        "tidegauge.version": report.versions.get("tidegauge", ""),
        "mlflow.source.name": report.suite_path,
        NOTE: _note(renderer("markdown")(report)),
    }


def _note(markdown: str) -> str:
    """Cut Markdown at the end of a line, so that no table or tag is left open."""
    if len(markdown) <= TAG:
        return markdown
    return markdown[: TAG - 50].rpartition("\n\n")[0] + "\n\nThe whole is among the artifacts."
