"""False pages a year: what is promised, what it assumes, and that it holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.harness.alerts.conftest import CARD, CHECKS, Days, day, result, suite

from tidegauge.alerts.evidence import beyond, e_values, paged
from tidegauge.alerts.paging import detector, e_value, foretold, paging, runs_a_year
from tidegauge.records import Check, Interval, Limit, Policy, Score
from tidegauge.suite import parse_suite

LOGS = "suite: s\nlogs: {baseline: {path: a.csv}, current: {path: b.csv%s}}\n"


@pytest.mark.parametrize(
    ("more", "runs"),
    [
        (", window: 1d", 365.25),
        (", window: 6h", 4 * 365.25),
        ("", None),
    ],
)
def test_runs_a_year_follow_from_the_window(more: str, runs: float | None) -> None:
    assert runs_a_year(parse_suite(LOGS % more)) == runs


@pytest.mark.parametrize(
    ("cron", "runs"),
    [
        ("0 6 * * *", 365.25),
        ("0 * * * *", 8766),
        ("0 6 * * mon", 52.18),
        ("0 6 * * mon-fri", 261),
        ("0 6 1 * *", 12),
        ("*/5 * * * *", 105_192),
    ],
)
def test_runs_a_year_follow_from_the_schedule(cron: str, runs: float) -> None:
    found = runs_a_year(parse_suite(LOGS % ", window: 1d" + f'schedule: "{cron}"\n'))
    assert found == pytest.approx(runs, rel=0.02)


def test_the_number_is_said_with_what_it_assumes() -> None:
    said = foretold(suite())
    assert said.startswith("At most 2 false pages a year expected for 365 runs")
    assert "It assumes that p-values are right" in said
    every = paging(suite(text=LOGS % ", window: 1h" + "alerts: {false_pages: off}\n"))
    assert every.expected == pytest.approx(438.3)
    assert "every alarm pages" in every.because
    unknown = paging(parse_suite(LOGS % ""))
    assert unknown.expected is None
    assert "neither a window nor a schedule" in unknown.because
    assert foretold(parse_suite(LOGS % "")) == ""


def test_an_e_value_has_a_mean_of_one_where_nothing_changed() -> None:
    p = (np.arange(1_000_000) + 0.5) / 1_000_000
    assert np.mean(0.5 / np.sqrt(p)) == pytest.approx(1.0, abs=0.002)
    assert e_value(0.25) == 1.0
    assert e_value(0.0) < math.inf


def test_the_detector_crosses_no_more_often_than_promised() -> None:
    """Ville's bound by restarts: at most one crossing of A in A windows, whatever the seed."""
    rng = np.random.default_rng(1)
    level, crossings, total = 200.0, 0, 0.0
    for p in rng.uniform(size=400_000):
        total = (total + 1) * e_value(p)
        if total >= level:
            crossings, total = crossings + 1, 0.0
    assert crossings <= 400_000 / level * 1.02
    assert crossings > 400_000 / level / 5


def test_the_detector_forgets_nothing_within_its_windows() -> None:
    assert detector([]) == 0.0
    assert detector([2.0]) == 2.0
    assert detector([2.0, 3.0]) == 9.0


def score(value: float, half: float, *, n: int = 1_000, p: float | None = 1e-6) -> Score:
    return Score(value=value, interval=Interval(value - half, value + half), p_value=p,
                 n_baseline=99_000, n_current=n)  # fmt: skip


def test_evidence_is_laid_against_the_limit_and_against_no_change() -> None:
    check = CHECKS[0]
    at_limit = beyond(score(0.1, 0.0196), check, CARD, Policy())
    assert at_limit == pytest.approx(0.5, abs=1e-3)
    above = beyond(score(0.12, 0.0196), check, CARD, Policy())
    assert above == pytest.approx(0.0228, abs=1e-3)  # two standard errors
    unshown = beyond(score(0.12, 0.0196, p=0.3), check, CARD, Policy())
    assert unshown == 0.3


def test_windows_do_not_count_together_where_chance_alone_reaches_the_limit() -> None:
    noisy = beyond(score(0.3, 0.5), CHECKS[0], CARD, Policy())
    assert noisy is None
    any_change = Check(
        id="a", evaluator="drift.psi", limits=(Limit(severity="warn", versus="any"),)
    )
    assert beyond(score(0.3, 0.01), any_change, CARD, Policy()) is None
    small_baseline = Score(value=0.15, interval=Interval(0.05, 0.25), p_value=0.001,
                           n_baseline=1_000, n_current=1_000)  # fmt: skip
    assert beyond(small_baseline, CHECKS[0], CARD, Policy()) is None


def test_a_drop_is_weighed_by_the_interval_of_the_change() -> None:
    check = Check(id="acc", evaluator="p.acc",
                  limits=(Limit(severity="critical", versus="drop", bound=0.05),))  # fmt: skip
    fell = Score(value=0.80, baseline=0.90, change=Interval(-0.1392, -0.0608), n_baseline=99_000,
                 n_current=400)  # fmt: skip
    assert beyond(fell, check, CARD, Policy()) == pytest.approx(0.0062, abs=1e-3)  # 2.5 errors
    rose = Score(value=0.95, baseline=0.90, change=Interval(0.0108, 0.0892), n_baseline=99_000,
                 n_current=400)  # fmt: skip
    assert beyond(rose, check, CARD, Policy()) == pytest.approx(1.0, abs=1e-3)


def test_an_alarm_of_little_evidence_waits_for_more() -> None:
    weak = day(0, result("income", "warn", p=0.02))
    values = e_values(weak)
    assert paged(weak, [], values, paging(suite())) == ()
    strong = day(0, result("income", "warn", p=0.001))
    assert len(paged(strong, [], values, paging(suite()))) == 1
    everything = paging(suite(text=LOGS % ", window: 1d" + "alerts: {false_pages: off}\n"))
    assert len(paged(weak, [], values, everything)) == 1


def test_an_alarm_without_a_test_pages_at_once() -> None:
    from dataclasses import replace

    sure = result("income", "critical")
    sure = replace(sure, verdict=replace(sure.verdict, adjusted_p=None))
    assert len(paged(day(0, sure), [], {}, paging(suite()))) == 1


def test_windows_together_show_what_one_does_not(days: Days) -> None:
    """Each window is beyond the limit at p = 0.02 only: paged after a few, told so, and once."""
    opened = []
    for n in range(8):
        one = result("income", "inconclusive", p=0.02)
        report = day(n, one)
        done = days.go(report)
        opened += [(n, incident) for incident in done.incidents if incident.windows == 1]
    ((when, incident), *_) = opened
    assert 2 <= when <= 6
    assert len({incident.id for _, incident in opened}) == 1
    assert "windows together show what one alone does not" in incident.because
    assert incident.severity == "warn"


def test_what_waits_is_shown_and_not_hidden(days: Days) -> None:
    done = days.go(day(0, result("income", "warn", p=0.02)))
    assert done.incidents == ()
    assert any(note.startswith("1 alarm shown, but not paged") for note in done.notes)
