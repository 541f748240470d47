"""Means of different rows: Welch's t-test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_ind

from tidegauge.errors import TooFewRows
from tidegauge_evaluators.comparison.apart import apart


@pytest.mark.parametrize(("n", "m"), [(5, 9), (40, 400)])
def test_it_is_welchs_test(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    before, now = rng.normal(size=n), rng.normal(0.3, 2.0, m)
    found = apart(before, now)
    known = ttest_ind(now, before, equal_var=False)
    assert found.p_value == pytest.approx(known.pvalue, rel=1e-8)
    assert found.interval == pytest.approx(tuple(known.confidence_interval()), rel=1e-8)


def test_rows_without_a_number_are_passed_over() -> None:
    rng = np.random.default_rng(1)
    before, now = rng.normal(size=(2, 30))
    gaps = apart(np.append(before, np.nan), np.append(now, [np.nan] * 3))
    assert gaps.p_value == pytest.approx(apart(before, now).p_value)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(TooFewRows, match="found 4 in the baseline and 9 now"):
        apart(np.arange(4.0), np.arange(9.0))


def test_even_groups_are_welchs_test_of_their_means() -> None:
    rng = np.random.default_rng(2)
    before, now = rng.normal(size=60), rng.normal(size=100)
    found = apart(before, now, groups=(np.arange(60) // 4, np.arange(100) // 5))
    known = ttest_ind(
        now.reshape(20, 5).mean(axis=1), before.reshape(15, 4).mean(axis=1), equal_var=False
    )
    assert found.p_value == pytest.approx(known.pvalue, rel=1e-8)
