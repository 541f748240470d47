"""Gaps between scores and what came true, bin by bin, with the part that is noise taken off."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile.classification import ScorePair
from tidegauge.profile.numeric import NumericProfile
from tidegauge.records import Interval
from tidegauge_evaluators._intervals import Compared, quantile, two_sided

Floats = NDArray[np.float64]

NOISE = math.sqrt(2 / math.pi)
"""Mean size of a standard normal error."""


class Cells(NamedTuple):
    """One class's scores by cell of the grid, each of shape (2 G + 1,)."""

    rows: Floats
    right: Floats
    """Rows of the class."""
    scores: Floats
    """Sum of the scores."""


class Bins(NamedTuple):
    """The same by bin, each of shape (b,)."""

    rows: Floats
    right: Floats
    scores: Floats

    @property
    def gap(self) -> Floats:
        """Sum of scores minus rows of the class."""
        return self.scores - self.right

    def noise(self, rate: Floats) -> Floats:
        """Give the standard error of each gap, when rows are of the class at these rates."""
        return np.asarray(np.sqrt(self.rows * rate * (1 - rate)))

    @property
    def rate(self) -> Floats:
        """Share of rows that are of the class, one row at the mean score added."""
        mean = self.scores / np.maximum(self.rows, 1)
        return np.asarray(np.clip((self.right + mean) / (self.rows + 1), 1e-12, 1 - 1e-12))


class Gap(NamedTuple):
    """Mean size of the gaps on one side."""

    plug_in: float
    """As found, noise included."""
    value: float
    """With the noise of a calibrated model taken off: mean 0 for such a model."""
    upper: float
    """With less taken off, as of gaps that are larger than their noise."""
    error: float
    if_calibrated: float
    """Mean ``plug_in`` of a calibrated model with as many rows."""


def cells_of(pair: ScorePair) -> Cells:
    """Rows and scores by cell; a score that strays outside 0 to 1 counts as the nearer end."""
    rows = [side.cells.astype(np.float64) for side in pair]
    return Cells(rows[0] + rows[1], rows[0], _score_sums(pair[0]) + _score_sums(pair[1]))


def _score_sums(profile: NumericProfile) -> Floats:
    rows, cuts = profile.cells, np.clip(profile.cuts, 0.0, 1.0)
    sums = np.empty(len(rows))
    sums[1::2] = cuts * rows[1::2]
    inside = rows[0::2]
    sums[0::2] = np.clip(profile.sums, np.append(0, cuts) * inside, np.append(cuts, 1) * inside)
    return sums


def bin_places(cells: Cells, bins: int) -> NDArray[np.int64]:
    """Bin of each cell, so that bins hold about as many of these rows each.

    Examples
    --------
    >>> bin_places(Cells(np.ones(4), np.zeros(4), np.zeros(4)), 2).tolist()
    [0, 0, 1, 1]
    """
    middle = (np.cumsum(cells.rows) - cells.rows / 2) / max(cells.rows.sum(), 1.0)
    places: NDArray[np.int64] = np.minimum(middle * bins, bins - 1).astype(np.int64)
    return places


def binned(cells: Cells, places: NDArray[np.int64], bins: int) -> Bins:
    """Add cells up to bins."""
    sums = (np.bincount(places, weights=part, minlength=bins) for part in cells)
    return Bins(*(part.astype(np.float64) for part in sums))


def gap_of(bins: Bins) -> Gap:
    """Mean size of the gaps, plain and with its noise taken off."""
    total, noise = bins.rows.sum(), bins.noise(bins.rate)
    z = np.abs(bins.gap) / np.where(noise > 0, noise, 1.0)
    return Gap(
        plug_in=float(np.abs(bins.gap).sum() / total),
        value=float(noise @ _shrunk(z) / total),
        upper=float(noise @ (2 * z - _mean_size(z, 1.0)) / total),
        error=float(math.sqrt(noise**2 @ _shrunk_variance(z)) / total),
        if_calibrated=float(NOISE * noise.sum() / total),
    )


