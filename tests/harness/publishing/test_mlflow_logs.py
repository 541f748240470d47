"""Traces and tables that a real MLflow wrote, read as logs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tidegauge.errors import DataError
from tidegauge.logs import Window, open_log
from tidegauge.publishing.mlflow_client import client_of, library
from tidegauge.suite import parse_suite

pytestmark = pytest.mark.slow  # a server of MLflow is started
QUESTIONS = ("How warm is it?", "How cold is it?", "bad")


@pytest.fixture(scope="module")
def traced(tracking: str) -> str:
    """An experiment with three traces, the last of which failed, and a person's word on one."""
    import subprocess
    import sys

    # A process of its own: tracing keeps threads and settings for the life of one.
    code = f"""
import mlflow
mlflow.set_tracking_uri({tracking!r})
mlflow.set_experiment("weather")
@mlflow.trace(span_type="RETRIEVER")
def find(question): return [{{"page_content": "It is ten degrees.", "metadata": {{}}}}]
@mlflow.trace
def answer(question):
    find(question)
    mlflow.update_current_trace(metadata={{"mlflow.trace.session": "s-1"}})
    if question == "bad": raise ValueError("no")
    return "Ten degrees."
for question in {QUESTIONS!r}:
    try: answer(question)
    except ValueError: pass
    if question == "How cold is it?": one = mlflow.get_last_active_trace_id()
mlflow.flush_trace_async_logging()
mlflow.log_feedback(trace_id=one, name="quality", value=0.5)
mlflow.log_expectation(trace_id=one, name="expected_response", value="10 C")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3_000:]
    return "mlflow-traces:/weather"


@pytest.fixture(autouse=True)
def _server(tracking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    library().set_tracking_uri(None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking)


def read(source: Any, **settings: Any) -> list[dict[str, Any]]:
    log = open_log(source, **settings)
    rows: list[dict[str, Any]] = pa.Table.from_batches(list(log.batches()), log.schema).to_pylist()
    return rows


@pytest.mark.filterwarnings("ignore")
def test_an_experiment_is_a_log_by_its_address(traced: str) -> None:
    found = {one["prompt"]: one for one in read(traced)}
    assert set(found) == set(QUESTIONS)
    warm, cold, bad = (found[question] for question in QUESTIONS)
    assert (warm["response"], warm["status"], warm["context"]) == (
        "Ten degrees.", "ok", "It is ten degrees.",
    )  # fmt: skip
    assert (bad["response"], bad["status"]) == (None, "error")
    assert (cold["assessment.quality"], cold["reference_answer"]) == (0.5, "10 C")
    assert warm["conversation"] == "s-1"
    assert warm["latency_ms"] >= 0


@pytest.mark.filterwarnings("ignore")
def test_a_window_is_asked_of_the_server(traced: str) -> None:
    now = datetime.now(UTC)
    near = Window(start=now - timedelta(hours=1), end=now + timedelta(hours=1))
    assert len(read(traced, window=near)) == 3
    with pytest.raises(DataError, match="found no trace"):
        read(traced, window=Window(start=now - timedelta(days=2), end=now - timedelta(days=1)))


@pytest.mark.filterwarnings("ignore")
def test_what_search_traces_gives_says_the_same(traced: str, tmp_path: Path) -> None:
    mlflow = library()
    at = client_of().get_experiment_by_name("weather").experiment_id
    frame = mlflow.search_traces(locations=[at])
    frame.to_json(tmp_path / "traces.jsonl", orient="records", lines=True)
    frame.drop(columns=["request", "assessments"]).assign(
        request=frame["request"].map(str)
    ).to_parquet(tmp_path / "traces.parquet")
    wanted = {(one["id"], one["prompt"], one["status"]) for one in read(traced)}
    for source in (frame, tmp_path / "traces.jsonl"):
        assert {(one["id"], one["prompt"], one["status"]) for one in read(source)} == wanted
    assert {one["id"] for one in read(tmp_path / "traces.parquet")} == {one[0] for one in wanted}


@pytest.mark.filterwarnings("ignore")
def test_an_experiment_that_is_not_there_is_named_with_those_that_are(traced: str) -> None:
    with pytest.raises(DataError, match='no experiment "wether"') as raised:
        open_log("mlflow-traces:/wether")
    assert "weather" in raised.value.hint


def test_a_suite_keeps_the_address_as_it_is() -> None:
    suite = parse_suite(
        "suite: s\nlogs: {baseline: {path: a.csv}, current: {path: 'mlflow-traces:/x'}}",
        folder=Path("/suites"),
    )
    assert suite.logs.current.path == "mlflow-traces:/x"


@pytest.mark.filterwarnings("ignore")
def test_a_table_that_was_logged_is_read(tracking: str, tmp_path: Path) -> None:
    import pandas as pd

    client = client_of(tracking)
    run = client.create_run("0").info.run_id
    table = {"inputs": ["What is it?"], "outputs": ["A tide gauge."], "clear/v1/score": [0.5]}
    client.log_table(run, pd.DataFrame(table), "eval_results_table.json")
    path = client.download_artifacts(run, "eval_results_table.json", str(tmp_path))
    assert read(path) == [
        {"prompt": "What is it?", "response": "A tide gauge.", "clear/v1/score": 0.5}
    ]
