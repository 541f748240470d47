"""What holds for every measure that compares shares over bins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import TooFewRows
from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge_evaluators.drift.chi_square import chi_square
from tidegauge_evaluators.drift.hellinger import hellinger
from tidegauge_evaluators.drift.jensen_shannon import jensen_shannon
from tidegauge_evaluators.drift.psi import psi
from tidegauge_evaluators.drift.total_variation import total_variation

Measure = Callable[..., Any]
EXACT = (chi_square, hellinger, jensen_shannon, total_variation)
"""Measures of the shares alone; PSI smooths them by half a row and is near, not exact."""
MEASURES = (*EXACT, psi)
COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=12)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_same_rows_are_at_distance_zero(measure: Measure) -> None:
    baseline = NumericProfile.freeze(np.arange(100.0))
    score: Any = measure(baseline, baseline)
    assert score.value == pytest.approx(0.0, abs=1e-12)
    assert score.p_value == pytest.approx(1.0)
    assert score.interval.low == 0.0


@pytest.mark.parametrize("measure", MEASURES)
def test_a_constant_column_has_not_moved(measure: Measure) -> None:
    baseline = NumericProfile.freeze(np.full(50, 3.0))
    score: Any = measure(baseline, baseline.lay(np.full(40, 3.0)))
    assert (score.value, score.p_value) == (0.0, 1.0)


@pytest.mark.parametrize("measure", MEASURES)
def test_too_few_rows_are_refused(measure: Measure) -> None:
    baseline = CategoricalProfile.freeze(["a", "b"] * 50)
    with pytest.raises(TooFewRows, match="found 100 in the baseline and 29 now"):
        measure(baseline, baseline.lay(["a"] * 29 + [None] * 50))


@pytest.mark.parametrize("measure", MEASURES)
def test_a_thousand_rare_levels_do_not_pass_for_drift(measure: Measure) -> None:
    rng = np.random.default_rng(8)
    names = np.array([f"level {i:03}" for i in range(1_000)])
    baseline = CategoricalProfile.freeze(rng.choice(names, 10_000))
    for rows in (200, 1_000, 10_000):
        score: Any = measure(baseline, baseline.lay(rng.choice(names, rows)), rng=rng)
        assert score.p_value > 0.001
        assert score.interval.low < 0.1


@pytest.mark.parametrize("measure", MEASURES)
def test_the_interval_holds_the_value(measure: Measure, pair: Any) -> None:
    baseline = NumericProfile.freeze(pair.baseline)
    score: Any = measure(baseline, baseline.lay(pair.current))
    assert 0.0 <= score.interval.low <= score.value <= score.interval.high
    assert len(score.parts) <= 20


@pytest.mark.parametrize("measure", MEASURES)
def test_a_heavy_value_has_a_bin_of_its_own(measure: Measure) -> None:
    baseline = NumericProfile.freeze(np.append(np.zeros(50), np.linspace(1.0, 2.0, 50)))
    current = baseline.lay(np.append(np.zeros(20), np.linspace(1.0, 2.0, 80)))
    top = measure(baseline, current).parts[0]
    assert (top.label, top.baseline, top.current) == ("= 0", 0.5, 0.2)


@pytest.mark.parametrize("measure", MEASURES)
def test_levels_that_swap_places_are_found(measure: Measure) -> None:
    rng = np.random.default_rng(5)
    share = 1.0 / np.arange(1, 31)
    codes = rng.choice(30, 11_000, p=share / share.sum())
    names = np.array([f"level {i:02}" for i in range(30)])
    baseline = CategoricalProfile.freeze(names[codes[:10_000]])
    swapped = baseline.lay(names[::-1][codes[10_000:]])
    merged = baseline.lay(names[np.where(codes[10_000:] == 1, 0, codes[10_000:])])
    for changed in (swapped, merged):
        score: Any = measure(baseline, changed)
        assert score.p_value < 1e-6


@pytest.mark.parametrize("measure", MEASURES)
@given(COUNTS.filter(lambda counts: all(sum(side) >= 30 for side in zip(*counts, strict=True))))
def test_sides_and_the_order_of_levels_do_not_matter(
    profiles: Any, measure: Measure, counts: list[tuple[int, int]]
) -> None:
    before, now = profiles(counts)
    there, back = measure(before, now), measure(now, before)
    assert there.value == pytest.approx(back.value, abs=1e-9)
    turned = measure(*profiles(counts[::-1])) if not there.details["pooled"] else there
    assert turned.value == pytest.approx(there.value, abs=1e-9)


@pytest.mark.parametrize("measure", EXACT)
def test_more_of_the_same_rows_keep_the_value(profiles: Any, measure: Measure) -> None:
    few = profiles([(30, 40), (50, 20), (20, 40)])
    many = profiles([(3_000, 400), (5_000, 200), (2_000, 400)])
    assert measure(*many).value == pytest.approx(measure(*few).value)
