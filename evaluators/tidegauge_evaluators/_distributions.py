"""Tail probabilities that measures need, on the standard library alone.

``scipy.special`` holds them too, but takes 0.2 s to import: a quarter of what a whole run over
ten thousand rows may take.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

TINY = 1e-300


def normal_sf(z: float) -> float:
    """Probability that a standard normal exceeds ``z``."""
    return 0.5 * math.erfc(z / math.sqrt(2.0))


@cache
def normal_quantile(p: float) -> float:
    """Value that a standard normal stays below with probability ``p``."""
    from statistics import NormalDist  # 10 ms that only runs with intervals need

    return NormalDist().inv_cdf(p)


def gamma_sf(shape: float, x: float) -> float:
    """Probability that a gamma variable of this shape and scale 1 exceeds ``x``.

    Examples
    --------
    >>> round(gamma_sf(1.0, 2.0), 6) == round(math.exp(-2.0), 6)
    True
    """
    if x <= 0.0:
        return 1.0
    front = math.exp(max(shape * math.log(x) - x - math.lgamma(shape), -745.0))
    if x < shape + 1.0:
        return min(1.0, max(0.0, 1.0 - front * _series(shape, x)))
    return min(1.0, front * _fraction(shape, x))


def _series(shape: float, x: float) -> float:
    term = total = 1.0 / shape
    while term > total * 1e-16:
        shape += 1.0
        term *= x / shape
        total += term
    return total


def _fraction(shape: float, x: float) -> float:
    """Legendre's continued fraction of the upper tail, by Lentz's rule."""
    b = x + 1.0 - shape
    c, d = 1.0 / TINY, 1.0 / (b or TINY)
    value = d
    for i in range(1, 100_000):
        a = -i * (i - shape)
        b += 2.0
        d = 1.0 / ((a * d + b) or TINY)
        c = (b + a / c) or TINY
        value *= d * c
        if abs(d * c - 1.0) < 1e-15:
            break
    return value


def chi_square_sf(x: float, df: float) -> float:
    """Probability that a chi-square variable exceeds ``x``."""
    return gamma_sf(df / 2.0, x / 2.0)


def kolmogorov_sf(z: float) -> float:
    """Probability that the largest absolute value of a Brownian bridge exceeds ``z``."""
    if z <= 0.0:
        return 1.0
    if z < 1.0:  # the dual series; the other one converges too slowly here
        step = math.pi**2 / (8.0 * z * z)
        total = sum(math.exp(-((2 * k - 1) ** 2) * step) for k in range(1, 6))
        return min(1.0, max(0.0, 1.0 - math.sqrt(2.0 * math.pi) / z * total))
    terms = ((-1.0) ** (k - 1) * math.exp(-2.0 * (k * z) ** 2) for k in range(1, 8))
    return min(1.0, max(0.0, 2.0 * sum(terms)))


@cache
def kolmogorov_quantile(confidence: float) -> float:
    """Value that the largest gap of a Brownian bridge stays below with this probability."""
    return largest_below(lambda z: kolmogorov_sf(z) >= 1.0 - confidence, 0.0, 10.0, 1e-12)


def noncentral_chi_square_cdf(x: float, df: float, noncentrality: float) -> float:
    """Probability that a noncentral chi-square variable stays below ``x``.

    Exact for one degree of freedom and for no noncentrality, else the approximation of
    Sankaran (1963, Biometrika 50), right to three decimals.
    """
    if x <= 0.0:
        return 0.0
    if noncentrality <= 0.0:
        return 1.0 - chi_square_sf(x, df)
    if df == 1:
        near, far = math.sqrt(x) - math.sqrt(noncentrality), math.sqrt(x) + math.sqrt(noncentrality)
        return normal_sf(-near) - normal_sf(far)
    mean = df + noncentrality
    h = 1.0 - 2.0 * mean * (df + 3.0 * noncentrality) / (3.0 * (df + 2.0 * noncentrality) ** 2)
    p = (df + 2.0 * noncentrality) / mean**2
    m = (h - 1.0) * (1.0 - 3.0 * h)
    middle = 1.0 + h * p * (h - 1.0 - 0.5 * (2.0 - h) * m * p)
    spread = h * math.sqrt(2.0 * p) * (1.0 + 0.5 * m * p)
    return normal_sf((middle - (x / mean) ** h) / spread)


def noncentrality_interval(x: float, df: float, confidence: float) -> tuple[float, float]:
    """Bounds on the noncentrality of a chi-square variable that was found to be ``x``.

    The lower one is 0 when chance alone gives ``x`` or more often enough.
    """
    tail = (1.0 - confidence) / 2.0
    return noncentrality_bound(x, df, 1.0 - tail), noncentrality_bound(x, df, tail)


def noncentrality_bound(x: float, df: float, level: float) -> float:
    """Noncentrality at which a chi-square variable is ``x`` or less with this probability.

    It is 0 where even chance alone gives ``x`` or less no more often.
    """
    if chi_square_sf(x, df) >= 1.0 - level:
        return 0.0
    top = 2.0 * x + 8.0 * math.sqrt(x + df) + 40.0
    return largest_below(lambda at: noncentral_chi_square_cdf(x, df, at) >= level, 0.0, top, 1e-4)


def largest_below(
    holds: Callable[[float], bool], low: float, high: float, tolerance: float = 1e-6
) -> float:
    """Largest value for which a condition that fails from some point on still holds.

    Parameters
    ----------
    tolerance
        Share of the value that it may be off by.
    """
    for _ in range(100):
        middle = 0.5 * (low + high)
        if holds(middle):
            low = middle
        else:
            high = middle
        if high - low <= tolerance * high:
            break
    return low
