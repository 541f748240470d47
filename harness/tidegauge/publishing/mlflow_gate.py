"""The release gate over MLflow's registry: an alias moves to a version only when it passes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from tidegauge.callers.asking import Asked
from tidegauge.callers.mlflow import open_folder
from tidegauge.callers.spec import read_spec
from tidegauge.catalog import renderer
from tidegauge.comparing import compare_suite
from tidegauge.comparison import Comparison
from tidegauge.errors import ModelError, TidegaugeError
from tidegauge.exposition import seconds
from tidegauge.freezing import Progress, open_side, untold
from tidegauge.logs import parse_window
from tidegauge.publishing.mlflow import experiment_of
from tidegauge.publishing.mlflow_answers import answered, asking_of, columns_for
from tidegauge.publishing.mlflow_client import client_of, library, told
from tidegauge.publishing.mlflow_names import TAG, cut, metric_name
from tidegauge.publishing.mlflow_runs import Entry, Logged, log
from tidegauge.suite import Suite, load_suite

GATE_TAG = "tidegauge.comparison_id"
ARTIFACTS = {"html": "comparison.html", "json": "comparison.json", "markdown": "comparison.md"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """What the gate said, and what became of the alias."""

    comparison: Comparison
    model: str
    """Name in the registry."""
    alias: str
    candidate: str
    """Version that asked to pass."""
    production: str
    """Version behind the alias when the comparison began."""
    moved: bool
    """Whether the alias is the candidate's now."""
    because: str
    """One sentence."""
    logged: Logged | None = None
    """Where the comparison lies; ``None`` for a dry run."""


def gate(
    suite: str | Path | Suite,
    *,
    model: str,
    candidate: str,
    alias: str = "production",
    tracking_uri: str = "",
    experiment: str = "",
    current: Any = None,
    window: str | None = None,
    settings: Mapping[str, Any] | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
    progress: Progress = untold,
) -> Gated:
    """Hold a version of a registered model against the one in production, on the same rows.

    Both are asked about the rows of the suite's current log, whose logged answers are left out.
    The comparison is written to the registry before the alias moves, and the alias moves only
    while the version behind it is still the one that was compared.

    Parameters
    ----------
    suite
        Path of a suite file, or a loaded suite; its ``compare`` says what must be shown.
    model
        Name of the registered model.
    candidate
        Version, or ``@alias`` of one.
    alias
        What names the version in production.
    tracking_uri
        Server that holds runs and registry; empty = as MLflow is set up.
    experiment
        Where the comparison is logged; by default ``tidegauge/SUITE``.
    current
        Rows to ask about instead of the suite's current log.
    window
        A day, or ``START/END``, of the rows.
    settings
        How the models are opened, as in ``explain: {model: ...}``, which holds where it says more.
    dry_run
        Compare only: nothing is written, nothing moves.

    Raises
    ------
    ModelError
        When a version is not there, cannot be opened, or cannot answer the rows.
    TidegaugeError
        When the server cannot be reached, or the alias moved meanwhile.
    """
    suite = suite if isinstance(suite, Suite) else load_suite(suite)
    now = now or datetime.now(UTC)
    client = client_of(tracking_uri)
    uri = str(client.tracking_uri)
    with told(uri):
        production = _by_alias(client, model, alias)
        version = _version(client, model, candidate)
    if version.version == production.version:
        raise ModelError(
            f"{model}: version {version.version} is {alias} already", "name another candidate"
        )
    asked = suite.explain.model
    how = {**(asked.settings if asked else {}), **(settings or {})}
    span = parse_window(window, suite.logs.current.window, now=now)
    rows = open_side(suite.logs.current if current is None else current, span, suite.columns, None)
    asking = asking_of(pa.Table.from_batches(rows.batches(), rows.schema), suite)
    tables = []
    for one, name in ((production, "baseline"), (version, "candidate")):
        progress(f"ask {name}", 0, None)
        tables.append(answered(_opened(client, uri, one, how), asking))
    fitted = replace(suite, columns=columns_for(suite, asking, tables))
    found = compare_suite(
        fitted, baseline=tables[0], candidate=tables[1], now=now, progress=progress
    )
    found = _named(found, model, production.version, version.version, rows.source)
    if dry_run:
        return _gated(found, model, alias, version, production, moved=False)
    logged = log(
        entry_of(found, model, alias, version.version, production.version),
        tracking_uri=tracking_uri,
        experiment=experiment or experiment_of(suite.name),
    )
    with told(uri):
        _tag(client, model, version.version, found, production.version, logged)
        if not found.passed:
            return _gated(found, model, alias, version, production, moved=False, logged=logged)
        _move(client, model, alias, version, production)
    return _gated(found, model, alias, version, production, moved=True, logged=logged)


