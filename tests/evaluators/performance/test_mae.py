"""Mean absolute error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import TooFewRows
from tidegauge.profile import RegressionProfile
from tidegauge_evaluators.performance.mae import mae

Sides = tuple[RegressionProfile, RegressionProfile]


def test_the_same_rows_on_both_sides_are_no_change(regressions: Sides) -> None:
    same = mae(regressions[0], regressions[0])
    assert same.change is not None
    assert same.change.low <= 0 <= same.change.high
    assert same.p_value is None or same.p_value > 0.99
    assert same.value == same.baseline


def test_a_worse_model_is_seen(regressions: Sides) -> None:
    score = mae(*regressions)
    assert score.p_value is not None
    assert score.p_value < 1e-3
    assert score.change is not None
    assert score.change.low > 0


def test_too_few_labelled_rows_are_refused() -> None:
    few = RegressionProfile().lay([1.0, 2.0] * 10, [1.0, 3.0] * 10)
    with pytest.raises(TooFewRows, match="found 0 in the baseline and 20 now"):
        mae(None, few)


def test_without_baseline_labels_there_is_a_value_and_no_change(regressions: Sides) -> None:
    unlabelled = RegressionProfile().lay([None, None], [1.0, 2.0])
    for before in (None, unlabelled):
        score = mae(before, regressions[1])
        assert (score.baseline, score.change, score.p_value) == (None, None, None)
        assert score.n_baseline == 0
        assert score.interval is not None
        assert score.interval.low <= score.value <= score.interval.high


def test_the_share_of_labels_that_arrived_is_stated() -> None:
    due = np.repeat([True, False], 100)
    rows = RegressionProfile().lay([1.0, 2.0, 4.0, None] * 50, [1.0, 2.0, 3.0, 4.0] * 50, due=due)
    details = mae(None, rows).details
    assert (details["labelled_share"], details["pending"], details["overdue"]) == (0.75, 25, 25)


def test_it_is_what_sklearn_finds_in_any_batches(models: Any, rng: np.random.Generator) -> None:
    y = rng.standard_t(3, 800) + 50
    p = y + rng.standard_t(3, 800)
    grid = RegressionProfile()
    profile = models.in_batches(rng, grid, (y, p), lambda grid, rows: grid.lay(*rows))
    assert mae(None, profile).value == pytest.approx(sklearn.metrics.mean_absolute_error(y, p))


def test_values_that_overflow_give_no_interval_rather_than_a_wrong_one() -> None:
    huge = RegressionProfile().lay([1e300, -1e300] * 50, [-1e300, 1e300] * 50)
    score = mae(huge, huge)
    assert not np.isnan(score.value)
    assert score.interval is None or np.isfinite(score.interval).all()


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=30, max_size=60))
def test_the_interval_holds_the_value(rows: list[tuple[float, float]]) -> None:
    target = [y for y, _ in rows]
    profile = RegressionProfile().lay(target, [p for _, p in rows])
    if np.ptp(target) < 1e-3:
        return
    score = mae(profile, profile)
    assert score.interval is not None
    slack = 1e-9 * max(1.0, abs(score.value))
    assert score.interval.low - slack <= score.value <= score.interval.high + slack
