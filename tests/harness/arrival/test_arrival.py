"""Labels that arrive late: kept predictions, windows judged again, and what is told of them."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tidegauge.arrival import arrivals, judge_arrived, rejudge, track_record
from tidegauge.arrival.keeping import keep_predictions
from tidegauge.cli import cli
from tidegauge.errors import SuiteError
from tidegauge.operating import Operated, operate, take_labels
from tidegauge.running import perform
from tidegauge.store import Store, incidents, open_store
from tidegauge.suite import Suite, load_suite

SUITE = """
suite: credit
preset: none
logs:
  baseline: {path: base.parquet}
  current: {path: "logs/{date}.parquet", window: 1d}
  labels: {path: "labels/*.csv", id: number, target: outcome}
columns:
  id: application_id
  timestamp: at
  target: {column: defaulted, positive: "yes"}
  prediction: decision
  score: probability
  segments: [region]
explain: {on: never}
checks:
  - quality.row_count: {critical: 1}
  - performance.accuracy: {critical: {drop: 0.05}}
  - performance.estimated_accuracy: {warn: {drop: 0.05}}
  - performance.proxy: {on: called, stands_for: accuracy}
"""
ROWS = 300


class Office:
    """A folder with a suite, a baseline, a log a day, and labels that come when they like."""

    def __init__(self, folder: Path, *, like: Office | None = None) -> None:
        self.folder = folder
        self.truth: dict[int, Any] = {}
        if like is not None:
            shutil.copytree(like.folder, folder, dirs_exist_ok=True)
            self.truth |= like.truth
            self.store = open_store(folder / "history.db")
            return
        for name in ("logs", "labels"):
            (folder / name).mkdir()
        (folder / "suite.yaml").write_text(SUITE)
        table, truth = self.rows(1_500, 1)
        pq.write_table(table.append_column("defaulted", pa.array(truth)), folder / "base.parquet")
        self.store = open_store(folder / "history.db")

    def rows(self, n: int, day: int, wrong: float = 0.0) -> tuple[pa.Table, Any]:
        rng = np.random.default_rng(day)
        x = rng.normal(size=n)
        p = 1 / (1 + np.exp(-3 * x))
        truth = np.where((rng.random(n) < p) ^ (rng.random(n) < wrong), "yes", "no")
        decided = np.where(p > 0.5, "yes", "no")
        columns = {
            "application_id": day * 10_000 + np.arange(n),
            "at": [f"2026-11-{day:02d}T{i % 24:02d}:00:00Z" for i in range(n)],
            "x": x,
            "region": np.where(rng.random(n) < 0.5, "north", "south"),
            "called": (decided != truth) & (rng.random(n) < 0.6),
            "probability": p,
            "decision": decided,
        }
        return pa.table(columns), truth

    def day(self, day: int, wrong: float = 0.0) -> Operated:
        table, self.truth[day] = self.rows(ROWS, day, wrong)
        pq.write_table(table, self.folder / f"logs/2026-11-{day:02d}.parquet")
        return self.run(day)

    def run(self, day: int) -> Operated:
        now = datetime(2026, 11, day + 1, tzinfo=UTC)
        return operate(self.suite, self.store, window=f"2026-11-{day:02d}", now=now)

    def label(self, day: int, part: slice, *, flip: bool = False, file: str = "") -> None:
        name = file or f"{day}-{part.start}"
        rows = list(enumerate(self.truth[day]))[part]
        with (self.folder / "labels" / f"{name}.csv").open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["number", "outcome"])
            for i, word in rows:
                said = {"yes": "no", "no": "yes"}[word] if flip else word
                writer.writerow([day * 10_000 + i, said])

    @property
    def suite(self) -> Suite:
        return load_suite(self.folder / "suite.yaml")

    def judge(self, days: int = 20) -> list[str]:
        now = datetime(2026, 11, days, tzinfo=UTC)
        return [one.because for one in judge_arrived(self.suite, self.store, now=now)]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An office whose tenth day was run while no label was there."""
    made = Office(tmp_path_factory.mktemp("begun"))
    made.day(10)
    made.store.close()
    return made


