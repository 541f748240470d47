"""Accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import TooFewRows
from tidegauge.profile import ClassificationProfile
from tidegauge_evaluators.performance.accuracy import accuracy

Sides = tuple[ClassificationProfile, ClassificationProfile]


def test_the_same_rows_on_both_sides_are_no_change(two_sides: Sides) -> None:
    same = accuracy(two_sides[0], two_sides[0])
    assert same.change is not None
    assert same.change.low <= 0 <= same.change.high
    assert same.p_value is None or same.p_value > 0.99
    assert same.value == same.baseline


def test_a_worse_model_is_seen(two_sides: Sides) -> None:
    score = accuracy(*two_sides)
    assert score.p_value is not None
    assert score.p_value < 1e-3
    assert score.change is not None
    assert score.change.high < 0


def test_too_few_labelled_rows_are_refused() -> None:
    few = ClassificationProfile.over_grid(("no", "yes"), {}).lay(["yes", "no"] * 10, ["yes"] * 20)
    with pytest.raises(TooFewRows, match="found 0 in the baseline and 20 now"):
        accuracy(None, few)


def test_without_baseline_labels_there_is_a_value_and_no_change(two_sides: Sides) -> None:
    unlabelled = two_sides[0].blank().lay([None, None], ["yes", "no"], {"yes": [0.1, 0.2]})
    for before in (None, unlabelled):
        score = accuracy(before, two_sides[1])
        assert (score.baseline, score.change, score.p_value) == (None, None, None)
        assert score.n_baseline == 0
        assert score.interval is not None
        assert score.interval.low <= score.value <= score.interval.high


def test_the_share_of_labels_that_arrived_is_stated() -> None:
    due = np.repeat([True, False], 100)
    rows = ClassificationProfile.over_grid(("no", "yes"), {}).lay(
        ["yes", "no", "yes", None] * 50, ["yes", "no", "no", "no"] * 50, due=due
    )
    details = accuracy(None, rows).details
    assert (details["labelled_share"], details["pending"], details["overdue"]) == (0.75, 25, 25)


def test_a_class_never_seen_before_is_wrong_whatever_was_predicted() -> None:
    grid = ClassificationProfile.over_grid(("no", "yes"), {})
    rows = grid.lay(["no", "new", "new", "yes"] * 25, ["no", "new", "yes", "new"] * 25)
    assert accuracy(None, rows).value == 0.25


def test_the_parts_are_the_shares_found_and_add_up(three_classes: Sides) -> None:
    score = accuracy(*three_classes)
    assert sum(part.contribution for part in score.parts) == pytest.approx(score.value)
    now = three_classes[1].confusion
    found = {part.label: part.current for part in score.parts}
    assert found["low"] == pytest.approx(now[0, 0] / now[0].sum())


def test_a_model_without_mistakes_has_nothing_to_test_and_an_interval_below_one() -> None:
    rows = ClassificationProfile.over_grid(("no", "yes"), {}).lay(["yes"] * 100, ["yes"] * 100)
    score = accuracy(rows, rows)
    assert score.p_value is None
    assert score.interval is not None
    assert score.interval.low == pytest.approx(0.025 ** (1 / 100))


def test_it_is_what_sklearn_finds_in_any_batches(models: Any, rng: np.random.Generator) -> None:
    rows = models.multiclass(rng, 800)
    grid = models.multiclass_grid(rows.scores)
    found = accuracy(None, models.in_batches(rng, grid, rows, models.lay_multiclass)).value
    assert found == pytest.approx(sklearn.metrics.accuracy_score(rows.target, rows.prediction))


@given(st.integers(0, 60), st.integers(1, 60))
def test_the_interval_holds_the_value(right: int, wrong: int) -> None:
    rows = ClassificationProfile.over_grid(("no", "yes"), {})
    rows = rows.lay(["yes"] * (right + wrong), ["yes"] * right + ["no"] * wrong)
    score = accuracy(None, rows, min_rows=1)
    assert score.interval is not None
    assert score.interval.low <= score.value <= score.interval.high
