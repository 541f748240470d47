"""Asking for a deeper look at a run: what is read again, and what is refused in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import tidegauge
from tidegauge import causes
from tidegauge.cli import cli
from tidegauge.errors import SuiteError, TidegaugeError
from tidegauge.records import Cause, Explanation, Report
from tidegauge.report import from_json
from tidegauge.suite import Suite

SUITE = """\
suite: credit
logs:
  baseline: {path: before.csv}
  current: {path: after.csv}
columns: {features: [income, age]}
"""
FOUND = Explanation(
    of="drift",
    verdict="distortion",
    because="income was multiplied by 0.4536.",
    causes=(Cause(factor="income", share=1.0, because="income was multiplied by 0.4536."),),
)
Asked = list[dict[str, Any]]


def rows(shift: float, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"income": rng.normal(50 + shift, 10, 1_000), "age": rng.normal(40, 9, 1_000)}
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rows(0, 0).to_csv(tmp_path / "before.csv", index=False)
    rows(15, 1).to_csv(tmp_path / "after.csv", index=False)
    (tmp_path / "credit.yaml").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Put an engine in place that notes what it is asked and finds one cause."""
    calls: Asked = []

    def engine(report: Report, suite: Suite, **settings: Any) -> Report:
        calls.append({"report": report, "suite": suite, **settings})
        return replace(report, explanations=(FOUND,))

    monkeypatch.setattr(causes, "explain_report", engine, raising=False)
    return calls


def explain(*words: str) -> Result:
    return CliRunner().invoke(cli, ["explain", *words], standalone_mode=False)


def refused(*words: str) -> str:
    """Give the words in which a call is refused."""
    done = explain(*words)
    assert isinstance(done.exception, TidegaugeError), done.output
    return str(done.exception)


def stored(folder: Path, change: Callable[[Report], Report] = lambda report: report) -> Path:
    report = change(replace(tidegauge.run("credit.yaml"), explanations=()))
    path = folder / "out" / "credit.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(report.to_json())
    return path


def test_a_report_is_explained_from_its_suite_and_written_anew(folder: Path, asked: Asked) -> None:
    path = stored(folder)
    done = explain("out/credit.json")
    assert done.exception is None
    (call,) = asked
    assert call["suite"].name == "credit"
    settings = [call[key] for key in ("check", "window", "current", "baseline")]
    assert settings == ["", None, None, None]
    assert from_json(path.read_text()).explanations == (FOUND,)
    assert (path.parent / "credit.html").exists()
    assert "income was multiplied by 0.4536." in done.stdout
    assert done.return_value == 1  # the run's own exit code


def test_the_rows_of_the_run_are_read_again_not_those_of_today(folder: Path, asked: Asked) -> None:
    span = "2026-01-07T00:00:00+00:00/2026-01-08T00:00:00+00:00"

    def windowed(report: Report) -> Report:
        side = replace(report.current, window=span)
        return replace(report, current=side, overrides={"current": "other.csv"})

    stored(folder, windowed)
    assert explain("out/credit.json", "-q").exception is None
    assert (asked[0]["window"], asked[0]["current"]) == (span, "other.csv")
    explain("out/credit.json", "--window", "2026-02-01", "--current", "third.csv", "-q")
    assert (asked[1]["window"], asked[1]["current"]) == ("2026-02-01", "third.csv")


@pytest.mark.parametrize("name", ["income", "drift.psi", "drift.psi@prediction+score"])
def test_one_check_or_one_column_may_be_named(folder: Path, asked: Asked, name: str) -> None:
    stored(folder)
    assert explain("out/credit.json", name, "-q").exception is None
    assert asked[0]["check"] == name


def test_an_order_and_a_second_opinion_are_asked_for_by_name(folder: Path, asked: Asked) -> None:
    stored(folder)
    assert explain("out/credit.json", "--suggest-order", "--dowhy", "-q").exception is None
    assert (asked[0]["suggest"], asked[0]["dowhy"]) == (True, True)
    explain("out/credit.json", "-q")
    assert (asked[1]["suggest"], asked[1]["dowhy"]) == (False, False)


def test_a_suite_is_run_first_without_being_explained_twice(folder: Path, asked: Asked) -> None:
    done = explain("credit.yaml", "-q")
    assert done.exception is None
    (call,) = asked
    assert {one.basis for one in call["report"].explanations} == {"profiles"}  # no rows read again
    assert call["suite"].explain.on == ("critical", "warn")
    assert from_json((folder / "tidegauge-report/credit.json").read_text()).causes


def test_the_suite_is_found_beside_the_report_and_where_it_is_said_to_be(
    folder: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(folder)
    monkeypatch.chdir(folder / "out")
    assert "go to the folder where it was run" in refused("credit.json")
    assert explain("credit.json", "--suite", "../credit.yaml", "-q").exception is None
    (folder / "out" / "credit.yaml").write_text(SUITE)
    assert explain("credit.json", "-q").exception is None
    assert len(asked) == 2


def test_what_cannot_be_explained_is_refused_in_words(folder: Path, asked: Asked) -> None:
    stored(folder)
    assert "out/gone.json: no such file" in refused("out/gone.json")
    assert "reports there: out/credit.json" in refused("out/gone.json")
    assert "out is a folder, not a report" in refused("out")
    assert 'no check and no column "incme"' in refused("out/credit.json", "incme")
    assert "did you mean income?" in refused("out/credit.json", "incme")
    assert 'no report format "pdf"' in refused("out/credit.json", "--format", "pdf")
    assert "before.csv: the text is not a JSON report" in refused("before.csv")
    assert "found no such file" in refused("gone.yaml")
    assert "--suite names another" in refused("credit.yaml", "--suite", "credit.yaml")
    (folder / "other.yaml").write_text(SUITE.replace("suite: credit", "suite: other"))
    assert 'is the suite "other"' in refused("out/credit.json", "--suite", "other.yaml")
    assert asked == []


def test_a_report_of_frames_says_where_to_ask_instead(folder: Path, asked: Asked) -> None:
    report = tidegauge.check(rows(15, 1), rows(0, 0))
    (folder / "frames.json").write_text(report.to_json())
    assert "tidegauge.explain(current, baseline)" in refused("frames.json")
    stored(folder, lambda one: replace(one, overrides={"current": "frame"}))
    assert "name them by --current PATH" in refused("out/credit.json")
    assert explain("out/credit.json", "--current", "after.csv", "-q").exception is None


def test_a_run_notes_what_it_read_in_place_of_the_suite(folder: Path) -> None:
    assert tidegauge.run("credit.yaml").suite_path == "credit.yaml"
    report = tidegauge.run("credit.yaml", current="before.csv", baseline=rows(0, 0))
    assert report.overrides == {"current": "before.csv", "baseline": "frame"}
    assert tidegauge.check(rows(0, 1), rows(0, 0)).suite_path == ""


def test_a_causal_order_over_columns_that_no_log_has_stops_before_any_work(folder: Path) -> None:
    text = SUITE.replace("columns: {features: [income, age]}", "causes: {order: [[age], [incme]]}")
    (folder / "credit.yaml").write_text(text)
    with pytest.raises(SuiteError, match=r"credit.yaml:5: causes.order\[1\]\[0\]: found the") as no:
        tidegauge.run("credit.yaml")
    assert no.value.hint == "did you mean income?"
