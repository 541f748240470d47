"""What a score usually is, how far windows scatter around it, and what the season adds.

The bound for one window to come is the textbook prediction bound: mean + t sd sqrt(1 + 1/K). It
is widened for windows that follow each other closely (an autocorrelated series of K windows
tells as much of its mean as K (1 - r) / (1 + r) independent ones, and of its variance as
K (1 - r^2) / (1 + r^2); Bayley & Hammersley 1946, J. R. Stat. Soc. Suppl. 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, stdtr

from tidegauge.calibration.scales import student_tail

Floats = NDArray[np.float64]

FEWEST = 8
"""Windows below which nothing is learned: Student's t with few degrees of freedom bounds
nothing that anyone would want to hear of."""
EVERY_SEASON = 3
"""Times that each weekday (or hour) must have come before its season is fitted."""
STRETCH = 2
"""Windows by which odd ones may lie apart and still be one stretch: one may lie between them."""
ODD = 0.01
"""Chance that any window at all is called odd where none is."""
SEASONAL = 0.01
"""p-value below which a season is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How columns of scores usually scatter; every array has shape (C,) unless it says so."""

    mean: Floats
    sd: Floats
    """Of one window to come around the mean of its season, bar the errors of the means."""
    error: Floats
    """Standard error of the mean, and of the season, as a share of ``sd``."""
    df: Floats
    """Degrees of freedom of ``sd``."""
    r: Floats
    """Correlation of neighbouring windows, 0 where it does not stand."""
    windows: NDArray[np.int64]
    """Windows that were learned from."""
    odd: NDArray[np.bool_]
    """Shape (K, C): windows that were left out because they stand apart."""
    seasons: Mapping[str, Floats] = field(default_factory=dict)
    """Name of a season -> what each of its groups adds, shape (groups, C)."""

    def expected(self, groups: Mapping[str, NDArray[np.int64]]) -> Floats:
        """Mean of each window by its place in the seasons, shape (K, C)."""
        total = self.mean[None, :]
        for name, effects in self.seasons.items():
            total = total + effects[groups[name]]
        return np.asarray(total)

    def z(self, values: Floats, groups: Mapping[str, NDArray[np.int64]]) -> Floats:
        """Standardise windows that were not learned from, shape (K, C)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = (values - self.expected(groups)) / (self.sd * np.sqrt(1 + self.error**2))
        return np.where(np.isnan(values), np.nan, found)


def learn_spread(
    values: Floats,
    groups: Mapping[str, NDArray[np.int64]],
    *,
    least: Floats | float = 0.0,
    sizes: Mapping[str, int] | None = None,
) -> Spread:
    """Learn from windows in order of time.

    Parameters
    ----------
    values
        Shape (K, C): scores on a scale where they scatter nearly normally; NaN for none.
    groups
        Name of a season -> each window's group in it, shape (K,).
    least
        Smallest standard deviation to believe: the chance error of a window's rows.
    sizes
        Number of groups of each season; by default as many as occur.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = learn_spread(rng.normal(5, 2, (40, 1)), {})
    >>> round(float(found.mean[0])), round(float(found.sd[0])), float(found.df[0])
    (5, 2, 39.0)
    """
    seasons, used, odd = _without_odd(values, groups, sizes or {}, least)
    rest = values - _season_of(seasons, groups, values.shape)
    kept = np.where(odd, np.nan, rest)
    n = (~np.isnan(kept)).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(kept, 0) / np.maximum(n, 1)
        free = np.maximum(n - 1 - used, 1.0)
        variance = np.nansum((kept - mean) ** 2, 0) / free
    r = _neighbours(kept, mean, n)
    alone = _alone(n, r)
    variance = variance * np.where(r > 0, (n - 1) / n / (1 - 1 / alone), 1.0)
    df = np.where(r > 0, n * (1 - r**2) / (1 + r**2) - 1 - used, free)
    by_season = sum((_leverage(groups[name], effects) for name, effects in seasons.items()), 0.0)
    return Spread(
        mean=mean,
        sd=np.maximum(np.sqrt(variance), least),
        error=np.sqrt(1 / alone + by_season),
        df=np.maximum(df, 1.0),
        r=r,
        windows=n,
        odd=odd,
        seasons={name: effects for name, effects in seasons.items() if effects.any()},
    )


