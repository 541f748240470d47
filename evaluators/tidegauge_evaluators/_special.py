"""Beta, gamma and Student quantiles of one number, on the standard library alone.

``scipy.special`` holds them too, but its import costs more than all measures of a run over ten
thousand rows. Tests hold these to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from tidegauge_evaluators._distributions import gamma_sf, normal_quantile

ENOUGH = 1e-15
TINY = 1e-300
MANY = 1e5
"""Shape from which the approximation of a gamma quantile is right to eight digits."""


def beta_cdf(a: float, b: float, x: float) -> float:
    """Probability that a beta variable stays below ``x``: the regularised incomplete beta.

    By its continued fraction (DLMF 8.17.22), in about the square root of the smaller
    parameter steps.

    Examples
    --------
    >>> round(beta_cdf(2.0, 3.0, 0.4), 4)
    0.5248
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(max(beta_log_density(a, b, x) + math.log(x) + math.log1p(-x), -745.0))
    if x < (a + 1.0) / (a + b + 2.0):
        return min(1.0, front * _beta_fraction(a, b, x) / a)
    return max(0.0, 1.0 - front * _beta_fraction(b, a, 1.0 - x) / b)


def beta_log_density(a: float, b: float, x: float) -> float:
    """Logarithm of a beta variable's density at ``x``, strictly between 0 and 1."""
    ways = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return ways + (a - 1.0) * math.log(x) + (b - 1.0) * math.log1p(-x)


@lru_cache(maxsize=4_096)  # columns of one log often miss the same number of rows
def beta_quantile(a: float, b: float, p: float) -> float:
    """Value that a beta variable stays below with probability ``p``.

    Examples
    --------
    >>> round(beta_quantile(1.0, 100.0, 0.95), 6) == round(1 - 0.05 ** 0.01, 6)
    True
    """
    if p <= 0.0 or p >= 1.0:
        return 0.0 if p <= 0.0 else 1.0
    return _solved(
        lambda x: beta_cdf(a, b, x) - p,
        lambda x: math.exp(beta_log_density(a, b, x)),
        low=0.0,
        high=1.0,
        guess=_near_quantile(a, b, p) if min(a, b) > 1.0 else a / (a + b),
    )


def _near_quantile(a: float, b: float, p: float) -> float:
    """Approximate a beta quantile (Abramowitz & Stegun 26.5.22)."""
    z = normal_quantile(1.0 - p)
    one, other = 1.0 / (2.0 * a - 1.0), 1.0 / (2.0 * b - 1.0)
    h, bend = 2.0 / (one + other), (z * z - 3.0) / 6.0
    root = math.sqrt(max(h + bend, 0.0))
    w = z * root / h - (other - one) * (bend + 5.0 / 6.0 - 2.0 / (3.0 * h))
    return a / (a + b * math.exp(min(2.0 * w, 700.0)))


def gamma_quantile(shape: float, p: float) -> float:
    """Value that a gamma variable of this shape and scale 1 stays below with probability ``p``.

    Examples
    --------
    >>> round(gamma_quantile(1.0, 0.95), 6) == round(-math.log(0.05), 6)
    True
    """
    if p <= 0.0 or p >= 1.0:
        return 0.0 if p <= 0.0 else math.inf
    start = 1.0 - 1.0 / (9.0 * shape) + normal_quantile(p) / (3.0 * math.sqrt(shape))
    near = shape * max(start, 0.0) ** 3  # Wilson & Hilferty 1931
    if shape > MANY:
        return near
    return _solved(
        lambda x: 1.0 - gamma_sf(shape, x) - p,
        lambda x: math.exp((shape - 1.0) * math.log(x) - x - math.lgamma(shape)),
        low=0.0,
        high=shape + 40.0 * math.sqrt(shape) + 800.0,
        guess=near,
    )


def student_sf(t: float, df: float) -> float:
    """Probability that a Student variable exceeds ``t``; even odds without degrees of freedom.

    Examples
    --------
    >>> round(student_sf(2.0, 10.0), 5)
    0.03669
    """
    if df <= 0.0:
        return 0.5
    if math.isinf(df):
        return 0.5 * math.erfc(t / math.sqrt(2.0))
    half = 0.5 * beta_cdf(df / 2.0, 0.5, df / (df + t * t))
    return half if t >= 0.0 else 1.0 - half


def student_quantile(p: float, df: float) -> float:
    """Value that a Student variable stays below with probability ``p``.

    Examples
    --------
    >>> round(student_quantile(0.975, 10.0), 4)
    2.2281
    """
    if math.isinf(df):
        return normal_quantile(p)
    if df <= 0.0:
        return math.copysign(math.inf, p - 0.5)
    if p < 0.5:
        return -student_quantile(1.0 - p, df)
    x = beta_quantile(df / 2.0, 0.5, 2.0 * (1.0 - p))
    return math.sqrt(df * (1.0 - x) / x) if x > 0.0 else math.inf


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Evaluate the continued fraction of the incomplete beta by Lentz's rule."""
    c, d = 1.0, 1.0 / ((1.0 - (a + b) * x / (a + 1.0)) or TINY)
    total = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 / ((1.0 + even * d) or TINY)
        c = (1.0 + even / c) or TINY
        total *= c * d
        d = 1.0 / ((1.0 + odd * d) or TINY)
        c = (1.0 + odd / c) or TINY
        change = c * d
        total *= change
        if -ENOUGH < change - 1.0 < ENOUGH:
            break
    return total


def _solved(
    gap: Callable[[float], float],
    slope: Callable[[float], float],
    *,
    low: float,
    high: float,
    guess: float,
) -> float:
    """Root of an increasing function: Newton's steps, halved back where they leave the bracket."""
    x = guess if low < guess < high else 0.5 * (low + high)
    for _ in range(200):
        error = gap(x)
        low, high = (low, x) if error > 0.0 else (x, high)
        steep = slope(x)
        step = x - error / steep if steep > 0.0 else low
        following = step if low < step < high else 0.5 * (low + high)
        if abs(following - x) <= 1e-11 * abs(x):
            return following
        x = following
    return x
