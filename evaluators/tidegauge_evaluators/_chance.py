"""Sums of absolute errors: what total variation and Wasserstein are by chance alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile.arrays import distinct
from tidegauge_evaluators._distributions import gamma_sf, largest_below, normal_sf

Floats = NDArray[np.float64]

SERIES = ((1, 1 / 2), (2, 1 / 24), (3, 1 / 80), (4, 5 / 896))
"""sqrt(1 - r^2) + r asin(r) - 1 as a sum over powers of r^2."""

MARGIN = 1.2
"""Makes up for what both laws miss between 5 % and 0.1 %: up to a sixth of the probability, in
simulated bridges over uniform, normal, exponential, lognormal and Cauchy widths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsoluteSum:
    """A weighted sum of absolute values of normal errors, by its first two moments.

    Where errors hardly go together it is taken for a chi distribution times a factor: exact for
    one error, and with the light tails of normal errors for many. Where neighbours do, as along
    a distribution function, for a gamma distribution, and far out for the sum without the
    absolute values, since the largest sums arise where all errors have one sign.
    """

    shape: float
    """Degrees of freedom of the chi distribution."""
    square: float
    """Mean of the squared sum."""
    mean: float = 0.0
    signed: float = 0.0
    """Standard deviation of the same sum without the absolute values."""

    @classmethod
    def matching(cls, mean: float, variance: float, signed: float = 0.0) -> AbsoluteSum:
        """Match a mean, a variance and the deviation of the sum without absolute values."""
        if mean <= 0.0:
            return cls(shape=1.0, square=0.0)
        square = mean * mean + max(variance, 1e-12 * mean * mean)
        ratio = mean * mean / square

        def too_wide(shape: float) -> bool:
            logs = math.lgamma((shape + 1.0) / 2.0) - math.lgamma(shape / 2.0)
            return 2.0 / shape * math.exp(2.0 * logs) <= ratio

        return cls(
            shape=largest_below(too_wide, 0.05, 1e6, 1e-5), square=square, mean=mean, signed=signed
        )

    def sf(self, value: float) -> float:
        """Probability that the sum exceeds ``value``."""
        if self.square <= 0.0:
            return 1.0 if value <= 0.0 else 0.0
        variance = self.square - self.mean**2
        if self.signed <= 0.0 or variance > 0.3 * self.square:
            return gamma_sf(self.shape / 2.0, self.shape / 2.0 * value * value / self.square)
        middle = gamma_sf(self.mean**2 / variance, value * self.mean / variance)
        return min(1.0, MARGIN * max(middle, 2.0 * normal_sf(value / self.signed)))

    def quantile(self, confidence: float) -> float:
        """Value that the sum stays below with this probability."""
        top = 10.0 * math.sqrt(self.square)
        return largest_below(lambda value: self.sf(value) >= 1.0 - confidence, 0.0, top, 1e-3)


def share_errors(shares: Floats, effective: float) -> AbsoluteSum:
    """Half the summed absolute errors of the gap between two samples' shares.

    Parameters
    ----------
    shares
        Shape (k,): shares of the population.
    effective
        n m / (n + m) of the two sample sizes.
    """
    odds = np.minimum(shares / np.maximum(1.0 - shares, 1e-12), 1e12)
    spread = 0.5 * np.sqrt(shares * (1.0 - shares) / effective)
    variance = (1.0 - 2.0 / math.pi) * float(spread @ spread)
    for power, weight in SERIES:  # the correlation of two errors is -sqrt(odds odds')
        each = spread * odds**power
        variance += 2.0 / math.pi * weight * (float(each.sum()) ** 2 - float(each @ each))
    return AbsoluteSum.matching(math.sqrt(2.0 / math.pi) * float(spread.sum()), variance)


def gap_errors(heights: Floats, widths: Floats, effective: float, groups: int = 64) -> AbsoluteSum:
    """Integral of the absolute gap between two samples' distribution functions.

    Parameters
    ----------
    heights
        Shape (k,), ascending: the population's distribution function in each cell.
    widths
        Shape (k,): width of each cell.
    effective
        n m / (n + m) of the two sample sizes.
    groups
        Correlations are taken between so many groups of neighbouring cells.
    """
    spread = widths * np.sqrt(heights * (1.0 - heights) / effective)
    starts = distinct(np.linspace(0, len(heights), groups + 1).astype(np.intp)[:-1])
    total = np.add.reduceat(spread, starts)
    weight = np.maximum(total, 1e-300)
    middle = np.add.reduceat(spread * heights, starts) / weight
    middle = np.clip(middle, heights[0], heights[-1])
    odds = middle / (1.0 - middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.sqrt(np.minimum(odds[:, None] / odds, odds / odds[:, None]))
    r = np.clip(np.nan_to_num(r), 0.0, 1.0)
    joint = np.sqrt(1.0 - r * r) + r * np.arcsin(r) - 1.0
    mean = math.sqrt(2.0 / math.pi) * float(spread.sum())
    signed = math.sqrt(float(total @ r @ total))
    return AbsoluteSum.matching(mean, 2.0 / math.pi * float(total @ joint @ total), signed)
