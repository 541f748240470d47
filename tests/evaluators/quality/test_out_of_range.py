from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.special

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import NumericProfile
from tidegauge_evaluators.quality.out_of_range import out_of_range


def test_rows_inside_the_range_are_no_evidence_though_the_test_counts() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0))
    score = out_of_range(baseline, baseline.lay([0.0, 99.0] * 50))
    assert (score.value, score.p_value, score.parts) == (0.0, 1.0, ())


def test_one_wild_row_is_no_evidence() -> None:
    baseline = NumericProfile.freeze(np.arange(1_000.0))
    score = out_of_range(baseline, baseline.lay([1e6, *range(999)]))
    assert score.value == 0.001
    assert score.p_value == 1.0


def test_later_times_are_no_fault() -> None:
    stamps = NumericProfile.freeze(np.arange(1.7e9, 1.7e9 + 100), instant=True)
    with pytest.raises(NotApplicable):
        out_of_range(stamps, stamps)


def test_columns_without_numbers_are_refused() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0))
    with pytest.raises(TooFewRows):
        out_of_range(baseline, baseline.lay([None] * 100))


def test_three_of_ten_above_ten_rows_by_hand() -> None:
    baseline = NumericProfile.freeze(np.arange(10.0))
    current = baseline.lay([11.0, 12.0, 13.0, *range(7)])
    score = out_of_range(baseline, current, min_rows=10)
    # the 3 largest of 20 all current: 10*9*8 / (20*19*18); two ends looked at
    assert score.p_value == pytest.approx(2 * 720 / 6840)
    assert score.value == 0.3
    assert [(part.label, part.current) for part in score.parts] == [("above 9", 3)]


def test_exceedances_follow_their_exact_law() -> None:
    baseline = NumericProfile.freeze(np.arange(5_000.0))
    for beyond in (1, 2, 5, 20):
        current = baseline.lay(np.append(np.full(beyond, 9_999.0), np.zeros(2_000 - beyond)))
        log_p = scipy.special.gammaln([2_001, 2_001 - beyond, 7_001, 7_001 - beyond])
        chance = math.exp(log_p[0] - log_p[1] - log_p[2] + log_p[3])
        assert out_of_range(baseline, current).p_value == pytest.approx(min(1, 2 * chance))


def test_a_declared_range_that_the_baseline_breaks_is_tested_as_two_shares() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0), valid=(0.0, 89.0))
    score = out_of_range(baseline, baseline.lay(np.arange(100.0)))
    assert score.value == score.baseline == pytest.approx(0.1)
    assert score.p_value == pytest.approx(1.0)


def test_infinities_and_missing_rows_are_not_out_of_range() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0))
    rows = [math.inf, -math.inf, None, math.nan] * 10 + [50.0] * 39 + [-1.0]
    score = out_of_range(baseline, baseline.lay(rows))
    assert (score.value, score.n_current) == (1 / 40, 40)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), [(50, 50), (500, 5_000), (5_000, 200)])
def test_learned_ranges_are_left_by_chance_no_more_often_than_stated(n: int, m: int) -> None:
    rng = np.random.default_rng(3)
    runs = 500
    p = []
    for _ in range(runs):
        baseline = NumericProfile.freeze(rng.standard_cauchy(n), cuts=16)
        p.append(out_of_range(baseline, baseline.lay(rng.standard_cauchy(m))).p_value or 1.0)
    for level in (0.05, 0.01):
        assert np.mean(np.array(p) <= level) <= level + 3 * math.sqrt(level / runs)
