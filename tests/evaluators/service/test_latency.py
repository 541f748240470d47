"""The three percentiles of latency share their mathematics, so they share their tests."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats

from tidegauge.errors import TooFewRows
from tidegauge.profile import NumericProfile
from tidegauge.profile.numeric import log_cuts
from tidegauge.records import Score
from tidegauge_evaluators._quantiles import quantile_interval
from tidegauge_evaluators.service.latency_p50 import latency_p50
from tidegauge_evaluators.service.latency_p95 import latency_p95
from tidegauge_evaluators.service.latency_p99 import latency_p99

Measure = Callable[..., Score]
MEASURES: list[tuple[Measure, float]] = [
    (latency_p50, 0.50),
    (latency_p95, 0.95),
    (latency_p99, 0.99),
]
GRID = NumericProfile.over_grid(log_cuts())


def waits(rng: np.random.Generator, rows: int) -> np.ndarray:
    return rng.lognormal(4.0, 0.6, rows)


@pytest.mark.parametrize(("measure", "q"), MEASURES)
def test_the_same_rows_are_no_change(measure: Measure, q: float) -> None:
    rows = GRID.lay(waits(np.random.default_rng(0), 2_000))
    score = measure(rows, rows)
    assert score.value == score.baseline
    assert score.p_value is not None
    assert score.p_value > 0.9
    assert score.change is not None
    assert score.change.low < 0 < score.change.high


@pytest.mark.parametrize(
    ("measure", "needed"), [(latency_p50, 20), (latency_p95, 100), (latency_p99, 400)]
)
def test_too_few_rows_are_refused(measure: Measure, needed: int) -> None:
    rows, few = GRID.lay([10.0] * 1_000), GRID.lay([10.0] * (needed - 1) + [None] * 50)
    with pytest.raises(TooFewRows, match=f"needs {needed} rows"):
        measure(rows, few)


@pytest.mark.parametrize("measure", [m for m, _ in MEASURES])
def test_requests_of_one_length_are_answered(measure: Measure) -> None:
    rows = GRID.lay([100.0] * 1_000)
    score = measure(rows, rows)
    assert (score.value, score.interval, score.change) == (100.0, (100.0, 100.0), (0.0, 0.0))
    assert score.p_value is None


@pytest.mark.parametrize(("measure", "q"), MEASURES)
def test_value_agrees_with_numpy_within_its_resolution(measure: Measure, q: float) -> None:
    rows = waits(np.random.default_rng(1), 20_000)
    score = measure(GRID.lay(rows), GRID.lay(rows))
    assert abs(score.value - np.quantile(rows, q, method="inverted_cdf")) <= 2 * score.resolution
    assert score.resolution / score.value < 0.01


def test_interval_ranks_are_those_of_the_binomial() -> None:
    rows = NumericProfile.freeze(np.arange(1.0, 1_001.0))
    low, high = quantile_interval(rows, 0.95, 0.95)
    assert low == pytest.approx(scipy.stats.binom.ppf(0.025, 1_000, 0.95), abs=1.5)
    assert high == pytest.approx(scipy.stats.binom.ppf(0.975, 1_000, 0.95) + 1, abs=1.5)


def test_a_slow_tail_shows_in_the_tail_only() -> None:
    rng = np.random.default_rng(2)
    then, now = waits(rng, 5_000), waits(rng, 5_000)
    now[now > np.quantile(now, 0.9)] *= 2
    before, after = GRID.lay(then), GRID.lay(now)
    p50, p95 = latency_p50(before, after).p_value, latency_p95(before, after).p_value
    assert p50 is not None
    assert p95 is not None
    assert p50 > 0.05
    assert p95 < 1e-9


def test_seconds_and_milliseconds_give_the_same_evidence() -> None:
    rng = np.random.default_rng(3)
    then, now = waits(rng, 3_000), waits(rng, 3_000) * 1.2
    slow = latency_p95(GRID.lay(then), GRID.lay(now))
    fast = latency_p95(GRID.lay(then / 1_000), GRID.lay(now / 1_000))
    assert fast.value * 1_000 == pytest.approx(slow.value, rel=0.01)
    assert slow.p_value is not None
    assert fast.p_value is not None
    assert max(slow.p_value, fast.p_value) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(("measure", "q"), MEASURES)
@pytest.mark.parametrize(("n", "m"), [(1_000, 500), (5_000, 5_000)])
def test_intervals_cover_and_unchanged_latency_is_seldom_flagged(
    measure: Measure, q: float, n: int, m: int
) -> None:
    rng = np.random.default_rng(4)
    truth = math.exp(4.0 + 0.6 * scipy.stats.norm.ppf(q))
    runs = 400
    covered = still = 0
    p = []
    for _ in range(runs):
        score = measure(GRID.lay(waits(rng, n)), GRID.lay(waits(rng, m)))
        assert score.interval is not None
        assert score.change is not None
        covered += score.interval.low - score.resolution <= truth
        covered += truth <= score.interval.high + score.resolution
        still += score.change.low <= 0 <= score.change.high
        p.append(score.p_value or 1.0)
    assert covered / runs >= 1.95 - 3 * math.sqrt(0.05 / runs)
    assert still / runs >= 0.95 - 3 * math.sqrt(0.05 / runs)
    for level in (0.05, 0.01):
        assert np.mean(np.array(p) <= level) <= level + 3 * math.sqrt(level / runs)
