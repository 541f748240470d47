"""Permutation tests: sides drawn anew by chance, and how rarely chance gives a value as large."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._distributions import gamma_sf, normal_sf
from tidegauge_evaluators._vectors import Matrix, Places, Pool

Floats = NDArray[np.float64]

ENOUGH = 10
"""Permuted values as large as the one found from which counting them is accurate enough."""
WIDER = 1.15
"""The tail is taken to be so much wider than the permuted values say that they do not fall short
of nominal beyond what they can count; see ``benchmarks/embedding_calibration.py``."""


def drawn_sides(
    pool: Pool, rng: np.random.Generator, count: int, band: Places | None = None
) -> Matrix:
    """Draw which units the current log has, had chance alone decided.

    Units of both sides stay there; the others change places within their group, and with
    ``band`` within their band, too.

    Returns
    -------
    ndarray
        Shape (units, 1 + count), zeros and ones; the first column is what was found.
    """
    sides = np.repeat(pool.now[:, None], 1 + count, axis=1).astype(np.float32)
    for group in pool.movable:
        for places in _within(group, band):
            labels = pool.now[places]
            if labels.any() and not labels.all():
                tiled = np.repeat(labels[None, :], count, axis=0).astype(np.float32)
                sides[places, 1:] = rng.permuted(tiled, axis=1).T
    return sides


def _within(group: Places, band: Places | None) -> Sequence[Places]:
    if band is None:
        return (group,)
    return [group[band[group] == i] for i in np.unique(band[group])]


def chance_p(found: float, permuted: Floats) -> float:
    """Probability of a value at least as large as found, by chance alone.

    Counted, ``(b + 1) / (B + 1)``, where enough permuted values are as large. Beyond, the upper
    tail of a gamma distribution with the mean, variance and skewness of the permuted values
    (Pearson type III), a little widened: what is found can then be told from other strong
    evidence, as judging many columns at once demands.

    Parameters
    ----------
    found
        The statistic.
    permuted
        Shape (B,): the statistic of each permutation.

    Examples
    --------
    >>> chance_p(0.5, np.linspace(0.0, 1.0, 99))
    0.5
    >>> chance_p(2.0, np.zeros(99))
    0.01
    """
    count = len(permuted)
    spread = float(permuted.std())
    slack = 1e-9 * max(abs(found), spread)
    larger = int(np.count_nonzero(permuted >= found - slack))
    counted = (larger + 1) / (count + 1)
    if larger >= ENOUGH or count < 99 or spread <= 1e-9 * max(1.0, abs(float(permuted.mean()))):
        return counted
    deviation = (found - float(permuted.mean())) / spread
    skewness = float((((permuted - permuted.mean()) / spread) ** 3).mean())
    return min(counted, max(_pearson_tail(deviation / WIDER, skewness), 1e-12))


def _pearson_tail(deviation: float, skewness: float) -> float:
    """Upper tail of Pearson's type III law of mean 0, variance 1 and this skewness."""
    if skewness < 0.05:
        return normal_sf(deviation)
    shape = 4.0 / skewness**2
    return gamma_sf(shape, shape + deviation * math.sqrt(shape))
