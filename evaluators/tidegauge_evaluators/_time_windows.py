"""Rows in the order of their moments, as means of windows, and the time of day of each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

LENGTHS = (
    60.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0,
    172_800.0, 604_800.0, 2_592_000.0,
)  # fmt: skip
"""Seconds a window may last; those up to a day divide it, so that hours of the day line up."""
MOST = 72
"""Most windows of the current log."""
ROWS = 10
"""Rows that a window of the current log holds on average, at least."""
PAST = 3_000
"""Most windows of the baseline that are looked at, the latest ones."""
DAY, WEEK = 86_400.0, 604_800.0
CYCLES = 3.0
"""Days or weeks that must be seen before what they have in common is taken off."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """Means of rows over stretches of equal length, in the order of time; empty ones left out."""

    starts: Floats
    """Shape (windows,): seconds since 1970."""
    length: float
    """Seconds that each lasts."""
    means: Floats
    """Shape (windows,)."""
    noise: Floats
    """Shape (windows,): variance of each mean, up to one factor for all of them."""
    rows: Floats
    """Shape (windows,)."""
    past: int
    """How many of the first windows are the baseline's."""
    of_row: Places
    """Shape (rows,): the window of each row."""


def window_length(first: float, last: float, rows: int) -> float:
    """Choose seconds a window so that there are few enough windows, and rows enough in each.

    Examples
    --------
    >>> window_length(0.0, 86_399.0, 10_000), window_length(0.0, 86_399.0, 200)
    (1800.0, 7200.0)
    """
    windows = max(1, min(MOST, rows // ROWS))
    span = max(last - first, 1e-6)
    if span < LENGTHS[0] * windows / 2.0:
        return span * (1.0 + 1e-9) / windows
    return next((x for x in LENGTHS if span / x < windows), span / windows)


def windows_of(times: Floats, values: Floats, current: NDArray[np.bool_], length: float) -> Windows:
    """Cut rows, in the order of time, into windows.

    Parameters
    ----------
    times, values, current
        Shape (rows,): finite, ``times`` ascending; rows of the baseline come before the others.
    length
        Seconds a window.
    """
    # The current log's first row starts a window, so that no window is of both sides.
    origin = math.floor(times[current][0] / length) * length
    place = np.floor((times - origin) / length).astype(np.int64)
    place[current] = np.maximum(place[current], 0)
    place[~current] = np.minimum(place[~current], -1)
    names, of_row = np.unique(place, return_inverse=True)
    rows = np.bincount(of_row).astype(np.float64)
    means = np.bincount(of_row, values) / rows
    squares = np.bincount(of_row, np.square(values - means[of_row]))
    return Windows(
        starts=origin + names * length,
        length=length,
        means=means,
        noise=_noise(means, rows, squares.astype(np.float64)),
        rows=rows,
        past=int(np.count_nonzero(names < 0)),
        of_row=of_row,
    )


def _noise(means: Floats, rows: Floats, squares: Floats) -> Floats:
    """Variances of window means: what rows give, and what neighbouring windows differ by beyond.

    Differences of neighbours are hardly touched by a change of level or a season.
    """
    spare = float((rows - 1.0).sum())
    within = float(squares.sum()) / spare if spare > 0.0 else 0.0
    by_rows = within / rows
    if len(means) < 3:
        return np.maximum(by_rows, 1e-300)
    beyond = 0.5 * np.diff(means) ** 2 - 0.5 * (by_rows[1:] + by_rows[:-1])
    between = max(0.0, float(np.mean(beyond)))
    noise: Floats = between + by_rows
    return noise if noise.min() > 0.0 else np.ones(len(means))


def phases_of(windows: Windows) -> Places:
    """Give numbers to the places in the day or week that windows share, shape (windows,).

    All are 0 where fewer than three days are seen. Hours of the week where three weeks are seen.
    """
    covered = len(windows.starts) * windows.length
    for cycle, finest in ((WEEK, 3_600.0), (DAY, 900.0)):
        if covered >= CYCLES * cycle and windows.length <= cycle / 4.0:
            size = max(finest, windows.length)
            place = np.floor(np.mod(windows.starts, cycle) / size)
            return np.unique(place, return_inverse=True)[1].astype(np.int64)
    return np.zeros(len(windows.starts), np.int64)


def shrunken(phases: Places, left: Floats, weight: Floats) -> Floats:
    """Means of phases, drawn towards none by as much as chance spreads them, shape (windows,).

    With nothing periodic in the data next to nothing is left of them.
    """
    total = np.bincount(phases, weight)
    means = np.bincount(phases, weight * left) / total
    means -= np.average(means, weights=total)
    spare = len(left) - len(total)
    if spare < 2 or len(total) < 2:
        return np.zeros(len(left))
    chance = float((weight * (left - means[phases]) ** 2).sum()) / spare
    found = float((total * means**2).sum()) / (len(total) - 1)
    kept = max(0.0, 1.0 - chance / found) if found > 0.0 else 0.0
    curve: Floats = kept * means[phases]
    return curve
