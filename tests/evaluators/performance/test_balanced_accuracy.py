"""Balanced accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import ClassificationProfile
from tidegauge_evaluators.performance.balanced_accuracy import balanced_accuracy

Sides = tuple[ClassificationProfile, ClassificationProfile]


def test_the_same_rows_on_both_sides_are_no_change(two_sides: Sides) -> None:
    same = balanced_accuracy(two_sides[0], two_sides[0])
    assert same.change is not None
    assert same.change.low <= 0 <= same.change.high
    assert same.p_value is None or same.p_value > 0.99
    assert same.value == same.baseline


def test_a_worse_model_is_seen(two_sides: Sides) -> None:
    score = balanced_accuracy(*two_sides)
    assert score.p_value is not None
    assert score.p_value < 1e-3
    assert score.change is not None
    assert score.change.high < 0


def test_too_few_labelled_rows_are_refused() -> None:
    few = ClassificationProfile.over_grid(("no", "yes"), {}).lay(["yes", "no"] * 10, ["yes"] * 20)
    with pytest.raises(TooFewRows, match="found 0 in the baseline and 20 now"):
        balanced_accuracy(None, few)


def test_without_baseline_labels_there_is_a_value_and_no_change(two_sides: Sides) -> None:
    unlabelled = two_sides[0].blank().lay([None, None], ["yes", "no"], {"yes": [0.1, 0.2]})
    for before in (None, unlabelled):
        score = balanced_accuracy(before, two_sides[1])
        assert (score.baseline, score.change, score.p_value) == (None, None, None)
        assert score.n_baseline == 0
        assert score.interval is not None
        assert score.interval.low <= score.value <= score.interval.high


def test_the_share_of_labels_that_arrived_is_stated() -> None:
    due = np.repeat([True, False], 100)
    rows = ClassificationProfile.over_grid(("no", "yes"), {}).lay(
        ["yes", "no", "yes", None] * 50, ["yes", "no", "no", "no"] * 50, due=due
    )
    details = balanced_accuracy(None, rows).details
    assert (details["labelled_share"], details["pending"], details["overdue"]) == (0.75, 25, 25)


def test_one_class_alone_is_not_balanced() -> None:
    rows = ClassificationProfile.over_grid(("no", "yes"), {}).lay(["no"] * 50, ["no"] * 50)
    with pytest.raises(NotApplicable, match="fewer than two of the classes are labelled"):
        balanced_accuracy(None, rows)


def test_a_second_class_of_few_rows_is_refused() -> None:
    rows = ClassificationProfile.over_grid(("no", "yes"), {})
    rows = rows.lay(["no"] * 50 + ["yes"] * 5, ["no"] * 55)
    with pytest.raises(TooFewRows, match="needs 10 rows of a second class"):
        balanced_accuracy(None, rows)


def test_always_answering_the_common_class_is_a_coin() -> None:
    rows = ClassificationProfile.over_grid(("no", "yes"), {})
    rows = rows.lay(["no"] * 990 + ["yes"] * 10, ["no"] * 1000)
    assert balanced_accuracy(None, rows).value == 0.5


def test_an_absent_class_is_named_and_left_out_on_both_sides() -> None:
    grid = ClassificationProfile.over_grid(("a", "b", "c"), {})
    before = grid.lay(["a", "b", "c"] * 30, ["a", "b", "a"] * 30)
    score = balanced_accuracy(before, grid.lay(["a", "b"] * 30, ["a", "b"] * 30))
    assert score.details["undefined"] == "c"
    assert (score.value, score.baseline) == (1.0, 1.0)


def test_it_is_what_sklearn_finds_in_any_batches(models: Any, rng: np.random.Generator) -> None:
    rows = models.multiclass(rng, 800)
    grid = models.multiclass_grid(rows.scores)
    found = balanced_accuracy(None, models.in_batches(rng, grid, rows, models.lay_multiclass))
    expected = sklearn.metrics.balanced_accuracy_score(rows.target, rows.prediction)
    assert found.value == pytest.approx(expected)


@given(st.lists(st.integers(1, 40), min_size=4, max_size=4))
def test_each_class_counts_the_same_however_many_rows_it_has(counts: list[int]) -> None:
    cells = ("no", "no"), ("no", "yes"), ("yes", "no"), ("yes", "yes")
    pairs = [cell for cell, n in zip(cells, counts, strict=True) for _ in range(n)]
    more = pairs + [pair for pair in pairs if pair[0] == "no"] * 3
    grid = ClassificationProfile.over_grid(("no", "yes"), {})
    one, other = (grid.lay([t for t, _ in rows], [p for _, p in rows]) for rows in (pairs, more))
    values = [balanced_accuracy(None, p, min_rows=1, min_class=1).value for p in (one, other)]
    assert values[0] == pytest.approx(values[1])
