"""Causes drawn, and findings put under them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.case import Case, case_of
from tidegauge.causes.incidents import grouped, key_of
from tidegauge.causes.pictures import (
    BINS,
    KNOWN,
    LEVELS,
    MISSING,
    REST,
    STRETCHES,
    losses_over,
    picture,
)
from tidegauge.records import Cause, Explanation, Mechanism, Outcome, Picture, Result, Verdict

N = 400
SIDE = np.arange(2 * N) >= N


def case(values: Any) -> Case:
    return case_of({"x": values}, SIDE)


def drawn(values: Any, repaired: NDArray[np.float64] | None = None) -> Picture:
    found = picture(case(values), "x", repaired)
    assert found is not None
    return found


def normal(seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(50, 10, 2 * N)


@pytest.mark.parametrize("factor", [1.0, 0.9, 0.4536, 10.0, -1.0, 1e6])
def test_shares_of_a_number_add_to_one_wherever_it_went(factor: float) -> None:
    values = np.where(SIDE, factor * normal(), normal())
    found = drawn(values, values[SIDE] / factor)
    for shares in (found.baseline, found.current, found.repaired):
        assert sum(shares) == pytest.approx(1, abs=1e-4)
        assert len(shares) == len(found.edges) - 1
    assert (np.diff(found.edges) > 0).all()
    assert BINS <= len(found.baseline) <= 3 * BINS


def test_both_sides_alike_fill_the_same_bins_and_a_repair_lies_on_the_baseline() -> None:
    half = normal()[:N]
    found = drawn(np.concatenate([half, 2 * half]), half)
    assert found.repaired == found.baseline
    assert found.current != found.baseline


def test_missing_numbers_are_missing_from_the_shares() -> None:
    values = normal()
    values[SIDE] = np.where(np.arange(N) < N // 4, np.nan, values[SIDE])
    assert sum(drawn(values).current) == pytest.approx(0.75, abs=1e-4)


def test_a_number_without_values_on_a_side_has_no_picture() -> None:
    assert picture(case(np.where(SIDE, np.nan, normal())), "x", None) is None
    assert picture(case(np.where(SIDE, normal(), np.inf)), "x", None) is None
    assert picture(case(np.full(2 * N, np.nan)), "x", None) is None


@pytest.mark.parametrize("now", [7.0, 7.2, 1_000.0, -1e9])
def test_a_constant_has_a_picture(now: float) -> None:
    found = drawn(np.where(SIDE, now, 7.0))
    assert sum(found.baseline) == pytest.approx(1, abs=1e-4)
    assert sum(found.current) == pytest.approx(1, abs=1e-4)
    assert (np.diff(found.edges) > 0).all()
    assert (found.baseline == found.current) == (now == 7.0)


def test_levels_are_drawn_by_name_and_missing_is_one_of_them() -> None:
    words = np.where(SIDE, "new", "old").astype(object)
    words[: N // 4] = None
    found = drawn(words, np.zeros(N))
    assert (found.labels, found.edges) == (("new", "old", MISSING), ())
    assert found.baseline == (0.0, 0.75, 0.25)
    assert found.current == (1.0, 0.0, 0.0)
    assert found.repaired == (0.0, 1.0, 0.0)


def test_rare_levels_are_one() -> None:
    words = [f"w{i % 40:02}" for i in range(2 * N)]
    found = drawn(words)
    assert len(found.labels) == LEVELS + 1
    assert found.labels[-1] == REST
    assert sum(found.baseline) == pytest.approx(1, abs=1e-4)
    assert sum(found.current) == pytest.approx(1, abs=1e-4)


def test_levels_that_are_missing_throughout_a_side_are_drawn_as_missing() -> None:
    found = drawn(["a"] * N + [None] * N)
    assert found.labels == ("a", MISSING)
    assert found.current == (0.0, 1.0)


def alarm(
    column: str = "", role: str = "feature", check: str = "drift.psi", outcome: Outcome = "critical"
) -> Result:
    return Result(
        check=check,
        evaluator=check,
        column=column,
        role=role,
        verdict=Verdict(outcome=outcome, because=""),
    )


def explanation(*causes: tuple[str, Mechanism, tuple[str, ...]]) -> Explanation:
    return Explanation(
        of="drift",
        verdict="covariate",
        because="",
        causes=tuple(
            Cause(factor=name, verdict=verdict, share=0.5, because="", columns=(name,), moved=moved)
            for name, verdict, moved in causes
        ),
    )


def under(found: Explanation, *alarms: Result) -> list[tuple[str, ...]]:
    return [cause.results for cause in grouped(found, alarms).causes]


def test_an_alarm_on_a_cause_is_its_own_before_it_follows_from_another() -> None:
    found = explanation(("a", "covariate", ("b", "c")), ("b", "distortion", ()))
    alarms = [alarm("a"), alarm("b"), alarm("c"), alarm("d")]
    assert under(found, *alarms) == [("drift.psi|a|", "drift.psi|c|"), ("drift.psi|b|",)]


def test_findings_that_are_no_alarms_are_under_no_cause() -> None:
    found = explanation(("a", "covariate", ()))
    assert under(found, alarm("a", outcome="pass"), alarm("a", outcome="info")) == [()]


def test_what_moved_in_the_answers_goes_to_the_first_cause_that_can_do_that() -> None:
    found = explanation(("y", "concept", ()), ("a", "covariate", ()))
    answers = [alarm("p", "prediction"), alarm("s", "score")]
    assert under(found, *answers) == [(), ("drift.psi|p|", "drift.psi|s|")]
    assert under(explanation(("y", "concept", ())), *answers) == [()]


def test_how_well_the_model_does_goes_to_the_first_cause() -> None:
    found = explanation(("y", "concept", ()), ("a", "covariate", ()))
    worse = alarm(check="performance.accuracy")
    fewer = alarm(check="service.volume")
    assert under(found, worse, fewer) == [("performance.accuracy||",), ()]
    assert under(explanation(), worse) == []


def test_a_finding_of_a_slice_is_named_with_it() -> None:
    assert key_of(replace(alarm("a"), slice="region=north")) == "drift.psi|a|region=north"


def test_a_loss_is_drawn_over_stretches_of_a_number_of_equal_mass() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=2 * N)
    x[:5] = np.nan
    losses = np.where(SIDE & (x > 1), 3.0, 1.0)
    losses[10] = np.nan
    found = losses_over(case(x), "x", losses, "log loss")
    assert found is not None
    assert found.of == "mean log loss"
    assert len(found.labels) == STRETCHES
    assert found.labels[0].startswith("below ")
    assert found.labels[-1].endswith(" or more")
    assert found.baseline == (1.0,) * STRETCHES
    assert found.current[:-1] == pytest.approx((1.0,) * (STRETCHES - 1), abs=0.7)
    assert found.current[0] == 1.0
    assert found.current[-1] > 2.5


def test_a_loss_over_levels_leaves_out_those_of_which_too_few_rows_are_known() -> None:
    plan = np.resize(["a", "b", "c", "c"], 2 * N).astype(object)
    plan[[0, N + 1]] = "rare"
    losses = np.select([plan == "a", plan == "b"], [1.0, 2.0], 4.0) + SIDE
    losses[(plan == "b") & SIDE & (np.cumsum((plan == "b") & SIDE) >= KNOWN)] = np.nan
    found = losses_over(case(plan.tolist()), "x", losses, "share of errors")
    assert found is not None
    assert found.of == "share of errors"
    assert dict(
        zip(found.labels, zip(found.baseline, found.current, strict=True), strict=True)
    ) == {
        "a": (1.0, 2.0),
        "c": (4.0, 5.0),
    }


@pytest.mark.parametrize("values", [np.full(2 * N, np.nan), [None] * (2 * N)])
def test_a_loss_over_nothing_is_not_drawn(values: Any) -> None:
    assert losses_over(case(values), "x", np.ones(2 * N), "log loss") is None
