"""Without drift p-values keep their level, with it power rises, and intervals cover."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import stats

from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge.records import Score
from tidegauge_evaluators.drift.chi_square import chi_square
from tidegauge_evaluators.drift.hellinger import hellinger
from tidegauge_evaluators.drift.jensen_shannon import jensen_shannon
from tidegauge_evaluators.drift.kolmogorov_smirnov import kolmogorov_smirnov
from tidegauge_evaluators.drift.lepage import lepage
from tidegauge_evaluators.drift.psi import psi
from tidegauge_evaluators.drift.total_variation import total_variation
from tidegauge_evaluators.drift.wasserstein import wasserstein

pytestmark = pytest.mark.slow

Draw = Callable[[np.random.Generator, int], Any]
Measure = Callable[..., Score]
SIZES = [(50, 50), (200, 1_000), (1_000, 100)]
RUNS = 500
LEVELS = (0.05, 0.01, 0.001)


def zeros(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return np.where(rng.random(n) < 0.9, 0.0, rng.lognormal(0.0, 2.0, n))


NUMBERS: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "ties": lambda rng, n: rng.poisson(3.0, n).astype(np.float64),
    "heavy tails": lambda rng, n: rng.standard_cauchy(n),
    "zeros": zeros,
}


def levels(k: int, *, even: bool = False) -> Draw:
    """Draw columns of k levels, evenly or by Zipf's law."""
    share = np.ones(k) if even else 1.0 / np.arange(1, k + 1)
    names = pa.array([f"level {i:04}" for i in range(k)])

    def draw(rng: np.random.Generator, n: int) -> pa.DictionaryArray:
        codes = rng.choice(k, n, p=share / share.sum()).astype(np.int32)
        return pa.DictionaryArray.from_arrays(pa.array(codes), names)

    return draw


NAMES = {
    "2 levels": levels(2),
    "30 levels": levels(30),
    "50 even levels": levels(50, even=True),
    "1000 levels": levels(1_000),
}


def assert_calibrated(p_values: list[float]) -> None:
    """Fail where so many small p-values would be seen once in ten thousand times."""
    for level in LEVELS:
        small = sum(p_value <= level for p_value in p_values)
        assert stats.binom.sf(small - 1, len(p_values), level) > 1e-4, (level, small)


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("shape", sorted(NUMBERS))
def test_unchanged_numbers_keep_the_level(shape: str, n: int, m: int) -> None:
    rng = np.random.default_rng([n, m])
    found: dict[str, list[float]] = {}
    for _ in range(RUNS):
        baseline = NumericProfile.freeze(NUMBERS[shape](rng, n))
        current = baseline.lay(NUMBERS[shape](rng, m))
        scores = {
            "largest gap": kolmogorov_smirnov(baseline, current),
            "ranks": lepage(baseline, current),
            "area": wasserstein(baseline, current),
            "bins": chi_square(baseline, current, rng=rng),
        }
        for name, score in scores.items():
            assert score.p_value is not None
            found.setdefault(name, []).append(score.p_value)
    for p_values in found.values():
        assert_calibrated(p_values)


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("shape", sorted(NAMES))
def test_unchanged_levels_keep_the_level(shape: str, n: int, m: int) -> None:
    rng = np.random.default_rng([n, m, 1])
    found = []
    for _ in range(RUNS):
        baseline = CategoricalProfile.freeze(NAMES[shape](rng, n))
        score = chi_square(baseline, baseline.lay(NAMES[shape](rng, m)), rng=rng)
        assert score.p_value is not None
        found.append(score.p_value)
    assert_calibrated(found)


@pytest.mark.parametrize("measure", [kolmogorov_smirnov, lepage, wasserstein, chi_square])
def test_power_rises_with_rows(measure: Measure) -> None:
    rng = np.random.default_rng(2)
    power = []
    for m in (50, 200, 1_000, 5_000):
        found = []
        for _ in range(30):
            baseline = NumericProfile.freeze(rng.normal(size=5_000))
            found.append(measure(baseline, baseline.lay(rng.normal(0.2, 1.0, m))).p_value)
        power.append(float(np.mean(np.array(found) <= 0.01)))
    assert power == sorted(power)
    assert power[-1] == 1.0


def test_ranks_find_bias_and_spread_sooner_than_the_largest_gap() -> None:
    rng = np.random.default_rng(3)
    found = np.zeros((2, 2))
    for _ in range(100):
        baseline = NumericProfile.freeze(rng.normal(size=5_000))
        for i, now in enumerate((rng.normal(0.2, 1.0, 200), rng.normal(0.0, np.sqrt(1.5), 200))):
            for j, measure in enumerate((kolmogorov_smirnov, lepage)):
                score: Any = measure(baseline, baseline.lay(now))
                found[i, j] += score.p_value <= 0.01
    assert found[0, 1] >= found[0, 0] - 5
    assert found[1, 1] >= found[1, 0] + 30


@pytest.mark.parametrize("shift", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("measure", [psi, chi_square, jensen_shannon, hellinger, total_variation])
def test_intervals_cover_what_all_rows_would_give(measure: Measure, shift: float) -> None:
    rng = np.random.default_rng(4)
    before = rng.dirichlet(np.full(10, 5.0))
    now = before * np.exp(shift * rng.normal(size=10))
    now /= now.sum()
    names = tuple("abcdefghij")

    def profile(counts: NDArray[np.int64]) -> CategoricalProfile:
        return CategoricalProfile(levels=names, counts=counts, n=int(counts.sum()))

    whole = 10**10
    truth = measure(
        profile((whole * before).astype(np.int64)), profile((whole * now).astype(np.int64))
    ).value
    for n, m in ((500, 300), (10_000, 500)):
        missed = 0
        for _ in range(200):
            sides = profile(rng.multinomial(n, before)), profile(rng.multinomial(m, now))
            score: Any = measure(*sides)
            missed += not score.interval.low <= truth + 1e-4 <= score.interval.high + 2e-4
        assert missed <= 10 + 3 * np.sqrt(10)


@pytest.mark.parametrize("measure", [kolmogorov_smirnov, lepage, wasserstein])
@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5, 2.0])
def test_intervals_of_numbers_cover_too(measure: Measure, shift: float) -> None:
    rng = np.random.default_rng(5)
    whole = NumericProfile.freeze(rng.normal(size=400_000))
    score: Any = measure(whole, whole.lay(rng.normal(shift, 1.0, 400_000)))
    truth = score.value * score.details.get("unit", 1.0)
    for n, m in ((500, 300), (5_000, 200)):
        missed = 0
        for _ in range(100):
            baseline = NumericProfile.freeze(rng.normal(size=n))
            score = measure(baseline, baseline.lay(rng.normal(shift, 1.0, m)))
            unit = score.details.get("unit", 1.0)
            low, high = (unit * bound for bound in score.interval)
            missed += not low <= truth + 5e-3 <= high + 1e-2
        assert missed <= 5 + 3 * np.sqrt(5), (n, m)
