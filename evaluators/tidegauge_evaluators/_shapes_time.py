"""Moments and hours of the day: another time zone, other units, day and month exchanged."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tidegauge.records import Shape
from tidegauge_evaluators._shapes import (
    ALPHA,
    Fitted,
    Guess,
    Numbers,
    counted,
    deviance,
    percent,
    short,
)
from tidegauge_evaluators._shapes_column import Column
from tidegauge_evaluators._shapes_units import UNITS

DAY = 86_400.0
ZONES = np.arange(1, 48) * 0.5
"""Shifts by half hours, in hours."""
CHARGE = 2.0 * math.log(len(ZONES))
_HALF = frozenset({3.5, 4.5, 5.5, 6.5, 9.5, 10.5})
"""Half hours by which some country's clocks differ from Greenwich's."""
_DAYS = {24.0: "hours", 1_440.0: "minutes", 86_400.0: "seconds"}


def hours(column: Column) -> Iterator[Guess]:
    """Guess that times of day, as numbers, were turned round the clock."""
    low, high = float(column.then[0]), float(column.then[-1])
    for day in _DAYS:
        start = 1.0 if low >= 1.0 and day == 24.0 and high > 23.5 else 0.0
        top = max(high, float(column.ordered[-1])) - start
        wide = low - start <= 0.05 * day and high - start >= 0.9 * day
        if low >= 0.0 and wide and top < day and column.ordered[0] >= start:
            yield from _turned(column, day, start)


def _turned(column: Column, day: float, start: float) -> Iterator[Guess]:
    shifts = ZONES * day / 24.0
    if column.step_then >= 1.0 and day == 24.0:
        shifts = shifts[1::2]
    tables = np.array(
        [counted(np.sort((column.then - start + s) % day + start), column.edges) for s in shifts]
    )
    best = int(np.argmin(deviance(tables, column.counts_now)))
    shift = float(shifts[best])
    yield Guess(
        name="time_zone",
        said=f"{_said(24.0 * shift / day)} round the clock",
        charge=CHARGE,
        undo=lambda values: (values - start - shift) % day + start,
        counts=tables[best],
        exact=True,
        params={"hours": _nearer(24.0 * shift / day)},
    )


def _nearer(shift: float) -> float:
    return shift - 24.0 if shift > 12.0 else shift


def _said(shift: float) -> str:
    shift = _nearer(shift)
    many = "hour" if abs(shift) == 1.0 else "hours"
    return f"{abs(shift):g} {many} {'later' if shift > 0 else 'earlier'}"


def moments(then: Numbers, now: Numbers, there: NDArray[np.bool_]) -> Iterator[Fitted]:
    """Shapes of instants.

    Parameters
    ----------
    then
        Baseline moments, none missing.
    now
        Current ones, in the order of the rows.
    there
        Shape (current rows,): which are not missing.
    """
    asked = now[there]
    factor = _magnitude(then, asked)
    if factor is not None:
        yield _scaled(then, now, *factor)
        return
    turned = _clock(then, asked)
    if turned is not None:
        shift, before, after, freedom = turned
        name, exact = f"{_said(shift)} round the clock", shift % 1.0 == 0.0 or abs(shift) in _HALF
        fit = 1.0 - max(after - freedom, 0.0) / max(before - freedom, 1e-9)
        yield Fitted(
            shape=Shape(name="time_zone", said=name, fit=fit, exact=exact and fit > 0.8,
                        params={"hours": shift}),
            repaired=now - shift * 3_600.0,
            restored=fit,
            undoable=True,
            gain=before - after - CHARGE,
        )  # fmt: skip
    back = _exchanged(then, asked)
    if back is not None:
        repaired = now.copy()
        repaired[there] = back
        yield Fitted(
            shape=Shape(name="day_month", said="day and month exchanged", fit=1.0, exact=True),
            repaired=repaired,
            restored=1.0,
            undoable=True,
            gain=float(len(asked)),
        )


def epochs(then: Numbers, now: Numbers) -> Iterator[Fitted]:
    """Seconds since 1970 that are plain numbers, in thousandths or thousands of what they were.

    Parameters
    ----------
    then, now
        Numbers of the baseline without missing ones; of the current rows as they come.
    """
    there = now[np.isfinite(now)]
    if np.std(then) > 0.1 * abs(float(np.median(then))) or len(there) < 20:
        return
    factor = _magnitude(then, there)
    if factor is not None:
        yield _scaled(then, now, *factor)


def _scaled(then: Numbers, now: Numbers, factor: float, share: float, said: str) -> Fitted:
    middle = float(np.median(np.abs(then)))
    hit = np.abs(np.log(np.maximum(np.abs(now), 1e-9) / middle / factor)) < math.log(3.0)
    return Fitted(
        shape=Shape(
            name="unit", said=said, fit=1.0, exact=True, params={"factor": factor, "share": share}
        ),
        repaired=np.where(hit, now / factor, now),
        restored=1.0,
        undoable=True,
        gain=4.0 * math.log(2.0) * share * len(now),
    )


def _clock(then: Numbers, now: Numbers) -> tuple[float, float, float, int] | None:
    """Half-hour shift that brings the times of day of two sets of moments together.

    Returns
    -------
    shift in hours, cost without and with it, degrees of freedom; ``None`` where there are no
    times of day or no shift brings them together.
    """
    from scipy.special import chdtrc

    if not np.any(then % DAY) or not np.any(now % DAY):
        return None
    before, after = (
        np.bincount(((side % DAY) // 1_800).astype(int), minlength=48).astype(np.float64)
        for side in (then, now)
    )
    tables = np.array([np.roll(before, k) for k in range(48)])
    costs = deviance(tables, after)
    best = int(np.argmin(costs[1:])) + 1
    freedom = int(np.count_nonzero(before + after)) - 1
    gap, left = float(costs[0]), float(costs[best])
    if chdtrc(freedom, gap) > ALPHA or left - freedom > 0.5 * (gap - freedom):
        return None
    return _nearer(best / 2.0), gap, left, freedom


def _magnitude(then: Numbers, now: Numbers) -> tuple[float, float, str] | None:
    """Whether moments are in thousandths, or thousands, of the unit they were in.

    Returns
    -------
    factor, share of rows, words; ``None`` where no value is.
    """
    size = abs(float(np.median(then)))
    if size < 1e7:
        return None
    power = np.round(np.log10(np.maximum(np.abs(now), 1e-9) / size) / 3.0) * 3.0
    others, rows = np.unique(power[power != 0.0], return_counts=True)
    if not len(rows):
        return None
    factor = 10.0 ** float(others[np.argmax(rows)])
    share = float(rows.max()) / len(now)
    kept = now[power == np.log10(factor)] / factor
    if share < 0.02 or factor not in {1e3, 1e6, 1e9, 1e-3, 1e-6, 1e-9}:
        return None
    if abs(float(np.median(kept)) / size - 1.0) > 0.3:
        return None
    said = next(u.said for u in UNITS if math.isclose(u.factor, factor) and not u.offset)
    said = said.partition(", or ")[2]
    part = "" if share > 0.99 else f"{percent(share)} of rows "
    return factor, share, f"{part}times {short(factor)} ({said})"


def _exchanged(then: Numbers, now: Numbers) -> Numbers | None:
    """Moments with day and month put back, where that pulls the current ones together.

    Days up to twelve can be exchanged only; a log of a few weeks then lies all over the year.
    """
    day = now.astype("datetime64[s]")
    month = day.astype("datetime64[M]")
    year = day.astype("datetime64[Y]")
    days = (day.astype("datetime64[D]") - month).astype(int)
    months = (month - year).astype(int)
    swap = days < 12
    back = year.astype("datetime64[M]") + days
    put = back.astype("datetime64[D]") + months
    whole = put.astype("datetime64[s]") + (day - day.astype("datetime64[D]"))
    repaired = np.where(swap, whole.astype(np.float64), now)
    wide, narrow = (float(np.subtract(*np.quantile(x, [0.98, 0.02]))) for x in (now, repaired))
    if swap.mean() < 0.1 or wide < 40 * DAY or narrow > 0.5 * wide:
        return None
    return repaired