def compare_gaps(
    current: list[Bins], baseline: list[Bins] | None, confidence: float
) -> tuple[Compared, Gap]:
    """Compare the mean over classes of the mean size of their gaps.

    How much noise is left differs between few rows and many. So the test takes off what is
    left on each side if the gaps are those of both sides together, and the interval of the
    change reaches over the change with and without that.
    """
    z = quantile(confidence)
    now = _mean_gap([gap_of(bins) for bins in current])
    value = max(0.0, now.value)
    around = Interval(max(0.0, now.value - z * now.error), now.upper + z * now.error)
    if baseline is None:
        return Compared(value, around), now
    then = _mean_gap([gap_of(bins) for bins in baseline])
    pairs = list(zip(baseline, current, strict=True))
    left = sum(_left(pair[1], pair) - _left(pair[0], pair) for pair in pairs)
    error = sum(math.hypot(*(_error(bins, pair) for bins in pair)) for pair in pairs)
    change = now.value - then.value
    moved = change - left / len(pairs)
    points = (change, moved, value - max(0.0, then.value))
    half = z * math.hypot(now.error, then.error)
    p_value = two_sided(moved / (error / len(pairs))) if error > 0 else 1.0
    reach = Interval(min(points) - half, max(points) + half)
    return Compared(value, around, max(0.0, then.value), reach, p_value), now


def _mean_gap(gaps: list[Gap]) -> Gap:
    """Mean over classes; errors added as if they moved together."""
    return Gap(*(sum(part) / len(gaps) for part in zip(*gaps, strict=True)))


def _together(bins: Bins, sides: tuple[Bins, Bins]) -> tuple[Floats, Floats]:
    """Noise of one side's gaps, and their size in it, if both sides' rows have one gap."""
    pooled = Bins(*(a + b for a, b in zip(*sides, strict=True)))
    noise = bins.noise(pooled.rate)
    gap = np.abs(pooled.gap) * bins.rows / np.maximum(pooled.rows, 1)
    return noise, gap / np.where(noise > 0, noise, 1.0)


def _left(bins: Bins, sides: tuple[Bins, Bins]) -> float:
    noise, z = _together(bins, sides)
    return float(noise @ (_shrunk_mean(z) - z) / bins.rows.sum())


def _error(bins: Bins, sides: tuple[Bins, Bins]) -> float:
    noise, z = _together(bins, sides)
    return float(math.sqrt(noise**2 @ _shrunk_variance(z)) / bins.rows.sum())


def _shrunk(z: Floats) -> Floats:
    """Size of a normal error with its mean at zero taken off; far from zero nothing is."""
    shrunk: Floats = z - math.sqrt(2) * NOISE * np.exp(-z * z / 2)
    return shrunk


def _shrunk_mean(z: Floats) -> Floats:
    """Mean of ``_shrunk`` around ``z``, standard normal."""
    mean: Floats = _mean_size(z, 1.0) - NOISE * np.exp(-z * z / 4)
    return mean


def _shrunk_variance(z: Floats) -> Floats:
    """Variance of ``_shrunk`` around ``z``, standard normal."""
    taken = math.sqrt(2) * NOISE
    cross = np.exp(-z * z / 4) / math.sqrt(2) * _mean_size(z / 2, math.sqrt(0.5))
    squares = 1 + z * z - 2 * taken * cross + taken**2 * np.exp(-z * z / 3) / math.sqrt(3)
    variance: Floats = squares - _shrunk_mean(z) ** 2
    return variance


def _mean_size(z: Floats, spread: float) -> Floats:
    """Mean absolute value of normal numbers (Leone, Nelson & Nottingham 1961)."""
    from scipy.special import erf  # 0.2 s that no other measure needs

    size: Floats = spread * NOISE * np.exp(-((z / spread) ** 2) / 2) + z * erf(
        z / spread / math.sqrt(2)
    )
    return size
