"""One entry of ours as one run of MLflow, however often it is logged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegauge.errors import TidegaugeError
from tidegauge.publishing.mlflow_client import client_of, library, shown, told
from tidegauge.publishing.mlflow_names import PARAM, TAG, cut, parted

METRICS, KEYED = 1_000, 100
"""Metrics, and parameters or tags, that one request may hold."""
FOLDER = "tidegauge"
"""Folder of the artifacts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one run of MLflow is to hold."""

    key: str
    """Tag by which the run is found again."""
    id: str
    """Value of that tag; of these characters only: letters, digits, ``._-``."""
    name: str
    """Name of the run, for people."""
    begun: float
    """Seconds since 1970."""
    seconds: float = 0.0
    """How long it took."""
    failed: bool = False
    """Whether it could not be carried out, whatever it found."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)
    """File name -> text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Where an entry lies."""

    run_id: str
    """Of MLflow."""
    experiment: str
    """Name."""
    experiment_id: str
    tracking_uri: str
    """Without a password."""

    @property
    def place(self) -> str:
        """Address of the run's page, or what else names it."""
        if self.tracking_uri.startswith(("http://", "https://")):
            server = self.tracking_uri.rstrip("/")
            return f"{server}/#/experiments/{self.experiment_id}/runs/{self.run_id}"
        return f"run {self.run_id} in {self.tracking_uri}"


def log(entry: Entry, *, tracking_uri: str = "", experiment: str) -> Logged:
    """Log an entry; one that was logged before, whole or in part, is completed in its place.

    Raises
    ------
    MissingExtraError
        When MLflow is not installed.
    TidegaugeError
        When the server cannot be reached, or refuses.
    """
    client = client_of(tracking_uri)
    uri = str(client.tracking_uri)
    with told(uri):
        at = _experiment(client, experiment)
        run = _run(client, at, entry)
        _fill(client, run, entry)
    return Logged(run_id=run, experiment=experiment, experiment_id=at, tracking_uri=shown(uri))


def _experiment(client: Any, name: str) -> str:
    mlflow = library()
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name))
        except mlflow.exceptions.MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":  # somebody was quicker
                raise
            found = client.get_experiment_by_name(name)
    if found is None or found.lifecycle_stage == "deleted":
        raise TidegaugeError(
            f'MLflow holds the experiment "{name}" as deleted',
            "restore it, or name another: experiment",
        )
    return str(found.experiment_id)


def _run(client: Any, experiment: str, entry: Entry) -> str:
    """Find the run of an entry, or make it; of two that were made at once the first one counts."""
    before = _found(client, experiment, entry)
    if before:
        return before[0]
    made = client.create_run(
        experiment,
        start_time=round(entry.begun * 1_000),
        tags={entry.key: entry.id},
        run_name=entry.name,
    )
    own = str(made.info.run_id)
    found = _found(client, experiment, entry)
    if found and found[0] != own:
        client.delete_run(own)
        return found[0]
    return own


def _found(client: Any, experiment: str, entry: Entry) -> list[str]:
    runs = client.search_runs([experiment], f"tags.`{entry.key}` = '{entry.id}'", max_results=10)
    return sorted(str(run.info.run_id) for run in runs)


def _fill(client: Any, run: str, entry: Entry) -> None:
    mlflow = library()
    kinds = mlflow.entities
    moment = round(entry.begun * 1_000)
    metrics = [
        kinds.Metric(name, value, moment, 0)
        for name, value in entry.metrics.items()
        if math.isfinite(value)
    ]
    for part in parted(metrics, METRICS):
        client.log_batch(run, metrics=list(part))
    params = [kinds.Param(name, cut(value, PARAM)) for name, value in entry.params.items()]
    for some in parted(params, KEYED):
        client.log_batch(run, params=list(some))
    tags = [kinds.RunTag(name, cut(value, TAG)) for name, value in entry.tags.items()]
    for few in parted(tags, KEYED):
        client.log_batch(run, tags=list(few))
    for name, text in entry.artifacts.items():
        client.log_text(run, text, f"{FOLDER}/{name}")
    client.set_terminated(
        run,
        status="FAILED" if entry.failed else "FINISHED",
        end_time=moment + round(entry.seconds * 1_000),
    )
