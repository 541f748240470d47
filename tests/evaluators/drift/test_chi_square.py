"""Chi-square effect size, statistic and p-value against scipy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tidegauge.profile import NumericProfile
from tidegauge_evaluators.drift.chi_square import chi_square


def by_hand(before: Any, now: Any) -> Any:
    """Cramer's V of the shares, as if both sides had equally many rows."""
    pairs = [(a / sum(before), b / sum(now)) for a, b in zip(before, now, strict=True)]
    return math.sqrt(sum((p - q) ** 2 / (2 * (p + q)) for p, q in pairs))


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


def test_equal_rows_have_scipys_cramers_v(profiles: Any) -> None:
    score: Any = chi_square(*profiles([(30, 40), (50, 20), (20, 40)]))
    table = np.array([[30, 50, 20], [40, 20, 40]])
    assert score.value == pytest.approx(stats.contingency.association(table))
    truth = stats.chi2_contingency(table)
    assert score.details["statistic"] == pytest.approx(truth.statistic)
    assert score.p_value == pytest.approx(stats.chi2.sf(truth.statistic * 199 / 200, 2))


def test_two_levels_have_fishers_p_value(profiles: Any) -> None:
    score: Any = chi_square(*profiles([(55, 20), (10, 15)]))
    truth = stats.fisher_exact([[55, 10], [20, 15]]).pvalue
    assert (score.details["test"], score.p_value) == ("exact", pytest.approx(truth))


def test_few_rows_in_some_level_are_judged_by_random_tables(profiles: Any) -> None:
    counts = [(30, 12), (20, 14), (2, 4), (1, 3)]
    score: Any = chi_square(*profiles(counts), rng=np.random.default_rng(1))
    assert score.details["test"] == "Monte Carlo"
    table = np.array([*counts[:2], (3, 7)]).T  # the two rare levels pooled
    assert score.details["df"] in (2, 3)
    truth = stats.chi2_contingency(table).pvalue
    assert 0.3 * truth < score.p_value < 3.0 * truth
