"""What changed between two runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import tidegauge
from tidegauge.diffing import differences
from tidegauge.records import Interval, Report

CHECKS = [{"drift.psi": {"critical": 0.2, "warn": 0.1}}, "drift.wasserstein"]


def report(income: float, debt: float, seed: int, *, checks: list[object] = CHECKS) -> Report:  # type: ignore[assignment]
    rng = np.random.default_rng(seed)
    still = np.random.default_rng(0)
    before = {"income": still.normal(50, 10, 3_000), "debt": still.normal(5, 1, 3_000)}
    now = {"income": rng.normal(50 + income, 10, 1_000), "debt": rng.normal(5 + debt, 1, 1_000)}
    return tidegauge.check(now, before, checks=checks)  # type: ignore[arg-type]


def test_a_run_does_not_differ_from_itself() -> None:
    one = report(0, 0, 1)
    found = differences(one, one)
    assert found.changed == ()
    assert "nothing changed" in found.because
    assert found.notes == ()


def test_chance_begins_and_ends_no_alarm() -> None:
    for seed in range(1, 6):
        found = differences(report(0, 0, seed), report(0, 0, seed + 10))
        assert not {one.change for one in found.changed} & {"began", "ended", "new", "gone"}


def test_alarms_that_began_come_before_those_that_ended() -> None:
    found = differences(report(0, 2, 1), report(9, 0, 2))
    told = [(one.change, one.column) for one in found.changed if one.check == "drift.psi"]
    assert told == [("began", "income"), ("ended", "debt")]
    first = found.changed[0]
    assert first.before is not None
    assert first.after is not None
    assert first.because.startswith("income: Population stability index ")
    assert "pass, then critical" in first.because
    assert found.because.startswith("critical both times: 1 new alarm, 1 ended alarm")


def test_a_value_moves_only_beyond_both_intervals() -> None:
    one = report(3, 0, 1)
    results = tuple(
        replace(r, score=replace(r.score, value=0.9, interval=Interval(0.8, 1.0)))
        if r.score and (r.check, r.column) == ("drift.psi", "income") else r
        for r in one.results
    )  # fmt: skip
    found = differences(one, replace(one, results=results))
    assert [(c.change, c.column) for c in found.changed] == [("moved", "income")]


def test_other_checks_and_baselines_are_noted() -> None:
    found = differences(report(0, 0, 1), report(0, 0, 1, checks=["drift.kolmogorov_smirnov"]))
    assert any("checks or limits" in note for note in found.notes)
    assert {one.change for one in found.changed} == {"new", "gone"}
