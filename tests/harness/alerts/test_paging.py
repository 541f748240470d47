"""False pages a year: what is promised, what it assumes, and that it holds."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from tests.harness.alerts.conftest import CARD, CHECKS, Days, day, result, suite

from tidegauge.alerts.evidence import Standing, Weighed, paged, standings, weigh
from tidegauge.alerts.paging import SHIFTS, advanced, foretold, paging, runs_a_year
from tidegauge.records import Check, Interval, Limit, Outcome, Result, Score
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


def test_a_window_says_one_on_average_where_nothing_changed() -> None:
    p = (np.arange(50_000) + 0.5) / 50_000
    z = [-NormalDist().inv_cdf(one) for one in p]
    means = np.mean([advanced((0.0, 0.0, 0.0), one) for one in z], axis=0)
    assert all(means <= 1.0)
    assert means[0] == pytest.approx(1.0, abs=0.01)


def test_the_detector_crosses_no_more_often_than_promised() -> None:
    """At most one crossing of A in A windows, restarts included, for each shift."""
    rng = np.random.default_rng(1)
    for place in range(len(SHIFTS)):
        level, crossings, totals = 100.0, 0, (0.0,) * len(SHIFTS)
        for z in rng.standard_normal(30_000).tolist():
            totals = advanced(totals, z)
            if totals[place] >= level:
                crossings, totals = crossings + 1, (0.0,) * len(SHIFTS)
        assert crossings <= 30_000 / level * 1.05
        assert crossings > 30_000 / level / 8


def score(value: float, half: float, *, n: int = 1_000, p: float | None = 1e-6) -> Score:
    return Score(value=value, interval=Interval(value - half, value + half), p_value=p,
                 n_baseline=99_000, n_current=n)  # fmt: skip


def weighed(one: Score, check: Check = CHECKS[0]) -> Weighed | None:
    made = result("income", "warn")
    report = replace(
        day(0, replace(made, check=check.id, evaluator=check.evaluator, score=one)),
        checks=(check,),
        cards={check.evaluator: CARD},
    )
    return next(iter(weigh(report).values()), None)


def test_a_window_is_laid_against_the_limit_and_against_no_change() -> None:
    at_limit = weighed(score(0.1, 0.0196))
    assert at_limit is not None
    assert at_limit.past == pytest.approx(0.0, abs=1e-6)
    assert at_limit.z == pytest.approx(4.7534 - 1 - 0.2, abs=1e-3)  # p = 1e-6, 1 % shared
    above = weighed(score(0.12, 0.0196, p=0.02275))
    assert above is not None
    assert above.past == pytest.approx(2.0, abs=1e-3)
    assert above.z == pytest.approx(0.8, abs=1e-3)


def test_what_a_shared_baseline_adds_is_granted() -> None:
    small = weighed(replace(score(0.12, 0.0196, p=0.02275), n_baseline=1_000))
    assert small is not None
    assert small.z == pytest.approx(2.0 - 1 - 2 * math.sqrt(0.5), abs=1e-3)


def test_any_change_is_beyond_a_limit_for_any_change() -> None:
    check = Check(id="a", evaluator="drift.psi", limits=(Limit(severity="warn", versus="any"),))
    found = weighed(score(0.01, 0.01, p=0.02275), check)
    assert found is not None
    assert found.past == math.inf
    assert found.z == pytest.approx(0.8, abs=1e-3)


def test_what_has_neither_test_nor_baseline_is_not_added_up() -> None:
    latency = Check(id="l", evaluator="drift.psi",
                    limits=(Limit(severity="warn", versus="value", bound=200.0),))  # fmt: skip
    assert weighed(score(250.0, 10.0, p=None), latency) is None
    exact = replace(score(250.0, 10.0), interval=None)
    assert weighed(exact, latency) is None


def test_a_drop_is_weighed_by_the_interval_of_the_change() -> None:
    check = Check(id="acc", evaluator="p.acc",
                  limits=(Limit(severity="critical", versus="drop", bound=0.05),))  # fmt: skip
    fell = Score(value=0.80, baseline=0.90, change=Interval(-0.1392, -0.0608), n_baseline=99_000,
                 n_current=1_000)  # fmt: skip
    down = weighed(fell, check)
    assert down is not None
    assert down.past == pytest.approx(2.5, abs=0.01)  # 0.05 beyond, errors of 0.02
    assert down.z == pytest.approx(5.0 - 1.2, abs=0.01)
    rose = replace(fell, value=0.95, change=Interval(0.0108, 0.0892))
    up = weighed(rose, check)
    assert up is not None
    assert up.past < 0


@pytest.mark.slow
def test_a_year_without_change_pages_no_more_than_accepted() -> None:
    """The real functions, eight years of four columns: at most 2 pages a year on average."""
    columns, years = 4, 8
    accepted = paging(suite())
    pages = 0
    for seed in range(years):
        rng = np.random.default_rng(seed)
        before: dict[str, Standing] = {}
        for _ in range(365):
            z = rng.standard_normal(columns)
            if np.abs(z).max() < 1.0:  # nothing here can page, nor reach what is kept
                before = {}
                continue
            report = day(0, *(_small(f"c{n}", one, columns) for n, one in enumerate(z)))
            standing, tests = standings(report, before)
            found = paged(report, standing, tests, accepted)
            pages += bool(found)
            told = {f"drift.psi|{page.result.column}|" for page in found}
            before = {key: one for key, one in standing.items() if key not in told}
    assert pages / years <= 2.0
    assert pages > 0  # or the test would show nothing


def _small(column: str, z: float, columns: int) -> Result:
    """A score whose limit is any distance from no change, judged as the judge would."""
    p = 2 * (1 - NormalDist().cdf(abs(z)))
    value = 0.15 + 0.01 * abs(z)
    made = result(column, "warn" if p * columns <= 0.05 else "inconclusive", p=p)
    verdict = replace(made.verdict, adjusted_p=min(1.0, p * columns))
    return replace(
        made, verdict=verdict, score=Score(value=value, interval=Interval(value - 0.01, value + 1),
        p_value=p, n_baseline=10**9, n_current=1_000)
    )  # fmt: skip


def test_an_alarm_of_little_evidence_waits_for_more() -> None:
    weak = day(0, result("income", "warn", p=0.02))
    standing, tests = standings(weak, {})
    assert paged(weak, standing, tests, paging(suite())) == ()
    strong = day(0, result("income", "warn", p=0.001))
    assert len(paged(strong, standing, tests, paging(suite()))) == 1
    everything = paging(suite(text=LOGS % ", window: 1d" + "alerts: {false_pages: off}\n"))
    assert len(paged(weak, standing, tests, everything)) == 1


def test_an_alarm_without_a_test_pages_at_once() -> None:
    sure = result("income", "critical")
    sure = replace(sure, verdict=replace(sure.verdict, adjusted_p=None))
    assert len(paged(day(0, sure), {}, 0, paging(suite()))) == 1


def test_windows_together_show_what_one_does_not(days: Days) -> None:
    """Each window is beyond the limit at p = 0.002 only: paged after a few, told so, and once."""
    opened = []
    for n in range(8):
        one = result("income", "inconclusive", p=0.002)
        report = day(n, one)
        done = days.go(report)
        opened += [(n, incident) for incident in done.incidents if incident.windows == 1]
    ((when, incident), *_) = opened
    assert 1 <= when <= 6
    assert len({incident.id for _, incident in opened}) == 1
    assert "windows together show what one alone does not" in incident.because
    assert incident.severity == "warn"


def test_windows_that_persist_show_together_what_the_last_alone_does_not() -> None:
    """Three weak windows in a row page where the check asks for three, and not before."""
    check = replace(CHECKS[0], persist=3)
    before: dict[str, Standing] = {}
    pages = []
    outcomes: tuple[Outcome, ...] = ("info", "info", "critical")
    for n, outcome in enumerate(outcomes):
        weak = result("income", "critical", p=1e-2)
        verdict = replace(weak.verdict, outcome=outcome)
        strong = replace(weak.score, p_value=1e-5) if weak.score else None
        report = replace(day(n, replace(weak, score=strong, verdict=verdict)), checks=(check,))
        before, tests = standings(report, before)
        pages.append(len(paged(report, before, tests, paging(suite()))))
    assert pages == [0, 0, 1]


def test_what_waits_is_shown_and_not_hidden(days: Days) -> None:
    done = days.go(day(0, result("income", "warn", p=0.02)))
    assert done.incidents == ()
    assert any(note.startswith("1 alarm shown, but not paged") for note in done.notes)
