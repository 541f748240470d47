"""Log odds of the side by normal scores: a quadratic discriminant of which little is let through.

Trees need many rows to see that a mean, a spread or a correlation moved a little; a Gaussian
copula (the nonparanormal of Liu, Lafferty & Wasserman 2009, JMLR 10) needs few. Each side's means
and covariances of normal scores are taken for equal unless they differ by more than chance would
make them, entry by entry, so that without a change the odds are even.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case

Numbers = NDArray[np.float64]

DIFFERS = 2.5
"""Standard errors by which an entry must differ to be let through."""
LEVELS = 6
"""Most frequent levels of a category that get a column of their own."""
SMALLEST = 0.02
"""Smallest eigenvalue of a covariance, as a share of a normal score's variance."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """What both sides are taken to be."""

    mean: tuple[Numbers, Numbers]
    covariance: tuple[Numbers, Numbers]


def scores_of(case: Case, name: str) -> Numbers:
    """Lay a column out as normal scores, shape (rows, parts); a category has a part for a level.

    A column that lacks values has a part that says so.
    """
    from scipy.special import ndtri

    variable = case[name]
    seen = np.isfinite(variable.values)
    parts = []
    if variable.categorical:
        codes = np.where(seen, variable.values, -1).astype(np.int64)
        counts = np.bincount(codes[seen], minlength=len(variable.levels))
        often = np.argsort(-counts, kind="stable")[:LEVELS]
        parts += [_standard((codes == code).astype(np.float64)) for code in often if counts[code]]
        parts = parts[: max(1, len(np.flatnonzero(counts)) - 1)]
    elif seen.any():
        ordered = np.sort(variable.values[seen])
        low = np.searchsorted(ordered, variable.values, side="left")
        high = np.searchsorted(ordered, variable.values, side="right")
        ranks = (low + high + 1) / (2.0 * (len(ordered) + 1))
        parts.append(np.where(seen, ndtri(np.clip(ranks, 1e-6, 1 - 1e-6)), 0.0))
    if not seen.all() and seen.any():
        parts.append(_standard((~seen).astype(np.float64)))
    return np.column_stack(parts) if parts else np.zeros((case.n, 0))


def moments_of(scores: Numbers, current: NDArray[np.bool_], weights: Numbers) -> Moments:
    """Means and covariances of both sides, equal where they do not differ by more than chance."""
    if not scores.shape[1]:
        nothing = np.zeros(0), np.zeros((0, 0))
        return Moments(mean=(nothing[0], nothing[0]), covariance=(nothing[1], nothing[1]))
    sides = [scores[~current], scores[current]]
    loads = [weights[~current], weights[current]]
    means = [np.average(one, axis=0, weights=w) for one, w in zip(sides, loads, strict=True)]
    spreads = [
        np.cov(one, rowvar=False, aweights=w, ddof=0).reshape(one.shape[1], -1)
        for one, w in zip(sides, loads, strict=True)
    ]
    n = [w.sum() ** 2 / (w**2).sum() for w in loads]
    shared = (spreads[0] + spreads[1]) / 2
    variance = np.diag(shared)
    error = np.sqrt(variance * (1 / n[0] + 1 / n[1]))
    moved = means[1] - means[0]
    moved = np.where(np.abs(moved) > DIFFERS * error, moved, 0.0)
    errors = np.sqrt((np.outer(variance, variance) + shared**2) * (1 / n[0] + 1 / n[1]))
    turned = spreads[1] - spreads[0]
    turned = np.where(np.abs(turned) > DIFFERS * errors, turned, 0.0)
    middle = (means[0] + means[1]) / 2
    return Moments(
        mean=(middle - moved / 2, middle + moved / 2),
        covariance=(_proper(shared - turned / 2), _proper(shared + turned / 2)),
    )


def log_odds(scores: Numbers, moments: Moments, parts: Sequence[int]) -> Numbers:
    """Log density of the current side over that of the baseline, by some of the parts."""
    index = np.asarray(parts, np.int64)
    if not len(index):
        return np.zeros(len(scores))
    found = []
    for mean, covariance in zip(moments.mean, moments.covariance, strict=True):
        root = np.linalg.cholesky(covariance[np.ix_(index, index)])
        white = np.linalg.solve(root, (scores[:, index] - mean[index]).T)
        found.append(-0.5 * (white**2).sum(axis=0) - np.log(np.diag(root)).sum())
    odds: Numbers = found[1] - found[0]
    return odds


def _standard(flag: Numbers) -> Numbers:
    spread = flag.std()
    scaled: Numbers = (flag - flag.mean()) / spread if spread > 0 else flag * 0.0
    return scaled


def _proper(covariance: Numbers) -> Numbers:
    """Raise eigenvalues that are zero or below to a small one."""
    values, vectors = np.linalg.eigh(covariance)
    raised: Numbers = (vectors * np.maximum(values, SMALLEST)) @ vectors.T
    return raised