@pytest.fixture
def under_way(begun: Office, tmp_path: Path) -> Iterator[Office]:
    """Another such office, to go on with."""
    made = Office(tmp_path, like=begun)
    yield made
    made.store.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.store.close()


def result(store: Store, run: str, evaluator: str) -> Any:
    report = store.report(run)
    return next(one for one in report.results if one.evaluator == evaluator and not one.slice)


def test_an_earlier_window_is_judged_again_when_its_labels_arrive(office: Office) -> None:
    first = office.day(10, wrong=0.3)
    assert first.rejudged == ()
    assert first.report.outcome == "pass", "nothing without labels can see that the truth changed"
    assumed = result(office.store, first.report.run_id, "performance.estimated_accuracy").verdict
    assert "assumes that the relation of inputs and truth stayed" in assumed.because
    office.label(10, slice(0, 240))
    (again,) = office.day(11).rejudged
    assert again.because.startswith("Re-judged: labels of 80 % of rows arrived since, accuracy ")
    assert "(estimated 8" in again.because
    assert again.outcome == "critical"
    assert again.notes[0].startswith("Re-judged: labels of 80 %")
    newest = office.store.runs("credit", limit=None)[-1]
    assert (newest.id, newest.revision, newest.window) == (
        again.run_id,
        2,
        first.report.current.window,
    )
    right = office.rows(ROWS, 10, 0.3)
    hits = (np.asarray(right[0].column("decision")) == right[1])[:240].mean()
    realised = result(office.store, again.run_id, "performance.accuracy")
    assert realised.score.value == pytest.approx(hits)
    assert realised.verdict.outcome == "critical"


def test_only_checks_of_the_outcome_are_judged_again(under_way: Office) -> None:
    first = under_way.store.report("credit@latest")
    under_way.label(10, slice(0, 300))
    now = datetime(2026, 11, 12, tzinfo=UTC)
    (again,) = judge_arrived(under_way.suite, under_way.store, now=now)
    same = ("quality.row_count", "performance.proxy")
    for name in same:
        assert [r for r in again.results if r.evaluator == name] == [
            r for r in first.results if r.evaluator == name
        ]
    slices = {r.slice for r in again.results if r.evaluator == "performance.accuracy"}
    assert slices == {"", "region=north", "region=south"}
    estimate = result(under_way.store, again.run_id, "performance.estimated_accuracy")
    assert estimate.verdict.outcome == "not_applicable"
    assert "at the time" in estimate.verdict.because
    assert estimate.score is not None
    outcome = under_way.store.profile(again.run_id).outcome
    assert outcome is not None
    assert outcome.labelled == 300


def test_labels_need_no_raw_log(under_way: Office) -> None:
    (under_way.folder / "logs/2026-11-10.parquet").unlink()
    under_way.label(10, slice(0, 150))
    assert len(under_way.judge()) == 1


def test_the_same_labels_judge_once_and_new_ones_again(under_way: Office) -> None:
    under_way.label(10, slice(0, 100))
    assert "33 %" in under_way.judge()[0]
    assert under_way.judge() == []
    under_way.label(10, slice(0, 100), file="the-same-again")
    assert under_way.judge() == [], "no row gained a label"
    under_way.label(10, slice(0, 50), flip=True, file="zy")
    assert "33 %" in under_way.judge()[0], "labels were corrected"
    under_way.label(10, slice(100, 300))
    assert "100 %" in under_way.judge()[0]
    under_way.label(10, slice(0, 300), flip=True, file="zz")
    assert under_way.judge() == [], "a window whose labels are all there is closed"
    (run,) = under_way.store.runs("credit")
    assert run.revision == 4


def test_labels_that_are_there_from_the_start_are_joined_in_the_run(office: Office) -> None:
    _, office.truth[10] = office.rows(ROWS, 10)
    office.label(10, slice(0, 300))
    report = office.day(10).report
    accuracy = next(r for r in report.results if r.evaluator == "performance.accuracy")
    assert accuracy.score is not None
    assert accuracy.score.n_current == ROWS
    estimate = next(r for r in report.results if r.evaluator == "performance.estimated_accuracy")
    assert "100 % of labels are there, so performance.accuracy counts" in estimate.verdict.because
    assert arrivals(office.store, "credit", now=datetime(2026, 11, 12, tzinfo=UTC)) == ()


