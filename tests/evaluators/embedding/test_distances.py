from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.linalg import sqrtm

from tidegauge.profile import VectorSample
from tidegauge.records import Score
from tidegauge_evaluators._frechet import frechet_distances
from tidegauge_evaluators.embedding.centroid_distance import centroid_distance
from tidegauge_evaluators.embedding.frechet_distance import frechet_distance

Draw = Callable[..., VectorSample]
Measure = Callable[..., Score]
BOTH = pytest.mark.parametrize("measure", [centroid_distance, frechet_distance])


def normal(rows: int, mean: float = 0.0, spread: float = 1.0, seed: int = 0) -> VectorSample:
    rng = np.random.default_rng([seed, rows])
    vectors = rng.normal(size=(rows, 6)).astype(np.float32) * np.float32(spread)
    vectors[:, 0] += mean
    return VectorSample(vectors=vectors)


@BOTH
def test_small_samples_of_one_log_are_no_further_apart_than_large_ones(measure: Measure) -> None:
    for rows in (30, 2_000):
        values = [
            measure(normal(rows, seed=2 * i), normal(rows, seed=2 * i + 1), permutations=99).value
            for i in range(9)
        ]
        assert np.median(values) < 0.25


@BOTH
def test_a_log_is_at_no_distance_from_itself(measure: Measure, draw: Draw) -> None:
    one = draw(np.random.default_rng(1), 60)
    score = measure(one, one)
    assert score.value == pytest.approx(0.0, abs=1e-4)
    assert score.p_value is None


@BOTH
def test_vectors_that_are_all_one_make_no_test(measure: Measure) -> None:
    same = VectorSample(
        vectors=np.ones((50, 3), np.float32), texts=tuple(f"text {i}x" for i in range(50))
    )
    assert (measure(same, same).value, measure(same, same).p_value) == (0.0, None)


@pytest.mark.parametrize("rows", [100, 3_000])
def test_the_mean_moved_by_one(rows: int) -> None:
    score = centroid_distance(normal(rows), normal(rows, mean=1.0, seed=1))
    assert score.value == pytest.approx(1.0, abs=0.2)
    assert score.interval is not None
    assert score.interval.low < 1.0 < score.interval.high
    assert score.details["distance by spread"] == pytest.approx(1.0 / np.sqrt(6.25), abs=0.1)


def test_mean_and_spread_add_up_in_frechets_distance() -> None:
    moved = frechet_distance(normal(3_000), normal(3_000, mean=1.0, seed=1))
    wider = frechet_distance(normal(3_000), normal(3_000, spread=1.5, seed=1))
    assert moved.value == pytest.approx(1.0, abs=0.1)
    assert wider.value == pytest.approx(6 * 0.25, abs=0.15)
    assert wider.p_value is not None
    assert wider.p_value < 1e-6


def test_distances_agree_with_the_matrix_square_root() -> None:
    rng = np.random.default_rng(2)
    rows = (rng.normal(size=(300, 5)) @ rng.normal(size=(5, 5))).astype(np.float32)
    now = (rng.random((300, 4)) < 0.4).astype(np.float32)
    found = frechet_distances(rows, now, 1.0 - now)
    for column in range(4):
        a, b = (rows[now[:, column] == i].astype(np.float64) for i in (1, 0))
        s, t = np.cov(a.T), np.cov(b.T)
        root = np.real(np.trace(sqrtm(s @ t)))
        expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s) + np.trace(t) - 2.0 * root
        assert found[column] == pytest.approx(expected, rel=1e-4)


def test_swapped_sides_are_as_far_apart(draw: Draw) -> None:
    rng = np.random.default_rng(3)
    one, other = draw(rng, 200), draw(rng, 150, (0.3, 0.3, 0.2, 0.2))
    for measure in (centroid_distance, frechet_distance):
        there: Score = measure(one, other, rng=np.random.default_rng(0))
        back: Score = measure(other, one, rng=np.random.default_rng(0))
        assert back.value == pytest.approx(there.value, rel=0.05)
