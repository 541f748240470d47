"""The baseline's own log, cut into windows: each profiled, and what is left without it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from tidegauge.baseline import KEPT_ROWS, count
from tidegauge.errors import BaselineError
from tidegauge.logs import Log
from tidegauge.logs.windows import MONDAY, UNITS, parse_length
from tidegauge.profile import DatasetProfile, NumericProfile
from tidegauge.profile.dataset import ColumnProfile, Mapper
from tidegauge.profile.numeric import NO_CUTS

BYTES = 2**29
"""Most memory that the profiles of all windows may take; grids are thinned to fit."""
FEWEST_CUTS = 256
MOST_WINDOWS = 3_000
"""More windows than any season needs: beyond it a longer window is asked for."""
SHORT = 0.5
"""Share of a window's usual rows below which the first or last one counts as cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Windows of one length, in order of time, empty ones left out."""

    length: timedelta
    starts: tuple[datetime, ...]
    parts: tuple[DatasetProfile, ...]
    """Profile of each, over one grid."""

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows of each window, shape (K,)."""
        return np.array([part.n for part in self.parts], dtype=np.int64)

    @property
    def groups(self) -> dict[str, NDArray[np.int64]]:
        """Seasons that windows of this length can show -> each window's group, shape (K,)."""
        return {
            name: np.array([place(start, name) for start in self.starts], dtype=np.int64)
            for name in seasons_of(self.length)
        }


def seasons_of(length: timedelta) -> tuple[str, ...]:
    """Name the seasons that windows of a length can show.

    Examples
    --------
    >>> seasons_of(timedelta(days=1)), seasons_of(timedelta(hours=1))
    (('weekday',), ('weekday', 'hour', 'hour of week'))
    """
    if length > timedelta(days=1):
        return ()
    return ("weekday",) if length > timedelta(hours=6) else ("weekday", "hour", "hour of week")


def place(start: datetime, season: str) -> int:
    """Say where in a season a window stands that starts then; times are UTC.

    Examples
    --------
    >>> monday = datetime(2026, 11, 23, 9, tzinfo=UTC)
    >>> place(monday, "weekday"), place(monday, "hour"), place(monday, "hour of week")
    (0, 9, 9)
    """
    start = start.astimezone(UTC)
    if season == "weekday":
        return start.weekday()
    return start.hour if season == "hour" else 24 * start.weekday() + start.hour


def cut_into_windows(
    grid: DatasetProfile, log: Log, length: str, *, as_of: float = math.inf, each: Mapper = map
) -> Cut:
    """Count each window of a log apart.

    Parameters
    ----------
    grid
        The baseline's profile, whose grids are laid over every window.
    log
        The rows that it was frozen from.
    length
        How long windows are: ``6h``, ``1d``; laid like those of a run.

    Raises
    ------
    BaselineError
        When the log has no timestamps, or too many windows.
    """
    starts = _starts(grid, log, length)
    part = _part_grid(grid, len(starts))
    keyed = {start.timestamp(): part for start in starts}
    carrier = DatasetProfile(layout=grid.layout, columns={}, windows=keyed)
    counted = count(carrier, log.batches(), log.schema, as_of=as_of, each=each)
    found = [(start, counted.windows[start.timestamp()]) for start in starts]
    found = [(start, _few_ids(one)) for start, one in found if one.n]
    return _whole(found, parse_length(length))


def left_out(parts: Sequence[DatasetProfile]) -> Iterator[tuple[int, DatasetProfile]]:
    """Give for each window the profile of all others: merged by halves, K log K additions.

    The law of merging makes it exact for every profile, also where counts cannot be taken away.
    """
    if len(parts) > 1:
        yield from _without(parts, 0, len(parts), None)


def held_against(
    part: DatasetProfile, rest: DatasetProfile
) -> tuple[DatasetProfile, DatasetProfile]:
    """Take the range of the others for the valid one, as a run takes the baseline's.

    The baseline's own range covers its windows, so that none of them could ever leave it.

    Returns
    -------
    The window, with its rows outside counted, and the others, which have none.
    """
    declared = part.layout.valid
    ranges = {
        name: (one.minimum, one.maximum)
        for name, one in rest.columns.items()
        if isinstance(one, NumericProfile) and one.finite and name not in declared
    }
    return _within(part, ranges), _within(rest, ranges)


