"""Rates of flags: what they leave out, what conversations cost, and that alarms stay nominal.

``hallucination.rate`` and ``text.rate`` read the same counts in the same way.
"""

from __future__ import annotations

import numpy as np
import pytest

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import CategoricalProfile, ClusterProfile
from tidegauge_evaluators._flagged import design_effect
from tidegauge_evaluators.hallucination.rate import rate as hallucination_rate
from tidegauge_evaluators.text.rate import rate as text_rate
from tidegauge_evaluators.toxicity.rate import rate

CALM = CategoricalProfile.freeze([False] * 990 + [True] * 10)


def test_no_flag_on_either_side_makes_no_test_and_no_empty_interval() -> None:
    clean = CategoricalProfile.freeze([False] * 1_000)
    score = rate(clean, clean.lay([False] * 500))
    assert (score.value, score.p_value) == (0.0, None)
    assert score.interval is not None
    assert score.interval.high == pytest.approx(0.00735, abs=1e-4)  # 3.7 / n


def test_columns_without_a_decision_are_refused() -> None:
    with pytest.raises(NotApplicable):
        rate(CALM, CALM.lay([None] * 50))
    with pytest.raises(TooFewRows):
        rate(CALM, CALM.lay([False] * 19))


def test_rows_without_a_decision_are_told_and_bounded() -> None:
    score = rate(CALM, CALM.lay([True] * 5 + [False] * 95 + [None] * 30), unscored=(0, 20))
    assert score.value == 0.05
    assert score.n_current == 100
    assert score.details["rows without a decision"] == 30.0
    assert score.details["rate if none of them were flagged"] == pytest.approx(5 / 120)
    assert score.details["rate if all of them were flagged"] == pytest.approx(25 / 120)


@pytest.mark.parametrize("other", [hallucination_rate, text_rate])
def test_every_topic_counts_alike(other: object) -> None:
    now = CALM.lay([True] * 40 + [False] * 960)
    assert callable(other)
    assert other(CALM, now) == rate(CALM, now)


def test_lone_rows_are_worth_what_they_are() -> None:
    names, flags = list(range(1_000)), [True] * 100 + [False] * 900
    assert design_effect(None) == 1.0
    assert design_effect(ClusterProfile().lay(names, flags)) == pytest.approx(1.0, abs=2e-3)
    assert design_effect(ClusterProfile().lay([None] * 1_000, flags)) == pytest.approx(
        1.0, abs=2e-3
    )


def test_rows_that_copy_each_other_are_worth_one() -> None:
    names = np.repeat(np.arange(500), 4)
    flags = np.repeat(np.arange(500) < 50, 4)
    assert design_effect(ClusterProfile().lay(names, flags)) == pytest.approx(4.0, rel=0.01)
    clean = ClusterProfile().lay(names, np.zeros(2_000, bool))
    assert design_effect(clean) == pytest.approx(4.0), "nothing is known, so nothing is assumed"


def test_the_design_effect_is_that_of_the_textbook() -> None:
    """Against the variance of a ratio of sums, written out (Cochran 1977, section 6.4)."""
    rng = np.random.default_rng(5)
    names = rng.integers(0, 300, 900)
    flags = rng.random(900) < rng.beta(0.4, 1.6, 300)[names]
    k = np.bincount(names, flags, 300)
    n = np.bincount(names, minlength=300)
    k, n = k[n > 0], n[n > 0]
    p = k.sum() / n.sum()
    variance = len(n) / (len(n) - 1) * np.square(k - p * n).sum() / n.sum() ** 2
    found = design_effect(ClusterProfile().lay(names, flags))
    assert found == pytest.approx(variance / (p * (1 - p) / n.sum()))


def drawn(rng: np.random.Generator, mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Flags of 250 conversations of one to eight turns, some of which go wrong altogether."""
    size = rng.integers(1, 9, 250)
    share = rng.beta(0.15 * mean, 0.15 * (1 - mean), 250)
    names = np.repeat(np.arange(250), size)
    return names, rng.random(len(names)) < share[names]


@pytest.mark.slow
@pytest.mark.parametrize("mean", [0.05, 0.3])
def test_turns_of_conversations_raise_no_more_alarms_than_they_may(mean: float) -> None:
    rng = np.random.default_rng(11)
    runs, alarms, naive, covered = 500, 0, 0, 0
    for _ in range(runs):
        (names, flags), (more, now) = drawn(rng, mean), drawn(rng, mean)
        baseline = CategoricalProfile.freeze(flags, levels=2)
        current = baseline.lay(now)
        clusters = ClusterProfile().lay(names, flags), ClusterProfile().lay(more, now)
        score = rate(baseline, current, clusters=clusters)
        alarms += score.p_value is not None and score.p_value < 0.05
        alone = rate(baseline, current).p_value
        naive += alone is not None and alone < 0.05
        assert score.interval is not None
        covered += score.interval.low <= mean <= score.interval.high
    assert alarms / runs < 0.075
    assert naive / runs > 0.2, "rows taken for independent raise false alarms here"
    assert covered / runs > 0.92


def test_a_real_rise_is_seen_through_the_conversations() -> None:
    rng = np.random.default_rng(3)
    (names, flags), (more, now) = drawn(rng, 0.05), drawn(rng, 0.3)
    baseline = CategoricalProfile.freeze(flags, levels=2)
    clusters = ClusterProfile().lay(names, flags), ClusterProfile().lay(more, now)
    p_value = rate(baseline, baseline.lay(now), clusters=clusters).p_value
    assert p_value is not None
    assert p_value < 1e-4
