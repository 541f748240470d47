"""Corrected rates: the estimator, its intervals, and their coverage."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable
from tidegauge.labelling import draw_sample
from tidegauge.profile import LabelSample
from tidegauge_evaluators._survey import (
    ENOUGH,
    change_interval,
    change_p,
    estimate_rate,
    gamma_interval,
    rate_interval,
)


def sampled(
    labels: list[list[float]], rows: list[int], scores: list[list[float]] | None = None
) -> LabelSample:
    """Labels of each stratum, and its rows in the log."""
    flat = [f for part in scores for f in part] if scores else [0.0] * sum(map(len, labels))
    sizes = [len(part) for part in labels]
    chance = np.asarray(sizes) / np.asarray(rows)
    return LabelSample(
        labels=np.asarray([y for part in labels for y in part]),
        scores=np.asarray(flat),
        probabilities=np.repeat(chance, sizes),
        strata=np.repeat(np.arange(len(rows)), sizes),
        stratum_rows=np.asarray(rows),
        stratum_means=np.asarray([np.mean(p) for p in scores] if scores else [0.0] * len(rows)),
    )


def half_positive(n: int = 40) -> list[float]:
    return [0.0, 1.0] * (n // 2)


def test_no_positive_gives_zero_and_an_interval_above_it() -> None:
    found = estimate_rate(sampled([[0.0] * 100, [0.0] * 50], [900, 100]))
    low, high = rate_interval(found, 0.95)
    assert (found.value, low, found.positives) == (0.0, 0.0, 0)
    assert high == pytest.approx(0.009 * -math.log(0.025))  # of the heaviest row, 0.9 / 100


def test_all_positive_is_the_mirror_of_none() -> None:
    none = estimate_rate(sampled([[0.0] * 100, [0.0] * 50], [900, 100]))
    every = estimate_rate(sampled([[1.0] * 100, [1.0] * 50], [900, 100]))
    low, high = rate_interval(every, 0.95)
    assert (every.value, high) == (1.0, 1.0)
    assert low == pytest.approx(1.0 - rate_interval(none, 0.95).high)


def test_fewer_than_two_labels_are_refused() -> None:
    nan = math.nan
    with pytest.raises(NotApplicable, match="at least 2 labels, found 1"):
        estimate_rate(sampled([[1.0, nan], [nan, nan]], [10, 10]))


def test_a_log_labelled_whole_has_its_own_rate_and_the_plain_interval() -> None:
    found = estimate_rate(sampled([half_positive(), [1.0] * 10], [40, 10]))
    assert found.value == pytest.approx(0.6)
    assert found.effective == pytest.approx(50.0)  # as of a plain sample of 50 rows


def test_strata_weigh_by_their_rows_by_hand() -> None:
    labels = [[0.0] * 18 + [1.0] * 2, [0.0] * 10 + [1.0] * 10]
    found = estimate_rate(sampled(labels, [9_000, 1_000]))
    assert found.value == pytest.approx(0.9 * 0.1 + 0.1 * 0.5)
    within = 0.9**2 * (0.09 / 19) * (1 - 20 / 9_000) + 0.1**2 * (0.25 / 19) * (1 - 20 / 1_000)
    assert found.variance == pytest.approx(0.14 * 0.86 / 10_000 + within)
    assert found.df == 38
    assert found.method.startswith("Wilson")


def test_the_difference_estimator_by_hand() -> None:
    scores = [[0.2, 0.8] * 20, [0.9, 0.5] * 20]
    sample = replace(
        sampled([half_positive(), half_positive()], [800, 200], scores),
        stratum_means=np.asarray([0.4, 0.6]),
    )
    found = estimate_rate(sample, use="difference")
    mean = 0.8 * 0.4 + 0.2 * 0.6
    assert found.value == pytest.approx(mean + 0.8 * (0.5 - 0.5) + 0.2 * (0.5 - 0.7))
    assert found.weight == 1.0


def test_scores_that_say_nothing_get_no_weight_and_perfect_ones_all() -> None:
    labels = [half_positive(), half_positive()]
    useless = sampled(labels, [800, 200], [[0.3, 0.3] * 20, [0.6, 0.6] * 20])
    assert estimate_rate(useless, use="tuned").weight == 0.0
    perfect = estimate_rate(sampled(labels, [800, 200], labels), use="tuned")
    assert perfect.weight == pytest.approx(1.0)
    assert perfect.variance == pytest.approx(0.25 / 1_000)  # the log's own, of 1,000 rows


def test_with_few_positives_scores_only_form_strata() -> None:
    labels = [[0.0] * 39 + [1.0], [0.0] * 40]
    found = estimate_rate(sampled(labels, [800, 200], labels), use="difference")
    assert found.weight == 0.0
    assert found.method.startswith("gamma")


def test_unequal_probabilities_within_a_stratum_weigh_by_their_reciprocals() -> None:
    sample = replace(
        sampled([half_positive(), half_positive()], [500, 500]),
        probabilities=np.tile([0.1, 0.3], 40),  # positives are drawn three times as often
    )
    assert estimate_rate(sample).value == pytest.approx(0.25)


def test_a_row_without_label_counts_as_not_drawn() -> None:
    whole = estimate_rate(sampled([half_positive(), half_positive(20)], [800, 200]))
    partly = sampled([half_positive() + [math.nan] * 5, [*half_positive(20), math.nan]], [800, 200])
    assert estimate_rate(partly).value == pytest.approx(whole.value)
    assert estimate_rate(partly).labelled == 60


def test_a_stratum_with_one_label_or_none_joins_its_neighbour() -> None:
    lone = sampled([half_positive(), [1.0], half_positive()], [500, 100, 400])
    none = sampled([half_positive(), [math.nan], half_positive()], [500, 100, 400])
    assert estimate_rate(lone).df == 81 - 2
    found = estimate_rate(none)
    assert found.value == pytest.approx(0.5)
    assert found.df == 80 - 2


def test_strata_that_the_log_has_no_row_of_count_for_nothing() -> None:
    sample = sampled([half_positive(), [1.0] * 20], [500, 500])
    found = estimate_rate(replace(sample, stratum_rows=np.asarray([500, 0])))
    assert found.value == pytest.approx(0.5)
    assert found.labelled == 40


def test_labels_of_another_log_stay_uncertain_however_few_rows_this_one_has() -> None:
    own = sampled([half_positive(), half_positive()], [40, 40])
    other = replace(own, carried=True)
    assert estimate_rate(own).variance == pytest.approx(0.25 / 80)  # every row is labelled
    assert estimate_rate(other).variance == pytest.approx(0.25 / 80 + 0.25 / 78)


def test_clusters_of_equal_rows_count_once() -> None:
    labels = [[0.0] * 160, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0] * 20]
    sample = sampled(labels, [100_000, 100_000])
    alone = estimate_rate(sample)
    together = estimate_rate(replace(sample, clusters=np.arange(320) // 4))
    assert together.value == alone.value
    assert together.positives == 20
    assert together.variance == pytest.approx(4 * alone.variance, rel=0.1)


def textbook(labels: list[list[float]], rows: list[int]) -> tuple[float, float]:
    """Stratified mean and its two-phase variance, as Cochran 1977 writes them."""
    total = sum(rows)
    mean = sum(n / total * float(np.mean(y)) for y, n in zip(labels, rows, strict=True))
    variance = sum(
        (n / total) ** 2 * (1 / len(y) - 1 / n) * float(np.var(y, ddof=1))
        for y, n in zip(labels, rows, strict=True)
    )
    return mean, variance + mean * (1 - mean) / total


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_the_textbook_and_with_wilson_on_effective_n(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes, rows = [60, 50, 40, 30], [5_000, 3_000, 1_500, 500]
    labels = [
        (rng.random(n) < p).astype(float).tolist()
        for n, p in zip(sizes, (0.1, 0.3, 0.5, 0.8), strict=True)
    ]
    found = estimate_rate(sampled(labels, rows))
    mean, variance = textbook(labels, rows)
    assert found.value == pytest.approx(mean)
    assert found.variance == pytest.approx(variance)
    t, z = scipy.stats.t.ppf(0.975, 180 - 4), scipy.stats.norm.ppf(0.975)
    n = mean * (1 - mean) / variance * (z / t) ** 2
    # Wilson's limits are where the score test just rejects: p with (mean - p)^2 = z^2 p(1-p)/n.
    roots = np.roots([1 + z**2 / n, -(2 * mean + z**2 / n), mean**2])
    assert rate_interval(found, 0.95) == pytest.approx(sorted(roots), abs=1e-9)


@given(
    masses=st.lists(st.floats(1e-5, 0.02), min_size=0, max_size=9),
    confidence=st.sampled_from([0.8, 0.95, 0.99]),
)
def test_the_gamma_interval_agrees_with_chi_square_quantiles(
    masses: list[float], confidence: float
) -> None:
    w, tail = np.asarray(masses), (1 - confidence) / 2
    found = gamma_interval(w, 0.02, confidence)
    y, v = w.sum(), (w**2).sum()
    low = v / (2 * y) * scipy.stats.chi2.ppf(tail, 2 * y**2 / v) if len(masses) else 0.0
    more, spread = y + 0.02, v + 0.02**2
    high = spread / (2 * more) * scipy.stats.chi2.ppf(1 - tail, 2 * more**2 / spread)
    assert found == pytest.approx((min(low, 1.0), min(high, 1.0)), rel=1e-5, abs=1e-12)


@given(
    counts=st.lists(st.tuples(st.integers(2, 40), st.floats(0, 1)), min_size=1, max_size=5),
    confidence=st.sampled_from([0.5, 0.9, 0.95, 0.999]),
)
def test_intervals_hold_the_value_lie_within_0_and_1_and_have_width(
    counts: list[tuple[int, float]], confidence: float
) -> None:
    labels = [[1.0] * round(n * p) + [0.0] * (n - round(n * p)) for n, p in counts]
    sample = sampled(labels, [10 * n for n, _ in counts])
    sample = replace(sample, stratum_means=np.zeros(len(counts)))
    found = estimate_rate(sample)
    low, high = rate_interval(found, confidence)
    assert 0.0 <= low <= found.value + 1e-9
    assert found.value - 1e-9 <= high <= 1.0
    assert high - low > 1e-4
    assume(found.positives != found.negatives)  # else both kinds are as rare
    other = estimate_rate(replace(sample, labels=1.0 - sample.labels))
    assert rate_interval(other, confidence) == pytest.approx((1 - high, 1 - low))


def test_equal_samples_show_no_change_and_far_ones_do() -> None:
    few = estimate_rate(sampled([[0.0] * 90 + [1.0] * 10, half_positive()], [900, 100]))
    many = estimate_rate(sampled([[0.0] * 50 + [1.0] * 50, half_positive()], [900, 100]))
    assert change_p(few, few) == 1.0
    assert change_p(many, few) == pytest.approx(change_p(few, many), rel=1e-6)
    assert change_p(many, few) < 1e-6
    low, high = change_interval(many, few, 0.95)
    assert 0.2 < low < 0.36 < high < 0.5


def test_the_number_of_further_labels_reaches_ten_positives() -> None:
    found = estimate_rate(sampled([[0.0] * 98 + [1.0] * 2, [0.0] * 100], [900, 100]))
    assert found.missing == 200 * (ENOUGH / 2 - 1)
    assert estimate_rate(sampled([half_positive(), half_positive()], [800, 200])).missing == 0


def draw_log(
    rate: float, auc: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Truth and calibrated score of 20,000 rows, of the two-normal model."""
    truth = (rng.random(20_000) < rate).astype(np.float64)
    apart = math.sqrt(2) * scipy.stats.norm.ppf(auc)
    x = rng.normal(size=len(truth)) + apart * truth
    odds = math.log(rate / (1 - rate)) + apart * x - apart**2 / 2
    return truth, 1 / (1 + np.exp(-odds))


def test_a_sample_meets_more_of_the_rare_kind_than_a_plain_one() -> None:
    truth, scores = draw_log(0.01, 0.95, np.random.default_rng(3))
    drawn = draw_sample(scores, n=500)
    assert truth[drawn.rows].sum() > 2 * 500 * 0.01


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "labels", "auc"), [(0.01, 200, 0.95), (0.01, 500, 0.8)])
def test_intervals_of_rare_rates_cover(rate: float, labels: int, auc: float) -> None:
    repeats, rng = 250, np.random.default_rng(1)
    held, held_by_normal = 0, 0
    for seed in range(repeats):
        truth, scores = draw_log(rate, auc, rng)
        drawn = draw_sample(scores, n=labels, seed=seed)
        found = estimate_rate(replace(drawn.sample, labels=truth[drawn.rows]))
        low, high = rate_interval(found, 0.95)
        held += low <= rate <= high
        held_by_normal += abs(found.value - rate) <= 1.96 * math.sqrt(found.variance)
    assert held / repeats >= 0.93 - 2 * math.sqrt(0.93 * 0.07 / repeats)
    assert held_by_normal < held  # what the rule is for
