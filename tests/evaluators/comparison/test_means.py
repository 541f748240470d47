"""Paired means: Student's t where rows stand alone, a t over groups where they do not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp, ttest_rel

from tidegauge.errors import TooFewRows
from tidegauge_evaluators.comparison.means import means


def test_equal_rows_are_not_told_apart() -> None:
    rows = np.arange(30.0)
    found = means(rows, rows)
    assert (found.change, found.p_value) == (0.0, 1.0)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(TooFewRows):
        means(np.arange(4.0), np.arange(4.0))


@pytest.mark.parametrize("n", [5, 40, 3_000])
def test_it_is_the_paired_t_test(n: int) -> None:
    rng = np.random.default_rng(n)
    before = rng.lognormal(size=n)
    now = before + rng.normal(0.05, 0.2, n)
    found, known = means(before, now), ttest_rel(now, before)
    assert found.p_value == pytest.approx(known.pvalue, rel=1e-8)
    low, high = known.confidence_interval(0.95)
    assert found.interval == pytest.approx((low, high), rel=1e-8)


def test_even_groups_are_the_t_test_of_their_means() -> None:
    rng = np.random.default_rng(1)
    before, now = rng.normal(size=(2, 200))
    groups = np.repeat(np.arange(40), 5)
    found = means(before, now, groups=groups)
    known = ttest_1samp((now - before).reshape(40, 5).mean(axis=1), 0.0)
    assert found.p_value == pytest.approx(known.pvalue, rel=1e-8)
    assert (found.n, found.groups) == (200, 40)


def test_a_few_large_groups_leave_few_degrees_of_freedom() -> None:
    rng = np.random.default_rng(2)
    groups = np.concatenate([np.zeros(100, int), np.ones(100, int), np.arange(2, 22)])
    found = means(*rng.normal(size=(2, 220)), groups=groups)
    assert found.df is not None
    assert found.df < 2


def test_rows_that_one_side_lacks_count_in_the_other_sides_mean() -> None:
    before = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, np.nan])
    now = np.array([2.0, 3.0, 4.0, 5.0, 6.0, 7.0, np.nan, 100.0])
    found = means(before, now)
    assert found.change == pytest.approx(np.nanmean(now) - np.nanmean(before))
    assert found.n == 8


def test_pairing_is_worth_what_the_rows_have_in_common() -> None:
    rng = np.random.default_rng(3)
    shared = rng.normal(size=500)
    found = means(shared + 0.3 * rng.normal(size=500), shared + 0.3 * rng.normal(size=500))
    assert found.correlation > 0.85
    assert found.error < 0.5 * np.hypot(*found.errors)


def test_rows_in_another_order_say_the_same() -> None:
    rng = np.random.default_rng(4)
    before, now = rng.normal(size=(2, 60))
    groups, order = rng.integers(0, 20, 60), rng.permutation(60)
    first = means(before, now, groups=groups)
    again = means(before[order], now[order], groups=groups[order])
    assert again.p_value == pytest.approx(first.p_value)
