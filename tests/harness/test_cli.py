"""The command line as a newcomer meets it: exit codes, files, wrong arguments."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidegauge.records import Report
from tidegauge.report import from_json

SUITE = """\
suite: credit
logs:
  baseline: {path: before.parquet}
  current: {path: %s}
columns:
  features: [income, region]
%s"""


def tidegauge(*args: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from tidegauge.cli import main; main()", *map(str, args)]
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


def write_log(path: Path, *, shift: float = 0.0, rows: int = 2_000, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    regions = rng.choice(["north", "south"], rows)
    pq.write_table(pa.table({"income": rng.normal(50 + shift, 10, rows), "region": regions}), path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_log(tmp_path / "before.parquet")
    write_log(tmp_path / "same.parquet", seed=1)
    write_log(tmp_path / "moved.parquet", shift=8, seed=2)
    write_log(tmp_path / "few.parquet", rows=5, seed=3)
    for name in ("same", "moved", "few"):
        (tmp_path / f"{name}.yaml").write_text(SUITE % (f"{name}.parquet", ""))
    required = "checks:\n  - drift.psi: {on: features, critical: 0.2, require: true}\n"
    (tmp_path / "required.yaml").write_text(SUITE % ("few.parquet", required))
    return tmp_path


def report(folder: Path) -> Report:
    return from_json((folder / "tidegauge-report" / "credit.json").read_text())


def test_an_unchanged_log_passes_with_0(folder: Path) -> None:
    done = tidegauge("run", "same.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert report(folder).outcome == "pass"
    assert done.stderr == ""


def test_a_moved_feature_fails_with_1_and_is_named(folder: Path) -> None:
    done = tidegauge("run", "moved.yaml", cwd=folder)
    assert done.returncode == 1
    assert "income" in done.stdout
    assert {r.column for r in report(folder).alarms} == {"income"}


def test_a_required_check_without_evidence_ends_with_3(folder: Path) -> None:
    assert tidegauge("run", "required.yaml", cwd=folder).returncode == 3
    assert tidegauge("run", "few.yaml", cwd=folder).returncode == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["run"], "SUITE"),
        (["run", "none.yaml"], "none.yaml"),
        (["run", "same.yaml", "--format", "pdf"], 'no report format "pdf"'),
        (["run", "same.yaml", "--window", "yesterday-ish"], "yesterday-ish"),
        (["run", "same.yaml", "--preset", "standart"], "standard"),
        (["run", "same.yaml", "--current", "gone.parquet"], "gone.parquet"),
        (["run", "same.yaml", "--baseline", "gone.tgb"], "gone.tgb"),
        (["rum"], "rum"),
        (["explain"], "RUN"),
        (["explain", "gone.json"], "gone.json"),
        (["init", "gone.parquet"], "gone.parquet"),
        (["schema", "report-card"], "report-card"),
        (["evaluators", "drift.kss"], "drift.kss"),
    ],
)
def test_wrong_arguments_end_with_2_and_say_what_is_wrong(
    folder: Path, args: list[str], said: str
) -> None:
    done = tidegauge(*args, cwd=folder)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_files_land_in_the_folder_asked_for(folder: Path) -> None:
    tidegauge("run", "same.yaml", "-o", "out", "--format", "html,json,md,junit", cwd=folder)
    names = {path.name for path in (folder / "out").iterdir()}
    assert names == {"credit.html", "credit.json", "credit.md", "credit.xml"}
    assert not list((folder / "tidegauge-report").glob("credit.*"))


def test_a_dash_prints_the_report(folder: Path) -> None:
    done = tidegauge("run", "same.yaml", "--format", "json", "-o", "-", cwd=folder)
    assert json.loads(done.stdout)["suite"] == "credit"
    assert not list((folder / "tidegauge-report").glob("credit.*"))


def test_quiet_prints_nothing(folder: Path) -> None:
    done = tidegauge("run", "moved.yaml", "-q", cwd=folder)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 1)


def test_a_stored_baseline_replaces_the_raw_one(folder: Path) -> None:
    frozen = tidegauge("baseline", "moved.yaml", "-o", "credit.tgb", cwd=folder)
    assert frozen.returncode == 0, frozen.stderr
    assert "2,000 rows" in frozen.stdout
    (folder / "before.parquet").unlink()
    done = tidegauge("run", "moved.yaml", "--baseline", "credit.tgb", cwd=folder)
    assert done.returncode == 1, done.stderr


def test_a_drafted_suite_runs_unchanged(folder: Path) -> None:
    assert tidegauge("init", "same.parquet", "-o", "new.yaml", cwd=folder).returncode == 0
    done = tidegauge("run", "new.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    again = tidegauge("init", "same.parquet", "-o", "new.yaml", cwd=folder)
    assert again.returncode == 2
    assert "exists already" in again.stderr


def test_no_color_and_pipes_are_plain(folder: Path) -> None:
    assert "\x1b" not in tidegauge("run", "moved.yaml", cwd=folder, NO_COLOR="1").stdout
    assert "\x1b" not in tidegauge("run", "moved.yaml", cwd=folder).stdout


@pytest.mark.parametrize(
    "command",
    ["run", "explain", "baseline", "init", "demo", "schema", "evaluators", "completion"],
)
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    done = tidegauge(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "Usage: " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_command(shell: str, tmp_path: Path) -> None:
    assert "_TIDEGAUGE_COMPLETE" in tidegauge("completion", shell, cwd=tmp_path).stdout


def test_schemas_are_json(tmp_path: Path) -> None:
    for what in ("suite", "report"):
        assert "$schema" in json.loads(tidegauge("schema", what, cwd=tmp_path).stdout)


def test_interrupting_leaves_nothing_half_written(folder: Path) -> None:
    """Ctrl-C at several moments of a run: no file, or the whole file, and never a draft."""
    command = [sys.executable, "-c", "from tidegauge.cli import main; main()"]
    for delay in (0.2, 0.5, 0.8):
        process = subprocess.Popen(
            [*command, "run", "moved.yaml", "-o", f"out-{delay}"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        left = list((folder / f"out-{delay}").glob("*")) + list(folder.glob(".*"))
        assert all(path.name in ("credit.html", "credit.json") for path in left)


def every_command() -> list[list[str]]:
    from tidegauge.cli import cli

    found: list[list[str]] = [[]]
    for words in found:
        command: object = cli
        for word in words:
            command = getattr(command, "commands", {})[word]
        found += [[*words, name] for name in getattr(command, "commands", {})]
    return found


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_help_page_keeps_the_lines_of_its_examples(words: list[str]) -> None:
    from click.testing import CliRunner

    from tidegauge.cli import cli

    page = CliRunner().invoke(cli, [*words, "--help"])
    assert page.exit_code == 0
    assert "\\b" not in page.output
    assert all(len(line) <= 100 for line in page.output.splitlines())
    if "Example" in page.output:
        assert re.search(r"^    (tidegauge|\*/15) ", page.output, re.M)
