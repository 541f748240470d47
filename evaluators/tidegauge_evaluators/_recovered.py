"""The part of a change that a repair takes back, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable
from tidegauge.records import Interval
from tidegauge_evaluators._intervals import quantile

Numbers = NDArray[np.float64]
DRAWS = 400
CELLS = 256
"""Cells of a grid at quantiles of the scores over which distributions are compared."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """What each asked row gave, on the baseline, as logged and repaired."""

    baseline: Numbers
    """Shape (baseline rows, columns)."""
    logged: Numbers
    """Shape (current rows, columns)."""
    repaired: Numbers
    """Shape (current rows, columns), the same rows."""
    weights: Numbers
    """Shape (baseline rows + current rows,), the baseline's first."""
    blocks: NDArray[np.int64]
    """Shape (baseline rows + current rows,): rows of one number are drawn together."""

    @property
    def split(self) -> int:
        """Rows of the baseline."""
        return len(self.baseline)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paired:
    """A number of each row, and what a repair takes off it in the rows that were asked."""

    current: NDArray[np.bool_]
    """Shape (rows,)."""
    before: Numbers
    """Shape (rows,): the number as logged; NaN = not known."""
    gain: Numbers
    """Shape (rows,): how much smaller it is repaired; NaN = not asked."""
    weights: Numbers
    """Shape (rows,)."""
    blocks: NDArray[np.int64]
    """Shape (rows,): rows of one number are drawn together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A share, and the three numbers that it is made of."""

    share: float
    interval: Interval
    baseline: float
    """Mean on the baseline, or 0 for a distance to it."""
    logged: float
    repaired: float


def of_the_mean(paired: Paired, confidence: float) -> Recovered:
    """Take the gain over the rise of the mean from the baseline to now.

    The rise comes from all rows whose number is known, the gain from those that were asked
    twice. The interval is Fieller's (1954, JRSS B 16), from the covariance of numerator and
    denominator over blocks of rows, so that it holds when the denominator is uncertain too.

    Raises
    ------
    NotApplicable
        When the mean did not rise by more than chance gives.
    """
    known, asked = np.isfinite(paired.before), np.isfinite(paired.gain)
    pull = np.zeros((len(known), 2))
    gain, pull[:, 0] = _mean(paired.gain, asked, paired.weights)
    then, minus = _mean(paired.before, known & ~paired.current, paired.weights)
    now, plus = _mean(paired.before, known & paired.current, paired.weights)
    pull[:, 1] = plus - minus
    rise, means = now - then, (then, now, now - gain)
    groups, place = np.unique(paired.blocks[known | asked], return_inverse=True)
    sums = np.column_stack([np.bincount(place, weights=one[known | asked]) for one in pull.T])
    spread = sums.T @ sums * len(groups) / max(len(groups) - 1, 1)
    wide = quantile(confidence, max(len(groups) - 1, 1))
    if rise <= 0 or rise**2 <= wide**2 * spread[1, 1]:
        raise NotApplicable(
            f"{means[0]:.4g} on the baseline, {means[1]:.4g} now and {means[2]:.4g} restored: no "
            "more of a rise than chance gives, so no part of one can be told"
        )
    return Recovered(
        share=gain / rise,
        interval=fieller(gain, rise, spread, wide),
        baseline=means[0],
        logged=means[1],
        repaired=means[2],
    )


def _mean(values: Numbers, used: NDArray[np.bool_], weights: Numbers) -> tuple[float, Numbers]:
    """Weighted mean of some rows, and how far each row pulls it, shape (rows,)."""
    mass = np.where(used, weights, 0.0)
    mass = mass / mass.sum()
    filled = np.where(used, values, 0.0)
    mean = float(mass @ filled)
    return mean, mass * (filled - mean)


