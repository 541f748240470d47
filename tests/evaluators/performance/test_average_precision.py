"""Average precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import ClassificationProfile, NumericProfile
from tidegauge_evaluators.performance.average_precision import average_precision

Sides = tuple[ClassificationProfile, ClassificationProfile]
SCORED = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze([0.2, 0.8])})


def test_the_same_rows_on_both_sides_are_no_change(two_sides: Sides) -> None:
    same = average_precision(two_sides[0], two_sides[0])
    assert same.change is not None
    assert same.change.low <= 0 <= same.change.high
    assert same.p_value is None or same.p_value > 0.99
    assert same.value == same.baseline


def test_a_worse_model_is_seen(two_sides: Sides) -> None:
    score = average_precision(*two_sides)
    assert score.p_value is not None
    assert score.p_value < 1e-3
    assert score.change is not None
    assert score.change.high < 0


def test_too_few_labelled_rows_are_refused() -> None:
    few = SCORED.lay(["yes", "no"] * 10, None, {"yes": [0.2, 0.8] * 10})
    with pytest.raises(TooFewRows, match="found 0 in the baseline and 20 now"):
        average_precision(None, few)


def test_without_baseline_labels_there_is_a_value_and_no_change(two_sides: Sides) -> None:
    unlabelled = two_sides[0].blank().lay([None, None], ["yes", "no"], {"yes": [0.1, 0.2]})
    for before in (None, unlabelled):
        score = average_precision(before, two_sides[1])
        assert (score.baseline, score.change, score.p_value) == (None, None, None)
        assert score.n_baseline == 0
        assert score.interval is not None
        assert score.interval.low <= score.value <= score.interval.high


def test_the_share_of_labels_that_arrived_is_stated() -> None:
    due = np.repeat([True, False], 100)
    rows = SCORED.lay(
        ["yes", "no", "yes", None] * 50, None, {"yes": [0.8, 0.2, 0.2, 0.2] * 50}, due=due
    )
    details = average_precision(None, rows).details
    assert (details["labelled_share"], details["pending"], details["overdue"]) == (0.75, 25, 25)


def test_by_hand() -> None:
    grid = {"yes": NumericProfile.freeze([0.1, 0.35, 0.4, 0.8])}
    rows = ClassificationProfile.over_grid(("no", "yes"), grid)
    scores = {"yes": [0.1, 0.4, 0.35, 0.8] * 10}
    score = average_precision(None, rows.lay(["no", "no", "yes", "yes"] * 10, None, scores))
    assert score.value == pytest.approx((1 + 2 / 3) / 2)
    assert score.resolution == 0.0


def test_a_coin_has_the_share_of_the_class() -> None:
    grid = {"yes": NumericProfile.freeze([0.5])}
    rows = ClassificationProfile.over_grid(("no", "yes"), grid)
    rows = rows.lay(["yes"] * 20 + ["no"] * 80, None, {"yes": [0.5] * 100})
    assert average_precision(None, rows).value == pytest.approx(0.2)


def test_few_rows_of_the_class_are_refused() -> None:
    grid = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze([0, 1])})
    rows = grid.lay(["no"] * 45 + ["yes"] * 5, None, {"yes": [0, 1] * 25})
    with pytest.raises(TooFewRows, match='needs 10 rows labelled "yes"'):
        average_precision(None, rows)


def test_without_scores_there_are_no_thresholds() -> None:
    rows = ClassificationProfile.over_grid(("no", "yes"), {}).lay(["no", "yes"] * 50, ["no"] * 100)
    with pytest.raises(NotApplicable, match="no scores are logged"):
        average_precision(None, rows)


@pytest.mark.parametrize("digits", [1, 2, 9])
def test_it_is_what_sklearn_finds_within_the_resolution(
    models: Any, rng: np.random.Generator, digits: int
) -> None:
    rows = models.binary(rng, 3000)
    rows = rows._replace(score=rows.score.round(digits))
    grid = models.binary_grid(models.binary(rng, 3000).score.round(digits))
    score = average_precision(None, models.in_batches(rng, grid, rows, models.lay_binary))
    expected = sklearn.metrics.average_precision_score(rows.target == "yes", rows.score)
    assert abs(score.value - expected) <= score.resolution + 1e-12
    assert score.resolution < (3e-3 if digits == 9 else 1e-12)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), min_size=30, max_size=80))
def test_a_coarse_grid_hides_no_more_than_the_resolution(rows: list[tuple[bool, int]]) -> None:
    hit = np.array([True, False] + [h for h, _ in rows])
    column = np.array([3, 7] + [s for _, s in rows], dtype=float)
    grid = {"yes": NumericProfile.freeze([5.0, 12.0, 20.0])}
    profile = ClassificationProfile.over_grid(("no", "yes"), grid)
    profile = profile.lay(np.where(hit, "yes", "no"), None, {"yes": column})
    score = average_precision(None, profile, min_class=1)
    expected = sklearn.metrics.average_precision_score(hit, column)
    assert abs(score.value - expected) <= score.resolution + 1e-9
