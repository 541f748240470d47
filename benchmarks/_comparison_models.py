"""Pairs of models whose true difference is known: rows of both, groups, and the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Numbers = NDArray[np.float64]
Groups = NDArray[np.int64] | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """One draw: both models' numbers on the same rows."""

    before: Numbers
    now: Numbers
    groups: Groups = None
    truth: NDArray[np.bool_] | None = None


Drawn = Callable[[np.random.Generator, float], Rows]
"""From chance, and a true difference, to rows."""


def _alike(rng: np.random.Generator, n: int, correlation: float, groups: Groups) -> Numbers:
    """Two normal scores a row, shape (n, 2), correlated between models and within groups."""
    noise = rng.normal(size=(n, 2))
    row = rng.normal(size=n)
    if groups is not None:
        member = np.unique(groups, return_inverse=True)[1].reshape(-1)
        shared = rng.normal(size=(int(member.max()) + 1, 2))
        noise = np.sqrt(0.6) * noise + np.sqrt(0.4) * shared[member]
    scores: Numbers = np.sqrt(correlation) * row[:, None] + np.sqrt(1 - correlation) * noise
    return scores


def grouped(n: int, size: int) -> Groups:
    """Put rows into groups of one size."""
    return np.arange(n) // size


def uneven(n: int) -> Groups:
    """Put rows into groups of 1 to 20, as conversations are."""
    sizes = np.tile([1, 1, 2, 3, 5, 8, 20], n)
    return np.repeat(np.arange(len(sizes)), sizes)[:n]


def share(n: int, rate: float, correlation: float = 0.6, groups: Groups = None) -> Drawn:
    """Whether each model is wrong in a row; the difference is in the rate of errors."""

    def draw(rng: np.random.Generator, gap: float) -> Rows:
        scores = ndtr(_alike(rng, n, correlation, groups))
        return Rows(
            before=(scores[:, 0] < rate).astype(np.float64),
            now=(scores[:, 1] < rate + gap).astype(np.float64),
            groups=groups,
        )

    return draw


def mean(n: int, shape: str, correlation: float = 0.6, groups: Groups = None) -> Drawn:
    """Give a number a row: ``normal``, ``lognormal`` (a cost), ``count`` (ties)."""
    shapes: Mapping[str, Callable[[Numbers], Numbers]] = {
        "normal": lambda z: z,
        "lognormal": np.exp,
        "count": lambda z: np.floor(np.clip(1.0 + z, 0, None)),
    }

    def draw(rng: np.random.Generator, gap: float) -> Rows:
        scores = shapes[shape](_alike(rng, n, correlation, groups))
        return Rows(before=scores[:, 0], now=scores[:, 1] + gap, groups=groups)

    return draw


def area(n: int, ties: bool = False, correlation: float = 0.6, groups: Groups = None) -> Drawn:
    """Scores of a classifier; the difference is in the area under the ROC curve."""
    plain = 0.75

    def draw(rng: np.random.Generator, gap: float) -> Rows:
        truth = rng.random(n) < 0.3
        scores = _alike(rng, n, correlation, groups)
        scores[:, 0] += np.sqrt(2) * ndtri(plain) * truth
        scores[:, 1] += np.sqrt(2) * ndtri(plain + gap) * truth
        scores = np.round(2 * scores) / 2 if ties else scores
        return Rows(before=scores[:, 0], now=scores[:, 1], groups=groups, truth=truth)

    return draw