def chances(z: Floats, df: Floats, sides: NDArray[np.int64]) -> Floats:
    """Probability of a window at least this far out, shape (K, C).

    Parameters
    ----------
    z
        Standardised windows, shape (K, C).
    df
        Degrees of freedom, shape (C,).
    sides
        1 where only high is bad, -1 where only low is, 0 where both are; shape (C,).
    """
    turned = np.where(sides == 0, np.abs(z), z * np.where(sides == 0, 1, sides))
    found = stdtr(df, -turned) * np.where(sides == 0, 2.0, 1.0)
    return np.where(np.isnan(z), np.nan, found)


def held_out(
    values: Floats, groups: Mapping[str, NDArray[np.int64]], spread: Spread, least: Floats | float
) -> tuple[Floats, Floats]:
    """Standardise each window by the others: z and degrees of freedom, shapes (K, C), (C,).

    Mean and season are those learned from all, with the window's own part taken out.
    """
    rest = values - spread.expected(groups)
    inside = ~spread.odd & ~np.isnan(values)
    n = np.maximum(spread.windows, 2)
    own = 1 / n + np.maximum(spread.error**2 - 1 / _alone(n, spread.r), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        # What it adds to its own expectation is taken out again (Cook & Weisberg 1982).
        shifted = np.where(inside, rest / (1 - np.minimum(own, 0.5)), rest)
        total = spread.sd**2 * spread.df
        left = np.where(inside, total - rest * shifted, total) / np.where(
            inside, np.maximum(spread.df - 1, 1), spread.df
        )
        sd = np.maximum(np.sqrt(np.maximum(left, 0)), least)
        z = shifted / (sd * np.sqrt(1 + spread.error**2))
    return np.where(np.isnan(values), np.nan, z), np.maximum(spread.df - 1, 1)


def _alone(n: NDArray[np.int64], r: Floats) -> Floats:
    """Independent windows that tell as much of their mean."""
    return np.asarray(np.maximum(n * (1 - r) / (1 + r), 1.5))


def _without_odd(
    values: Floats,
    groups: Mapping[str, NDArray[np.int64]],
    sizes: Mapping[str, int],
    least: Floats | float,
) -> tuple[dict[str, Floats], Floats, NDArray[np.bool_]]:
    """Find seasons and, around them, windows that stand apart; each spoils the other, so twice."""
    odd = np.zeros(values.shape, dtype=bool)
    seasons: dict[str, Floats] = {}
    used = np.zeros(values.shape[1])
    for _ in range(2):
        seasons, used = _seasons(np.where(odd, np.nan, values), groups, sizes)
        odd = _odd(values - _season_of(seasons, groups, values.shape), least)
    return seasons, used, odd


def _odd(rest: Floats, least: Floats | float) -> NDArray[np.bool_]:
    """Windows too far from the median, by a distance that chance would hardly reach."""
    n = (~np.isnan(rest)).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = _median(rest)
        # The median deviation is worth 0.37 of the rows of a standard deviation.
        wide = np.maximum(1.4826 * _median(np.abs(rest - middle)), least)
        far = student_tail(ODD / 2 / max(rest.size, 1), np.maximum(0.37 * n, 2.0))
        found = np.abs(rest - middle) > far * wide
    found &= (wide > 0) & ~np.isnan(rest)
    incident = (found.sum(0) <= 0.1 * n) & _one_stretch(found)
    return np.asarray(found & incident)


def _one_stretch(found: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether the windows of each column follow each other, shape (C,).

    What comes once is an incident; what comes again is how things are.
    """
    apart = [np.diff(np.flatnonzero(column)) > STRETCH for column in found.T]
    return np.array([not gaps.any() for gaps in apart], dtype=bool)


def _median(values: Floats) -> Floats:
    """Median of each column, NaN left out; 0 where there is nothing else."""
    ordered = np.sort(values, 0)  # NaN goes last
    n = (~np.isnan(values)).sum(0)
    columns = np.arange(values.shape[1])
    low, high = ordered[np.maximum(n - 1, 0) // 2, columns], ordered[n // 2 % len(values), columns]
    return np.where(n > 0, (low + high) / 2, 0.0)


def _seasons(
    values: Floats, groups: Mapping[str, NDArray[np.int64]], sizes: Mapping[str, int]
) -> tuple[dict[str, Floats], Floats]:
    """Fit one season after the other, each to what those before it leave; count what they cost."""
    found: dict[str, Floats] = {}
    used = np.zeros(values.shape[1])
    rest = _clipped(values)
    for name, group in groups.items():
        size = sizes.get(name, int(group.max(initial=0)) + 1)
        effects, cost = _shrunk(rest, group, size)
        found[name], used = effects, used + cost
        rest = rest - effects[group]
    return found, used


def _clipped(values: Floats) -> Floats:
    """Keep single wild windows from making a season: four median deviations are enough."""
    middle = _median(values)
    wide = 1.4826 * _median(np.abs(values - middle))
    reach = np.where(wide > 0, 4 * wide, np.inf)
    return np.asarray(np.clip(values, middle - reach, middle + reach))


def _shrunk(values: Floats, group: NDArray[np.int64], size: int) -> tuple[Floats, Floats]:
    """Effects of groups, shrunk by how much of them chance explains (James & Stein 1961).

    Windows of one Monday tell of one Monday, however many they are: they are taken together.
    """
    values, group = _together(values, group)
    present = ~np.isnan(values)
    counts = np.zeros((size, values.shape[1]))
    sums = np.zeros_like(counts)
    np.add.at(counts, group, present)
    np.add.at(sums, group, np.where(present, values, 0.0))
    enough = counts >= EVERY_SEASON
    fitted, inside = enough.sum(0), np.where(enough, counts, 0).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums / counts
        overall = np.where(enough, sums, 0).sum(0) / inside
        effects = np.where(enough, means - overall, 0.0)
        between = (np.where(enough, counts, 0) * effects**2).sum(0) / (fitted - 1)
        left = np.where(present & enough[group], values - means[group], 0.0)
        free = inside - fitted
        within = (left**2).sum(0) / free
        f = between / within
        believed = fdtrc(np.maximum(fitted - 1, 1), np.maximum(free, 1), f) < SEASONAL
        share = np.where((fitted >= 2) & (free >= 3) & believed, np.clip(1 - 1 / f, 0, 1), 0.0)
    share = np.nan_to_num(share)
    return np.nan_to_num(effects) * share, share * np.maximum(fitted - 1, 0)


def _season_of(
    seasons: Mapping[str, Floats],
    groups: Mapping[str, NDArray[np.int64]],
    shape: tuple[int, ...],
) -> Floats:
    total = np.zeros(shape)
    for name, effects in seasons.items():
        total += effects[groups[name]]
    return total


def _together(values: Floats, group: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """Mean of windows of one group that follow each other, shape (cells, C), and their groups."""
    first = np.flatnonzero(np.concatenate([[True], np.diff(group) != 0]))
    present = ~np.isnan(values)
    n = np.add.reduceat(present, first, axis=0, dtype=np.int64)
    sums = np.add.reduceat(np.where(present, values, 0.0), first, axis=0)
    return np.where(n > 0, sums / np.maximum(n, 1), np.nan), group[first]


def _leverage(group: NDArray[np.int64], effects: Floats) -> Floats:
    """Error variance that a fitted season adds, in units of the windows' variance."""
    counts = np.bincount(_together(np.zeros((len(group), 1)), group)[1])
    common = float(np.mean(1 / counts[counts > 0]))
    return np.asarray(np.where(effects.any(0), common, 0.0))


def _neighbours(kept: Floats, mean: Floats, n: NDArray[np.int64]) -> Floats:
    """Correlation of neighbouring windows where it stands, corrected for its bias (Kendall)."""
    rest = np.nan_to_num(kept - mean)
    both = (~np.isnan(kept[1:]) & ~np.isnan(kept[:-1])).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (rest[1:] * rest[:-1]).sum(0) / (rest**2).sum(0) * n / np.maximum(both, 1)
    found = np.nan_to_num(found)
    stands = found > 1.645 / np.sqrt(np.maximum(n, 1))
    return np.asarray(np.where(stands, np.clip(found + (1 + 3 * found) / n, 0, 0.98), 0.0))
