"""The snippets for other schedulers: well formed, and their commands run on the demo's suite."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from tidegauge.cli import cli
from tidegauge.demo import credit
from tidegauge.store import open_store
from tidegauge.suite.cron import parse_cron

PAGE = (Path(__file__).parents[3] / "docs" / "schedulers.md").read_text(encoding="utf-8")
HOME = "/srv/tidegauge"
CRITICAL = 1
"""The demo's log holds an incident, which every run must find."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)


def document(kind: str) -> Any:
    found = [YAML(typ="safe").load(text) for text in blocks("yaml")]
    (one,) = (page for page in found if kind in page)
    return one


CRON = [line for text in blocks("crontab") for line in text.splitlines()]
UNITS = {
    re.match(r"# /etc/systemd/system/(\S+)", text)[1]: text  # type: ignore[index]
    for text in blocks("ini")
}
JOB = document("apiVersion")
WORKFLOW = document("jobs")
(DAG,) = blocks("python-airflow")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the snippets find in /srv/tidegauge."""
    home = tmp_path_factory.mktemp("srv")
    written = credit.write(home / "suites")
    if written.name != "credit.yaml":
        written.rename(written.with_name("credit.yaml"))
    suite = home / "suites" / "credit.yaml"
    quick = suite.read_text(encoding="utf-8") + "explain: {on: never}\n"
    suite.write_text(quick, encoding="utf-8")
    data = home / "suites" / "data"
    for log in data.rglob("*.parquet"):
        pq.write_table(pq.read_table(log).slice(0, 3_000), log)
    shutil.copy(data / "baseline.parquet", data / "candidate.parquet")
    (home / ".venv" / "bin").mkdir(parents=True)
    script = home / ".venv" / "bin" / "tidegauge"
    script.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "from tidegauge.cli import main; main()" "$@"\n'
    )
    script.chmod(0o755)
    return home


def shell(command: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a line as its scheduler does, with the snippets' home and no other environment."""
    return subprocess.run(
        ["/bin/sh", "-c", command.replace(HOME, str(home))],
        cwd=home,
        env={"PATH": f"{home}/.venv/bin:{os.environ['PATH']}", "HOME": str(home), **env},
        capture_output=True,
        text=True,
        timeout=120,
    )


