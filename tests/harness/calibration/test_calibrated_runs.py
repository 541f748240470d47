"""Runs by calibrated limits, moving baselines, promotion: from the command line to the report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from tests.harness.calibration.made import START, daily_files, days, plain

from tidegauge.baseline import load_baseline, save_baseline
from tidegauge.calibration.keeping import limits_of
from tidegauge.calibration.stretches import spans_of
from tidegauge.cli import cli
from tidegauge.errors import BaselineError, SuiteError, TidegaugeError
from tidegauge.logs import Window, parse_window
from tidegauge.operating import operate
from tidegauge.records import Limit, Report
from tidegauge.running import run
from tidegauge.store import open_store
from tidegauge.suite import Source, load_suite, parse_suite

SHIFTED = 40
"""The day on which income moves by two, and another model answers from then on."""


def changing(rng: np.random.Generator, day: int, rows: int) -> Mapping[str, object]:
    found = dict(plain(rng, day, rows))
    if day >= SHIFTED:
        found["model"] = ["v4"] * rows
    if day == SHIFTED:
        found["income"] = np.asarray(found["income"]) + 2
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs of 44 days, and a baseline calibrated on 30 days beside them."""
    made = tmp_path_factory.mktemp("made")
    daily_files(made / "logs", 44, make=changing)
    pq.write_table(days(30), made / "base.parquet")
    written(made, "fresh", "{path: base.parquet}")
    done = call("baseline", made / "fresh.yaml", "--calibrate", "-o", made / "base.tgb")
    assert done.exit_code == 0, done.output
    return made


def written(
    folder: Path,
    name: str,
    baseline: str,
    *,
    checks: str = "[{drift.psi: {on: income, critical: calibrated}}]",
    policy: str = "{}",
) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(
        f"suite: {name}\npreset: none\n"
        f'logs: {{baseline: {baseline}, current: {{path: "logs/{{date}}.parquet", window: 1d}}}}\n'
        "columns: {timestamp: scored_at, latency: latency, model_version: model,\n"
        "  segments: [region]}\n"
        f"checks: {checks}\npolicy: {policy}\nexplain: {{on: never}}\n"
    )
    return path


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=True)


def on(day: int) -> str:
    return f"{START + timedelta(days=day):%Y-%m-%d}"


def of(report: Report, check: str, column: str = "", slice_: str = "") -> tuple[str, str]:
    found = next(
        one for one in report.results
        if (one.evaluator, one.column, one.slice) == (check, column, slice_)
    )  # fmt: skip
    return found.verdict.outcome, found.verdict.because


def test_a_calibrated_limit_judges_and_says_where_it_comes_from(folder: Path) -> None:
    suite = written(folder, "named", "{baseline: base.tgb}")
    outcome, because = of(run(suite, window=on(35)), "drift.psi", "income")
    assert outcome == "pass"
    outcome, because = of(run(suite, window=on(SHIFTED)), "drift.psi", "income")
    assert outcome == "critical"
    assert re.search(r"is above 0\.\d+, learned from 30 windows of base.tgb \(usually 0\.", because)


def test_the_bounds_of_a_result_are_in_the_report(folder: Path) -> None:
    report = run(written(folder, "bounds", "{baseline: base.tgb}"), window=on(35))
    found = next(one for one in report.results if one.column == "income" and not one.slice)
    assert [(one.severity, one.versus) for one in found.limits] == [("critical", "calibrated")]
    assert found.limits[0].bound > found.score.value  # type: ignore[union-attr]


def test_the_policy_calibrates_every_check_that_has_a_limit(folder: Path) -> None:
    checks = (
        "[{drift.psi: {on: income, warn: 9}}, {quality.row_count: {critical: 1}},"
        " drift.wasserstein]"
    )
    suite = written(
        folder, "policy", "{baseline: base.tgb}", checks=checks, policy="{limits: calibrated}"
    )
    report = run(suite, window=on(SHIFTED))
    # The baseline learned the limits of drift.psi@income, which these checks share.
    assert of(report, "drift.psi", "income")[0] == "warn"
    outcome, because = of(report, "quality.row_count")
    assert outcome == "pass"
    assert "no calibrated limit in base.tgb, judged by the suite's limit" in because
    assert of(report, "drift.wasserstein", "income")[0] == "info"
    assert any(
        note.startswith("no calibrated limit for quality.row_count") for note in report.notes
    )


