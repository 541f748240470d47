"""The judge: two gates, one budget, every outcome."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.judge import Measured, adjusted_p_values, judge
from tidegauge.records import Card, Check, Interval, Limit, Outcome, Policy, Score, Verdict

CARD = Card(
    title="PSI",
    explain="",
    reads=("numeric",),
    on="features",
    better="lower",
    unit="nats",
    reference="",
)
ABOVE = Limit(severity="critical", versus="value", bound=0.2)


def score(value: float, **more: Any) -> Score:
    return Score(value=value, n_baseline=1_000, n_current=1_000, **more)


def measured(
    found: Score | None,
    *limits: Limit,
    card: Card = CARD,
    column: str = "x",
    part: str = "",
    problem: Exception | None = None,
) -> Measured:
    check = Check(id="drift.psi", evaluator="drift.psi", limits=limits or (ABOVE,))
    return Measured(check=check, card=card, column=column, slice=part, score=found, problem=problem)


def verdict(*args: Any, **more: Any) -> Verdict:
    return judge([measured(*args, **more)], Policy())[0]


def outcome(*args: Any, **more: Any) -> Outcome:
    return verdict(*args, **more).outcome


def test_small_values_pass() -> None:
    assert outcome(score(0.01, p_value=0.6, interval=Interval(0.0, 0.05))) == "pass"


def test_a_large_value_without_evidence_passes() -> None:
    found = verdict(score(0.3, p_value=0.4, interval=Interval(0.0, 0.6)))
    assert found.outcome == "pass"
    assert "no more than chance" in found.because


def test_evidence_of_a_trifle_is_information_only() -> None:
    found = verdict(score(0.03, p_value=1e-9, interval=Interval(0.02, 0.04)))
    assert found.outcome == "info"


def test_effect_and_evidence_together_alarm() -> None:
    found = verdict(score(0.5, p_value=1e-9, interval=Interval(0.3, 0.7)))
    assert found.outcome == "critical"
    assert found.limit == ABOVE
    assert found.because.startswith("x: PSI 0.5 (0.3 to 0.7) is above 0.2")


def test_the_near_bound_decides_not_the_point() -> None:
    found = verdict(score(0.25, p_value=1e-4, interval=Interval(0.1, 0.4)))
    assert found.outcome == "inconclusive"
    assert "0.1 to 0.4" in found.because


def test_the_harshest_broken_limit_wins() -> None:
    warn = Limit(severity="warn", versus="value", bound=0.1)
    clear = score(0.5, p_value=1e-9, interval=Interval(0.3, 0.7))
    mild = score(0.17, p_value=1e-9, interval=Interval(0.15, 0.19))
    assert outcome(clear, warn, ABOVE) == "critical"
    assert outcome(mild, warn, ABOVE) == "warn"


HIGHER = Card(
    title="Accuracy",
    explain="",
    reads=("classification",),
    on="outcome",
    better="higher",
    unit="share of rows",
    reference="",
)
DROP = Limit(severity="critical", versus="drop", bound=0.05)


@pytest.mark.parametrize(
    ("value", "change", "p_value", "expected"),
    [
        (0.80, Interval(-0.13, -0.07), 1e-9, "critical"),
        (0.80, Interval(-0.13, -0.04), 1e-9, "inconclusive"),
        (0.80, Interval(-0.25, 0.05), 0.2, "pass"),
        (0.97, Interval(0.05, 0.09), 1e-9, "info"),
    ],
)
def test_a_drop_is_judged_on_the_change(
    value: float, change: Interval, p_value: float, expected: Outcome
) -> None:
    found = score(value, baseline=0.9, change=change, p_value=p_value)
    assert outcome(found, DROP, card=HIGHER) == expected


def test_a_share_of_the_baseline_is_relative() -> None:
    limit = Limit(severity="warn", versus="rise", bound=0.1, share=True)
    card = Card(
        title="RMSE", explain="", reads=(), on="outcome", better="lower", unit="", reference=""
    )
    rise = score(230, baseline=200, change=Interval(25, 35), p_value=1e-9)
    small = score(212, baseline=200, change=Interval(8, 16), p_value=1e-9)
    assert outcome(rise, limit, card=card) == "warn"
    assert outcome(small, limit, card=card) == "info"


def test_an_absolute_limit_on_a_level_needs_no_change() -> None:
    """A latency that was always too high is too high, whatever the baseline was."""
    card = Card(
        title="P95",
        explain="",
        reads=(),
        on="latency",
        better="lower",
        unit="milliseconds",
        reference="",
    )
    limit = Limit(severity="critical", versus="value", bound=200)
    found = score(
        260,
        interval=Interval(250, 270),
        baseline=260,
        change=Interval(-10, 10),
        p_value=0.9,
    )
    assert outcome(found, limit, card=card) == "critical"


def test_a_limit_from_below_where_higher_is_better() -> None:
    limit = Limit(severity="critical", versus="value", bound=0.8)
    low = score(0.7, interval=Interval(0.67, 0.73))
    unsure = score(0.79, interval=Interval(0.7, 0.87))
    assert outcome(low, limit, card=HIGHER) == "critical"
    assert outcome(unsure, limit, card=HIGHER) == "pass"


def test_a_fact_needs_no_evidence() -> None:
    limit = Limit(severity="critical", versus="value", bound=0)
    assert outcome(score(2.0), limit) == "critical"
    assert outcome(score(0.0), limit) == "pass"


def test_without_a_limit_the_value_is_told_and_not_judged() -> None:
    check = Check(id="drift.psi", evaluator="drift.psi")
    one = Measured(check=check, card=CARD, column="x", score=score(0.4, p_value=1e-9))
    (found,) = judge([one], Policy())
    assert found.outcome == "info"
    assert found.because == "x: PSI 0.4, no limit set"


def test_any_follows_the_evidence_alone() -> None:
    limit = Limit(severity="warn", versus="any")
    assert outcome(score(0.001, p_value=1e-9), limit) == "warn"
    assert outcome(score(0.4, p_value=0.3), limit) == "pass"
    assert outcome(score(0.0, baseline=0.0), limit) == "pass"


def test_what_could_not_be_measured_says_why() -> None:
    few = verdict(None, problem=TooFewRows(needed=30, n_baseline=1_000, n_current=7))
    assert few.outcome == "inconclusive"
    assert "30 rows" in few.because
    assert "7 now" in few.because
    assert outcome(None, problem=NotApplicable("reads numbers")) == "not_applicable"
    broken = verdict(None, problem=ZeroDivisionError("division by zero"))
    assert broken.outcome == "error"
    assert "ZeroDivisionError" in broken.because


def test_plain_adjustment_is_benjamini_hochberg() -> None:
    """One test a column and no slices: the textbook procedure, by an independent formula."""
    p = np.array([0.001, 0.012, 0.2, 0.03, 0.8])
    found = adjusted_p_values(
        [measured(score(0.1, p_value=x), column=f"c{i}") for i, x in enumerate(p)], Policy()
    )
    order = np.argsort(p)
    ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
    expected = np.empty(len(p))
    expected[order] = np.minimum.accumulate(ranked[::-1])[::-1]
    np.testing.assert_allclose(np.array(found, dtype=float), expected)


def test_more_checks_on_a_column_cost_the_others_nothing() -> None:
    pairs = zip("ab", (0.01, 0.9), strict=True)
    alone = [measured(score(0.1, p_value=p), column=c) for c, p in pairs]
    crowded = [*alone, *(measured(score(0.1, p_value=0.9), column="b") for _ in range(9))]
    assert adjusted_p_values(crowded, Policy())[0] == pytest.approx(
        adjusted_p_values(alone, Policy())[0]
    )


def test_slices_take_half_the_budget_at_most() -> None:
    whole = measured(score(0.1, p_value=0.01))
    parts = [measured(score(0.1, p_value=0.9), part=f"region={i}") for i in range(40)]
    alone = adjusted_p_values([whole], Policy())[0]
    among = adjusted_p_values([whole, *parts], Policy())[0]
    assert alone is not None
    assert among == pytest.approx(2 * alone)


def test_checks_without_a_test_take_no_budget() -> None:
    whole = measured(score(0.1, p_value=0.01))
    silent = [measured(score(0.0, baseline=0.0), column=f"c{i}") for i in range(40)]
    assert adjusted_p_values([whole, *silent], Policy())[0] == pytest.approx(0.01)


@pytest.mark.parametrize("columns", [1, 30])
def test_unchanged_runs_alarm_within_the_budget(columns: int) -> None:
    """Uniform p-values, several checks a column, slices: any evidence in at most 5 % of runs."""
    rng = np.random.default_rng(columns)
    limit = Limit(severity="warn", versus="any")
    runs, alarms = 200, 0
    for _ in range(runs):
        family = [
            measured(score(0.1, p_value=p), limit, column=f"c{i % columns}", part=part)
            for part in ("", "s=a", "s=b")
            for i, p in enumerate(rng.random(3 * columns))
        ]
        alarms += any(v.outcome == "warn" for v in judge(family, Policy()))
    assert alarms / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
