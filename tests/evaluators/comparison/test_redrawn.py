"""The bootstrap's spread: against a formula where there is one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from tidegauge.errors import CannotMeasure
from tidegauge_evaluators.comparison.redrawn import redrawn


def draws_of(rows: np.ndarray, size: int, count: int = 400) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.array([rows[rng.integers(0, len(rows), size)].mean(axis=0) for _ in range(count)])


def test_of_a_mean_it_is_nearly_the_t_test() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(500, 1)) + rng.normal(0, 0.4, (500, 2)) + [0.0, 0.05]
    found = redrawn(tuple(rows.mean(axis=0)), draws_of(rows, 500), n=500, groups=500)
    known = ttest_rel(rows[:, 1], rows[:, 0])
    assert found.p_value == pytest.approx(known.pvalue, rel=0.5)
    assert found.correlation > 0.7


def test_fewer_rows_a_draw_are_scaled_to_all() -> None:
    rows = np.random.default_rng(2).normal(size=(4_000, 2))
    whole = redrawn((0.0, 0.0), draws_of(rows, 4_000), n=4_000, groups=4_000)
    part = redrawn((0.0, 0.0), draws_of(rows, 400), n=4_000, groups=4_000, part=0.1)
    assert part.error == pytest.approx(whole.error, rel=0.15)


def test_draws_without_a_value_are_left_out_up_to_a_quarter() -> None:
    draws = np.random.default_rng(3).normal(size=(200, 2))
    draws[:40] = np.nan
    assert redrawn((0.0, 0.1), draws, n=100, groups=100).method == "paired bootstrap, 160 draws"
    draws[:60] = np.nan
    with pytest.raises(CannotMeasure, match="only 140 of 200 sets of rows"):
        redrawn((0.0, 0.1), draws, n=100, groups=100)


def test_what_never_varies_has_no_p_value_unless_it_is_equal() -> None:
    same = np.ones((100, 2))
    assert redrawn((1.0, 1.0), same, n=100, groups=100).p_value == 1.0
    assert redrawn((1.0, 2.0), same + np.array([0, 1]), n=100, groups=100).p_value is None
