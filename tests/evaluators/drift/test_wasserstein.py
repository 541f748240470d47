"""Wasserstein distance from the grid against the same from raw rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import NumericProfile
from tidegauge_evaluators.drift.wasserstein import wasserstein

ROWS = st.lists(st.integers(-20, 20).map(float), min_size=5, max_size=60)


def test_the_same_rows_are_at_distance_zero() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0))
    score: Any = wasserstein(baseline, baseline)
    assert (score.value, score.p_value) == (0.0, 1.0)
    assert score.interval is not None
    assert score.interval.low == 0.0


def test_too_few_rows_are_refused() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0))
    with pytest.raises(TooFewRows):
        wasserstein(baseline, baseline.lay(np.arange(29.0)))


def test_values_without_a_finite_distance_are_refused() -> None:
    baseline = NumericProfile.freeze(np.append(np.arange(100.0), 1.7e308))
    with pytest.raises(NotApplicable, match="too large"):
        wasserstein(baseline, baseline.lay(np.full(50, -1.7e308)))


def test_one_extreme_row_moves_the_value_and_nothing_else() -> None:
    rng = np.random.default_rng(4)
    baseline = NumericProfile.freeze(rng.normal(size=2_000))
    score: Any = wasserstein(baseline, baseline.lay(np.append(rng.normal(size=999), 1e6)))
    assert score.details["raw"] == pytest.approx(1e3, rel=0.01)
    assert score.interval.low == 0.0
    assert score.p_value > 0.05
    assert score.parts[0].label.startswith("> ")


def test_a_shift_moves_every_row_by_as_much() -> None:
    before = np.arange(1_000.0)
    baseline = NumericProfile.freeze(before)
    score: Any = wasserstein(baseline, baseline.lay(before + 250.0))
    assert score.details["raw"] == pytest.approx(250.0)
    assert score.value == pytest.approx(0.5, rel=0.01)
    assert score.p_value < 1e-6
    assert sum(part.contribution for part in score.parts) == pytest.approx(score.value)


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        (np.arange(100.0), "interquartile range"),
        (np.append(np.zeros(90), np.arange(10.0)), "standard deviation"),
        (np.zeros(100), "1"),
    ],
)
def test_the_scale_is_named(rows: Any, name: str) -> None:
    baseline = NumericProfile.freeze(rows)
    assert wasserstein(baseline, baseline.lay(rows + 1.0)).details["scale"] == name


def test_raw_rows_give_the_same_within_the_resolution(pair: Any) -> None:
    baseline = NumericProfile.freeze(pair.baseline)
    score: Any = wasserstein(baseline, baseline.lay(pair.current))
    truth = stats.wasserstein_distance(pair.baseline, pair.current)
    unit = score.details["unit"]
    assert truth / unit == pytest.approx(score.value, rel=1e-6, abs=score.resolution + 1e-9)
    assert score.value - 1e-9 <= truth / unit * (1 + 1e-6)


def test_a_coarse_grid_keeps_its_word() -> None:
    rng = np.random.default_rng(3)
    before, now = rng.normal(size=2_000), rng.normal(0.0, 1.5, 900)
    baseline = NumericProfile.freeze(before, cuts=6)
    score: Any = wasserstein(baseline, baseline.lay(now))
    truth = stats.wasserstein_distance(before, now)
    assert (
        score.details["raw"]
        <= truth
        <= score.details["raw"] + score.resolution * (score.details["unit"])
    )


@given(ROWS, ROWS)
def test_moving_and_stretching_both_sides_keeps_the_value(
    before: list[float], now: list[float]
) -> None:
    def measured(change: Any) -> Any:
        baseline = NumericProfile.freeze([change(x) for x in before])
        return wasserstein(baseline, baseline.lay([change(x) for x in now]), min_rows=1).details

    plain, moved = measured(float), measured(lambda x: 4.0 * x + 64.0)
    assert moved["raw"] == pytest.approx(4.0 * plain["raw"], abs=1e-9)


def test_both_directions_are_the_same_distance(pair: Any) -> None:
    baseline = NumericProfile.freeze(pair.baseline)
    current = baseline.lay(pair.current)
    there, back = wasserstein(baseline, current), wasserstein(current, baseline)
    assert there.details["raw"] == pytest.approx(back.details["raw"])