def test_arrivals_say_how_many_came_and_how_old_the_window_is(under_way: Office) -> None:
    under_way.day(11)
    under_way.label(10, slice(0, 60))
    under_way.judge()
    newest, oldest = arrivals(under_way.store, "credit", now=datetime(2026, 11, 13, tzinfo=UTC))
    assert (oldest.rows, oldest.labelled, oldest.first_labelled) == (300, 60, 0)
    assert (oldest.share, oldest.age) == (0.2, timedelta(days=2))
    assert (newest.labelled, newest.age) == (0, timedelta(days=1))


def test_a_window_run_again_after_its_labels_came_is_closed(under_way: Office) -> None:
    under_way.label(10, slice(0, 300))
    under_way.run(10)
    assert under_way.judge() == []
    (one,) = arrivals(under_way.store, "credit", now=datetime(2026, 11, 12, tzinfo=UTC))
    assert (one.share, one.first_labelled) == (1.0, 0)


def test_estimates_and_proxies_are_held_against_what_labels_showed(office: Office) -> None:
    for day, wrong in ((10, 0.0), (11, 0.15), (12, 0.3)):
        office.day(day, wrong)
        office.label(day, slice(0, 300))
    office.judge()
    report = office.day(13).report
    estimate, proxy = track_record(office.store, report)
    assert (estimate.check, len(estimate.told)) == ("performance.estimated_accuracy", 3)
    assert estimate.error > 0.05
    assert proxy.correlation < -0.8
    said = " ".join(report.notes)
    assert "performance.estimated_accuracy was off by" in said
    assert "called is a proxy, not a measurement of performance.accuracy: their correlation" in said


def test_a_run_forgotten_by_the_history_takes_its_predictions_along(under_way: Office) -> None:
    under_way.store.prune("credit", keep=timedelta(days=1), now=datetime(2027, 1, 1, tzinfo=UTC))
    under_way.label(10, slice(0, 300))
    labels = perform(under_way.suite, window="2026-11-10").late
    assert rejudge("credit", under_way.store, labels) == ()


def test_what_has_no_id_or_no_answer_keeps_no_predictions(under_way: Office) -> None:
    ran = perform(under_way.suite, window="2026-11-10")
    bare = replace(ran.reference.profile.layout, id="")
    reference = replace(ran.reference, profile=replace(ran.reference.profile, layout=bare))
    assert not keep_predictions(under_way.store, replace(ran, reference=reference))


def test_labels_without_an_id_to_join_by_are_refused(office: Office) -> None:
    place = office.folder / "suite.yaml"
    written = SUITE.replace("  id: application_id\n", "  ignore: [application_id]\n")
    place.write_text(written)
    office.rows(1, 1)
    table, _ = office.rows(ROWS, 10)
    pq.write_table(table, office.folder / "logs/2026-11-10.parquet")
    with pytest.raises(SuiteError, match="no column is the id"):
        office.run(10)


def test_a_history_in_postgresql_does_the_same(office: Office, postgres: str) -> None:
    office.store.close()
    office.store = open_store(postgres)
    office.day(10)
    office.label(10, slice(0, 150))
    assert "50 %" in office.judge()[0]
    (one,) = arrivals(office.store, "credit", now=datetime(2026, 11, 12, tzinfo=UTC))
    assert (one.labelled, one.first_labelled) == (150, 0)


