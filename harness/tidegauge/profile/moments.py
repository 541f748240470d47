"""Count, mean and sum of squared deviations, merged without loss of precision."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = 8_192
"""Numbers worked on at a time: no large memory is asked for, which costs more than the sums."""


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
        with np.errstate(over="ignore"):
            total = float(np.add.reduce(values))
        return cls.about(values, total)

    @classmethod
    def about(cls, values: NDArray[np.float64], total: float) -> Moments:
        """Summarise finite numbers whose sum is known."""
        n = len(values)
        mean = total / n if math.isfinite(total) else float((values / n).sum())
        with np.errstate(over="ignore", invalid="ignore"):
            m2 = _squares_about(values, mean)
            if m2 < 1e-20 * n * mean * mean:  # no more than the rounding of the mean
                mean += float((values - mean).mean())
                m2 = _squares_about(values, mean)
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
        if not math.isfinite(gap):
            return Moments(n, self.mean * (self.n / n) + other.mean * (other.n / n), math.inf)
        return Moments(
            n,
            self.mean + gap * (other.n / n),
            self.m2 + other.m2 + gap * gap * (self.n / n) * other.n,
        )


def _squares_about(values: NDArray[np.float64], mean: float) -> float:
    """Sum squared deviations; not as a dot product, for BLAS would wait for threads of its own."""
    total = 0.0
    for start in range(0, len(values), BLOCK):
        squares = values[start : start + BLOCK] - mean
        squares *= squares
        total += float(np.add.reduce(squares))
    return total


NO_MOMENTS = Moments()
"""Of an empty set."""


class Comoments(NamedTuple):
    """Higher central moments of y, and those of another quantity u with y, as sums over rows."""

    yyy: float = 0.0
    """Sum of the cubes of y's deviations from its mean."""
    yyyy: float = 0.0
    uy: float = 0.0
    """Sum of u's deviation times y's."""
    uyy: float = 0.0
    """Sum of u's deviation times y's squared."""

    @classmethod
    def of(cls, y: NDArray[np.float64], u: NDArray[np.float64]) -> Comoments:
        """Summarise finite pairs, both of shape (n,)."""
        if not len(y):
            return cls()
        with np.errstate(over="ignore", invalid="ignore"):
            dy, du = y - y.mean(), u - u.mean()
            squares = dy * dy
            products = (squares * dy, squares * squares, du * dy, du * squares)
            sums = [np.add.reduce(each) for each in products]
        return cls(*(float(s) if math.isfinite(s) else math.inf for s in sums))

    def merge(
        self, other: Comoments, y: tuple[Moments, Moments], u: tuple[Moments, Moments]
    ) -> Comoments:
        """Comoments of both sets together, from both sets' moments (Pebay 2008)."""
        both_y, both_u = y[0].merge(y[1]).mean, u[0].merge(u[1]).mean
        mine = self._about(y[0], y[0].mean - both_y, u[0].mean - both_u)
        yours = other._about(y[1], y[1].mean - both_y, u[1].mean - both_u)
        return Comoments(*(_sum(a, b) for a, b in zip(mine, yours, strict=True)))

    def _about(self, y: Moments, dy: float, du: float) -> Comoments:
        """Take the sums about other means, ``dy`` and ``du`` below the own ones."""
        if not y.n:
            return self
        return Comoments(
            _sum(self.yyy, 3 * dy * y.m2, y.n * dy * dy * dy),
            _sum(self.yyyy, 4 * dy * self.yyy, 6 * dy * dy * y.m2, y.n * dy * dy * dy * dy),
            _sum(self.uy, y.n * du * dy),
            _sum(self.uyy, 2 * dy * self.uy, du * y.m2, y.n * du * dy * dy),
        )


def _sum(*terms: float) -> float:
    """Add terms; infinite where any of them overflowed."""
    total = sum(terms)
    return total if math.isfinite(total) else math.inf


NO_COMOMENTS = Comoments()
"""Of an empty set."""
