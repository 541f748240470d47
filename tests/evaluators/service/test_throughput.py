from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import NumericProfile
from tidegauge_evaluators.service.throughput import throughput

START = 1.7e9


def stamps(seconds: object) -> NumericProfile:
    return NumericProfile.freeze(START + np.asarray(seconds, dtype=float), instant=True)


def test_the_same_rate_is_no_change() -> None:
    score = throughput(stamps(np.arange(1_000)), stamps(np.arange(200)))
    assert (score.value, score.baseline, score.p_value) == (1.0, 1.0, None)
    assert score.change is not None
    assert score.change.low < 0 < score.change.high


def test_logs_without_a_span_are_refused() -> None:
    many = stamps(np.arange(100))
    with pytest.raises(NotApplicable):
        throughput(many, stamps(np.zeros(100)))
    numbers = NumericProfile.freeze(np.arange(100.0))
    with pytest.raises(NotApplicable):
        throughput(numbers, numbers)
    with pytest.raises(TooFewRows):
        throughput(many, stamps([0.0, 1.0]))


def test_a_baseline_without_a_span_is_left_out() -> None:
    score = throughput(stamps(np.zeros(100)), stamps(np.arange(100)))
    assert (score.value, score.baseline, score.change) == (1.0, None, None)


def test_rows_over_seconds_by_hand() -> None:
    score = throughput(stamps(np.arange(50)), stamps(np.arange(0, 50, 0.5)))
    assert score.value == pytest.approx(99 / 49.5)
    assert score.details["seconds"] == 49.5


def test_interval_is_that_of_a_gamma_distributed_span() -> None:
    score = throughput(stamps(np.arange(50)), stamps(np.arange(101)))
    assert score.interval == pytest.approx(scipy.stats.gamma.ppf([0.025, 0.975], 100) / 100)


@pytest.mark.slow
def test_poisson_arrivals_are_covered_as_stated() -> None:
    rng = np.random.default_rng(0)
    runs, covered = 1_000, 0
    before = stamps(np.arange(50))
    for _ in range(runs):
        score = throughput(before, before.lay(START + rng.exponential(0.25, 60).cumsum()))
        assert score.interval is not None
        covered += score.interval.low <= 4.0 <= score.interval.high
    assert covered / runs == pytest.approx(0.95, abs=0.021)
