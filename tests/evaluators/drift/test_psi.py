"""Population stability index against the formula by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge_evaluators.drift.psi import psi


def by_hand(before: Any, now: Any) -> Any:
    """Sum of (q - p) ln(q / p), half a row added to every bin."""
    p = [(rows + 0.5) / (sum(before) + len(before) / 2) for rows in before]
    q = [(rows + 0.5) / (sum(now) + len(now) / 2) for rows in now]
    return sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))


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


def test_two_levels_worked_by_hand() -> None:
    baseline = CategoricalProfile.freeze(["a"] * 60 + ["b"] * 40)
    score: Any = psi(baseline, baseline.lay(["a"] * 40 + ["b"] * 60))
    assert score.value == pytest.approx(2 * 20 / 101 * math.log(60.5 / 40.5))
    assert score.details["smoothing"] == 0.5


def test_more_of_the_same_rows_keep_the_value(profiles: Any) -> None:
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
