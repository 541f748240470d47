"""What the history knows of the windows that a moving baseline is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from tidegauge.logs import Window
from tidegauge.profile import CategoricalProfile, DatasetProfile, NumericProfile

if TYPE_CHECKING:
    from tidegauge.store import RunRow, Store
    from tidegauge.suite import Suite


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The history of some windows."""

    left_out: tuple[Window, ...] = ()
    """Windows whose runs ended so that the suite skips them."""
    parts: tuple[tuple[Window, DatasetProfile], ...] = ()
    """Profiles of the others, over one grid; only where the suite asks for them."""


Past = Callable[["Suite", Sequence[Window]], Remembered]
"""Asks the history of windows."""


def remembered(store: Store, suite: Suite, spans: Sequence[Window]) -> Remembered:
    """Look windows up in the history.

    Parameters
    ----------
    store
        The history.
    suite
        Whose ``logs.baseline`` says what to skip, and whether to take kept profiles.
    spans
        The windows, the earliest first.
    """
    source = suite.logs.baseline
    since, until = spans[0].start, spans[-1].end + timedelta(microseconds=1)
    rows = store.runs(suite.name, since=since, until=until, limit=None)
    bad = [row for row in rows if row.outcome in source.skip]
    left_out = tuple(one for one in spans if any(_meets(row, one) for row in bad))
    if not source.history:
        return Remembered(left_out=left_out)
    wanted = {(one.start, one.end): one for one in spans if one not in left_out}
    kept = [
        (wanted[row.window_start, row.window_end], profile)
        for row, profile in store.profiles(suite.name, since=since, until=until)
        if row.window_start and row.window_end and (row.window_start, row.window_end) in wanted
    ]
    return Remembered(left_out=left_out, parts=tuple(_of_one_grid(kept)))


def _meets(row: RunRow, one: Window) -> bool:
    if row.window_start is None or row.window_end is None:
        return False
    return row.window_start < one.end and row.window_end > one.start


def _of_one_grid(
    kept: Sequence[tuple[Window, DatasetProfile]],
) -> Iterator[tuple[Window, DatasetProfile]]:
    """Keep those over the newest grid: others cannot be added to them."""
    for span, profile in kept:
        if same_grid(profile, kept[-1][1]):
            yield span, profile


def same_grid(mine: DatasetProfile, yours: DatasetProfile) -> bool:
    """Say whether two profiles can be added up."""
    if mine.layout != yours.layout or mine.slices.keys() != yours.slices.keys():
        return False
    both = mine.columns.keys() & yours.columns.keys()
    return all(_alike(mine.columns[name], yours.columns[name]) for name in both)


def _alike(mine: object, yours: object) -> bool:
    if isinstance(mine, NumericProfile) and isinstance(yours, NumericProfile):
        return mine.valid == yours.valid and np.array_equal(mine.cuts, yours.cuts)
    if isinstance(mine, CategoricalProfile) and isinstance(yours, CategoricalProfile):
        return mine.levels == yours.levels
    return type(mine) is type(yours)