def test_a_check_without_any_other_limit_says_that_it_is_not_judged(folder: Path) -> None:
    suite = written(
        folder, "bare", "{baseline: base.tgb}", checks="[{quality.row_count: {warn: calibrated}}]"
    )
    outcome, because = of(run(suite, window=on(35)), "quality.row_count")
    assert outcome == "info"
    assert "no calibrated limit in base.tgb, so shown and not judged" in because


def test_a_baseline_that_was_never_calibrated_stops_the_run(folder: Path) -> None:
    suite = written(folder, "never", "{path: base.parquet}")
    with pytest.raises(BaselineError, match="no calibrated limits") as caught:
        run(suite, window=on(35))
    assert "--calibrate" in caught.value.hint


def test_a_slice_without_limits_takes_those_of_all_rows_scaled(folder: Path) -> None:
    held = load_baseline(folder / "base.tgb")
    found = limits_of(held)
    assert found is not None
    assert {one.slice for one in found.limits} == {"", "region=north", "region=south"}
    suite = written(folder, "scaled", "{baseline: base.tgb}")
    report = run(suite, window=on(SHIFTED))
    assert of(report, "drift.psi", "income", "region=south")[0] == "critical"
    from tidegauge.calibration.keeping import with_limits

    few = replace(found, limits=tuple(one for one in found.limits if not one.slice))
    report = run(suite, window=on(SHIFTED), baseline=with_limits(held, few))
    outcome, because = of(report, "drift.psi", "income", "region=south")
    assert outcome == "critical"
    assert "scaled from all rows" in because


def test_an_edited_limit_is_noted(folder: Path, tmp_path: Path) -> None:
    held = load_baseline(folder / "base.tgb")
    copy = save_baseline(held, tmp_path / "copy.tgb")
    text = re.sub(
        r"critical: [\d.]+", "critical: 99", call("baseline", "limits", copy).output, count=1
    )
    (tmp_path / "limits.yaml").write_text(text)
    done = call("baseline", "limits", copy, "--set", tmp_path / "limits.yaml")
    assert "1 of them edited by hand" in done.output
    report = run(
        written(folder, "edited", "{baseline: base.tgb}"), window=on(SHIFTED), baseline=copy
    )
    assert of(report, "drift.psi", "income")[0] != "critical"
    assert "calibrated limits edited by hand: drift.psi@income on income" in report.notes


def test_a_new_model_is_in_the_headline_and_may_be_refused(folder: Path) -> None:
    suite = written(folder, "versions", "{baseline: base.tgb}")
    said = "he model changed since the baseline: v3 then, v4 now"
    assert said not in run(suite, window=on(35)).because
    assert said in run(suite, window=on(42)).because
    refusing = written(folder, "refusing", "{baseline: base.tgb}", policy="{model_change: refuse}")
    assert run(refusing, window=on(35)).outcome == "pass"
    with pytest.raises(BaselineError, match=said) as caught:
        run(refusing, window=on(42))
    assert "promote" in caught.value.hint


def test_the_file_knows_its_model(folder: Path) -> None:
    assert load_baseline(folder / "base.tgb").model_versions == ("v3",)
    assert "model v3" in call("baseline", folder / "fresh.yaml", "-o", folder / "n.tgb").output


def window(day: int, length: str = "1d") -> Window:
    found = parse_window(on(day), length, now=datetime.now(UTC))
    assert found is not None
    return found


def test_the_spans_of_a_moving_baseline() -> None:
    spans = spans_of(Source(rolling="28d", gap="2d"), window(35))
    assert len(spans) == 28
    assert (spans[0], spans[-1]) == (window(5), window(32))
    assert spans_of(Source(same="weekday", last=4), window(35)) == tuple(
        window(day) for day in (7, 14, 21, 28)
    )
    hour = Window(start=window(9).start, end=window(9).start + timedelta(hours=1))
    same = spans_of(Source(same="hour", last=3), hour)
    assert [one.start for one in same] == [window(day).start for day in (6, 7, 8)]
    assert [one.end - one.start for one in same] == [timedelta(hours=1)] * 3
    # A gap of a week and a day leaves out the last two weekdays.
    assert spans_of(Source(same="weekday", last=1, gap="8d"), window(35)) == (window(21),)


@pytest.mark.parametrize(
    ("source", "day", "complaint"),
    [
        (Source(rolling="28d"), None, "there is no window"),
        (Source(rolling="6h"), window(3), "is shorter than the window"),
        (Source(same="hour", last=2), window(3, "2d"), "no earlier ones of the same hour"),
    ],
)
def test_a_baseline_that_cannot_move_says_why(
    source: Source, day: Window | None, complaint: str
) -> None:
    with pytest.raises(BaselineError, match=complaint):
        spans_of(source, day)


