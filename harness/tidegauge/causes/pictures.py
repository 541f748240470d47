"""A cause before, after and repaired, as shares over bins or levels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable
from tidegauge.records import Picture
from tidegauge.wording import number

BINS = 28
LEVELS = 12
"""Most levels drawn; the rest is one."""
OUTER = 0.002
"""Share of rows at each end that bins do not stretch to: they fall into the outermost."""
DIGITS = 6
STRETCHES = 8
"""Stretches of a number, of equal mass, over which a loss is shown."""
KNOWN = 20
"""Rows of a side that a mean needs to be drawn."""
MISSING, REST = "(missing)", "(other)"


def picture(case: Case, name: str, repaired: NDArray[np.float64] | None) -> Picture | None:
    """Lay both sides of a column, and its repair, over common bins or levels.

    Parameters
    ----------
    repaired
        Shape (current rows,), in the case's coding; ``None`` = no repair is known.
    """
    variable = case[name]
    before, now = variable.values[~case.current], variable.values[case.current]
    if variable.categorical:
        return _levels(variable, before, now, repaired)
    return _bins(before, now, repaired)


def losses_over(case: Case, name: str, losses: NDArray[np.float64], of: str) -> Picture | None:
    """Lay the mean loss of both sides over a column's levels, or over stretches of a number.

    Parameters
    ----------
    losses
        Shape (rows,); NaN = none.
    of
        What the loss is called.
    """
    places, labels = _stretches(case[name], ~case.current)
    known = np.isfinite(losses) & (places >= 0)
    means, rows = [], []
    for side in (~case.current & known, case.current & known):
        rows.append(np.bincount(places[side], minlength=len(labels)))
        sums = np.bincount(places[side], weights=losses[side], minlength=len(labels))
        means.append(sums / np.maximum(rows[-1], 1))
    shown = np.flatnonzero(np.minimum(*rows) >= KNOWN)
    if not len(shown):
        return None
    baseline, current = (tuple(np.round(one[shown], DIGITS).tolist()) for one in means)
    return Picture(
        labels=tuple(labels[place] for place in shown),
        edges=(),
        baseline=baseline,
        current=current,
        of=of if of.startswith("share") else f"mean {of}",
    )


def _stretches(
    variable: Variable, before: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], list[str]]:
    """Place of each row among levels or stretches, -1 where it has none, and what they are."""
    values = variable.values
    seen = np.isfinite(values)
    if variable.categorical:
        codes = np.where(seen, values, 0).astype(np.int64)
        often = np.argsort(-np.bincount(codes[seen & before], minlength=len(variable.levels)))
        place = np.full(len(variable.levels), -1)
        place[often[:LEVELS]] = np.arange(min(LEVELS, len(often)))
        return np.where(seen, place[codes], -1), [variable.levels[i] for i in often[:LEVELS]]
    steps = np.arange(1, STRETCHES) / STRETCHES
    known = values[seen & before]
    if not len(known):
        return np.full(len(values), -1), []
    cuts = np.unique(np.quantile(known, steps))
    ends = [number(float(cut)) for cut in cuts]
    labels = [f"below {ends[0]}", *(f"{low} to {high}" for low, high in pairwise(ends))]
    places = np.searchsorted(cuts, np.where(seen, values, 0.0), side="right")
    return np.where(seen, places, -1), [*labels, f"{ends[-1]} or more"]


def _bins(
    before: NDArray[np.float64], now: NDArray[np.float64], repaired: NDArray[np.float64] | None
) -> Picture | None:
    sides = [one[np.isfinite(one)] for one in (before, now)]
    if not all(len(one) for one in sides):
        return None
    edges = _edges(*(np.quantile(one, [OUTER, 1 - OUTER]).tolist() for one in sides))
    low, high = float(edges[0]), float(edges[-1])

    def shares(values: NDArray[np.float64]) -> tuple[float, ...]:
        seen = np.clip(values[np.isfinite(values)], low, high)
        counts, _ = np.histogram(seen, edges)
        return tuple(np.round(counts / max(len(values), 1), DIGITS).tolist())

    return Picture(
        labels=(),
        edges=tuple(edges.tolist()),
        baseline=shares(before),
        current=shares(now),
        repaired=() if repaired is None else shares(repaired),
    )


def _edges(before: Sequence[float], now: Sequence[float]) -> NDArray[np.float64]:
    """Bins of one width over the baseline's range; beyond it a few wider ones where needed."""
    (low, high), (first, last) = before, now
    if not high > low:
        low, high = low - 0.5, low + 0.5
    width = (high - low) / BINS
    if min(first, low) > low - BINS * width and max(last, high) < high + BINS * width:
        below = -(-(low - min(first, low)) // width)
        above = -(-(max(last, high) - high) // width)
        return low + width * np.arange(-below, BINS + above + 1)
    parts = [np.linspace(low, high, BINS + 1)]
    if first < low:
        parts.insert(0, np.linspace(first, low, BINS // 2, endpoint=False))
    if last > high:
        parts.append(np.linspace(last, high, BINS // 2, endpoint=False)[::-1])
    return np.concatenate(parts)


def _levels(
    variable: Variable,
    before: NDArray[np.float64],
    now: NDArray[np.float64],
    repaired: NDArray[np.float64] | None,
) -> Picture:
    size = len(variable.levels) + 1

    def shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
        codes = np.where(np.isnan(values), size - 1, values).astype(np.int64)
        return np.bincount(codes, minlength=size) / max(len(values), 1)

    both = [shares(before), shares(now), *([] if repaired is None else [shares(repaired)])]
    names = [*variable.levels, MISSING]
    most = np.argsort(-(both[0] + both[1]), kind="stable")[:LEVELS]
    shown = [int(place) for place in most if both[0][place] + both[1][place] > 0]
    rest = [float(1.0 - one[shown].sum()) for one in both]
    more = any(one > 1e-9 for one in rest)

    def drawn(one: NDArray[np.float64], left: float) -> tuple[float, ...]:
        kept = np.round(one[shown], DIGITS).tolist()
        return (*kept, round(left, DIGITS)) if more else tuple(kept)

    lines = [drawn(one, left) for one, left in zip(both, rest, strict=True)]
    return Picture(
        labels=(*(names[place] for place in shown), *((REST,) if more else ())),
        edges=(),
        baseline=lines[0],
        current=lines[1],
        repaired=lines[2] if repaired is not None else (),
    )
