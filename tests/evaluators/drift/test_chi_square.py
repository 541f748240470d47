"""Chi-square effect size, statistic and p-value against scipy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tidegauge.errors import TooFewRows
from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge_evaluators.drift.chi_square import chi_square

COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=12)


def by_hand(before: Any, now: Any) -> Any:
    """Cramer's V of the shares, as if both sides had equally many rows."""
    pairs = [(a / sum(before), b / sum(now)) for a, b in zip(before, now, strict=True)]
    return math.sqrt(sum((p - q) ** 2 / (2 * (p + q)) for p, q in pairs))


def test_the_same_rows_are_at_distance_zero() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0))
    score: Any = chi_square(baseline, baseline)
    assert score.value == pytest.approx(0.0, abs=1e-12)
    assert score.p_value == pytest.approx(1.0)
    assert score.interval.low == 0.0


def test_a_constant_column_has_not_moved() -> None:
    baseline = NumericProfile.freeze(np.full(50, 3.0))
    score: Any = chi_square(baseline, baseline.lay(np.full(40, 3.0)))
    assert (score.value, score.p_value) == (0.0, 1.0)


def test_too_few_rows_are_refused() -> None:
    baseline = CategoricalProfile.freeze(["a", "b"] * 50)
    with pytest.raises(TooFewRows, match="found 100 in the baseline and 29 now"):
        chi_square(baseline, baseline.lay(["a"] * 29 + [None] * 50))


def test_a_thousand_rare_levels_do_not_pass_for_drift() -> None:
    rng = np.random.default_rng(8)
    names = np.array([f"level {i:03}" for i in range(1_000)])
    baseline = CategoricalProfile.freeze(rng.choice(names, 10_000))
    for rows in (200, 1_000, 10_000):
        score: Any = chi_square(baseline, baseline.lay(rng.choice(names, rows)), rng=rng)
        assert score.p_value > 0.001
        assert score.interval.low < 0.1


def test_levels_are_compared_one_by_one(regions: Any) -> None:
    score: Any = chi_square(*regions)
    assert score.value == pytest.approx(by_hand([60, 40, 0], [30, 50, 20]))
    assert {part.label for part in score.parts} == {"north", "south", "unseen: west"}
    assert sum(part.contribution for part in score.parts) == pytest.approx(score.value)
    assert score.p_value < 1e-6


def test_raw_rows_give_the_same_by_hand(exact_pair: Any) -> None:
    pair, before, now = exact_pair
    baseline = NumericProfile.freeze(pair.baseline)
    score: Any = chi_square(baseline, baseline.lay(pair.current))
    assert score.value == pytest.approx(by_hand(before, now), abs=1e-7)
    assert score.details["bins"] == len(before)
    truth = sorted((a / sum(before), b / sum(now)) for a, b in zip(before, now, strict=True))
    shown = sorted((part.baseline, part.current) for part in score.parts)
    assert np.array(shown) == pytest.approx(np.array(truth))


def test_the_interval_holds_the_value(pair: Any) -> None:
    baseline = NumericProfile.freeze(pair.baseline)
    score: Any = chi_square(baseline, baseline.lay(pair.current))
    assert 0.0 <= score.interval.low <= score.value <= score.interval.high
    assert len(score.parts) <= 20


def test_a_heavy_value_has_a_bin_of_its_own() -> None:
    baseline = NumericProfile.freeze(np.append(np.zeros(50), np.linspace(1.0, 2.0, 50)))
    current = baseline.lay(np.append(np.zeros(20), np.linspace(1.0, 2.0, 80)))
    top = chi_square(baseline, current).parts[0]
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
        score: Any = chi_square(baseline, changed)
        assert score.p_value < 1e-6


def profiles(counts: list[tuple[int, int]]) -> list[CategoricalProfile]:
    levels = tuple(f"level {i}" for i in range(len(counts)))
    sides = [np.array(side) for side in zip(*counts, strict=True)]
    return [CategoricalProfile(levels=levels, counts=c, n=int(c.sum())) for c in sides]


@given(COUNTS.filter(lambda counts: all(sum(side) >= 30 for side in zip(*counts, strict=True))))
def test_sides_and_the_order_of_levels_do_not_matter(counts: list[tuple[int, int]]) -> None:
    before, now = profiles(counts)
    there, back = chi_square(before, now), chi_square(now, before)
    assert there.value == pytest.approx(back.value, abs=1e-9)
    turned = chi_square(*profiles(counts[::-1])) if not there.details["pooled"] else there
    assert turned.value == pytest.approx(there.value, abs=1e-9)


def test_equal_rows_have_scipys_cramers_v() -> None:
    score: Any = chi_square(*profiles([(30, 40), (50, 20), (20, 40)]))
    table = np.array([[30, 50, 20], [40, 20, 40]])
    assert score.value == pytest.approx(stats.contingency.association(table))
    truth = stats.chi2_contingency(table)
    assert score.details["statistic"] == pytest.approx(truth.statistic)
    assert score.p_value == pytest.approx(stats.chi2.sf(truth.statistic * 199 / 200, 2))


def test_two_levels_have_fishers_p_value() -> None:
    score: Any = chi_square(*profiles([(55, 20), (10, 15)]))
    truth = stats.fisher_exact([[55, 10], [20, 15]]).pvalue
    assert (score.details["test"], score.p_value) == ("exact", pytest.approx(truth))


def test_few_rows_in_some_level_are_judged_by_random_tables() -> None:
    counts = [(30, 12), (20, 14), (2, 4), (1, 3)]
    score: Any = chi_square(*profiles(counts), rng=np.random.default_rng(1))
    assert score.details["test"] == "Monte Carlo"
    table = np.array([*counts[:2], (3, 7)]).T  # the two rare levels pooled
    assert score.details["df"] in (2, 3)
    truth = stats.chi2_contingency(table).pvalue
    assert 0.3 * truth < score.p_value < 3.0 * truth


def test_more_of_the_same_rows_keep_the_value() -> None:
    few = profiles([(30, 40), (50, 20), (20, 40)])
    many = profiles([(3_000, 400), (5_000, 200), (2_000, 400)])
    assert chi_square(*many).value == pytest.approx(chi_square(*few).value)