@pytest.mark.parametrize(
    ("written_", "complaint"),
    [
        ("{rolling: 28d, same: weekday, last: 4}", "found both rolling and same"),
        ("{gap: 1d}", "found neither rolling nor same"),
        ("{same: weekday}", "found only one of same and last"),
        ("{same: month, last: 3}", "allowed: weekday, hour"),
        ("{rolling: a while}", "a length of time"),
        ("{same: weekday, last: 0}", "a whole number from 1 to 366"),
        ("{rolling: 28d, window: 1d}", 'found "window" beside a moving baseline'),
        ("{rolling: 28d, skip: [pass]}", "allowed: critical, warn, error"),
        ("{rolling: 28d, from: memory}", "allowed: logs, history"),
    ],
)
def test_a_moving_baseline_that_makes_no_sense_is_refused(written_: str, complaint: str) -> None:
    with pytest.raises(SuiteError) as caught:
        parse_suite(
            f"suite: x\nlogs: {{baseline: {written_}, current: {{path: a.parquet, window: 1d}}}}"
        )
    assert complaint in str(caught.value)


@pytest.mark.parametrize("files", [True, False], ids=["dated files", "one file"])
def test_a_rolling_baseline_is_the_stretch_before_the_window(folder: Path, files: bool) -> None:
    suite = load_suite(written(folder, "rolling", "{rolling: 14d, gap: 1d}", checks="[drift.psi]"))
    if not files:
        whole = folder / "whole.parquet"
        pq.write_table(days(30, seed=3), whole)
        sides = (replace(one, path=str(whole)) for one in (suite.logs.baseline, suite.logs.current))
        suite = replace(suite, logs=replace(suite.logs, baseline=next(sides), current=next(sides)))
    report = run(suite, window=on(25))
    assert report.baseline.n == 14 * 200
    assert report.baseline.window == f"{window(10).start.isoformat()}/{window(23).end.isoformat()}"
    assert "the baseline is made of 14 windows before this one" in report.notes


def test_a_rolling_baseline_teaches_its_own_limits(folder: Path) -> None:
    suite = written(folder, "teaching", "{rolling: 28d, gap: 1d}")
    outcome, because = of(run(suite, window=on(SHIFTED)), "drift.psi", "income")
    assert outcome == "critical"
    assert "learned from 28 windows (usually" in because


def test_the_same_weekday_reads_those_days_only(folder: Path) -> None:
    suite = written(folder, "weekday", "{same: weekday, last: 4}", checks="[drift.psi]")
    report = run(suite, window=on(35))
    assert report.baseline.n == 4 * 200


def test_days_without_files_are_told(folder: Path) -> None:
    suite = written(folder, "missing", "{rolling: 20d}", checks="[drift.psi]")
    report = run(suite, window=on(10))
    assert report.baseline.n == 10 * 200
    with pytest.raises(TidegaugeError, match="no file of"):
        run(suite, window=on(0))


def test_windows_that_ended_in_alarms_are_left_out(folder: Path, tmp_path: Path) -> None:
    suite = written(
        folder,
        "skipping",
        "{rolling: 5d, skip: critical}",
        checks="[{drift.psi: {on: income, critical: 0.5}}]",
    )
    store = open_store(tmp_path / "history.db")
    first = operate(suite, store, window=on(SHIFTED)).report
    assert first.outcome == "critical"
    later = operate(suite, store, window=on(SHIFTED + 2)).report
    assert later.baseline.n == 4 * 200
    assert any("1 that ended in alarms are left out" in note for note in later.notes)
    alone = run(suite, window=on(SHIFTED + 2))
    assert alone.baseline.n == 5 * 200
    assert any("no history was at hand" in note for note in alone.notes)


def test_a_baseline_is_added_up_from_the_history(folder: Path, tmp_path: Path) -> None:
    suite = written(
        folder, "kept", "{rolling: 6d, from: history}", checks="[{drift.psi: {on: income}}]"
    )
    store = open_store(tmp_path / "history.db")
    frozen = written(folder, "kept", "{path: base.parquet}", checks="[{drift.psi: {on: income}}]")
    for day in range(20, 26):
        operate(frozen, store, window=on(day))
    written(folder, "kept", "{rolling: 6d, from: history}", checks="[{drift.psi: {on: income}}]")
    report = operate(suite, store, window=on(26)).report
    assert (report.baseline.source, report.baseline.n) == ("history", 6 * 200)
    read_anew = run(suite, window=on(26))
    assert any("no history was at hand" in note for note in read_anew.notes)
    mine, yours = (
        next(one.score for one in each.results if one.column == "income" and not one.slice)
        for each in (report, read_anew)
    )
    assert mine is not None
    assert yours is not None
    assert mine.n_baseline == yours.n_baseline == 1200
    assert mine.value == pytest.approx(yours.value, abs=0.05)


