"""Without drift p-values keep their level: in clusters, among duplicates, for unequal sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tidegauge.profile import VectorSample
from tidegauge.records import Score
from tidegauge_evaluators.embedding.centroid_distance import centroid_distance
from tidegauge_evaluators.embedding.classifier_auc import classifier_auc
from tidegauge_evaluators.embedding.frechet_distance import frechet_distance
from tidegauge_evaluators.embedding.mmd import mmd
from tidegauge_evaluators.embedding.topics import topics

pytestmark = pytest.mark.slow

Draw = Callable[..., VectorSample]
Measure = Callable[..., Score]
RUNS = 60
MEASURES: tuple[Measure, ...] = (
    mmd,
    classifier_auc,
    centroid_distance,
    frechet_distance,
    topics,
)


def plain(draw: Draw, rng: np.random.Generator, rows: int) -> VectorSample:
    return replace(draw(rng, rows), texts=())


def conversations(draw: Draw, rng: np.random.Generator, rows: int) -> VectorSample:
    """Three rows each, alike."""
    return replace(draw(rng, rows, clusters=rows // 3), texts=())


def popular(draw: Draw, rng: np.random.Generator, rows: int) -> VectorSample:
    """Half the rows are one of a few prompts that everybody sends, some more than others."""
    fixed = replace(draw(np.random.default_rng(5), 60), texts=())
    asked = rng.choice(60, rows, p=(weight := 1.0 / np.arange(1, 61)) / weight.sum())
    own = rng.random(rows) < 0.5
    vectors = np.where(own[:, None], draw(rng, rows).vectors, fixed.vectors[asked])
    return VectorSample(vectors=vectors.astype(np.float32))


def bursts(draw: Draw, rng: np.random.Generator, rows: int) -> VectorSample:
    """Each prompt is sent again and again by whoever sent it first."""
    some = draw(rng, rows // 4).vectors
    return VectorSample(vectors=some[rng.integers(len(some), size=rows)])


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        (plain, (100, 100)),
        (conversations, (320, 100)),
        (popular, (320, 100)),
        (bursts, (320, 100)),
    ],
)
def test_unchanged_texts_keep_the_level(
    kind: Callable[..., VectorSample], sizes: tuple[int, int], draw: Draw
) -> None:
    rng = np.random.default_rng(sizes)
    found: dict[str, list[float]] = {}
    for _ in range(RUNS):
        sides = [kind(draw, rng, rows) for rows in sizes]
        for measure in MEASURES:
            score = measure(*sides, rng=rng, permutations=99)
            assert score.p_value is not None
            found.setdefault(getattr(measure, "__name__", ""), []).append(score.p_value)
    for name, p_values in found.items():
        for level in (0.05, 0.01):
            small = sum(p_value <= level for p_value in p_values)
            assert stats.binom.sf(small - 1, RUNS, level) > 1e-4, (name, level, small)


@pytest.mark.parametrize("measure", MEASURES)
def test_power_rises_with_the_share_of_a_foreign_subject(measure: Measure, draw: Draw) -> None:
    rng = np.random.default_rng(3)
    shares = []
    for foreign in (0.0, 0.1, 0.4):
        weights = (0.4 * (1 - foreign), 0.3 * (1 - foreign), 0.3 * (1 - foreign), foreign)
        hits = 0
        for _ in range(12):
            score = measure(plain(draw, rng, 200), replace(draw(rng, 200, weights), texts=()),
                            rng=rng, permutations=99)  # fmt: skip
            hits += score.p_value is not None and score.p_value <= 0.05
        shares.append(hits)
    assert shares[0] <= 4
    assert shares[2] == 12
    assert shares == sorted(shares)


def test_intervals_hold_the_distance_of_all_rows(draw: Draw) -> None:
    rng = np.random.default_rng(4)
    weights = (0.3, 0.2, 0.2, 0.3)
    whole = plain(draw, rng, 4_000), replace(draw(rng, 4_000, weights), texts=())
    told: tuple[Measure, ...] = (mmd, centroid_distance, frechet_distance)
    for measure in told:
        truth = measure(*whole, rng=rng, permutations=9).value
        missed = 0
        for _ in range(40):
            sides = plain(draw, rng, 200), replace(draw(rng, 200, weights), texts=())
            score = measure(*sides, rng=rng, permutations=49)
            assert score.interval is not None
            missed += not score.interval.low <= truth <= score.interval.high
        assert missed <= 8, measure
