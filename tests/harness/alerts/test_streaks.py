"""Windows in a row: counted from the history, the same for a second run of a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.harness.alerts.conftest import START, Days, day, result, suite

from tidegauge.alerts import earlier
from tidegauge.judge import Measured, judge
from tidegauge.operating import operate
from tidegauge.records import Card, Check, Interval, Limit, Policy, Result, Score
from tidegauge.store import open_store
from tidegauge.suite import parse_suite

INCOME = ("drift.psi", "income", "")


def known(days: Days, n: int) -> Mapping[tuple[str, str, str], int]:
    start = START + n * timedelta(days=1)
    window = f"{start.isoformat()}/{(start + timedelta(days=1)).isoformat()}"
    return earlier(days.store, suite(), window=window, now=start)


def keep(days: Days, n: int, outcome: Result, *, again: int = 0) -> None:
    days.store.save(day(n, outcome, again=again))


def test_windows_in_a_row_are_counted_up_to_the_one_before(days: Days) -> None:
    assert known(days, 0) == {}
    for n in range(3):
        keep(days, n, result("income", "warn"))
    assert known(days, 3) == {INCOME: 3}
    assert known(days, 1) == {INCOME: 1}


def test_a_second_run_of_a_window_neither_counts_twice_nor_starts_again(days: Days) -> None:
    for n in range(3):
        keep(days, n, result("income", "warn"))
    keep(days, 2, result("income", "warn"), again=1)
    assert known(days, 2) == {INCOME: 2}
    assert known(days, 3) == {INCOME: 3}


def test_a_window_within_the_limit_ends_it(days: Days) -> None:
    for n, outcome in enumerate(("warn", "warn", "pass", "warn")):
        keep(days, n, result("income", outcome))  # type: ignore[arg-type]
    assert known(days, 4) == {INCOME: 1}
    assert known(days, 3) == {}


def test_missing_windows_and_such_that_cannot_tell_neither_count_nor_end_it(days: Days) -> None:
    keep(days, 0, result("income", "warn"))
    keep(days, 2, result("income", "inconclusive"))
    keep(days, 3, result("income", "warn"))
    assert known(days, 4) == {INCOME: 2}  # day 1 is missing, day 2 cannot tell
    assert known(days, 6) == {INCOME: 2}


def test_after_three_windows_that_tell_nothing_it_has_ended(days: Days) -> None:
    keep(days, 0, result("income", "warn"))
    assert known(days, 3) == {INCOME: 1}
    assert known(days, 4) == {}


def test_a_limit_for_notes_only_makes_no_streak(days: Days) -> None:
    noted = result("income", "info")
    limit = Limit(severity="info", versus="value", bound=0.05)
    keep(days, 0, replace(noted, verdict=replace(noted.verdict, limit=limit)))
    assert known(days, 1) == {}


CARD = Card(title="Gap", explain="", reads=("numeric",), on="features", better="lower", unit="",
            reference="")  # fmt: skip


def judged(persist: int, before: Mapping[tuple[str, str, str], int] | None) -> tuple[str, str, int]:
    check = Check(
        id="gap", evaluator="drift.gap", persist=persist,
        limits=(Limit(severity="critical", versus="value", bound=0.2),),
    )  # fmt: skip
    score = Score(
        value=0.5, interval=Interval(0.4, 0.6), p_value=1e-9, n_baseline=100, n_current=99
    )
    one = Measured(check=check, card=CARD, column="income", score=score)
    (verdict,) = judge([one], Policy(), before)
    return verdict.outcome, verdict.because, verdict.streak


def test_until_the_streak_is_reached_a_finding_is_shown_and_no_alarm() -> None:
    key = ("gap", "income", "")
    outcome, because, streak = judged(3, {})
    assert (outcome, streak) == ("info", 1)
    assert because.endswith("beyond the limit in 1 of 3 windows")
    assert judged(3, {key: 1})[::2] == ("info", 2)
    outcome, because, streak = judged(3, {key: 2})
    assert (outcome, streak) == ("critical", 3)
    assert because.endswith("beyond the limit in 3 windows in a row")
    assert judged(1, {key: 4})[::2] == ("critical", 5)


def test_without_a_history_it_says_that_earlier_windows_are_not_known() -> None:
    outcome, because, _ = judged(3, None)
    assert outcome == "info"
    assert because.endswith("1 of 3 windows, and earlier windows are not known")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    import pandas as pd

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"at": pd.Timestamp("2026-10-01", tz="UTC"), "x": rng.normal(size=2_000)})
    frame.to_parquet(tmp_path / "before.parquet")
    for n in range(4):
        moment = pd.Timestamp(START) + pd.Timedelta(days=n, hours=3)
        frame = pd.DataFrame({"at": moment, "x": rng.normal(2, size=500)})
        frame.to_parquet(tmp_path / f"now-{moment:%Y-%m-%d}.parquet")
    return tmp_path


def test_a_round_asks_the_history_and_alarms_in_the_third_window(logs: Path) -> None:
    written = parse_suite(
        """
suite: credit
preset: none
logs: {baseline: {path: before.parquet}, current: {path: "now-{date}.parquet", window: 1d}}
columns: {timestamp: at}
checks: [{drift.psi: {critical: 0.2, persist: 3}}]
explain: {on: never}
""",
        folder=logs,
    )
    store = open_store(logs / "history.db")
    found = []
    for n in (0, 1, 1, 2):
        now = datetime(2026, 11, 2, 6, tzinfo=UTC) + timedelta(days=n)
        done = operate(written, store, now=now)
        (one,) = done.report.results
        found.append((one.verdict.outcome, one.verdict.streak, len(done.incidents)))
    assert found == [("info", 1, 0), ("info", 2, 0), ("info", 2, 0), ("critical", 3, 1)]
    assert done.report.outcome == "critical"
    assert any("At most 2 false pages a year" in note for note in done.report.notes)
    assert any("incident" in note and "opened" in note for note in done.report.notes)
    store.close()
