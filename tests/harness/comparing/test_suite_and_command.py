"""The suite's ``compare`` key, and the command: exit codes, files, history, complaints."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from tidegauge.cli import cli
from tidegauge.comparison import Comparison, Margin
from tidegauge.errors import SuiteError
from tidegauge.suite import Compare, load_suite, parse_compare, suite_schema

from .conftest import MakeLogs

SUITE = """\
suite: credit
preset: none
logs:
  baseline: {path: before.parquet}
  current: {path: now.parquet}
columns:
  id: id
  target: defaulted
  prediction: decision
  score: probability
  segments: [region]
checks:
  - performance.accuracy: {critical: {drop: 0.05}}
  - performance.log_loss
"""


@pytest.fixture
def folder(tmp_path: Path, logs: MakeLogs, monkeypatch: pytest.MonkeyPatch) -> Path:
    before, worse = logs(500, worse=3.0)
    _, alike = logs(500)
    for name, log in (("before", before), ("now", alike), ("worse", worse)):
        pq.write_table(pa.table(log), tmp_path / f"{name}.parquet")
    (tmp_path / "suite.yaml").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(cli, ["compare", "suite.yaml", *words], standalone_mode=False)


def test_a_candidate_as_good_passes_and_leaves_its_files(folder: Path) -> None:
    done = call("--format", "html,json,md,junit")
    assert done.return_value == 0, done.output
    assert "✓ passed  credit" in done.output
    written = {file.name for file in (folder / "tidegauge-report").iterdir()}
    assert {f"credit.comparison.{end}" for end in ("html", "json", "md", "xml")} <= written
    text = (folder / "tidegauge-report" / "credit.comparison.json").read_text()
    assert Comparison.from_json(text).outcome == "pass"


def test_a_worse_candidate_ends_with_one(folder: Path) -> None:
    done = call("--candidate", "worse.parquet", "--format", "md", "-o", "-", "--no-history")
    assert done.return_value == 1
    assert done.output.startswith("### ❌ credit: worse")
    assert not (folder / "tidegauge-report").exists()


def test_evidence_that_is_demanded_and_missing_ends_with_three(folder: Path) -> None:
    demands = "compare: {margins: {performance.accuracy: 0.0001}}\n"
    (folder / "suite.yaml").write_text(SUITE + demands)
    done = call("--no-history")
    assert done.return_value == 3
    assert "? not enough evidence" in done.output


def test_a_comparison_is_kept_in_the_history(folder: Path) -> None:
    from tidegauge.store import open_store
    from tidegauge.store.comparisons import list_comparisons, load_comparison

    call("-q", "--history", "kept.db")
    store = open_store("kept.db")
    (row,), _ = list_comparisons(store, "credit")
    assert (row.outcome, row.n, row.design) == ("pass", 500, "paired")
    assert load_comparison(store, row.id).suite == "credit"


def test_a_baseline_file_gives_the_rows_that_it_keeps(folder: Path) -> None:
    scored = SUITE + "scorers: [text.length]\n"
    before = pq.read_table("before.parquet")
    texts = pa.array(["one two", "three"] * 250)
    pq.write_table(before.append_column("response", texts), "before.parquet")
    (folder / "suite.yaml").write_text(scored)
    freeze = ["baseline", "suite.yaml", "-o", "prod.tgb"]
    assert CliRunner().invoke(cli, freeze, standalone_mode=False).return_value == 0
    pq.write_table(pq.read_table("worse.parquet").append_column("response", texts), "worse.parquet")
    done = call("--baseline", "prod.tgb", "--candidate", "worse.parquet", "--no-history")
    assert done.return_value == 1, done.output
    assert "500 rows that both models answered, paired by id" in done.output
    assert "prod.tgb keeps 500 of its 500 rows" in done.output
    (folder / "suite.yaml").write_text(
        scored.replace("{path: before.parquet}", "{baseline: prod.tgb}")
    )
    assert call("--candidate", "worse.parquet", "--no-history").return_value == 1


def test_labels_that_arrive_in_a_log_of_their_own_are_joined(folder: Path) -> None:
    worse = pq.read_table("worse.parquet")
    ids = pa.array(range(5_000, 5_500))
    pq.write_table(worse.select(["defaulted"]).append_column("id", ids), "labels.parquet")
    bare = worse.drop_columns(["id", "defaulted"]).append_column("id", ids)
    pq.write_table(bare, "unlabelled.parquet")
    labelled = SUITE.replace("logs:\n", "logs:\n  labels: {path: labels.parquet}\n")
    (folder / "suite.yaml").write_text(labelled)
    done = call("--candidate", "unlabelled.parquet", "--no-history")
    assert done.return_value == 1, done.output
    assert "◆ worse      Accuracy" in done.output
    assert "500 labels" in done.output


def test_a_baseline_that_moves_is_refused(folder: Path) -> None:
    moving = SUITE.replace("{path: before.parquet}", "{path: before.parquet, rolling: 7d}")
    moving = moving.replace("{path: now.parquet}", "{path: now.parquet, window: 1d}")
    (folder / "suite.yaml").write_text(moving.replace("columns:\n", "columns:\n  timestamp: at\n"))
    refused = call()
    assert "--baseline PATH" in str(refused.exception)


def test_bad_words_end_with_the_next_step(folder: Path) -> None:
    for words in (["--format", "pdf"], ["--candidate", "none.parquet"], ["--id", "key"]):
        done = call(*words)
        assert isinstance(done.exception, Exception)
        assert "hint" in str(done.exception)


def test_help_has_examples_and_exit_codes() -> None:
    said = CliRunner().invoke(cli, ["compare", "--help"]).output
    for word in ("--baseline prod.parquet", "Exit codes", "evidence that the suite demands"):
        assert word in said


def test_a_suite_says_what_a_candidate_must_show(folder: Path) -> None:
    (folder / "suite.yaml").write_text(
        SUITE
        + "compare:\n"
        + "  metrics: [performance.accuracy, {cost_usd: lower}]\n"
        + "  margins: {performance.accuracy: 0.01, cost_usd: '10%'}\n"
        + "  require: [performance.accuracy]\n"
        + "  inputs: [income]\n"
        + "  cluster: user\n  rows: paired\n  segments: report\n"
    )
    assert load_suite("suite.yaml").compare == Compare(
        metrics={"performance.accuracy": "", "cost_usd": "lower"},
        margins={
            "performance.accuracy": Margin(bound=0.01),
            "cost_usd": Margin(bound=0.1, share=True),
        },
        require=("performance.accuracy",),
        inputs=("income",),
        cluster="user",
        rows="paired",
        segments="report",
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"margin": {}}, "did you mean margins"),
        ({"margins": {"a": "ten"}}, "a number such as 0.01"),
        ({"margins": {"a": -0.1}}, "the size of a loss"),
        ({"metrics": ["a", "a"]}, "twice"),
        ({"metrics": []}, "leave the key out"),
        ({"metrics": [{"a": "less"}]}, "lower, higher"),
        ({"rows": "same"}, "auto, paired, unpaired"),
        ({"segments": True}, "gate, report, off"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(settings: dict[str, object], said: str) -> None:
    with pytest.raises(SuiteError) as refused:
        parse_compare(settings)
    assert said in str(refused.value)
    assert "compare" in str(refused.value)


def test_editors_know_the_key() -> None:
    schema = suite_schema()["properties"]["compare"]
    assert set(schema["properties"]) == {
        "metrics", "margins", "require", "inputs", "cluster", "rows", "segments",
    }  # fmt: skip
    assert json.dumps(schema)
