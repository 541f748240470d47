"""What of a column may change with time, read off its rows: mean, spread, share of missing rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge_evaluators._change_points import Found, Search, find
from tidegauge_evaluators._time_windows import (
    PAST,
    ROWS,
    Windows,
    window_length,
    windows_of,
)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]

FEWEST = 4 * ROWS
"""Rows of the current log below which no windows are made."""
REACH = 4.0
"""Widths of the middle half beyond it at which values are pulled in: no row makes a change."""
TAIL = 0.005
"""Share of values on each side that are left out of the middle where half of them are equal."""
EARLIEST, LATEST = -62_135_596_800.0, 253_402_300_799.0
"""Seconds since 1970 of the years 1 and 9999; other numbers are no moments."""
MEAN, SPREAD, MISSING = "the mean", "the spread", "the share of missing rows"


class Rows(NamedTuple):
    """Rows with a moment, in the order of time, the baseline's first."""

    times: Floats
    values: Floats
    current: Flags
    blocks: Places | None


class Reading(NamedTuple):
    """One number a row whose mean may change, and the course that it is found to take."""

    said: str
    """Of what it is the number, in words."""
    times: Floats
    values: Floats
    current: Flags
    windows: Windows
    search: Search
    found: Found


def timed_rows(times: Floats, values: Floats, current: Flags, blocks: Places | None) -> Rows:
    """Rows with a moment, the baseline's only where they are older than all current ones.

    Raises
    ------
    NotApplicable
        When no two rows of the current log have different moments.
    TooFewRows
        When the current log has too few rows with a moment.
    """
    known = (times >= EARLIEST) & (times <= LATEST)
    now = known & current
    if np.count_nonzero(now) < FEWEST:
        raise TooFewRows(
            needed=FEWEST,
            n_baseline=int(np.count_nonzero(known & ~current)),
            n_current=int(np.count_nonzero(now)),
            of="with a moment",
        )
    first = float(times[now].min())
    if first == float(times[now].max()):
        raise NotApplicable("all rows of the current log have one moment")
    kept = np.flatnonzero(known & (current | (times < first)))
    order = kept[np.argsort(times[kept], kind="stable")]
    return Rows(
        times[order], values[order], current[order], None if blocks is None else blocks[order]
    )


def readings_of(rows: Rows) -> list[Reading]:
    """Read rows in every way in which they vary."""
    missing = np.isnan(rows.values)
    everywhere = np.ones(len(missing), dtype=bool)
    found = [_reading(rows, MISSING, missing.astype(np.float64), everywhere)]
    known = rows.values[~missing]
    different = np.unique(known)
    if len(different) > 1:
        found.append(_reading(rows, MEAN, _pulled_in(known), ~missing))
    if len(different) > 2:
        place = np.searchsorted(different, known)
        counts = np.bincount(place)
        rank = (np.cumsum(counts) - 0.5 * counts)[place] / len(known)
        found.append(_reading(rows, SPREAD, np.abs(rank - 0.5), ~missing))
    return [one for one in found if one is not None]


def _pulled_in(values: Floats) -> Floats:
    """Pull values far out in, unless the middle half of them is one value."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.zeros(len(values))
    low, middle, high = np.quantile(finite, (0.25, 0.5, 0.75))
    if low == high:
        low, high = np.quantile(finite, (TAIL, 1.0 - TAIL))
    if low == high:  # nearly all are one value: what matters is how many are not
        return np.asarray(values != middle, dtype=np.float64)
    found: Floats = np.clip(values, low - REACH * (high - low), high + REACH * (high - low))
    return found


def _reading(rows: Rows, said: str, values: Floats, told: Flags) -> Reading | None:
    """Lay one number a row out as windows and find its best course; none where it never varies."""
    times, now = rows.times[told], rows.current[told]
    n = int(np.count_nonzero(now))
    if n < FEWEST or times[now][0] == times[now][-1] or np.ptp(values) == 0.0:
        return None
    first, last = float(times[now][0]), float(times[now][-1])
    length = window_length(first, last, n)
    if rows.blocks is not None:
        times, values, now = _merged(times, values, now, rows.blocks[told], length)
    kept = _recent(times, now, first - PAST * length)
    times, values, now = times[kept], values[kept], now[kept]
    windows = windows_of(times, values, now, length)
    if len(windows.means) - windows.past < 4 or np.ptp(windows.means) == 0.0:
        return None
    search = Search.over(windows)
    return Reading(
        said=said,
        times=times,
        values=values,
        current=now,
        windows=windows,
        search=search,
        found=find(search, windows.means),
    )


def _recent(times: Floats, current: Flags, since: float) -> Flags:
    """Rows of the current log and of its near past, or of all its past where that is long ago."""
    for kept in (current | (times >= since), np.ones(len(current), dtype=bool)):
        if np.count_nonzero(kept & ~current) >= 2 * ROWS:
            return kept
    return current


def _merged(
    times: Floats, values: Floats, current: Flags, blocks: Places, length: float
) -> tuple[Floats, Floats, Flags]:
    """One row, at its first moment, for the rows of a block in a window."""
    window = np.unique(np.floor(times / length), return_inverse=True)[1]
    block = np.unique(blocks, return_inverse=True)[1]
    code = (window * (int(block.max()) + 1) + block) * 2 + current
    _, first, unit = np.unique(code, return_index=True, return_inverse=True)
    means = np.bincount(unit, values) / np.bincount(unit)
    order = np.argsort(first, kind="stable")
    return times[first[order]], means[order], current[first[order]]
