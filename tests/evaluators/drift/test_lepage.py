"""Lepage's test from the grid against rank sums over raw rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tidegauge.errors import TooFewRows
from tidegauge.profile import NumericProfile
from tidegauge_evaluators.drift.lepage import lepage

ROWS = st.lists(st.integers(-20, 20).map(float), min_size=5, max_size=60)


def test_the_same_rows_are_at_distance_zero() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0))
    score: Any = lepage(baseline, baseline)
    assert (score.value, score.p_value) == (0.0, 1.0)
    assert score.interval is not None
    assert score.interval.low == 0.0


def test_a_constant_column_has_not_moved() -> None:
    baseline = NumericProfile.freeze(np.full(50, 3.0))
    score: Any = lepage(baseline, baseline.lay(np.full(40, 3.0)))
    assert (score.value, score.p_value, score.parts) == (0.0, 1.0, ())


def test_too_few_rows_are_refused() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0))
    with pytest.raises(TooFewRows):
        lepage(baseline, baseline.lay(np.arange(29.0)))


def test_location_is_the_chance_of_a_larger_row_less_that_of_a_smaller_one(pair: Any) -> None:
    baseline = NumericProfile.freeze(pair.baseline)
    score: Any = lepage(baseline, baseline.lay(pair.current))
    ordered = np.sort(pair.baseline)
    wins = np.searchsorted(ordered, pair.current, "left").sum()
    losses = (len(ordered) - np.searchsorted(ordered, pair.current, "right")).sum()
    truth = (wins - losses) / (len(ordered) * len(pair.current))
    assert score.details["location"] == pytest.approx(truth, abs=score.resolution + 1e-9)


def by_hand(before: Any, now: Any) -> Any:
    """Value and statistic from midranks and mean squares of tied rows, over raw rows."""
    n, m = len(before), len(now)
    rows, side = np.append(before, now), np.append(np.zeros(n), np.ones(m)) == 1

    def quadratic(weights: Any) -> float:
        _, place = np.unique(rows, return_inverse=True)
        mass = np.bincount(place, weights)
        rank = 2 * np.cumsum(mass) - mass - 1
        scores = np.stack([rank, rank**2 + mass**2 / 3])[:, place]
        gap = scores[:, side].mean(axis=1) - scores[:, ~side].mean(axis=1)
        covariance = np.cov(scores, aweights=weights, ddof=0)
        return float(gap @ np.linalg.pinv(covariance, rcond=1e-9) @ gap)

    value = math.sqrt(quadratic(np.where(side, 0.5 / m, 0.5 / n)))
    size = n + m
    statistic = quadratic(np.full(size, 1 / size)) * n * m * (size - 1) / size**2
    return value, statistic


def test_raw_rows_give_the_same_within_the_resolution(pair: Any) -> None:
    if len(np.unique(np.append(pair.baseline, pair.current))) < 3:
        pytest.skip("one direction only: see the next test")
    baseline = NumericProfile.freeze(pair.baseline)
    score: Any = lepage(baseline, baseline.lay(pair.current))
    value, statistic = by_hand(pair.baseline, pair.current)
    assert score.value == pytest.approx(value, abs=score.resolution + 1e-9)
    if score.value < 1.0:
        assert score.details["statistic"] == pytest.approx(statistic, rel=0.02)
        assert 0.9 * stats.chi2.sf(statistic, 2) <= score.p_value  # corrected upwards only


def test_two_values_have_only_a_location() -> None:
    baseline = NumericProfile.freeze([0.0] * 90 + [1.0] * 10)
    score: Any = lepage(baseline, baseline.lay([0.0] * 70 + [1.0] * 30))
    truth = stats.fisher_exact([[90, 10], [70, 30]]).pvalue
    assert score.details["df"] == 1
    assert score.p_value == pytest.approx(truth)


def test_ranks_see_wilcoxon() -> None:
    rng = np.random.default_rng(1)
    before, now = rng.normal(size=300), rng.normal(0.1, 1.0, 200)
    baseline = NumericProfile.freeze(before)
    u = stats.mannwhitneyu(now, before).statistic
    score: Any = lepage(baseline, baseline.lay(now))
    assert score.details["location"] == pytest.approx(2 * u / (300 * 200) - 1, abs=1e-12)


def test_a_change_of_spread_is_found_where_the_largest_gap_is_blind() -> None:
    rng = np.random.default_rng(2)
    baseline = NumericProfile.freeze(rng.normal(size=10_000))
    score: Any = lepage(baseline, baseline.lay(rng.normal(0.0, math.sqrt(1.5), 500)))
    assert score.p_value < 1e-6
    assert score.parts[0].label.startswith("mean squared rank")


@given(ROWS, ROWS)
def test_any_rising_transform_keeps_the_score(before: list[float], now: list[float]) -> None:
    def measured(change: Any) -> Any:
        baseline = NumericProfile.freeze([change(x) for x in before])
        return lepage(baseline, baseline.lay([change(x) for x in now]), min_rows=1)

    assert measured(lambda x: x**3 + 7.0) == measured(float)


def test_both_directions_are_the_same_distance(pair: Any) -> None:
    baseline = NumericProfile.freeze(pair.baseline)
    current = baseline.lay(pair.current)
    there: Any = lepage(baseline, current)
    back: Any = lepage(current, baseline)
    assert there.value == pytest.approx(back.value)
    assert there.details["spread"] == pytest.approx(-back.details["spread"])