def test_a_round_that_dies_before_it_is_noted_is_made_good(
    under_way: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way.label(10, slice(0, 150))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tidegauge.store.predictions.mark", killed)
        with pytest.raises(KeyboardInterrupt):
            under_way.judge()
    (before,) = under_way.store.runs("credit")
    assert "50 %" in under_way.judge()[0]
    (after,) = under_way.store.runs("credit")
    assert before.because == after.because
    assert under_way.judge() == []


def test_a_round_that_dies_before_anybody_is_told_tells_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.day(10, wrong=0.4)
    office.label(10, slice(0, 300))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tidegauge.operating.alert", killed)
        with pytest.raises(KeyboardInterrupt):
            take_labels(office.suite, office.store)
    assert incidents.incidents(office.store) == ()
    for _ in range(2):
        assert take_labels(office.suite, office.store)[0] == (), "the labels were joined already"
        (one,) = incidents.incidents(office.store)
        assert one.severity == "critical"


def test_the_command_shows_arrival_and_joins_what_came(under_way: Office) -> None:
    under_way.label(10, slice(0, 150))
    (under_way.folder / "labels/other.csv").write_text("number,outcome\n5,yes\n")
    suite, history = str(under_way.folder / "suite.yaml"), str(under_way.folder / "history.db")
    before = CliRunner().invoke(cli, ["arrivals", suite, "--history", history])
    assert before.exit_code == 0, before.output
    assert "2026-11-10  " in before.output
    assert "1 belong to no row of these windows" in before.output
    after = CliRunner().invoke(cli, ["arrivals", suite, "--history", history, "--read"])
    assert "re-judged: labels of 50 % of rows arrived since, accuracy" in after.output


def test_a_run_says_which_windows_it_judged_again(under_way: Office) -> None:
    under_way.label(10, slice(0, 150))
    folder = under_way.folder
    table, _ = under_way.rows(ROWS, 11)
    pq.write_table(table, folder / "logs/2026-11-11.parquet")
    asked = ["run", str(folder / "suite.yaml"), "--window", "2026-11-11"]
    places = ["--history", str(folder / "history.db"), "-o", str(folder / "out")]
    done = CliRunner().invoke(cli, [*asked, *places])
    assert "2026-11-10: re-judged: labels of 50 %" in done.output


def test_the_command_looks_where_the_suite_keeps_its_runs_and_tells_whom_it_concerns(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    place = office.folder / "suite.yaml"
    written = SUITE.replace("explain:", "history: {place: history.db}\nexplain:")
    place.write_text(written + "actions: [{on: critical, command: [touch, told]}]\n")
    office.day(10, wrong=0.4)
    office.label(10, slice(0, 300))
    words = ["arrivals", str(place), "--read", "--no-actions"]
    assert cli.main(words, standalone_mode=False) == 1
    said = capsys.readouterr().out
    assert "incident " in said
    assert "would do: " in said
    assert cli.main(words, standalone_mode=False) == 0, "nothing new"


def test_labels_that_no_file_holds_yet_are_missed_aloud(under_way: Office) -> None:
    report = under_way.store.report("credit@latest")
    assert any(note.endswith("labels/*.csv yet.") for note in report.notes)
    folder = under_way.folder
    words = ["arrivals", str(folder / "suite.yaml"), "--history", str(folder / "history.db")]
    assert "labels/*.csv yet." in CliRunner().invoke(cli, words).output


def test_labels_of_a_class_that_the_baseline_never_had_are_told_apart(under_way: Office) -> None:
    words = np.where(under_way.truth[10] == "yes", "Yes", "no")
    lines = [f"{100_000 + i},{word}" for i, word in enumerate(words)]
    (under_way.folder / "labels/a.csv").write_text("\n".join(["number,outcome", *lines]))
    (said,) = under_way.judge()
    rows = (words == "Yes").sum()
    assert f"; {rows} labels of no class of the baseline's (no and yes)" in said


def test_calibrated_limits_hold_for_windows_that_are_judged_again(office: Office) -> None:
    days = [office.rows(100, day) for day in range(1, 21)]
    tables = [table.append_column("defaulted", pa.array(truth)) for table, truth in days]
    pq.write_table(pa.concat_tables(tables), office.folder / "base.parquet")
    place = office.folder / "suite.yaml"
    place.write_text(SUITE.replace("critical: {drop: 0.05}", "critical: calibrated"))
    stored = str(office.folder / "base.tgb")
    done = CliRunner().invoke(cli, ["baseline", str(place), "--calibrate", "-o", stored])
    assert done.exit_code == 0, done.output
    place.write_text(place.read_text().replace("path: base.parquet", "baseline: base.tgb"))
    office.day(21, wrong=0.4)
    office.label(21, slice(0, 300))
    (again,) = judge_arrived(office.suite, office.store, now=datetime(2026, 11, 23, tzinfo=UTC))
    verdict = result(office.store, again.run_id, "performance.accuracy").verdict
    assert verdict.outcome == "critical"
    assert "learned from 20 windows of base.tgb" in verdict.because
