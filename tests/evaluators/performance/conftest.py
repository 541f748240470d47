"""Rows of models whose truth is known, and profiles of them counted in random batches."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.profile import ClassificationProfile, NumericProfile, RegressionProfile

CLASSES = ("low", "mid", "high")


class Binary(NamedTuple):
    target: NDArray[Any]
    prediction: NDArray[Any]
    score: NDArray[np.float64]


class Multiclass(NamedTuple):
    target: NDArray[Any]
    prediction: NDArray[Any]
    scores: NDArray[np.float64]


def binary(rng: np.random.Generator, n: int, *, gap: float = 1.5, sure: float = 1.0) -> Binary:
    """Scores are calibrated when ``sure`` is 1, too bold when it is more."""
    logit = rng.normal(-0.5, gap, n)
    hit = rng.random(n) < 1 / (1 + np.exp(-logit))
    score = 1 / (1 + np.exp(-sure * logit))
    return Binary(np.where(hit, "yes", "no"), np.where(score >= 0.5, "yes", "no"), score)


def multiclass(rng: np.random.Generator, n: int, *, skill: float = 1.5) -> Multiclass:
    target = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    logits = rng.normal(size=(n, 3)) + skill * np.eye(3)[target]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    names = np.array(CLASSES)
    return Multiclass(names[target], names[scores.argmax(axis=1)], scores)


def binary_grid(score: NDArray[np.float64]) -> ClassificationProfile:
    return ClassificationProfile.over_grid(
        ("no", "yes"), {"yes": NumericProfile.freeze(score, cuts=1024)}
    )


def multiclass_grid(scores: NDArray[np.float64]) -> ClassificationProfile:
    columns = zip(CLASSES, scores.T, strict=True)
    return ClassificationProfile.over_grid(
        CLASSES, {name: NumericProfile.freeze(column, cuts=1024) for name, column in columns}
    )


def lay_binary(grid: ClassificationProfile, rows: Binary) -> ClassificationProfile:
    return grid.lay(rows.target, rows.prediction, {"yes": rows.score})


def lay_multiclass(grid: ClassificationProfile, rows: Multiclass) -> ClassificationProfile:
    scores = dict(zip(CLASSES, rows.scores.T, strict=True))
    return grid.lay(rows.target, rows.prediction, scores)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


def in_batches(rng: np.random.Generator, grid: Any, rows: Any, lay: Callable[..., Any]) -> Any:
    """Lay rows over a grid in random batches, and merge those in random order."""
    order, profile = rng.permutation(len(rows[0])), grid.blank()
    batches = np.split(order, np.sort(rng.integers(0, len(order) + 1, 6)))
    for batch in rng.permutation(len(batches)):
        part = [column[batches[batch]] for column in rows]
        profile = profile.merge(lay(grid, rows._make(part) if hasattr(rows, "_make") else part))
    return profile


@pytest.fixture
def models() -> SimpleNamespace:
    """Functions that draw rows of a model and count them; see above."""
    return SimpleNamespace(
        binary=binary,
        multiclass=multiclass,
        binary_grid=binary_grid,
        multiclass_grid=multiclass_grid,
        lay_binary=lay_binary,
        lay_multiclass=lay_multiclass,
        in_batches=in_batches,
        classes=CLASSES,
    )


@pytest.fixture
def two_sides(rng: np.random.Generator) -> tuple[ClassificationProfile, ClassificationProfile]:
    """A model of two classes on 2,000 rows, and the same gone worse on 3,000."""
    before, now = binary(rng, 2000), binary(rng, 3000, gap=0.5, sure=3.0)
    grid = binary_grid(before.score)
    return lay_binary(grid, before), lay_binary(grid, now)


@pytest.fixture
def three_classes(rng: np.random.Generator) -> tuple[ClassificationProfile, ClassificationProfile]:
    """A model of three classes on 2,000 rows, and the same gone worse on 3,000."""
    before, now = multiclass(rng, 2000), multiclass(rng, 3000, skill=0.5)
    grid = multiclass_grid(before.scores)
    return lay_multiclass(grid, before), lay_multiclass(grid, now)


@pytest.fixture
def regressions(rng: np.random.Generator) -> tuple[RegressionProfile, RegressionProfile]:
    """A regression on 2,000 rows, and the same with a bias and more noise on 600."""
    x, y = rng.normal(size=2000), rng.normal(size=600)
    before = RegressionProfile().lay(x + rng.normal(0, 0.5, 2000), x)
    return before, RegressionProfile().lay(y + rng.normal(0, 0.8, 600), y + 0.3)
