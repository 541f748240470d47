"""How often unchanged windows raise an alarm.

The rate that is asked for is shared over the checks, and held against what the baseline's own
windows did.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from tidegauge.calibration.shape import Achieved
from tidegauge.calibration.spread import Floats, Spread, chances, held_out, learn_spread

Groups = Mapping[str, NDArray[np.int64]]

FOLDS = 10
"""Stretches of time that are held out in turn to state the achieved rate."""
SIZES = {"weekday": 7, "hour": 24, "hour of week": 168}
"""Groups of each season."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Scores of held-out windows, on scales where they scatter nearly normally."""

    values: Floats
    """Shape (K, C): windows in order of time, a column for each check on each subject."""
    groups: Groups
    """Name of a season -> each window's group, shape (K,)."""
    sides: NDArray[np.int64]
    """Shape (C,): 1 where only high is bad, -1 where only low is, 0 where both are."""
    weights: Floats
    """Shape (C,), mean one: each column's part of the budget."""
    least: Floats
    """Shape (C,): chance error of a window's rows, below which no scatter is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What was learned of all columns together."""

    spread: Spread
    per_column: Floats
    """Shape (C,): probability that an unchanged window passes a column's bound."""
    tightened: float
    """What the shares were multiplied by, because the windows passed them more often than
    Student's t says; 1 = not at all."""


def needed_windows(rate: float) -> int:
    """Fewest windows that can bear out a rate: with fewer, not one may alarm, and none shows it.

    Examples
    --------
    >>> needed_windows(0.05), needed_windows(0.01)
    (19, 99)
    """
    return math.ceil(1 / rate - 1 - 1e-9)


def learn_rates(scores: Scores, rate: float) -> Rates:
    """Learn bounds that together raise an alarm in a share ``rate`` of unchanged windows.

    Every column gets its part of the rate, by Student's t. Where held-out windows pass these
    bounds more often than they may (heavy tails), all are tightened until they do not: with K
    windows exchangeable with the next, the k-th least is passed with probability k / (K + 1)
    (Vovk, Gammerman & Shafer 2005). Odd windows count here: one that nobody calls an incident is
    one of those that a year holds.
    """
    spread = spread_of(scores)
    shares = rate * scores.weights / len(scores.weights)
    z, df = held_out(scores.values, scores.groups, spread, scores.least)
    odds = chances(z, df, scores.sides)
    ratio = np.nanmin(np.where(np.isnan(odds), np.inf, odds) / shares, axis=1)
    ratio = np.sort(ratio)
    expected = rate * (len(ratio) + 1)
    place = math.floor(expected + 1e-9)
    # With fewer windows than the rate needs, the least of them stands for a rarer one yet.
    passed = float(ratio[place - 1]) if place >= 1 else float(ratio[0]) * expected
    tightened = min(1.0, max(passed, 1e-12))
    return Rates(spread=spread, per_column=shares * tightened, tightened=tightened)


def spread_of(scores: Scores) -> Spread:
    """Learn how the columns scatter."""
    return learn_spread(scores.values, scores.groups, least=scores.least, sizes=SIZES)


def achieved_rate(scores: Scores, rate: float) -> Achieved:
    """Hold stretches of time out in turn, learn from the rest, count windows that alarm."""
    alarmed = np.zeros(len(scores.values), dtype=bool)
    for fold in np.array_split(np.arange(len(scores.values)), FOLDS):
        inside = np.ones(len(scores.values), dtype=bool)
        inside[fold] = False
        learned = learn_rates(_part(scores, inside), rate)
        z = learned.spread.z(scores.values[fold], _groups_of(scores.groups, fold))
        odds = chances(z, learned.spread.df, scores.sides)
        alarmed[fold] = (np.nan_to_num(odds, nan=1.0) < learned.per_column).any(1)
    return share_of(alarmed)


def share_of(alarmed: NDArray[np.bool_]) -> Achieved:
    """State a share with its interval, alarms in runs counted as fewer than they are.

    Examples
    --------
    >>> found = share_of(np.array([True] + [False] * 19))
    >>> found.rate, round(found.low, 3), round(found.high, 3)
    (0.05, 0.001, 0.249)
    """
    n, hits = len(alarmed), int(alarmed.sum())
    rate = hits / n
    r = 0.0
    if 0 < hits < n:
        rest = alarmed - rate
        r = max(0.0, float((rest[1:] * rest[:-1]).sum() / (rest**2).sum()))
    alone = n * (1 - r) / (1 + r)
    low = float(betaincinv(rate * alone, alone * (1 - rate) + 1, 0.025)) if hits else 0.0
    high = float(betaincinv(rate * alone + 1, alone * (1 - rate), 0.975)) if hits < n else 1.0
    return Achieved(alarms=hits, windows=n, rate=rate, low=low, high=high)


def _part(scores: Scores, inside: NDArray[np.bool_]) -> Scores:
    return Scores(
        values=scores.values[inside],
        groups=_groups_of(scores.groups, inside),
        sides=scores.sides,
        weights=scores.weights,
        least=scores.least,
    )


def _groups_of(groups: Groups, which: NDArray[np.bool_] | NDArray[np.int64]) -> Groups:
    return {name: group[which] for name, group in groups.items()}