def words(command: list[str], home: Path, monkeypatch: pytest.MonkeyPatch, history: str) -> Any:
    """Run a command without a shell, in this process, where the snippets' home is."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("TIDEGAUGE_HISTORY", str(home / history))
    return CliRunner().invoke(cli, command, standalone_mode=False)


class TestCron:
    @pytest.mark.parametrize("line", CRON)
    def test_the_times_are_times(self, line: str) -> None:
        parse_cron(" ".join(line.split()[:5]))
        assert "%" not in line.replace(r"\%", "")

    @pytest.mark.slow
    def test_a_second_run_takes_the_place_of_the_first(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if shutil.which("flock") is None:
            pytest.skip("flock is not installed (Debian: apt install util-linux)")
        run, publish = (line.split(None, 5)[5] for line in CRON)
        done = shell(run, home)
        assert (done.returncode, done.stdout) == (CRITICAL, ""), done.stderr
        monkeypatch.chdir(home)
        again = CliRunner().invoke(cli, shlex.split(run)[7:], standalone_mode=False)
        assert again.return_value == CRITICAL, again.output
        store = open_store(home / "tidegauge-report" / "history.db", create=False)
        assert [row.revision for row in store.runs()] == [2]
        store.close()
        assert shell(publish, home).returncode == 0
        assert "tidegauge_run_outcome" in (home / "metrics" / "tidegauge.prom").read_text()


class TestSystemd:
    def test_units_are_sound(self, home: Path, tmp_path: Path) -> None:
        tool = shutil.which("systemd-analyze")
        if tool is None:
            pytest.skip("systemd-analyze is not installed (Debian: apt install systemd)")
        for name, text in UNITS.items():
            lines = text.replace(HOME, str(home)).replace("User=tidegauge", "User=root")
            (tmp_path / name).write_text(lines)
        paths = [str(tmp_path / name) for name in UNITS]
        done = subprocess.run(
            [tool, "verify", "--man=no", *paths], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")

    def test_the_service_starts_what_cron_starts(self) -> None:
        (started,) = re.findall(r"^ExecStart=(.*)$", UNITS["tidegauge-credit.service"], re.M)
        assert started.removeprefix(f"{HOME}/") in CRON[0]


class TestAirflow:
    def test_the_dag_is_python_and_names_its_window(self) -> None:
        ast.parse(DAG)
        assert "data_interval_start | ds" in DAG

    @pytest.mark.slow
    def test_its_command_judges_the_day_it_is_given(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = [node.value for node in ast.walk(ast.parse(DAG)) if isinstance(node, ast.Constant)]
        (command,) = (one for one in found if isinstance(one, str) and "tidegauge run" in one)
        command = command.replace("{{ data_interval_start | ds }}", "2026-03-02")
        done = words(shlex.split(command)[1:], home, monkeypatch, "airflow.db")
        assert done.return_value == CRITICAL, done.output
        store = open_store(home / "airflow.db", create=False)
        (row,) = store.runs()
        store.close()
        assert row.window.startswith("2026-03-02")

    def test_airflow_itself_takes_the_dag(self, tmp_path: Path) -> None:
        python = os.environ.get("AIRFLOW_PYTHON")
        if python is None:
            pytest.skip(
                "AIRFLOW_PYTHON names no interpreter with Airflow, which pins other versions"
            )
        (tmp_path / "dag.py").write_text(DAG)
        done = subprocess.run(
            [python, "-W", "error", "dag.py"],
            cwd=tmp_path,
            env={**os.environ, "AIRFLOW_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr


class TestKubernetes:
    def test_it_is_a_cron_job(self) -> None:
        assert (JOB["apiVersion"], JOB["kind"]) == ("batch/v1", "CronJob")
        spec = JOB["spec"]
        parse_cron(spec["schedule"], zone=spec["timeZone"])
        assert spec["concurrencyPolicy"] == "Forbid"
        pod = spec["jobTemplate"]["spec"]["template"]["spec"]
        assert pod["restartPolicy"] == "Never"
        mounted = {one["name"] for box in pod["containers"] for one in box["volumeMounts"]}
        assert mounted == {one["name"] for one in pod["volumes"]}

    def test_kubernetes_knows_every_field(self) -> None:
        schemas = pytest.importorskip("kubernetes_validate")
        schemas.validate(JOB, schemas.latest_version(), strict=True)

    @pytest.mark.slow
    def test_its_command_runs(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (box,) = JOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        command = [one.replace("/tmp/report", str(home / "job")) for one in box["command"]]
        done = words(command[1:], home, monkeypatch, "job.db")
        assert done.return_value == CRITICAL, done.output
        assert (home / "job" / "credit-default.html").exists()


class TestGithub:
    steps = WORKFLOW["jobs"]["run"]["steps"]

    def test_it_is_a_workflow(self) -> None:
        for one in WORKFLOW["on"]["schedule"]:
            parse_cron(one["cron"])
        assert all(("uses" in step) != ("run" in step) for step in self.steps)

    def test_github_knows_every_key(self, tmp_path: Path) -> None:
        pytest.importorskip("check_jsonschema")
        (workflow,) = (text for text in blocks("yaml") if "jobs:" in text)
        (tmp_path / "models.yml").write_text(workflow)
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
        done = subprocess.run(
            [*command, "vendor.github-workflows", tmp_path / "models.yml"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout

    @pytest.mark.slow
    def test_its_commands_write_the_summary_and_end_with_the_verdict(self, home: Path) -> None:
        summary = home / "summary.md"
        run, compare = (s["run"] for s in self.steps if s.get("run", "").startswith("tidegauge"))
        done = shell(run, home, GITHUB_STEP_SUMMARY=str(summary))
        assert done.returncode == CRITICAL, done.stderr
        assert "debt_ratio" in summary.read_text(encoding="utf-8")
        done = shell(compare, home, GITHUB_STEP_SUMMARY=str(summary))
        assert done.returncode == 0, done.stderr


def test_every_command_on_the_page_is_one() -> None:
    named = set(re.findall(r"\btidegauge ([a-z]+)\b", PAGE))
    assert {"run", "serve", "publish", "compare"} <= named <= {*cli.commands}