def _within(profile: DatasetProfile, ranges: Mapping[str, tuple[float, float]]) -> DatasetProfile:
    columns: Mapping[str, ColumnProfile] = {
        name: _ranged(one, ranges[name])
        if name in ranges and isinstance(one, NumericProfile)
        else one
        for name, one in profile.columns.items()
    }
    slices = {label: _within(part, ranges) for label, part in profile.slices.items()}
    return replace(profile, columns=columns, slices=slices)


def _ranged(part: NumericProfile, valid: tuple[float, float]) -> NumericProfile:
    low, high = valid
    first = int(np.searchsorted(part.cuts, low, "left"))
    last = int(np.searchsorted(part.cuts, high, "right")) - 1
    # Between cut points nobody knows: a row counts as out of range if it may be.
    under = int(part.below[first]) if part.minimum < low and first < len(part.cuts) else 0
    over = part.finite - int(part.upto[last]) if part.maximum > high and last >= 0 else 0
    return replace(part, under=under, over=over, valid=valid)


def _starts(grid: DatasetProfile, log: Log, length: str) -> list[datetime]:
    name = grid.layout.timestamp
    if name not in log.schema.names or name not in grid.columns:
        raise BaselineError(
            f"{log.source} has no timestamps, so it cannot be cut into windows",
            "name the column in the suite: columns: {timestamp: ...}",
        )
    span, seen = parse_length(length), NumericProfile.over_grid(NO_CUTS, instant=True)
    for batch in log.batches([name]):
        seen = seen.merge(seen.blank().lay(batch.column(0)))
    if not seen.finite:
        raise BaselineError(f"{log.source} has no row with a time in {name}")
    step = span if span < UNITS["d"] else UNITS[length.strip()[-1]]
    first = datetime.fromtimestamp(seen.minimum, UTC)
    start = first - (first - MONDAY) % step
    many = math.floor((seen.maximum - start.timestamp()) / span.total_seconds()) + 1
    if many > MOST_WINDOWS:
        raise BaselineError(
            f"{log.source} holds {many:,} windows of {length}; at most {MOST_WINDOWS:,} are cut",
            "choose longer windows: --windows 1d",
        )
    return [start + i * span for i in range(many)]


def _part_grid(grid: DatasetProfile, windows: int) -> DatasetProfile:
    """Grids of one window: as fine as memory allows, with slices where it allows these too."""
    numeric = sum(isinstance(one, NumericProfile) for one in grid.columns.values())
    room = BYTES / max(windows, 1) / 24
    cuts = int(min(max(room / max(numeric, 1) / 2, FEWEST_CUTS), 2_048))
    columns = {
        name: one if name == grid.layout.latency else one.thinned(cuts)
        for name, one in grid.columns.items()
    }
    fits = room / 2 > len(grid.slices) * numeric * FEWEST_CUTS
    slices = dict(grid.slices) if fits else {}
    return replace(grid, columns=columns, slices=slices, windows={}).blank()


def _few_ids(part: DatasetProfile) -> DatasetProfile:
    return replace(part, keys=part.keys.thinned(KEPT_ROWS) if part.keys else None)


def _whole(found: list[tuple[datetime, DatasetProfile]], length: timedelta) -> Cut:
    """Leave out a first or last window that the log does not cover."""
    usual = float(np.median([part.n for _, part in found])) if found else 0.0
    if len(found) > 2 and found[0][1].n < SHORT * usual:
        found = found[1:]
    if len(found) > 2 and found[-1][1].n < SHORT * usual:
        found = found[:-1]
    return Cut(
        length=length,
        starts=tuple(start for start, _ in found),
        parts=tuple(part for _, part in found),
    )


def _without(
    parts: Sequence[DatasetProfile], first: int, stop: int, outside: DatasetProfile | None
) -> Iterator[tuple[int, DatasetProfile]]:
    if stop - first == 1:
        if outside is not None:
            yield first, outside
        return
    middle = (first + stop) // 2
    for low, high, other in ((first, middle, (middle, stop)), (middle, stop, (first, middle))):
        around = outside
        for index in range(*other):
            around = around.merge(parts[index]) if around else parts[index]
        yield from _without(parts, low, high, around)
