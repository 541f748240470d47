"""Reports in a real MLflow tracking server: what is logged, and that it is logged once."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tidegauge.cli import cli
from tidegauge.errors import DataError, SuiteError, TidegaugeError
from tidegauge.incident import Message
from tidegauge.logs import open_log
from tidegauge.publishing import mlflow_runs
from tidegauge.publishing.mlflow import metrics_of, publish_incident, publish_report
from tidegauge.publishing.mlflow_client import client_of, library, shown
from tidegauge.publishing.mlflow_names import LONGEST, metric_name
from tidegauge.report import from_json
from tidegauge.suite import parse_suite

from .conftest import MakeRun, free_port

HOSTILE = "a'b\"/..//=\n<script>☃"


class TestNames:
    def test_two_columns_never_share_a_name(self) -> None:
        odd = [
            "a/b",
            "a_b",
            "a=b",
            "a-b",
            "..",
            ".",
            "a b",
            " a b",
            "",
            "ä",
            "ö",
            "x" * 300,
            "x" * 301,
        ]
        names = [metric_name("tidegauge", "drift.psi", one, slice="s=1") for one in odd]
        names += [metric_name("tidegauge", "drift.psi", "x", slice=f"s={one}") for one in odd]
        names += [metric_name("t", "x", slice=one) for one in ("a-b=c", "a=b-c", "a=b=c", "a-b=")]
        assert len(set(names)) == len(names)

    @pytest.mark.parametrize(
        "part", ["..", ".", "/", "a/../b", HOSTILE, "☃", "x" * 999, "%", "a:b"]
    )
    def test_mlflow_takes_every_name(self, part: str) -> None:
        validation = pytest.importorskip("mlflow.utils.validation")
        for name in (
            metric_name("tidegauge", part),
            metric_name("t", "c.d", part, slice=f"{part}={part}"),
        ):
            validation._validate_metric_name(name)
            assert len(name) <= LONGEST

    def test_passwords_are_not_shown(self) -> None:
        assert shown("http://u:p@h:1/x") == "http://h:1/x"
        assert shown("sqlite:///a@b.db") == "sqlite:///a@b.db"


class TestWithoutServer:
    def test_a_server_that_is_not_there_is_named_at_once(
        self, tide: MakeRun, midnight: datetime
    ) -> None:
        url = f"http://me:secret@127.0.0.1:{free_port()}"
        with pytest.raises(TidegaugeError, match="Connection refused") as raised:
            publish_report(tide(end=midnight), tracking_uri=url)
        assert "secret" not in str(raised.value)

    def test_a_server_that_nobody_named_is_asked_for(
        self, tide: MakeRun, midnight: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        library().set_tracking_uri(None)
        with pytest.raises(TidegaugeError, match="no MLflow server is named"):
            publish_report(tide(end=midnight))
        with pytest.raises(DataError, match="no MLflow server is named"):
            open_log("mlflow-traces:/x")

    def test_the_number_of_metrics_is_bounded(self, tide: MakeRun, midnight: datetime) -> None:
        report = tide(shift=15.0, end=midnight)
        few, all_ = metrics_of(report, series=3), metrics_of(report)
        assert len(all_) > len(few)
        critical = [r for r in report.results if r.verdict.outcome == "critical"]
        assert sum(name.count(".") for name in few if "/drift." in name) <= len(critical)

    def test_telemetry_of_mlflow_is_off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
        library()
        assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def run_of(tracking: str, run: str) -> Any:
    return client_of(tracking).get_run(run)


@pytest.mark.slow
class TestServer:
    def test_numbers_circumstances_and_files_are_there(
        self, tracking: str, tide: MakeRun, midnight: datetime
    ) -> None:
        report = tide("numbers", shift=15.0, end=midnight)
        logged = publish_report(report, tracking_uri=tracking)
        found = run_of(tracking, logged.run_id)
        assert (
            logged.place == f"{tracking}/#/experiments/{logged.experiment_id}/runs/{logged.run_id}"
        )
        assert logged.experiment == "tidegauge/numbers"
        assert found.data.metrics == pytest.approx(metrics_of(report))
        psi = next(
            r
            for r in report.results
            if r.check == "drift.psi" and r.column == "income" and not r.slice
        )
        assert psi.score is not None
        assert found.data.metrics["tidegauge/drift.psi/income"] == psi.score.value
        assert found.data.params["tidegauge.window"] == report.current.window
        assert found.data.tags["tidegauge.outcome"] == "critical"
        assert "income" in found.data.tags["mlflow.note.content"]
        assert found.info.status == "FINISHED"
        assert found.info.start_time == datetime.fromisoformat(report.created).timestamp() * 1_000

    def test_the_report_comes_back_from_its_artifact(
        self, tracking: str, tide: MakeRun, midnight: datetime, tmp_path: Any
    ) -> None:
        report = tide("artifacts", end=midnight)
        logged = publish_report(report, tracking_uri=tracking, experiment="another")
        folder = client_of(tracking).download_artifacts(logged.run_id, "tidegauge", str(tmp_path))
        files = {
            one.name: one.read_text(encoding="utf-8") for one in (tmp_path / "tidegauge").iterdir()
        }
        assert folder
        assert set(files) == {"report.html", "report.json", "report.md"}
        assert from_json(files["report.json"]).run_id == report.run_id

    def test_a_second_time_changes_nothing(
        self, tracking: str, tide: MakeRun, midnight: datetime
    ) -> None:
        report = tide("twice", end=midnight)
        first = publish_report(report, tracking_uri=tracking)
        before = run_of(tracking, first.run_id)
        second = publish_report(report, tracking_uri=tracking)
        assert second == first
        after = run_of(tracking, first.run_id)
        assert (after.data.metrics, after.data.tags) == (before.data.metrics, before.data.tags)
        client = client_of(tracking)
        assert len(client.search_runs([first.experiment_id])) == 1
        name = next(iter(before.data.metrics))
        assert len(client.get_metric_history(first.run_id, name)) == 1

    def test_what_was_cut_short_is_completed(
        self,
        tracking: str,
        tide: MakeRun,
        midnight: datetime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        report = tide("cut", end=midnight)
        with monkeypatch.context() as patched:
            patched.setattr(mlflow_runs, "_fill", lambda *_: (_ for _ in ()).throw(OSError("gone")))
            with pytest.raises(TidegaugeError, match="gone"):
                publish_report(report, tracking_uri=tracking)
        logged = publish_report(report, tracking_uri=tracking)
        runs = client_of(tracking).search_runs([logged.experiment_id])
        assert [(one.info.run_id, one.info.status) for one in runs] == [(logged.run_id, "FINISHED")]

    def test_hostile_names_are_logged(
        self, tracking: str, tide: MakeRun, midnight: datetime
    ) -> None:
        report = tide("hostile", end=midnight)
        results = tuple(
            replace(one, column=f"{HOSTILE}{at}", slice=f"{HOSTILE}=x")
            for at, one in enumerate(report.results)
        )
        odd = replace(report, results=results, run_id="x' OR '1' = '1", because=HOSTILE * 2_000)
        logged = publish_report(odd, tracking_uri=tracking)
        assert publish_report(odd, tracking_uri=tracking) == logged
        assert len(run_of(tracking, logged.run_id).data.metrics) == len(metrics_of(odd))

    def test_an_error_is_a_failed_run(
        self, tracking: str, tide: MakeRun, midnight: datetime
    ) -> None:
        logged = publish_report(
            replace(tide("broken", end=midnight), outcome="error"), tracking_uri=tracking
        )
        assert run_of(tracking, logged.run_id).info.status == "FAILED"

    def test_an_incident_marks_the_run(
        self, tracking: str, tide: MakeRun, midnight: datetime
    ) -> None:
        report = tide("incident", shift=15.0, end=midnight)
        message = Message(
            key="k", suite="incident", event="opened", severity="critical", incident="0000000a",
            title="income moved", because="x", run=report.run_id,
        )  # fmt: skip
        publish_incident(message, report, tracking_uri=tracking)
        logged = publish_report(report, tracking_uri=tracking)
        tags = run_of(tracking, logged.run_id).data.tags
        assert tags["tidegauge.incident"] == "0000000a"
        assert tags["tidegauge.incident.severity"] == "critical"
        publish_incident(replace(message, test=True), None, tracking_uri=tracking)


SUITE = """
suite: tides
logs: {baseline: {path: log.csv}, current: {path: log.csv}}
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    lines = "".join(f"{at % 97},{at % 7}\n" for at in range(400))
    (tmp_path / "log.csv").write_text(f"level,hour\n{lines}")
    (tmp_path / "suite.yaml").write_text(SUITE)
    return tmp_path / "suite.yaml"


