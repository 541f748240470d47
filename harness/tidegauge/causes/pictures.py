"""A cause before, after and repaired, as shares over bins or levels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable
from tidegauge.records import Picture

BINS = 28
LEVELS = 12
"""Most levels drawn; the rest is one."""
OUTER = 0.002
"""Share of rows at each end that bins do not stretch to: they fall into the outermost."""
DIGITS = 6
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
