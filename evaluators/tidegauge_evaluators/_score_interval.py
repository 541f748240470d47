"""Interval of the difference of two shares of the same rows, by inverting its score test."""

from __future__ import annotations

import math
from collections.abc import Callable

from tidegauge.records import Interval


def tango_interval(gained: float, lost: float, n: float, z: float) -> Interval:
    """Interval of (gained - lost) / n (Tango 1998, Statistics in Medicine 17).

    It holds at few and at no discordant pairs, where Wald's does not, and its end lies beyond a
    margin exactly where the score test of that margin rejects.

    Parameters
    ----------
    gained, lost
        Pairs that only one side counts; fractions stand for pairs of groups that are worth less.
    n
        All pairs.
    z
        Standard errors on each side.

    Examples
    --------
    >>> low, high = tango_interval(0, 0, 44, 1.959964)
    >>> round(low, 3), round(high, 3)
    (-0.08, 0.08)
    """
    middle = (gained - lost) / n

    def beyond(at: float) -> float:
        return abs(_score(at, gained, lost, n)) - z

    return Interval(_end(beyond, middle, -1.0), _end(beyond, middle, 1.0))


def _end(beyond: Callable[[float], float], start: float, stop: float) -> float:
    """Find where the score grows past its bound, between the estimate and an end of the scale."""
    inside, outside = start, stop
    if beyond(stop * (1 - 1e-12)) <= 0:
        return stop
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if beyond(middle) > 0 else (middle, outside)
    return (inside + outside) / 2


def _score(at: float, gained: float, lost: float, n: float) -> float:
    """Count standard errors between what was found and a difference ``at``."""
    a = 2.0 * n
    b = -gained - lost + (2.0 * n - gained + lost) * at
    c = -lost * at * (1.0 - at)
    share = (math.sqrt(max(b * b - 4.0 * a * c, 0.0)) - b) / (2.0 * a)
    variance = n * (2.0 * share + at * (1.0 - at))
    gap = gained - lost - n * at
    if variance <= 0:
        return 0.0 if gap == 0 else math.copysign(math.inf, gap)
    return gap / math.sqrt(variance)
