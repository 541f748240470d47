"""McNemar's test against enumeration and scipy; an interval that inverts a score test."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom, binomtest, norm

from tidegauge.errors import TooFewRows
from tidegauge_evaluators._score_interval import tango_interval
from tidegauge_evaluators.comparison.shares import shares


def pairs(both: int, gained: int, lost: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    before = np.repeat([1.0, 0.0, 1.0, 0.0], [both, gained, lost, neither])
    now = np.repeat([1.0, 1.0, 0.0, 0.0], [both, gained, lost, neither])
    return before, now


def test_models_that_never_disagree_are_not_told_apart() -> None:
    found = shares(*pairs(80, 0, 0, 20))
    assert (found.change, found.p_value, found.gained, found.lost) == (0.0, 1.0, 0, 0)
    assert found.interval is not None
    assert found.interval.low < 0 < found.interval.high
    assert found.error > 0, "no disagreement in 100 pairs does not mean none at all"


def test_too_few_pairs_are_refused() -> None:
    with pytest.raises(TooFewRows, match="needs 10 rows of pairs"):
        shares(*pairs(5, 1, 1, 1))


@pytest.mark.parametrize(("gained", "lost"), [(1, 0), (3, 9), (12, 2), (40, 61), (900, 700)])
def test_its_p_value_is_the_exact_one_less_half_of_what_was_found(gained: int, lost: int) -> None:
    found = shares(*pairs(100, gained, lost, 50))
    exact = binomtest(gained, gained + lost, 0.5).pvalue
    mid = exact - binom.pmf(gained, gained + lost, 0.5)
    assert found.p_value == pytest.approx(mid, rel=1e-9)


def test_it_agrees_with_statsmodels() -> None:
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    exact = tables.mcnemar([[100, 14], [5, 50]], exact=True).pvalue
    mid = exact - binom.pmf(5, 19, 0.5)
    assert shares(*pairs(100, 5, 14, 50)).p_value == pytest.approx(mid)


def test_a_group_goes_one_way_as_a_whole() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), 4)
    before, now = (rng.random(48) < rate for rate in (0.5, 0.7))
    found = shares(before.astype(float), now.astype(float), groups=groups)
    sums = np.bincount(groups, now.astype(float) - before)
    sums = sums[sums != 0]
    ways = np.array([np.dot(signs, np.abs(sums)) for signs in product([-1, 1], repeat=len(sums))])
    size = abs(sums.sum())
    assert found.p_value == pytest.approx(
        (np.abs(ways) > size).mean() + 0.5 * (np.abs(ways) == size).mean()
    )


def test_groups_of_one_row_change_nothing() -> None:
    before, now = pairs(60, 12, 5, 23)
    alone, grouped = shares(before, now), shares(before, now, groups=np.arange(100))
    assert grouped.p_value == pytest.approx(alone.p_value)
    assert grouped.groups == alone.groups == 100


def test_rows_of_one_group_count_for_less() -> None:
    before, now = pairs(60, 24, 6, 10)
    alone, grouped = shares(before, now), shares(before, now, groups=np.arange(100) // 5)
    assert (grouped.p_value or 0) > 5 * (alone.p_value or 1)
    assert grouped.error > alone.error


@pytest.mark.parametrize(("gained", "lost", "n"), [(12, 2, 50), (0, 5, 80), (30, 30, 500)])
def test_its_interval_ends_where_the_score_test_turns(gained: int, lost: int, n: int) -> None:
    for end in tango_interval(gained, lost, n, norm.ppf(0.975)):
        assert abs(score(end, gained, lost, n)) == pytest.approx(norm.ppf(0.975), abs=1e-4)


def score(gap: float, gained: int, lost: int, n: int) -> float:
    """Score statistic at a difference, the nuisance found by maximising the likelihood."""

    def against(share: float) -> float:
        cells = (share + gap, share, 1 - 2 * share - gap)
        counts = (gained, lost, n - gained - lost)
        likely = (k * np.log(max(p, 1e-300)) for k, p in zip(counts, cells, strict=True) if k)
        return -float(sum(likely))

    low, high = max(0.0, -gap), (1 - gap) / 2
    share = minimize_scalar(against, bounds=(low, high), method="bounded", options={"xatol": 1e-13})
    return float((gained - lost - n * gap) / np.sqrt(n * (2 * share.x + gap * (1 - gap))))


def test_swapping_the_sides_turns_everything_round() -> None:
    before, now = pairs(50, 9, 3, 38)
    there, back = shares(before, now), shares(now, before)
    assert there.p_value == back.p_value
    assert there.interval == pytest.approx([-end for end in (back.interval or ())][::-1])
    assert (there.gained, there.lost) == (back.lost, back.gained)