def fieller(top: float, bottom: float, covariance: Numbers, wide: float) -> Interval:
    """Interval of a ratio of two correlated normal estimates.

    Parameters
    ----------
    covariance
        Shape (2, 2): of numerator and denominator.
    wide
        Half width of the interval in standard errors; the denominator must be further from zero.

    Examples
    --------
    >>> fieller(1.0, 2.0, np.zeros((2, 2)), 1.96)
    Interval(low=0.5, high=0.5)
    """
    squared = wide * wide
    a = bottom**2 - squared * covariance[1, 1]
    b = top * bottom - squared * covariance[0, 1]
    c = top**2 - squared * covariance[0, 0]
    root = sqrt(max(b * b - a * c, 0.0))
    return Interval(float((b - root) / a), float((b + root) / a))


def of_the_distance(sample: Sample, confidence: float, rng: np.random.Generator) -> Recovered:
    """Take the part of the Wasserstein distance to the baseline that a repair removes.

    Two samples of one distribution are apart too; that floor is taken off in squares. The
    interval is a percentile one over redrawn blocks (Bayesian bootstrap, Rubin 1981), with the
    floor of a redrawn sample.

    Raises
    ------
    NotApplicable
        When the scores are no further from the baseline's than chance gives.
    """
    groups, place = np.unique(sample.blocks, return_inverse=True)
    drawn = rng.exponential(size=(DRAWS, len(groups)))[:, place] * sample.weights
    weights = np.vstack([sample.weights, drawn])
    noise, plain = np.zeros(DRAWS), np.zeros((2, DRAWS + 1))
    for column in range(sample.baseline.shape[1]):
        curves, steps = _curves(sample, column, weights)
        plain += [_distance(curves[0] - curves[side], steps) for side in (1, 2)]
        errors = (curves[0] - curves[0][:1]) - (curves[1] - curves[1][:1])
        noise += _distance(errors[1:], steps)
    floor = float(np.mean(noise**2))
    apart = np.sqrt(np.maximum(plain[:, 0] ** 2 - floor, 0))
    if plain[0, 0] <= np.quantile(noise, confidence) or not apart[0] > 0:
        raise NotApplicable(
            f"the scores are {plain[0, 0]:.3g} from the baseline's: no more than chance gives, "
            "so there is no drift of which a part could be removed"
        )
    redrawn = np.sqrt(np.maximum(plain[:, 1:] ** 2 - 2 * floor, 0))
    shares = 1.0 - redrawn[1] / np.maximum(redrawn[0], apart[0] * 1e-3)
    low, high = np.quantile(shares, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Recovered(
        share=float(1.0 - apart[1] / apart[0]),
        interval=Interval(float(low), float(high)),
        baseline=0.0,
        logged=float(apart[0]),
        repaired=float(apart[1]),
    )


def _curves(sample: Sample, column: int, weights: Numbers) -> tuple[list[Numbers], Numbers]:
    """Distribution functions of the three samples under each draw, and the widths of the cells."""
    three = [one[:, column] for one in (sample.baseline, sample.logged, sample.repaired)]
    grid = np.unique(np.quantile(np.concatenate(three), np.linspace(0, 1, CELLS + 1)))
    then, now = weights[:, : sample.split], weights[:, sample.split :]
    curves = [
        _distribution(values, grid, mass)
        for values, mass in zip(three, (then, now, now), strict=True)
    ]
    return curves, np.diff(grid)


def _distribution(values: Numbers, grid: Numbers, mass: Numbers) -> Numbers:
    """Mean height of the distribution function in each cell, shape (draws, cells).

    A value within a cell fills it from there on, so the area between two functions is exact but
    where they cross inside a cell.
    """
    width = np.maximum(np.diff(grid), np.finfo(float).tiny)
    filled = np.clip((grid[1:] - values[:, None]) / width, 0.0, 1.0)
    return np.asarray(mass @ filled / mass.sum(axis=1, keepdims=True))


def _distance(gap: Numbers, steps: Numbers) -> Numbers:
    return np.asarray(np.abs(gap) @ steps)
