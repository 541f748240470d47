"""Area under the ROC curve."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import ClassificationProfile, NumericProfile
from tidegauge_evaluators.performance.roc_auc import roc_auc

Sides = tuple[ClassificationProfile, ClassificationProfile]
SCORED = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze([0.2, 0.8])})


def test_the_same_rows_on_both_sides_are_no_change(two_sides: Sides) -> None:
    same = roc_auc(two_sides[0], two_sides[0])
    assert same.change is not None
    assert same.change.low <= 0 <= same.change.high
    assert same.p_value is None or same.p_value > 0.99
    assert same.value == same.baseline


def test_a_worse_model_is_seen(two_sides: Sides) -> None:
    score = roc_auc(*two_sides)
    assert score.p_value is not None
    assert score.p_value < 1e-3
    assert score.change is not None
    assert score.change.high < 0


def test_too_few_labelled_rows_are_refused() -> None:
    few = SCORED.lay(["yes", "no"] * 10, None, {"yes": [0.2, 0.8] * 10})
    with pytest.raises(TooFewRows, match="found 0 in the baseline and 20 now"):
        roc_auc(None, few)


def test_without_baseline_labels_there_is_a_value_and_no_change(two_sides: Sides) -> None:
    unlabelled = two_sides[0].blank().lay([None, None], ["yes", "no"], {"yes": [0.1, 0.2]})
    for before in (None, unlabelled):
        score = roc_auc(before, two_sides[1])
        assert (score.baseline, score.change, score.p_value) == (None, None, None)
        assert score.n_baseline == 0
        assert score.interval is not None
        assert score.interval.low <= score.value <= score.interval.high


def test_the_share_of_labels_that_arrived_is_stated() -> None:
    due = np.repeat([True, False], 100)
    rows = SCORED.lay(
        ["yes", "no", "yes", None] * 50, None, {"yes": [0.8, 0.2, 0.2, 0.2] * 50}, due=due
    )
    details = roc_auc(None, rows).details
    assert (details["labelled_share"], details["pending"], details["overdue"]) == (0.75, 25, 25)


def test_by_hand_with_a_tie() -> None:
    grid = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze([1, 2, 3])})
    rows = grid.lay(["no", "yes", "yes", "no"] * 10, ["no"] * 40, {"yes": [1, 2, 3, 2] * 10})
    score = roc_auc(None, rows)
    assert score.value == pytest.approx((2 + 1 + 0.5) / 4)
    assert score.resolution == 0.0


def test_scores_outside_the_grid_and_infinities_keep_their_rank() -> None:
    grid = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze([0, 1])})
    scores = {"yes": [-np.inf, -5.0, 7.0, np.inf] * 10}
    assert roc_auc(None, grid.lay(["no", "no", "yes", "yes"] * 10, None, scores)).value == 1.0


def test_one_class_alone_cannot_be_ranked() -> None:
    grid = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze([0, 1])})
    with pytest.raises(NotApplicable, match='no rows of class "yes" have both label and score'):
        roc_auc(None, grid.lay(["no"] * 50, None, {"yes": [0, 1] * 25}))


def test_few_rows_of_a_class_are_refused() -> None:
    grid = ClassificationProfile.over_grid(("no", "yes"), {"yes": NumericProfile.freeze([0, 1])})
    rows = grid.lay(["no"] * 45 + ["yes"] * 5, None, {"yes": [0, 1] * 25})
    with pytest.raises(TooFewRows, match='needs 10 rows labelled "yes"'):
        roc_auc(None, rows)


def test_without_scores_there_is_no_curve() -> None:
    rows = ClassificationProfile.over_grid(("no", "yes"), {}).lay(["no", "yes"] * 50, ["no"] * 100)
    with pytest.raises(NotApplicable, match="no scores are logged"):
        roc_auc(None, rows)


@pytest.mark.parametrize("digits", [1, 2, 9])
def test_it_is_what_sklearn_finds_within_the_resolution(
    models: Any, rng: np.random.Generator, digits: int
) -> None:
    rows = models.binary(rng, 3000)
    rows = rows._replace(score=rows.score.round(digits))
    grid = models.binary_grid(models.binary(rng, 3000).score.round(digits))
    score = roc_auc(None, models.in_batches(rng, grid, rows, models.lay_binary))
    expected = sklearn.metrics.roc_auc_score(rows.target == "yes", rows.score)
    assert abs(score.value - expected) <= score.resolution + 1e-12
    assert score.resolution < (1e-3 if digits == 9 else 1e-12)


def test_more_classes_are_averaged_as_sklearn_does(models: Any, rng: np.random.Generator) -> None:
    rows = models.multiclass(rng, 3000)
    grid = models.multiclass_grid(rows.scores)
    score = roc_auc(None, models.in_batches(rng, grid, rows, models.lay_multiclass))
    order = [models.classes.index(name) for name in sorted(models.classes)]
    expected = sklearn.metrics.roc_auc_score(
        rows.target, rows.scores[:, order], multi_class="ovr", average="macro"
    )
    assert score.value == pytest.approx(expected, abs=score.resolution + 1e-12)


def test_delongs_variance_agrees_with_the_bootstrap(models: Any, rng: np.random.Generator) -> None:
    rows = models.binary(rng, 400)
    score = roc_auc(None, models.lay_binary(models.binary_grid(rows.score), rows))
    hit = rows.target == "yes"
    samples = (rng.integers(0, 400, 400) for _ in range(300))
    values = [sklearn.metrics.roc_auc_score(hit[i], rows.score[i]) for i in samples]
    assert score.interval is not None
    width = score.interval.high - score.interval.low
    assert width == pytest.approx(2 * 1.96 * np.std(values), rel=0.12)


@given(st.lists(st.floats(-5, 5), min_size=20, max_size=60), st.floats(0.1, 9))
def test_a_monotone_change_of_the_scores_keeps_it(scores: list[float], scale: float) -> None:
    target, column = ["no", "yes"] * (len(scores) // 2), np.round(scores, 3)
    column = column[: len(target)]

    def value(column: Any) -> float:
        grid = {"yes": NumericProfile.freeze(column)}
        rows = ClassificationProfile.over_grid(("no", "yes"), grid)
        return roc_auc(None, rows.lay(target, None, {"yes": column}), min_rows=1).value

    assert value(column) == pytest.approx(value(scale * column**3))
