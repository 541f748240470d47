"""Count, mean and sum of squared deviations, merged without loss of precision."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Moments(NamedTuple):
    """First two moments of a set of numbers.

    Examples
    --------
    >>> Moments.of([1.0, 2.0, 3.0]).merge(Moments.of([4.0]))
    Moments(n=4, mean=2.5, m2=5.0)
    """

    n: int = 0
    mean: float = 0.0
    m2: float = 0.0
    """Sum of squared deviations from the mean; infinite where it overflows."""

    @classmethod
    def of(cls, values: Any) -> Moments:
        """Summarise finite numbers, shape (n,)."""
        values = np.asarray(values, dtype=np.float64)
        if not len(values):
            return cls()
        return cls.about(values, float(np.add.reduce(values)))

    @classmethod
    def about(cls, values: NDArray[np.float64], total: float) -> Moments:
        """Summarise finite numbers whose sum is known."""
        n = len(values)
        mean = total / n
        with np.errstate(over="ignore", invalid="ignore"):
            deviations = values - mean
            m2 = float(deviations @ deviations)
        return cls(n, mean, m2 if math.isfinite(m2) else math.inf)

    @property
    def variance(self) -> float:
        """Unbiased sample variance; infinite below two values."""
        return self.m2 / (self.n - 1) if self.n > 1 else math.inf

    @property
    def standard_error(self) -> float:
        """Standard error of the mean."""
        return math.sqrt(self.variance / self.n) if self.n else math.inf

    def merge(self, other: Moments) -> Moments:
        """Moments of both sets together (Chan, Golub & LeVeque 1979)."""
        n = self.n + other.n
        if not self.n or not other.n:
            return self if self.n else other
        gap = other.mean - self.mean
        return Moments(
            n,
            (self.n * self.mean + other.n * other.mean) / n,
            self.m2 + other.m2 + gap * gap * (self.n / n) * other.n,
        )


NO_MOMENTS = Moments()
"""Of an empty set."""
