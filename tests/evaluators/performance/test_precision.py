"""Precision."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import ClassificationProfile
from tidegauge_evaluators.performance.precision import precision

Sides = tuple[ClassificationProfile, ClassificationProfile]


def test_the_same_rows_on_both_sides_are_no_change(two_sides: Sides) -> None:
    same = precision(two_sides[0], two_sides[0])
    assert same.change is not None
    assert same.change.low <= 0 <= same.change.high
    assert same.p_value is None or same.p_value > 0.99
    assert same.value == same.baseline


def test_a_worse_model_is_seen(two_sides: Sides) -> None:
    score = precision(*two_sides)
    assert score.p_value is not None
    assert score.p_value < 1e-3
    assert score.change is not None
    assert score.change.high < 0


def test_too_few_labelled_rows_are_refused() -> None:
    few = ClassificationProfile.over_grid(("no", "yes"), {}).lay(["yes", "no"] * 10, ["yes"] * 20)
    with pytest.raises(TooFewRows, match="found 0 in the baseline and 20 now"):
        precision(None, few)


def test_without_baseline_labels_there_is_a_value_and_no_change(two_sides: Sides) -> None:
    unlabelled = two_sides[0].blank().lay([None, None], ["yes", "no"], {"yes": [0.1, 0.2]})
    for before in (None, unlabelled):
        score = precision(before, two_sides[1])
        assert (score.baseline, score.change, score.p_value) == (None, None, None)
        assert score.n_baseline == 0
        assert score.interval is not None
        assert score.interval.low <= score.value <= score.interval.high


def test_the_share_of_labels_that_arrived_is_stated() -> None:
    due = np.repeat([True, False], 100)
    rows = ClassificationProfile.over_grid(("no", "yes"), {}).lay(
        ["yes", "no", "yes", None] * 50, ["yes", "no", "no", "no"] * 50, due=due
    )
    details = precision(None, rows).details
    assert (details["labelled_share"], details["pending"], details["overdue"]) == (0.75, 25, 25)


def test_nothing_to_divide_by_is_no_zero() -> None:
    rows = ClassificationProfile.over_grid(("no", "yes"), {})
    with pytest.raises(NotApplicable, match='no row is predicted "yes"'):
        precision(None, rows.lay(["yes", "no"] * 50, ["no"] * 100))


def test_few_rows_of_the_class_are_refused() -> None:
    rows = ClassificationProfile.over_grid(("no", "yes"), {})
    rows = rows.lay(["no"] * 95 + ["yes"] * 5, ["no"] * 95 + ["yes"] * 5)
    with pytest.raises(TooFewRows, match=r'needs 10 rows .* "yes" on each side'):
        precision(None, rows)


def test_a_class_that_does_not_exist_is_refused_by_name(two_sides: Sides) -> None:
    with pytest.raises(NotApplicable, match='no class "maybe"; the baseline holds no, yes'):
        precision(None, two_sides[1], positive="maybe")


def test_the_positive_class_can_be_chosen(two_sides: Sides) -> None:
    values = [precision(None, two_sides[1], positive=name).value for name in ("no", "yes")]
    assert values[0] != values[1]
    assert precision(None, two_sides[1]).value == values[1]


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_it_is_what_sklearn_finds_in_any_batches(
    models: Any, rng: np.random.Generator, average: Any
) -> None:
    rows = models.multiclass(rng, 800)
    grid = models.multiclass_grid(rows.scores)
    profile = models.in_batches(rng, grid, rows, models.lay_multiclass)
    expected = sklearn.metrics.precision_score(rows.target, rows.prediction, average=average)
    assert precision(None, profile, average=average).value == pytest.approx(expected)
    alone = sklearn.metrics.precision_score(rows.target == "mid", rows.prediction == "mid")
    assert precision(None, profile, positive="mid").value == pytest.approx(alone)


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_the_delta_method_agrees_with_the_bootstrap(
    three_classes: Sides, rng: np.random.Generator, average: Any
) -> None:
    profile = three_classes[0]
    score = precision(None, profile, average=average)
    counts, n = profile.confusion, profile.labelled
    tables = rng.multinomial(n, (counts / n).ravel(), size=400).reshape(-1, *counts.shape)
    values = [precision(None, replace(profile, confusion=t), average=average).value for t in tables]
    assert score.interval is not None
    width = score.interval.high - score.interval.low
    assert width == pytest.approx(2 * 1.96 * np.std(values), rel=0.12)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(10, 40))
def test_the_interval_holds_the_value(missed: int, false: int, found: int) -> None:
    target = ["yes"] * (missed + found) + ["no"] * false
    decided = ["no"] * missed + ["yes"] * (found + false)
    rows = ClassificationProfile.over_grid(("no", "yes"), {}).lay(target, decided)
    score = precision(None, rows, min_rows=1)
    assert score.interval is not None
    assert score.interval.low <= score.value <= score.interval.high
