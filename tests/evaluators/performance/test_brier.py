"""Brier score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import ClassificationProfile, NumericProfile
from tidegauge_evaluators.performance.brier import brier

Sides = tuple[ClassificationProfile, ClassificationProfile]
SCORED = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze([0.2, 0.8])})


def test_the_same_rows_on_both_sides_are_no_change(two_sides: Sides) -> None:
    same = brier(two_sides[0], two_sides[0])
    assert same.change is not None
    assert same.change.low <= 0 <= same.change.high
    assert same.p_value is None or same.p_value > 0.99
    assert same.value == same.baseline


def test_a_worse_model_is_seen(two_sides: Sides) -> None:
    score = brier(*two_sides)
    assert score.p_value is not None
    assert score.p_value < 1e-3
    assert score.change is not None
    assert score.change.low > 0


def test_too_few_labelled_rows_are_refused() -> None:
    few = SCORED.lay(["yes", "no"] * 10, None, {"yes": [0.2, 0.8] * 10})
    with pytest.raises(TooFewRows, match="found 0 in the baseline and 20 now"):
        brier(None, few)


def test_without_baseline_labels_there_is_a_value_and_no_change(two_sides: Sides) -> None:
    unlabelled = two_sides[0].blank().lay([None, None], ["yes", "no"], {"yes": [0.1, 0.2]})
    for before in (None, unlabelled):
        score = brier(before, two_sides[1])
        assert (score.baseline, score.change, score.p_value) == (None, None, None)
        assert score.n_baseline == 0
        assert score.interval is not None
        assert score.interval.low <= score.value <= score.interval.high


def test_the_share_of_labels_that_arrived_is_stated() -> None:
    due = np.repeat([True, False], 100)
    rows = SCORED.lay(
        ["yes", "no", "yes", None] * 50, None, {"yes": [0.8, 0.2, 0.2, 0.2] * 50}, due=due
    )
    details = brier(None, rows).details
    assert (details["labelled_share"], details["pending"], details["overdue"]) == (0.75, 25, 25)


def test_scores_that_are_no_probabilities_are_refused() -> None:
    column = [-1.5, 0.2, 3.0, 0.9] * 25
    grid = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze(column)})
    with pytest.raises(NotApplicable, match=r"reach from -1.5 to 3.*50.0% of the labelled"):
        brier(None, grid.lay(["no", "yes"] * 50, None, {"yes": column}))


def test_a_single_stray_score_is_left_out_and_stated() -> None:
    column = [0.2, 0.9] * 100
    grid = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze(column)})
    clean = brier(None, grid.lay(["no", "yes"] * 100, None, {"yes": column}))
    column[0] = 1e6
    score = brier(None, grid.lay(["no", "yes"] * 100, None, {"yes": column}))
    assert score.details["outside_0_to_1"] == pytest.approx(1 / 200)
    assert score.value == pytest.approx(clean.value, rel=0.02)
    assert score.n_current == 199


def test_without_a_probability_for_every_class_it_has_no_meaning(models: Any) -> None:
    grid = ClassificationProfile.over_grid(
        models.classes, {"low": NumericProfile.freeze([0.2, 0.8])}
    )
    rows = grid.lay(["low", "mid"] * 30, ["low"] * 60, {"low": [0.2, 0.8] * 30})
    with pytest.raises(NotApplicable, match="needs a probability for every class"):
        brier(None, rows)


def test_a_baseline_of_another_kind_of_score_is_not_compared_with(two_sides: Sides) -> None:
    column = [-1.5, 3.0] * 50
    logits = two_sides[0].blank().lay(["no", "yes"] * 50, None, {"yes": column})
    assert brier(logits, two_sides[1]).baseline is None


def test_it_is_what_sklearn_finds_in_any_batches(models: Any, rng: np.random.Generator) -> None:
    rows = models.multiclass(rng, 800)
    grid = models.multiclass_grid(rows.scores)
    found = brier(None, models.in_batches(rng, grid, rows, models.lay_multiclass)).value
    labels = sorted(models.classes)
    order = [models.classes.index(name) for name in labels]
    assert found == pytest.approx(
        sklearn.metrics.brier_score_loss(
            rows.target, rows.scores[:, order], labels=labels, scale_by_half=False
        )
    )
    two = models.binary(rng, 800)
    found = brier(None, models.lay_binary(models.binary_grid(two.score), two)).value
    assert found == pytest.approx(sklearn.metrics.brier_score_loss(two.target == "yes", two.score))


@given(st.lists(st.floats(0, 1), min_size=30, max_size=60))
def test_certain_and_wrong_is_finite(column: list[float]) -> None:
    grid = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze(column)})
    score = brier(None, grid.lay(["yes"] * len(column), None, {"yes": column}))
    assert 0 <= score.value < 37
    assert score.interval is not None
    assert score.interval.low <= score.value <= score.interval.high
