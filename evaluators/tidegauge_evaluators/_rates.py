"""Shares of rows: intervals of one, of a difference, and tests of two."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import TooFewRows
from tidegauge.records import Interval, Part, Score
from tidegauge_evaluators._distributions import normal_quantile
from tidegauge_evaluators._special import beta_quantile

LARGE = 1_000.0
"""Rows expected in every cell of a table from which on the normal tail is used: at a p-value of
1e-6 its error is below a third."""
FAR = 20_000
"""Rows off the expectation, where it is below ``LARGE``, that no double can hold the chance of."""
LEAST = float(np.finfo(np.float64).tiny)
"""Smallest p-value given: no data make a change certain."""


class Rate(NamedTuple):
    """So many rows of so many."""

    rows: int
    of: int

    @property
    def share(self) -> float:
        """Rows as a share; 0 of 0 is 0."""
        return self.rows / self.of if self.of else 0.0


def need_rows(n_baseline: int, n_current: int, needed: int) -> None:
    """Refuse to judge so few rows.

    Raises
    ------
    TooFewRows
        When either side has fewer rows than needed, or none at all.
    """
    if min(n_baseline, n_current) < max(needed, 1):
        raise TooFewRows(needed=max(needed, 1), n_baseline=n_baseline, n_current=n_current)


def share_interval(rate: Rate, confidence: float) -> Interval:
    """Exact interval of a share (Clopper & Pearson 1934, Biometrika 26).

    Covers at least at its level for every share and every number of rows, 0 of n included.

    Examples
    --------
    >>> share_interval(Rate(0, 100), 0.95).high
    0.0362
    """
    rows, n = rate
    tail = (1.0 - confidence) / 2.0
    if rows in (0, n):  # the quantile has a closed form
        far = -math.expm1(math.log(tail) / n)
        return Interval(0.0, far) if not rows else Interval(1.0 - far, 1.0)
    low = beta_quantile(rows, n - rows + 1, tail)
    return Interval(low, beta_quantile(rows + 1, n - rows, 1.0 - tail))


def score_interval(share: float, rows: float, z: float) -> Interval:
    """Wilson's score interval of a share (1927, JASA 22), ``z`` standard errors wide."""
    if math.isinf(z):
        return Interval(0.0, 1.0)
    if not rows:
        return Interval(0.0, 1.0)
    spread = z * math.sqrt(share * (1.0 - share) / rows + (z / (2.0 * rows)) ** 2)
    middle, scale = share + z * z / (2.0 * rows), 1.0 + z * z / rows
    return Interval(max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def square_and_add(
    now: float, around_now: Interval, then: float, around_then: Interval
) -> Interval:
    """Interval of ``now - then`` from the intervals of both (Zou & Donner 2008, Stat Med 27)."""
    gap = now - then
    return Interval(
        gap - math.hypot(now - around_now.low, around_then.high - then),
        gap + math.hypot(around_now.high - now, then - around_then.low),
    )


def difference_interval(then: Rate, now: Rate, confidence: float) -> Interval:
    """Interval of the share now minus the share then (Newcombe 1998, Stat Med 17, method 10).

    Examples
    --------
    >>> difference_interval(Rate(0, 1000), Rate(30, 1000), 0.95).low
    0.020
    """
    z = two_sided_z(confidence)
    around_then, around_now = (score_interval(side.share, side.of, z) for side in (then, now))
    return square_and_add(now.share, around_now, then.share, around_then)


def two_sided_z(confidence: float) -> float:
    """Give the standard errors on each side of a two-sided normal interval."""
    return normal_quantile((1.0 + confidence) / 2.0)


def changed_p(then: Rate, now: Rate) -> float | None:
    """Two-sided probability of shares this unlike when nothing changed.

    Fisher's exact conditional test, all tables counted that are no likelier than the one found;
    on large tables the "N - 1" chi-square (Campbell 2007, Stat Med 26). ``None`` where all rows
    of both sides are alike: no table but the one found is possible.

    Examples
    --------
    >>> changed_p(Rate(1, 10), Rate(8, 10)), changed_p(Rate(0, 10), Rate(0, 10))
    (0.0055, None)
    """
    if not mixed(then, now):
        return None
    if _smallest_expected(then, now) >= LARGE:
        return max(LEAST, math.erfc(abs(_deviation(then, now)) / math.sqrt(2.0)))
    start, chances = _chances(then, now)
    found = chances[now.rows - start] * (1.0 + 1e-7)  # ties differ by rounding
    return min(1.0, max(LEAST, float(chances[chances <= found].sum())))


def rose_p(then: Rate, now: Rate) -> float:
    """One-sided probability of a share now as high as found, when nothing changed.

    Examples
    --------
    >>> rose_p(Rate(0, 10), Rate(3, 10))
    0.105
    """
    if not mixed(then, now):
        return 1.0
    if _smallest_expected(then, now) >= LARGE:
        return max(LEAST, math.erfc(_deviation(then, now) / math.sqrt(2.0)) / 2.0)
    start, chances = _chances(then, now)
    return min(1.0, max(LEAST, float(chances[now.rows - start :].sum())))


def mixed(then: Rate, now: Rate) -> bool:
    """Whether rows differ at all, on both sides taken together."""
    return 0 < then.rows + now.rows < then.of + now.of and then.of > 0 and now.of > 0


def smallest_p(values: Sequence[float]) -> float:
    """Bonferroni's bound: the smallest of several p-values, times how many there are."""
    return min(1.0, max(LEAST, len(values) * min(values)))


def rate_score(
    then: Rate,
    now: Rate,
    *,
    confidence: float,
    p_value: float | None,
    parts: tuple[Part, ...] = (),
    details: Mapping[str, float | str] | None = None,
) -> Score:
    """Score of a share of rows, with all that can be said of its error."""
    return Score(
        value=now.share,
        interval=share_interval(now, confidence),
        p_value=p_value,
        baseline=then.share,
        change=difference_interval(then, now, confidence),
        n_baseline=then.of,
        n_current=now.of,
        parts=parts,
        details=details or {},
    )


def count_parts(counts: Mapping[str, tuple[int, int]], n_current: int) -> tuple[Part, ...]:
    """One part for each label that occurs on either side, most frequent now first."""
    parts = [
        Part(label=label, baseline=then, current=now, contribution=now / n_current)
        for label, (then, now) in counts.items()
        if then or now
    ]
    return tuple(sorted(parts, key=lambda part: (-part.current, -part.baseline)))


def _smallest_expected(then: Rate, now: Rate) -> float:
    """Rows expected in the emptiest cell of the two by two table."""
    rows, total = then.rows + now.rows, then.of + now.of
    return min(rows, total - rows) * min(then.of, now.of) / total


def _chances(then: Rate, now: Rate) -> tuple[int, NDArray[np.float64]]:
    """Hypergeometric chances of so many rows on the current side, from the first number given.

    Numbers further from the expectation than the one found are left out once they are too
    rare to count.
    """
    rows, total = then.rows + now.rows, then.of + now.of
    middle = rows * now.of / total
    spread = math.sqrt(_smallest_expected(then, now))
    reach = min(FAR, max(9.0 * spread, abs(now.rows - middle)) + 60.0)
    start = max(0, rows - then.of, min(now.rows, math.floor(middle - reach)))
    stop = min(rows, now.of, max(now.rows, math.ceil(middle + reach)))
    x = np.arange(start, stop, dtype=np.float64)
    # Ratios of neighbours need no factorials, hence lose no digits at millions of rows.
    ratio = (rows - x) * (now.of - x) / ((x + 1.0) * (then.of - rows + x + 1.0))
    logs = np.append(0.0, np.cumsum(np.log(ratio)))
    chances = np.exp(logs - logs.max())
    return start, np.asarray(chances / chances.sum())


def _deviation(then: Rate, now: Rate) -> float:
    """Gap of the shares in standard errors, by the "N - 1" variance."""
    total = then.of + now.of
    pooled = (then.rows + now.rows) / total
    variance = pooled * (1.0 - pooled) * (1.0 / then.of + 1.0 / now.of) * total / (total - 1.0)
    return (now.share - then.share) / math.sqrt(variance)
