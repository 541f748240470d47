from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import DataError
from tidegauge.labelling import carry, draw_sample
from tidegauge.labelling.drawing import allocation

EVEN = np.linspace(0.0, 1.0, 2_000)


def test_more_rows_than_the_log_has_are_refused() -> None:
    with pytest.raises(DataError, match="2,001 rows to label, found 2,000"):
        draw_sample(EVEN, n=2_001)


def test_too_few_labels_for_so_many_strata_are_refused() -> None:
    slices = [f"region {i % 20}" for i in range(2_000)]
    with pytest.raises(DataError, match="too few for 100 strata"):
        draw_sample(EVEN, n=150, slices=slices)


def test_constant_scores_make_one_stratum() -> None:
    drawn = draw_sample(np.full(500, 0.3), n=50)
    assert drawn.sample.stratum_rows.tolist() == [500]
    assert drawn.sample.probabilities.tolist() == [0.1] * 50


def test_equal_scores_stay_together() -> None:
    called = np.repeat([0.0, 1.0], [970, 30])
    drawn = draw_sample(called, n=100)
    assert drawn.sample.stratum_rows.tolist() == [970, 30]
    assert drawn.sample.stratum_means.tolist() == [0.0, 1.0]


def test_rows_without_a_score_are_a_stratum_of_their_own() -> None:
    scores = np.concatenate([EVEN, np.full(100, np.nan)])
    drawn = draw_sample(scores, n=200)
    assert drawn.sample.stratum_rows[-1] == 100
    assert math.isnan(drawn.sample.stratum_means[-1])
    assert math.isnan(drawn.strata[-1].high)
    assert np.isnan(scores[drawn.rows]).sum() >= 8


def test_the_same_seed_draws_the_same_rows_and_another_draws_others() -> None:
    first, again, other = (draw_sample(EVEN, n=50, seed=seed) for seed in (1, 1, 2))
    assert first.rows.tolist() == again.rows.tolist() != other.rows.tolist()


def test_rows_come_in_random_order() -> None:
    strata = draw_sample(EVEN, n=400).sample.strata
    assert abs(strata[:200].mean() - strata[200:].mean()) < 0.3


def test_slices_are_drawn_from_each() -> None:
    slices = np.repeat(["a", "b"], [1_900, 100]).tolist()
    drawn = draw_sample(EVEN, n=120, slices=slices)
    assert {stratum.slice for stratum in drawn.strata} == {"a", "b"}
    assert sum(slices[row] == "b" for row in drawn.rows) >= 20


def test_clusters_get_numbers() -> None:
    drawn = draw_sample(EVEN, n=50, clusters=[f"talk {i // 10}" for i in range(2_000)])
    together = drawn.rows[:, None] // 10 == drawn.rows[None, :] // 10
    numbers = drawn.sample.clusters
    assert ((numbers[:, None] == numbers[None, :]) == together).all()


@given(
    rows=st.lists(st.integers(1, 400), min_size=1, max_size=12),
    share=st.floats(0.05, 1.0),
    seed=st.integers(0, 99),
)
def test_an_allocation_sums_up_and_asks_of_no_stratum_more_than_it_has(
    rows: list[int], share: float, seed: int
) -> None:
    sizes = np.asarray(rows)
    n = max(round(share * sizes.sum()), min(2 * len(rows), int(sizes.sum())))
    spreads = np.random.default_rng(seed).random(len(rows)) * 0.5
    take = allocation(sizes, spreads, n)
    assert take.sum() == n
    assert (take <= sizes).all()
    assert (take >= np.minimum(sizes, min(8, n // len(rows)))).all()


def test_every_row_is_drawn_as_often_as_its_probability_says() -> None:
    scores = np.random.default_rng(0).beta(1, 20, 300)
    hits, chance = np.zeros(300), np.zeros(300)
    for seed in range(400):
        drawn = draw_sample(scores, n=60, seed=seed)
        hits[drawn.rows] += 1 / 400
        chance[drawn.rows] = drawn.sample.probabilities
    error = np.sqrt(chance * (1 - chance) / 400)
    assert (np.abs(hits - chance) <= 4.5 * error + 1e-9).all()


def test_labels_carry_over_to_a_log_of_other_make_up() -> None:
    drawn = draw_sample(EVEN, n=100)
    sample = replace(drawn.sample, labels=(drawn.sample.scores > 0.5).astype(float))
    later = carry(replace(drawn, sample=sample), np.full(1_000, 0.2))
    assert later.carried
    assert later.stratum_rows.tolist() == [1_000, 0, 0, 0, 0]
    assert later.stratum_means[0] == pytest.approx(0.2)
    assert not sample.carried


def test_a_slice_without_labels_cannot_be_carried_to() -> None:
    drawn = draw_sample(EVEN, n=100, slices=["a"] * 2_000)
    with pytest.raises(DataError, match='no labels are of the slice "b"'):
        carry(drawn, EVEN, slices=["b"] * 2_000)
