"""Expected calibration error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import ClassificationProfile, NumericProfile
from tidegauge_evaluators.performance.expected_calibration_error import expected_calibration_error

Sides = tuple[ClassificationProfile, ClassificationProfile]
SCORED = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze([0.2, 0.8])})


def test_the_same_rows_on_both_sides_are_no_change(two_sides: Sides) -> None:
    same = expected_calibration_error(two_sides[0], two_sides[0])
    assert same.change is not None
    assert same.change.low <= 0 <= same.change.high
    assert same.p_value is None or same.p_value > 0.99
    assert same.value == same.baseline


def test_a_worse_model_is_seen(two_sides: Sides) -> None:
    score = expected_calibration_error(*two_sides)
    assert score.p_value is not None
    assert score.p_value < 1e-3
    assert score.change is not None
    assert score.change.low > 0


def test_too_few_labelled_rows_are_refused() -> None:
    few = SCORED.lay(["yes", "no"] * 10, None, {"yes": [0.2, 0.8] * 10})
    with pytest.raises(TooFewRows, match="found 0 in the baseline and 20 now"):
        expected_calibration_error(None, few)


def test_without_baseline_labels_there_is_a_value_and_no_change(two_sides: Sides) -> None:
    unlabelled = two_sides[0].blank().lay([None, None], ["yes", "no"], {"yes": [0.1, 0.2]})
    for before in (None, unlabelled):
        score = expected_calibration_error(before, two_sides[1])
        assert (score.baseline, score.change, score.p_value) == (None, None, None)
        assert score.n_baseline == 0
        assert score.interval is not None
        assert score.interval.low <= score.value <= score.interval.high


def test_the_share_of_labels_that_arrived_is_stated() -> None:
    due = np.repeat([True, False], 100)
    rows = SCORED.lay(
        ["yes", "no", "yes", None] * 50, None, {"yes": [0.8, 0.2, 0.2, 0.2] * 50}, due=due
    )
    details = expected_calibration_error(None, rows).details
    assert (details["labelled_share"], details["pending"], details["overdue"]) == (0.75, 25, 25)


def test_a_calibrated_model_scores_near_zero_with_few_rows(
    models: Any, rng: np.random.Generator
) -> None:
    grid = models.binary_grid(models.binary(rng, 2000).score)
    scores = [
        expected_calibration_error(None, models.lay_binary(grid, models.binary(rng, 200)))
        for _ in range(100)
    ]
    plain = np.mean([float(score.details["plug_in"]) for score in scores])
    assert plain > 0.06
    assert np.mean([score.value for score in scores]) < 0.2 * plain
    expected = np.mean([float(score.details["plug_in_if_calibrated"]) for score in scores])
    assert plain == pytest.approx(expected, rel=0.05)


def test_by_hand() -> None:
    column = [0.1, 0.9] * 500
    grid = {"yes": NumericProfile.freeze(column)}
    rows = ClassificationProfile.over_grid(("no", "yes"), grid)
    rows = rows.lay(["yes", "yes", "no", "no"] * 250, None, {"yes": column})
    score = expected_calibration_error(rows, rows)
    assert score.value == pytest.approx(0.4)
    assert [part.label for part in score.parts] == ["scores near 0.1", "scores near 0.9"]
    assert [part.current for part in score.parts] == pytest.approx([-0.4, 0.4])


def test_scores_that_are_no_probabilities_are_refused() -> None:
    column = [-1.5, 0.2, 3.0, 0.9] * 50
    grid = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze(column)})
    with pytest.raises(NotApplicable, match="so they are no probabilities"):
        expected_calibration_error(None, grid.lay(["no", "yes"] * 100, None, {"yes": column}))


def test_one_stray_score_does_not_move_it(models: Any, rng: np.random.Generator) -> None:
    rows = models.binary(rng, 1000)
    grid = models.binary_grid(rows.score)
    before = expected_calibration_error(None, models.lay_binary(grid, rows)).details["plug_in"]
    rows.score[0] = 1e6
    after = expected_calibration_error(None, models.lay_binary(grid, rows)).details["plug_in"]
    assert abs(float(before) - float(after)) < 0.005


def test_the_plain_estimate_is_that_of_the_rows(models: Any, rng: np.random.Generator) -> None:
    rows = models.binary(rng, 3000, sure=2.0)
    rows = rows._replace(score=rows.score.round(1))
    grid = models.binary_grid(rows.score)
    profile = models.in_batches(rng, grid, rows, models.lay_binary)
    found = expected_calibration_error(None, profile, bins=100).details["plug_in"]
    gap = rows.score - (rows.target == "yes")
    levels = np.unique(rows.score)
    expected = sum(abs(gap[rows.score == level].sum()) for level in levels) / 3000
    assert found == pytest.approx(expected)


def test_more_classes_are_averaged(three_classes: Sides) -> None:
    score = expected_calibration_error(*three_classes)
    assert score.baseline is not None
    assert score.value > score.baseline > 0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=30, max_size=80))
def test_the_interval_holds_the_value(rows: list[tuple[float, bool]]) -> None:
    column = [score for score, _ in rows]
    grid = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze(column)})
    target = ["yes" if hit else "no" for _, hit in rows]
    profile = grid.lay(target, None, {"yes": column})
    score = expected_calibration_error(profile, profile, min_rows=1)
    assert score.interval is not None
    assert score.interval.low <= score.value <= score.interval.high
    assert score.p_value is not None
    assert score.p_value > 0.99
