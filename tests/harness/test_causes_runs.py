"""Explanations of runs and of stored reports: one cause, one incident."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tidegauge
from tidegauge import causes
from tidegauge.causes import explaining
from tidegauge.records import Explanation, Report
from tidegauge.report import from_json, to_json
from tidegauge.suite import load_suite

N = 1_500
FACTOR = 0.4536
SUITE = """\
suite: credit
logs:
  baseline: {path: before.csv}
  current: {path: after.csv}
columns: {features: [income, age, rent]}
"""


def rows(seed: int, n: int = N) -> pd.DataFrame:
    """Draw rows of a world in which rent follows income."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(3.9, 0.3, n)
    return pd.DataFrame(
        {
            "income": income,
            "age": rng.normal(40, 9, n),
            "rent": income / 3 + rng.normal(0, 1.5, n),
        }
    )


def converted(seed: int, n: int = N) -> pd.DataFrame:
    """Draw rows whose income was changed on the way."""
    return rows(seed, n).assign(income=lambda frame: FACTOR * frame["income"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rows(0).to_csv(tmp_path / "before.csv", index=False)
    converted(1).to_csv(tmp_path / "after.csv", index=False)
    (tmp_path / "credit.yaml").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def only(report: Report) -> Explanation:
    (explanation,) = report.explanations
    return explanation


def keys(report: Report) -> set[str]:
    return {f"{one.check}|{one.column}|{one.slice}" for one in report.alarms}


def test_a_run_with_alarms_names_its_cause_and_puts_the_findings_under_it(folder: Path) -> None:
    report = tidegauge.run("credit.yaml")
    assert only(report).basis == "rows"
    assert [cause.factor for cause in report.causes] == ["income"]
    assert set(report.causes[0].results) == keys(report) != set()
    assert "because of income" in report.because
    assert report.seconds["explain"] > 0
    assert from_json(to_json(report)).explanations == report.explanations


def test_forty_drifted_columns_with_one_cause_are_one_incident(folder: Path) -> None:
    def wide(seed: int, shift: float) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        root = rng.normal(shift, 1, N)
        noise = rng.normal(0, 0.6, (39, N))
        return pd.DataFrame({"root": root} | {f"c{i:02}": root + noise[i] for i in range(39)})

    wide(0, 0.0).to_csv("before.csv", index=False)
    wide(1, 0.8).to_csv("after.csv", index=False)
    effects = ", ".join(f"c{i:02}" for i in range(39))
    text = SUITE.replace("columns: {features: [income, age, rent]}\n", "")
    text += f"causes: {{order: [[root], [{effects}]]}}\n"
    (folder / "credit.yaml").write_text(text)
    report = tidegauge.run("credit.yaml")
    assert len(report.alarms) >= 40
    assert only(report).basis == "order"
    (cause,) = report.causes
    assert cause.factor == "root"
    assert set(cause.results) == keys(report)
    assert "because of root, among" in report.because


def never(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where rows are read again."""

    def read(*given: Any, **settings: Any) -> Any:
        raise AssertionError("rows were read again")

    monkeypatch.setattr(explaining, "explain_rows", read)
    monkeypatch.setattr(causes, "explained", read)


def test_never_gives_a_first_look_from_profiles(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never(monkeypatch)
    (folder / "credit.yaml").write_text(SUITE + "explain: {on: never}\n")
    report = tidegauge.run("credit.yaml")
    assert (only(report).basis, only(report).verdict) == ("profiles", "undetermined")
    assert [cause.factor for cause in report.causes] == ["income"]
    assert report.causes[0].results
    assert "because of" not in report.because


def test_a_check_of_frames_reads_no_rows_again(monkeypatch: pytest.MonkeyPatch) -> None:
    never(monkeypatch)
    report = tidegauge.check(converted(1), rows(0))
    assert only(report).basis == "profiles"


def test_a_run_without_alarms_seeks_no_cause(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    never(monkeypatch)
    report = tidegauge.run("credit.yaml", current="before.csv")
    assert (report.outcome, report.explanations) == ("pass", ())


def test_too_few_rows_to_explain_are_a_note_and_leave_the_first_look(folder: Path) -> None:
    (folder / "credit.yaml").write_text(SUITE + "explain: {on: always}\n")
    report = tidegauge.run("credit.yaml", current=converted(1, 25))
    assert any(note.startswith("No cause was sought:") for note in report.notes)
    assert [one.basis for one in report.explanations] in ([], ["profiles"])


def test_trouble_with_an_explanation_is_a_note_and_leaves_the_findings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any, **settings: Any) -> Any:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(explaining, "attribute", broken)
    report = tidegauge.run("credit.yaml")
    assert report.outcome == "critical"
    assert "No cause was found: ZeroDivisionError: by nothing" in report.notes
    assert only(report).basis == "profiles"


def glance() -> Report:
    """Run without explaining, and read the report back."""
    suite = load_suite("credit.yaml")
    silent = replace(suite, explain=replace(suite.explain, on="never"))
    return from_json(to_json(tidegauge.run(silent)))


def test_a_stored_report_is_explained_from_its_rows(folder: Path) -> None:
    report = glance()
    again = causes.explain_report(report, load_suite("credit.yaml"))
    assert only(again).basis == "rows"
    assert [cause.factor for cause in again.causes] == ["income"]
    assert set(again.causes[0].results) == keys(report)
    assert explaining.CHANGED not in only(again).notes
    assert replace(again, explanations=()) == replace(report, explanations=())


def test_rows_that_are_not_those_of_the_run_are_noted(folder: Path) -> None:
    report = glance()
    converted(5).to_csv("after.csv", index=False)
    again = causes.explain_report(report, load_suite("credit.yaml"))
    assert explaining.CHANGED in only(again).notes


def test_rows_are_those_of_the_runs_windows(folder: Path) -> None:
    def at(frame: pd.DataFrame, start: str) -> pd.DataFrame:
        return frame.assign(at=pd.date_range(start, periods=len(frame), freq="min").astype(str))

    january, february, march = (
        at(frame, f"2026-0{month}-10")
        for month, frame in enumerate((rows(0), converted(1), rows(2)), start=1)
    )
    pd.concat([january, february, march]).to_csv("all.csv", index=False)
    text = SUITE.replace("{path: before.csv}", "{path: all.csv, window: 10d}")
    text = text.replace("after.csv", "all.csv").replace("rent]", "rent], timestamp: at")
    (folder / "credit.yaml").write_text(text)
    now = datetime(2026, 1, 20, tzinfo=UTC)
    report = tidegauge.run("credit.yaml", window="2026-02-01/2026-02-28", now=now)
    again = causes.explain_report(from_json(to_json(report)), load_suite("credit.yaml"))
    for one in (report, again):
        assert (only(one).n_baseline, only(one).n_current) == (N, N)
        assert [cause.factor for cause in one.causes] == ["income"]
