"""A stand-in for performance: its mean or share, and what it must be told."""

from __future__ import annotations

import pytest

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge_evaluators.performance.proxy import CARD, proxy


def test_it_says_that_it_is_no_measurement() -> None:
    assert "no measurement" in CARD.title


def test_of_two_values_the_share_of_the_later_one_counts() -> None:
    before = CategoricalProfile.freeze(["true"] * 30 + ["false"] * 70)
    score = proxy(before, before.lay(["true"] * 20 + ["false"] * 20), stands_for="accuracy")
    assert (score.value, score.baseline) == (0.5, 0.3)
    assert score.details["stands for"] == "accuracy"


def test_a_value_may_be_named_and_unseen_ones_count_as_rows() -> None:
    before = CategoricalProfile.freeze(["a", "b", "c", "c"] * 20)
    score = proxy(before, before.lay(["c"] * 30 + ["new"] * 30), stands_for="recall", value="c")
    assert (score.value, score.baseline) == (0.5, 0.5)


def test_numbers_give_their_mean() -> None:
    before = NumericProfile.freeze([0.0, 1.0] * 20)
    score = proxy(before, before.lay([1.0, 3.0] * 20), stands_for="accuracy")
    assert (score.value, score.baseline) == (2.0, 0.5)
    assert score.p_value is not None
    assert score.p_value < 0.001


def test_it_must_be_told_which_value_of_more_than_two() -> None:
    before = CategoricalProfile.freeze(["a", "b", "c"] * 20)
    with pytest.raises(NotApplicable, match="allowed: a, b, c"):
        proxy(before, before, stands_for="accuracy", value="d")
    with pytest.raises(TooFewRows):
        proxy(before, before.lay(["a"]), stands_for="accuracy", value="a")
