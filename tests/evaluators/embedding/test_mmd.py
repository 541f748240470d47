from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel

from tidegauge.profile import VectorSample
from tidegauge_evaluators._kernel import gaussian, kernel_gap, median_distance
from tidegauge_evaluators._permutation import drawn_sides
from tidegauge_evaluators._vectors import pooled
from tidegauge_evaluators.embedding.mmd import mmd

Draw = Callable[..., VectorSample]


def test_two_samples_of_one_log_are_not_apart(draw: Draw) -> None:
    rng = np.random.default_rng(1)
    score = mmd(draw(rng, 300), draw(rng, 200), rng=rng)
    assert score.value < 0.003
    assert score.p_value is not None
    assert score.p_value > 0.05
    assert (score.n_baseline, score.n_current) == (300, 200)


def test_a_log_is_not_apart_from_itself(draw: Draw) -> None:
    one = draw(np.random.default_rng(2), 100)
    score = mmd(one, one)
    assert score.value == pytest.approx(0.0, abs=1e-7)
    assert score.p_value is None


def test_vectors_that_are_all_one_make_no_test() -> None:
    same = VectorSample(
        vectors=np.ones((50, 3), np.float32), texts=tuple(f"text {i}x" for i in range(50))
    )
    score = mmd(same, same)
    assert (score.value, score.p_value) == (0.0, None)


def test_a_foreign_subject_is_found_and_shown(draw: Draw) -> None:
    rng = np.random.default_rng(3)
    now = draw(rng, 300, (0.3, 0.25, 0.25, 0.2))
    score = mmd(draw(rng, 300), now, rng=rng)
    assert score.p_value is not None
    assert score.p_value < 0.001
    assert score.interval is not None
    assert 0.0 < score.interval.low < score.value < score.interval.high
    grown = [part.label for part in score.parts if part.current > part.baseline]
    assert {'"rice"', '"beans"'} <= set(grown)
    current = [one for one in score.examples if one.side == "current"]
    assert all("rice" in one.texts["prompt"] for one in current)
    assert current[0].id.startswith("row-")
    assert {one.side for one in score.examples} == {"baseline", "current"}


def plain(kernel: np.ndarray, now: np.ndarray) -> float:
    """Equation 3 of Gretton et al., pair by pair."""
    total = 0.0
    n, m = int(now.sum()), int((~now).sum())
    for i in range(len(now)):
        for j in range(len(now)):
            if now[i] != now[j]:
                total -= kernel[i, j] / (n * m)
            elif i != j:
                total += kernel[i, j] / (n * (n - 1) if now[i] else m * (m - 1))
    return total


def test_value_and_permutations_agree_with_sums_over_pairs(draw: Draw) -> None:
    rng = np.random.default_rng(4)
    pool = pooled(draw(rng, 60), draw(rng, 40, (0.2, 0.2, 0.2, 0.4)), rng)
    sides = drawn_sides(pool, rng, 20)
    width = median_distance(pool.vectors)
    gap = kernel_gap(pool, sides, gaussian(pool.vectors, width))
    kernel = rbf_kernel(pool.vectors.astype(np.float64), gamma=0.5 / width**2)
    assert gap.found == pytest.approx(plain(kernel, pool.now), abs=1e-7)
    expected = [plain(kernel, side.astype(bool)) for side in sides[:, 1:].T]
    np.testing.assert_allclose(gap.permuted, expected, atol=1e-7)


def test_pairs_inside_a_cluster_do_not_count(draw: Draw) -> None:
    rng = np.random.default_rng(5)
    pool = pooled(draw(rng, 90, clusters=30), draw(rng, 60, clusters=25), rng)
    width = median_distance(pool.vectors)
    gap = kernel_gap(pool, drawn_sides(pool, rng, 5), gaussian(pool.vectors, width))
    kernel = rbf_kernel(pool.vectors.astype(np.float64), gamma=0.5 / width**2)
    now = pool.now[pool.unit]
    apart = pool.unit[:, None] != pool.unit
    pairs = [
        apart & now[:, None] & now, apart & ~now[:, None] & ~now, now[:, None] & ~now
    ]  # fmt: skip
    within_now, within_then, between = (float(kernel[pair].mean()) for pair in pairs)
    assert gap.found == pytest.approx(within_now + within_then - 2.0 * between, abs=1e-7)


def test_the_median_distance_is_that_of_the_pool(draw: Draw) -> None:
    from scipy.spatial.distance import pdist

    vectors = draw(np.random.default_rng(6), 200).vectors
    assert median_distance(vectors) == pytest.approx(np.median(pdist(vectors)), rel=1e-5)


def test_order_of_rows_and_sides_does_not_matter(draw: Draw) -> None:
    rng = np.random.default_rng(7)
    one, other = draw(rng, 150), draw(rng, 150, (0.3, 0.3, 0.2, 0.2))
    score, swapped = (
        mmd(*pair, rng=np.random.default_rng(0)) for pair in ((one, other), (other, one))
    )
    assert swapped.value == pytest.approx(score.value, rel=1e-4)
    order = rng.permutation(150)
    shuffled = replace(
        one,
        vectors=one.vectors[order],
        texts=tuple(one.texts[i] for i in order),
        ids=tuple(one.ids[i] for i in order),
    )
    assert mmd(shuffled, other).value == pytest.approx(score.value, rel=1e-4)


def test_copies_of_rows_change_nothing(draw: Draw) -> None:
    rng = np.random.default_rng(8)
    one, other = draw(rng, 100), draw(rng, 100)
    twice = replace(
        other,
        vectors=np.concatenate([other.vectors] * 3),
        texts=other.texts * 3,
        ids=other.ids * 3,
    )
    score = mmd(one, twice)
    assert score.value == pytest.approx(mmd(one, other).value, abs=1e-7)
    assert score.details["duplicates removed, current"] == 200.0
