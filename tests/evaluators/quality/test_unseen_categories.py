from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import CategoricalProfile
from tidegauge_evaluators.quality.unseen_categories import unseen_categories

NAMES = np.array([f"level {i}" for i in range(1_000)])


def drawn(rng: np.random.Generator, levels: int, rows: int) -> np.ndarray:
    """Levels of which the i-th is drawn in proportion to 1/i."""
    weights = 1 / np.arange(1, levels + 1)
    return np.repeat(NAMES[:levels], rng.multinomial(rows, weights / weights.sum()))


def test_levels_seen_before_make_no_test() -> None:
    baseline = CategoricalProfile.freeze(["a", "b"] * 500)
    score = unseen_categories(baseline, baseline.lay(["a", "b"] * 50))
    assert (score.value, score.baseline, score.p_value) == (0.0, 0.0, None)


def test_rare_levels_that_might_have_been_new_count_as_a_test() -> None:
    baseline = CategoricalProfile.freeze([f"id {i}" for i in range(100)])
    assert unseen_categories(baseline, baseline.lay(["id 1"] * 50)).p_value == 1.0


def test_one_new_row_is_no_evidence() -> None:
    baseline = CategoricalProfile.freeze(["a"] * 500 + ["b"] * 500)
    score = unseen_categories(baseline, baseline.lay(["a"] * 999 + ["typo"]))
    assert score.value == 0.001
    assert score.p_value is not None
    assert score.p_value > 0.5


def test_a_thousand_levels_seen_in_part_are_no_evidence() -> None:
    rng = np.random.default_rng(0)
    baseline = CategoricalProfile.freeze(drawn(rng, 1_000, 500))
    score = unseen_categories(baseline, baseline.lay(drawn(rng, 1_000, 10_000)))
    assert score.value > 0.2
    assert score.baseline == pytest.approx(score.value, abs=0.1)
    assert score.p_value is not None
    assert score.p_value > 0.1


def test_columns_without_a_level_are_refused() -> None:
    empty = CategoricalProfile.freeze([None] * 50)
    with pytest.raises(NotApplicable):
        unseen_categories(empty, empty)
    with pytest.raises(TooFewRows):
        unseen_categories(CategoricalProfile.freeze(["a"] * 50), empty)


def test_share_and_good_turing_estimate_by_hand() -> None:
    baseline = CategoricalProfile.freeze(["a"] * 17 + ["once", "another", "third", None])
    score = unseen_categories(baseline, baseline.lay(["a"] * 15 + ["x"] * 4 + ["y", None]))
    assert score.value == 5 / 20
    assert score.baseline == 3 / 20
    assert [(part.label, part.current) for part in score.parts] == [("x", 4), ("y", 1)]


def test_a_new_level_of_two_percent_is_found_in_a_thousand_rows() -> None:
    rng = np.random.default_rng(1)
    for levels in (2, 20, 200):
        baseline = CategoricalProfile.freeze(drawn(rng, levels, 1_000))
        rows = np.append(drawn(rng, levels, 980), np.full(20, "new"))
        score = unseen_categories(baseline, baseline.lay(rows))
        assert score.p_value is not None
        assert score.p_value < 1e-3
        assert score.interval is not None
        assert score.interval.low > 0.01


def test_many_new_levels_of_one_row_each_are_found() -> None:
    baseline = CategoricalProfile.freeze(["a", "b"] * 500)
    rows = ["a", "b"] * 490 + [f"a{i}" for i in range(20)]
    score = unseen_categories(baseline, baseline.lay(rows))
    assert score.p_value is not None
    assert score.p_value < 1e-5


def test_levels_outside_a_full_grid_are_not_new_if_the_baseline_names_them() -> None:
    rows = [f"id {i % 60}" for i in range(600)]
    baseline = CategoricalProfile.freeze(rows, levels=50)
    assert baseline.unseen_rows == 100
    assert unseen_categories(baseline, baseline.lay(rows)).value == 0.0
    assert unseen_categories(baseline, baseline.lay([*rows, "id 60"])).value == 1 / 601


def test_levels_that_the_baseline_could_not_name_are_not_called_new() -> None:
    rng = np.random.default_rng(2)
    rows = [f"id {i}" for i in rng.integers(0, 2_000, 20_000)]
    baseline = CategoricalProfile.freeze(rows, levels=50)
    score = unseen_categories(baseline, baseline.lay(rows[::2] + ["new"] * 200))
    assert [part.label for part in score.parts] == ["new"]
    assert score.value == pytest.approx(200 / 10_200)


@pytest.mark.slow
@pytest.mark.parametrize("levels", [20, 1_000])
@pytest.mark.parametrize(("n", "m"), [(200, 1_000), (200, 20_000), (1_000, 1_000), (10_000, 200)])
def test_unchanged_levels_are_flagged_no_more_often_than_stated(
    levels: int, n: int, m: int
) -> None:
    rng = np.random.default_rng(5)
    runs = 300
    p = []
    for _ in range(runs):
        then, now = (pa.array(drawn(rng, levels, rows)).dictionary_encode() for rows in (n, m))
        baseline = CategoricalProfile.freeze(then)
        p.append(unseen_categories(baseline, baseline.lay(now)).p_value or 1.0)
    for level in (0.05, 0.01):
        assert np.mean(np.array(p) <= level) <= level + 3 * math.sqrt(level / runs)
