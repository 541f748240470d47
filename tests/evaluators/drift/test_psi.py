"""Population stability index against the formula by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import TooFewRows
from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge_evaluators.drift.psi import psi

COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=12)


def by_hand(before: Any, now: Any) -> Any:
    """Sum of (q - p) ln(q / p), half a row added to every bin."""
    p = [(rows + 0.5) / (sum(before) + len(before) / 2) for rows in before]
    q = [(rows + 0.5) / (sum(now) + len(now) / 2) for rows in now]
    return sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))


def test_the_same_rows_are_at_distance_zero() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0))
    score: Any = psi(baseline, baseline)
    assert score.value == pytest.approx(0.0, abs=1e-12)
    assert score.p_value == pytest.approx(1.0)
    assert score.interval.low == 0.0


def test_a_constant_column_has_not_moved() -> None:
    baseline = NumericProfile.freeze(np.full(50, 3.0))
    score: Any = psi(baseline, baseline.lay(np.full(40, 3.0)))
    assert (score.value, score.p_value) == (0.0, 1.0)


def test_too_few_rows_are_refused() -> None:
    baseline = CategoricalProfile.freeze(["a", "b"] * 50)
    with pytest.raises(TooFewRows, match="found 100 in the baseline and 29 now"):
        psi(baseline, baseline.lay(["a"] * 29 + [None] * 50))


def test_a_thousand_rare_levels_do_not_pass_for_drift() -> None:
    rng = np.random.default_rng(8)
    names = np.array([f"level {i:03}" for i in range(1_000)])
    baseline = CategoricalProfile.freeze(rng.choice(names, 10_000))
    for rows in (200, 1_000, 10_000):
        score: Any = psi(baseline, baseline.lay(rng.choice(names, rows)), rng=rng)
        assert score.p_value > 0.001
        assert score.interval.low < 0.1


def test_levels_are_compared_one_by_one(regions: Any) -> None:
    score: Any = psi(*regions)
    assert score.value == pytest.approx(by_hand([60, 40, 0], [30, 50, 20]))
    assert {part.label for part in score.parts} == {"north", "south", "unseen: west"}
    assert sum(part.contribution for part in score.parts) == pytest.approx(score.value)
    assert score.p_value < 1e-6


def test_raw_rows_give_the_same_by_hand(exact_pair: Any) -> None:
    pair, before, now = exact_pair
    baseline = NumericProfile.freeze(pair.baseline)
    score: Any = psi(baseline, baseline.lay(pair.current))
    assert score.value == pytest.approx(by_hand(before, now), abs=1e-7)
    assert score.details["bins"] == len(before)
    truth = sorted((a / sum(before), b / sum(now)) for a, b in zip(before, now, strict=True))
    shown = sorted((part.baseline, part.current) for part in score.parts)
    assert np.array(shown) == pytest.approx(np.array(truth))


def test_the_interval_holds_the_value(pair: Any) -> None:
    baseline = NumericProfile.freeze(pair.baseline)
    score: Any = psi(baseline, baseline.lay(pair.current))
    assert 0.0 <= score.interval.low <= score.value <= score.interval.high
    assert len(score.parts) <= 20


def test_a_heavy_value_has_a_bin_of_its_own() -> None:
    baseline = NumericProfile.freeze(np.append(np.zeros(50), np.linspace(1.0, 2.0, 50)))
    current = baseline.lay(np.append(np.zeros(20), np.linspace(1.0, 2.0, 80)))
    top = psi(baseline, current).parts[0]
    assert (top.label, top.baseline, top.current) == ("= 0", 0.5, 0.2)


def test_levels_that_swap_places_are_found() -> None:
    rng = np.random.default_rng(5)
    share = 1.0 / np.arange(1, 31)
    codes = rng.choice(30, 11_000, p=share / share.sum())
    names = np.array([f"level {i:02}" for i in range(30)])
    baseline = CategoricalProfile.freeze(names[codes[:10_000]])
    swapped = baseline.lay(names[::-1][codes[10_000:]])
    merged = baseline.lay(names[np.where(codes[10_000:] == 1, 0, codes[10_000:])])
    for changed in (swapped, merged):
        score: Any = psi(baseline, changed)
        assert score.p_value < 1e-6


def profiles(counts: list[tuple[int, int]]) -> list[CategoricalProfile]:
    levels = tuple(f"level {i}" for i in range(len(counts)))
    sides = [np.array(side) for side in zip(*counts, strict=True)]
    return [CategoricalProfile(levels=levels, counts=c, n=int(c.sum())) for c in sides]


@given(COUNTS.filter(lambda counts: all(sum(side) >= 30 for side in zip(*counts, strict=True))))
def test_sides_and_the_order_of_levels_do_not_matter(counts: list[tuple[int, int]]) -> None:
    before, now = profiles(counts)
    there, back = psi(before, now), psi(now, before)
    assert there.value == pytest.approx(back.value, abs=1e-9)
    turned = psi(*profiles(counts[::-1])) if not there.details["pooled"] else there
    assert turned.value == pytest.approx(there.value, abs=1e-9)


def test_two_levels_worked_by_hand() -> None:
    baseline = CategoricalProfile.freeze(["a"] * 60 + ["b"] * 40)
    score: Any = psi(baseline, baseline.lay(["a"] * 40 + ["b"] * 60))
    assert score.value == pytest.approx(2 * 20 / 101 * math.log(60.5 / 40.5))
    assert score.details["smoothing"] == 0.5


def test_more_of_the_same_rows_keep_the_value() -> None:
    few = profiles([(3_000, 4_000), (5_000, 2_000), (2_000, 4_000)])
    many = profiles([(30_000, 4_000), (50_000, 2_000), (20_000, 4_000)])
    assert psi(*many).value == pytest.approx(psi(*few).value, rel=1e-3)


def test_rising_transforms_keep_the_value() -> None:
    rng = np.random.default_rng(6)
    before, now = rng.normal(size=700), rng.normal(0.3, 1.0, 300)
    plain, bent = NumericProfile.freeze(before), NumericProfile.freeze(np.exp(before))
    there, back = psi(plain, plain.lay(now)), psi(bent, bent.lay(np.exp(now)))
    assert (there.value, there.p_value) == (back.value, back.p_value)


def test_an_outlier_leaves_the_bins_alone() -> None:
    rng = np.random.default_rng(9)
    before, now = rng.normal(size=5_000), rng.normal(1.0, 1.0, 5_000)
    baseline = NumericProfile.freeze(before)
    score: Any = psi(baseline, baseline.lay(np.append(now, 1e6)))
    assert score.value == pytest.approx(psi(baseline, baseline.lay(now)).value, rel=1e-2)
    assert score.value > 0.8


def test_a_small_window_of_the_same_population_has_an_interval_from_zero() -> None:
    rng = np.random.default_rng(10)
    baseline = NumericProfile.freeze(rng.normal(size=1_000))
    scores: list[Any] = [psi(baseline, baseline.lay(rng.normal(size=100))) for _ in range(100)]
    assert sum(score.interval.low > 0.02 for score in scores) <= 4
