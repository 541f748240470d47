"""DeLong's test against its definition, row by row."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from tidegauge.errors import TooFewRows
from tidegauge_evaluators.comparison.areas import areas


def by_definition(truth: np.ndarray, before: np.ndarray, now: np.ndarray) -> tuple[float, float]:
    """Difference of the areas and its variance, from all pairs of rows."""
    placed = []
    for scores in (before, now):
        mine, other = scores[truth], scores[~truth]
        wins = (mine[:, None] > other) + 0.5 * (mine[:, None] == other)
        placed.append((wins.mean(axis=1), wins.mean(axis=0)))
    gap = placed[1][0].mean() - placed[0][0].mean()
    parts = [np.cov(placed[0][side], placed[1][side]) / len(placed[0][side]) for side in (0, 1)]
    spread = parts[0] + parts[1]
    return gap, spread[0, 0] + spread[1, 1] - 2 * spread[0, 1]


def scores_of(n: int, seed: int, *, ties: bool = False) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.4
    shared = rng.normal(size=n)
    found = [truth * lift + shared + rng.normal(size=n) for lift in (0.8, 1.2)]
    return truth, *(np.round(one) if ties else one for one in found)


@pytest.mark.parametrize("ties", [False, True])
def test_it_is_delongs_test(ties: bool) -> None:
    truth, before, now = scores_of(400, 1, ties=ties)
    found = areas(truth[:, None], before[:, None], now[:, None])
    gap, variance = by_definition(truth, before, now)
    assert found.change == pytest.approx(gap)
    assert found.error == pytest.approx(np.sqrt(variance), rel=5e-3)
    assert found.p_value == pytest.approx(2 * norm.sf(abs(gap) / np.sqrt(variance)), rel=0.1)


def test_the_same_scores_are_not_told_apart() -> None:
    truth, before, _ = scores_of(100, 2)
    found = areas(truth[:, None], before[:, None], before[:, None])
    assert (found.change, found.p_value) == (0.0, 1.0)


def test_a_class_with_too_few_rows_is_refused() -> None:
    truth = np.arange(100) < 5
    with pytest.raises(TooFewRows, match="needs 10 rows a class"):
        areas(truth[:, None], np.arange(100.0)[:, None], np.arange(100.0)[:, None])


def test_any_monotone_change_of_the_scores_keeps_it() -> None:
    truth, before, now = scores_of(300, 3)
    plain = areas(truth[:, None], before[:, None], now[:, None])
    bent = areas(truth[:, None], np.exp(before)[:, None], (5 * now - 2)[:, None])
    assert bent.p_value == pytest.approx(plain.p_value)


def test_repeated_rows_in_groups_tell_no_more_than_once() -> None:
    truth, before, now = scores_of(300, 4)
    once = areas(truth[:, None], before[:, None], now[:, None])
    thrice = [np.tile(one, 3)[:, None] for one in (truth, before, now)]
    grouped = areas(*thrice, groups=np.tile(np.arange(300), 3))
    assert grouped.error == pytest.approx(once.error, rel=0.02)
    assert areas(*thrice).error < 0.7 * once.error