def entry_of(found: Comparison, model: str, alias: str, candidate: str, production: str) -> Entry:
    """Lay a comparison out as an entry."""
    metrics = {}
    for one in found.differences:
        for word, value in (("baseline", one.baseline), ("candidate", one.candidate)):
            if value is not None:
                metrics[_metric(one.metric, word, one.slice)] = value
        if one.contrast is not None:
            metrics[_metric(one.metric, "change", one.slice)] = one.contrast.change
    tags = {
        "tidegauge.suite": found.suite,
        "tidegauge.outcome": found.outcome,
        "tidegauge.because": found.because,
        "mlflow.note.content": found.because,
    }
    params = {
        "tidegauge.model": model,
        "tidegauge.alias": alias,
        "tidegauge.candidate": candidate,
        "tidegauge.production": production,
        "tidegauge.rows": str(found.candidate.n),
        "tidegauge.current": found.candidate.source,
    }
    return Entry(
        key=GATE_TAG,
        id=found.comparison_id,
        name=f"{model} {candidate} against {production}",
        begun=seconds(found.created),
        seconds=sum(found.seconds.values()),
        failed=found.outcome == "error",
        metrics=metrics,
        params=params,
        tags=tags,
        artifacts={file: renderer(name, "comparison")(found) for name, file in ARTIFACTS.items()},
    )


def _metric(metric: str, word: str, slice: str) -> str:
    return metric_name("tidegauge", "compare", metric, word, slice=slice)


def _by_alias(client: Any, model: str, alias: str) -> Any:
    mlflow = library()
    try:
        return client.get_model_version_by_alias(model, alias)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        raise ModelError(
            f'{model}: no version has the alias "{alias}", or there is no such model',
            "the first version is released by hand: "
            f'MlflowClient().set_registered_model_alias("{model}", "{alias}", "1")',
        ) from error


def _version(client: Any, model: str, candidate: str) -> Any:
    mlflow = library()
    if candidate.startswith("@"):
        return _by_alias(client, model, candidate[1:])
    try:
        found = client.get_model_version(model, candidate)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        known = sorted(int(one.version) for one in client.search_model_versions(f"name='{model}'"))
        raise ModelError(
            f"{model}: found no version {candidate}",
            f"versions: {', '.join(map(str, known[-8:]))}; or @alias",
        ) from error
    if found.status != "READY":
        raise ModelError(
            f"{model}: version {candidate} is {found.status}", "wait until it is READY"
        )
    return found


def _opened(client: Any, uri: str, version: Any, settings: Mapping[str, Any]) -> Asked:
    """Fetch a version into a folder that goes when the model is in memory."""
    mlflow = library()
    name = f"models:/{version.name}/{version.version}"
    spec = read_spec({"path": name, **settings})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, told(uri):
        place = client.get_model_version_download_uri(version.name, version.version)
        fetched = mlflow.artifacts.download_artifacts(
            artifact_uri=place, dst_path=folder, tracking_uri=uri
        )
        return open_folder(Path(fetched), spec, name=name)


def _named(found: Comparison, model: str, before: str, after: str, source: str) -> Comparison:
    """Say which versions answered, in the place of tables without a name."""
    return replace(
        found,
        baseline=replace(found.baseline, source=f"models:/{model}/{before} on {source}"),
        candidate=replace(found.candidate, source=f"models:/{model}/{after} on {source}"),
    )


def _tag(
    client: Any, model: str, version: str, found: Comparison, production: str, logged: Logged
) -> None:
    marks = {
        "tidegauge.gate": found.outcome,
        "tidegauge.gate.because": found.because,
        "tidegauge.gate.against": production,
        "tidegauge.gate.at": found.created,
        "tidegauge.gate.run": logged.run_id,
    }
    for name, value in marks.items():
        client.set_model_version_tag(model, version, name, cut(value, TAG))


def _move(client: Any, model: str, alias: str, version: Any, production: Any) -> None:
    """Move the alias while it is where it was.

    The registry cannot do both at once: the moment between the two calls remains.
    """
    behind = _by_alias(client, model, alias)
    same = client.get_model_version(model, version.version)
    if behind.version != production.version:
        raise TidegaugeError(
            f"{model}: {alias} moved from version {production.version} to {behind.version} while "
            f"version {version.version} was compared; it was left there",
            f"compare with what is {alias} now: run the gate again",
        )
    if (same.source, same.status) != (version.source, version.status):
        raise TidegaugeError(
            f"{model}: version {version.version} changed while it was compared; {alias} was left",
            "run the gate again",
        )
    client.set_registered_model_alias(model, alias, version.version)


def _gated(
    found: Comparison,
    model: str,
    alias: str,
    version: Any,
    production: Any,
    *,
    moved: bool,
    logged: Logged | None = None,
) -> Gated:
    if moved:
        because = f"{model}: {alias} moved from version {production.version} to {version.version}"
    elif found.passed:
        because = f"{model}: {alias} would move to version {version.version}; nothing was written"
    else:
        because = f"{model}: {alias} stays at version {production.version}: {found.because}"
    return Gated(
        comparison=found,
        model=model,
        alias=alias,
        candidate=str(version.version),
        production=str(production.version),
        moved=moved,
        because=because,
        logged=logged,
    )
