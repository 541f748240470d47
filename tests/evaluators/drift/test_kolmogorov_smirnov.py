"""Kolmogorov-Smirnov distance from the grid against the same from raw rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tidegauge.errors import TooFewRows
from tidegauge.profile import NumericProfile
from tidegauge_evaluators._kolmogorov import gap_p_value
from tidegauge_evaluators.drift.kolmogorov_smirnov import kolmogorov_smirnov

ROWS = st.lists(st.integers(-20, 20).map(float), min_size=5, max_size=60)


def test_the_same_rows_are_at_distance_zero() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0))
    score: Any = kolmogorov_smirnov(baseline, baseline)
    assert (score.value, score.p_value) == (0.0, 1.0)
    assert score.interval is not None
    assert score.interval.low == 0.0


def test_too_few_rows_are_refused() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0))
    with pytest.raises(TooFewRows, match="30 rows"):
        kolmogorov_smirnov(baseline, baseline.lay(np.append(np.arange(29.0), np.nan)))


def test_the_largest_gap_is_named() -> None:
    baseline = NumericProfile.freeze([1.0, 2.0, 3.0, 4.0])
    score: Any = kolmogorov_smirnov(baseline, baseline.lay([1.0, 4.0, 4.0, 4.0]), min_rows=4)
    assert (score.value, score.parts[0].label) == (0.5, "≤ 3")
    assert (score.parts[0].baseline, score.parts[0].current) == (0.75, 0.25)


def test_raw_rows_give_the_same_within_the_resolution(pair: Any) -> None:
    baseline = NumericProfile.freeze(pair.baseline)
    score: Any = kolmogorov_smirnov(baseline, baseline.lay(pair.current))
    truth = stats.ks_2samp(pair.baseline, pair.current, method="asymp").statistic
    assert score.value <= truth + 1e-12
    assert truth <= score.value + score.resolution + 1e-12
    assert score.resolution <= baseline.largest_cell + 1e-12
    assert score.interval.low <= truth <= score.interval.high + 1e-12


def test_a_coarse_grid_keeps_its_word() -> None:
    rng = np.random.default_rng(3)
    before, now = rng.normal(size=2_000), rng.normal(0.3, 1.0, 900)
    baseline = NumericProfile.freeze(before, cuts=9)
    score: Any = kolmogorov_smirnov(baseline, baseline.lay(now))
    truth = stats.ks_2samp(before, now).statistic
    assert 0.0 < truth - score.value <= score.resolution


@pytest.mark.parametrize(("n", "m"), [(7, 9), (30, 30), (50, 200), (100, 101), (128, 128)])
def test_few_rows_have_the_exact_p_value(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    before, now = rng.normal(size=n), rng.normal(0.4, 1.0, m)
    truth = stats.ks_2samp(before, now, method="exact")
    assert gap_p_value(truth.statistic, n, m) == pytest.approx(truth.pvalue, rel=1e-8)


@pytest.mark.parametrize(("n", "m"), [(200, 200), (200, 333), (150, 5_000), (1_000, 3_000)])
@pytest.mark.parametrize("seed", range(5))
def test_many_rows_never_have_too_small_a_p_value(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, now = rng.normal(size=n), rng.normal(0.04 * seed, 1.0, m)
    truth = stats.ks_2samp(before, now, method="exact")
    assert 0.99 * truth.pvalue <= gap_p_value(truth.statistic, n, m) <= 1.2 * truth.pvalue


@given(ROWS, ROWS)
def test_any_rising_transform_keeps_the_value(before: list[float], now: list[float]) -> None:
    def measured(change: Any) -> Any:
        baseline = NumericProfile.freeze([change(x) for x in before])
        return kolmogorov_smirnov(baseline, baseline.lay([change(x) for x in now]), min_rows=1)

    plain = measured(float)
    assert measured(lambda x: x**3 + 7.0).value == plain.value
    truth = stats.ks_2samp(before, now, method="asymp").statistic
    assert plain.value <= truth + 1e-12 <= plain.value + plain.resolution + 1e-9


@given(ROWS, ROWS, st.integers(1, 20))
def test_batches_and_their_order_do_not_matter(
    before: list[float], now: list[float], size: int
) -> None:
    baseline = NumericProfile.freeze(before)
    batches = [baseline.lay(now[i : i + size]) for i in range(0, len(now), size)]
    merged = batches[-1]
    for batch in reversed(batches[:-1]):
        merged = merged.merge(batch)
    whole = kolmogorov_smirnov(baseline, baseline.lay(now), min_rows=1)
    assert kolmogorov_smirnov(baseline, merged, min_rows=1) == whole


def test_both_directions_are_the_same_distance(pair: Any) -> None:
    baseline = NumericProfile.freeze(pair.baseline)
    current = baseline.lay(pair.current)
    there, back = kolmogorov_smirnov(baseline, current), kolmogorov_smirnov(current, baseline)
    assert (there.value, there.p_value) == (back.value, back.p_value)