def invoke(*words: str) -> Any:
    return CliRunner().invoke(cli, list(words), standalone_mode=False)


@pytest.mark.slow
class TestCommands:
    def test_a_run_is_logged_and_can_be_logged_again_by_its_name(
        self, tracking: str, suite: Path
    ) -> None:
        history = str(suite.with_name("history.db"))
        common = ("--history", history)
        out = str(suite.with_name("out"))
        ran = invoke("run", str(suite), *common, "-o", out, "--mlflow", tracking)
        assert ran.return_value == 0, ran.output
        place = ran.output.rpartition("logged: ")[2].strip()
        assert place.startswith(tracking)
        for named in ("tides@latest", f"{out}/tides.json"):
            again = invoke("publish", "mlflow", named, *common, "--mlflow", tracking)
            assert again.output.strip() == f"logged: {place}"

    def test_a_server_that_is_away_costs_the_exit_code_and_not_the_report(
        self, suite: Path
    ) -> None:
        out = suite.with_name("out")
        away = f"http://127.0.0.1:{free_port()}"
        ran = invoke("run", str(suite), "--no-history", "-o", str(out), "--mlflow", away)
        assert ran.return_value == 2
        assert "error: not published: MLflow at" in ran.output
        assert (out / "tides.html").exists()

    def test_an_action_that_is_always_due_logs_every_run(
        self, tracking: str, suite: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        action = "actions: [{on: always, mlflow: {tracking_uri: '${FLOW}', experiment: always}}]\n"
        suite.write_text(SUITE + action)
        out = ("--no-history", "-o", str(suite.with_name("out")))
        monkeypatch.delenv("FLOW", raising=False)
        ran = invoke("run", str(suite), *out)
        assert (ran.return_value, "FLOW is not set" in ran.output) == (2, True)
        monkeypatch.setenv("FLOW", tracking)
        assert invoke("run", str(suite), *out).return_value == 0
        client = client_of(tracking)
        at = client.get_experiment_by_name("always").experiment_id
        assert len(client.search_runs([at])) == 1

    def test_only_publishing_is_always_due(self) -> None:
        with pytest.raises(SuiteError, match='found "always" for notify'):
            parse_suite(SUITE + "actions: [{on: always, notify: 'json://x'}]\n")