def test_a_promoted_run_becomes_the_baseline_and_the_one_before_stays(
    folder: Path, tmp_path: Path
) -> None:
    suite = written(folder, "promoting", "{path: base.parquet}", checks="[drift.psi]")
    place, target = tmp_path / "history.db", tmp_path / "b.tgb"
    store = open_store(place)
    report = operate(suite, store, window=on(42)).report
    before = save_baseline(load_baseline(folder / "base.tgb"), target).read_bytes()
    done = call("promote", report.run_id[:8], "--history", place, "--by", "maria", "-o", target)
    assert done.exit_code == 0, done.output
    assert "do not carry over" in done.output
    promoted = load_baseline(target)
    assert promoted.side.n == 200
    assert promoted.model_versions == ("v4",)
    assert promoted.promoted["run"] == report.run_id
    assert promoted.promoted["by"] == "maria"
    assert (tmp_path / "b.1.tgb").read_bytes() == before
    again = call("promote", suite, "--window", on(43), "--history", place, "-o", target)
    assert again.exit_code == 0, again.output
    assert load_baseline(tmp_path / "b.2.tgb").promoted["run"] == report.run_id
    assert load_baseline(target).promoted["previous"] == report.run_id


def test_a_critical_run_is_promoted_by_force_only(folder: Path, tmp_path: Path) -> None:
    suite = written(
        folder, "forced", "{path: base.parquet}",
        checks="[{drift.psi: {on: income, critical: 0.5}}]",
    )  # fmt: skip
    place, target = tmp_path / "history.db", tmp_path / "b.tgb"
    words = ("promote", suite, "--window", on(SHIFTED), "--history", place, "-o", target)
    refused = call(*words)
    assert isinstance(refused.exception, BaselineError)
    assert "say --force" in refused.exception.hint
    assert not target.exists()
    assert call(*words, "--force").exit_code == 0
    assert load_baseline(target).promoted["outcome"] == "critical"


def test_a_run_whose_rows_are_gone_is_promoted_from_the_history(
    folder: Path, tmp_path: Path
) -> None:
    daily_files(tmp_path / "logs", 3)
    pq.write_table(days(5), tmp_path / "base.parquet")
    suite = written(tmp_path, "gone", "{path: base.parquet}", checks="[drift.psi]")
    store = open_store(tmp_path / "history.db")
    operate(suite, store, window=on(2))
    for file in (tmp_path / "logs").iterdir():
        file.unlink()
    done = call(
        "promote", "gone@latest", "--history", tmp_path / "history.db", "-o", tmp_path / "b.tgb"
    )
    assert done.exit_code == 0, done.output
    held = load_baseline(tmp_path / "b.tgb")
    assert held.side.n == 200
    assert "made of the history's profile" in held.notes[0]


def test_a_baseline_that_moves_cannot_be_frozen(folder: Path) -> None:
    done = call("baseline", written(folder, "moving", "{rolling: 7d}", checks="[drift.psi]"))
    assert isinstance(done.exception, BaselineError)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("limits",), "name one baseline file"),
        (("a.yaml", "b.yaml"), "name one suite"),
        (("a.yaml", "--set", "x.yaml"), "name one suite"),
        (("a.yaml", "--windows", "1d"), "--windows is for --calibrate"),
    ],
)
def test_words_that_do_not_go_together_are_told(words: tuple[str, ...], said: str) -> None:
    done = call("baseline", *words)
    assert done.exit_code == 2
    assert said in done.output


def test_limits_of_a_file_without_any_name_the_next_step(folder: Path, tmp_path: Path) -> None:
    bare = save_baseline(
        replace(load_baseline(folder / "base.tgb"), limits="", calibration=""), tmp_path / "b.tgb"
    )
    done = call("baseline", "limits", bare)
    assert isinstance(done.exception, BaselineError)
    assert "--calibrate" in done.exception.hint


def test_info_is_never_calibrated() -> None:
    assert Limit(severity="info", versus="value", bound=1.0).source == ""
    with pytest.raises(SuiteError, match="found calibrated for info"):
        parse_suite(
            "suite: x\nlogs: {baseline: {path: a.csv}, current: {path: b.csv}}\n"
            "checks: [{drift.psi: {info: calibrated}}]"
        )
