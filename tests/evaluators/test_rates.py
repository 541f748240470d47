"""Shares of rows: against scipy.stats, tables of textbooks, and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import TooFewRows
from tidegauge_evaluators._rates import (
    Rate,
    changed_p,
    difference_interval,
    need_rows,
    rose_p,
    score_interval,
    share_interval,
    smallest_p,
)

TABLES = st.tuples(st.integers(1, 400), st.integers(1, 400), st.floats(0, 1), st.floats(0, 1)).map(
    lambda t: (Rate(int(t[0] * t[2]), t[0]), Rate(int(t[1] * t[3]), t[1]))
)


def fisher(then: Rate, now: Rate, alternative: str) -> float:
    table = [[now.rows, now.of - now.rows], [then.rows, then.of - then.rows]]
    return float(scipy.stats.fisher_exact(table, alternative=alternative).pvalue)


def test_rows_all_alike_on_both_sides_make_no_test() -> None:
    assert changed_p(Rate(0, 100), Rate(0, 50)) is None
    assert changed_p(Rate(100, 100), Rate(50, 50)) is None
    assert changed_p(Rate(0, 0), Rate(3, 50)) is None
    assert rose_p(Rate(0, 100), Rate(0, 50)) == 1.0


def test_equal_shares_are_no_evidence() -> None:
    assert changed_p(Rate(10, 100), Rate(10, 100)) == pytest.approx(1.0)
    assert changed_p(Rate(50_000, 500_000), Rate(50_000, 500_000)) == pytest.approx(1.0)


def test_too_few_rows_are_refused_with_both_counts() -> None:
    with pytest.raises(TooFewRows, match="found 19 in the baseline and 100 now"):
        need_rows(19, 100, 20)
    with pytest.raises(TooFewRows):
        need_rows(0, 100, 0)
    need_rows(20, 20, 20)


def test_all_rows_of_three_falling_on_one_side_by_hand() -> None:
    # 3 marked rows of 20, all among the 10 current ones: 10*9*8 / (20*19*18)
    assert rose_p(Rate(0, 10), Rate(3, 10)) == pytest.approx(720 / 6840)
    assert changed_p(Rate(0, 10), Rate(3, 10)) == pytest.approx(2 * 720 / 6840)


@given(TABLES)
def test_exact_tests_agree_with_scipy(table: tuple[Rate, Rate]) -> None:
    then, now = table
    two_sided = changed_p(then, now)
    if two_sided is None:
        return
    assert two_sided == pytest.approx(fisher(then, now, "two-sided"), rel=1e-6, abs=1e-280)
    assert rose_p(then, now) == pytest.approx(fisher(then, now, "greater"), rel=1e-6, abs=1e-280)


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (Rate(3, 1_000_000), Rate(9, 1_000_000)),
        (Rate(900, 10_000_000), Rate(30, 100_000)),
        (Rate(5_000, 10_000_000), Rate(80, 100_000)),
        (Rate(400_000, 1_000_000), Rate(95, 200)),
    ],
)
def test_unequal_and_huge_sides_agree_with_scipy(then: Rate, now: Rate) -> None:
    assert changed_p(then, now) == pytest.approx(fisher(then, now, "two-sided"), rel=1e-6)
    assert rose_p(then, now) == pytest.approx(fisher(then, now, "greater"), rel=1e-6)


@pytest.mark.parametrize("gap", [0, 60, 120, 200, 300])
def test_normal_tail_of_large_tables_is_near_the_exact_one(gap: int) -> None:
    then, now = Rate(1_100, 30_000), Rate(1_100 + gap, 30_000)  # from 1,000 expected rows on
    exact = fisher(then, now, "two-sided")
    assert changed_p(then, now) == pytest.approx(exact, rel=0.25)


def test_p_values_never_reach_zero() -> None:
    p = changed_p(Rate(0, 1_000_000), Rate(1_000_000, 1_000_000))
    assert p is not None
    assert 0.0 < p < 1e-300
    assert 0.0 < rose_p(Rate(0, 10_000_000), Rate(900_000, 1_000_000)) < 1e-300


def test_share_interval_is_that_of_clopper_and_pearson() -> None:
    for rows, n in [(0, 10), (3, 10), (10, 10), (5, 1_000), (1, 1_000_000)]:
        expected = scipy.stats.binomtest(rows, n).proportion_ci(0.95, "exact")
        found = share_interval(Rate(rows, n), 0.95)
        assert found == pytest.approx((expected.low, expected.high))


def test_score_interval_is_that_of_wilson() -> None:
    expected = scipy.stats.binomtest(7, 90).proportion_ci(0.9, "wilson")
    found = score_interval(7 / 90, 90, float(scipy.stats.norm.isf(0.05)))
    assert found == pytest.approx((expected.low, expected.high))


def test_difference_interval_gives_the_published_example() -> None:
    # Newcombe 1998, table II, row 10: 56/70 against 48/80
    found = difference_interval(Rate(48, 80), Rate(56, 70), 0.95)
    assert found == pytest.approx((0.0524, 0.3339), abs=5e-5)


@given(TABLES, st.floats(0.5, 0.999))
def test_intervals_hold_their_estimate_and_swap_with_the_sides(
    table: tuple[Rate, Rate], confidence: float
) -> None:
    then, now = table
    low, high = difference_interval(then, now, confidence)
    assert -1 <= low <= now.share - then.share <= high <= 1
    assert difference_interval(now, then, confidence) == pytest.approx((-high, -low))
    low, high = share_interval(now, confidence)
    assert 0 <= low <= now.share <= high <= 1


def test_several_tests_cost_their_number() -> None:
    assert smallest_p([0.01, 0.5, 1.0]) == pytest.approx(0.03)
    assert smallest_p([0.9, 0.9]) == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.001, 0.01, 0.3])
@pytest.mark.parametrize(("n", "m"), [(200, 200), (10_000, 500), (50_000, 50_000)])
def test_unchanged_shares_are_flagged_no_more_often_than_stated(
    share: float, n: int, m: int
) -> None:
    rng = np.random.default_rng(11)
    runs = 4_000
    pairs = zip(rng.binomial(n, share, runs), rng.binomial(m, share, runs), strict=True)
    p = np.array([changed_p(Rate(int(a), n), Rate(int(b), m)) or 1.0 for a, b in pairs])
    for level in (0.05, 0.01, 0.001):
        assert (p <= level).mean() <= level + 3 * math.sqrt(level / runs)
