"""What the shape library stands on: a grid of cells, a cost for each guess, the guess itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.records import Shape

Numbers = NDArray[np.float64]
ALPHA = 1e-3
"""Level of each test that asks whether there is anything to name; there are up to five."""
CLOSE = 3e-7
"""Relative difference under which two numbers are one: what 32-bit floats keep."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """A shape that fits a column's change, with the change undone."""

    shape: Shape
    """What was done to the values, in words and numbers."""
    repaired: Numbers
    """Shape (current rows,): the column with the change undone, in the order of the current rows;
    numbers, or codes of the column's levels. NaN where nobody can know."""
    restored: float
    """Part of the information that the column alone holds on the side that goes with the repair,
    0 to 1; for what cannot be undone, the part that its description explains."""
    undoable: bool
    """Whether every row that holds a value gets its value back."""
    gain: float
    """Twice the nats that it saves over "nothing changed", its own numbers paid for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Guess:
    """A way in which the baseline's values may have become the current ones."""

    name: str
    said: str
    charge: float
    """Twice the nats that its own numbers cost."""
    undo: Callable[[Numbers], Numbers]
    """Current rows -> repaired rows."""
    counts: Numbers | None = None
    """Shape (cells,): baseline rows that it expects in each cell; ``None`` = as they were."""
    missing: float | None = None
    """Share of missing values that it expects; ``None`` = as it was."""
    followed: float | None = None
    """Correlation with the other columns that it expects; ``None`` = ask the repaired rows."""
    even: bool | None = None
    """Whether it explains the decimals; ``None`` = ask the repaired rows."""
    runs: bool = False
    """Whether it explains repeated values in neighbouring rows."""
    exact: bool = False
    undoable: bool = True
    params: Mapping[str, float | str] = field(default_factory=dict)

    def shape(self, fit: float) -> Shape:
        """Write it down as part of a report."""
        return Shape(
            name=self.name, said=self.said, fit=fit, exact=self.exact, params=dict(self.params)
        )


def deviance(then: Numbers, now: Numbers) -> Any:
    """Twice the log likelihood ratio of "one distribution" against "two", over the last axis.

    Parameters
    ----------
    then
        Shape (..., cells): rows in each cell, counted or expected.
    now
        Shape (cells,): the same.

    Examples
    --------
    >>> float(deviance(np.array([50.0, 50.0]), np.array([50.0, 50.0])))
    0.0
    >>> round(float(deviance(np.array([60.0, 40.0]), np.array([40.0, 60.0]))), 3)
    8.054
    """
    parts = parts_of_deviance(then, now, then.sum(axis=-1, keepdims=True), now.sum())
    return np.maximum(parts.sum(axis=-1), 0.0)


def parts_of_deviance(then: Any, now: Any, all_then: Any, all_now: Any) -> Any:
    """Say what each cell adds to the deviance; none is below zero."""
    from scipy.special import xlogy

    def logs(rows: Any, total: Any) -> Any:
        return xlogy(rows, rows / np.maximum(total, 1e-300))

    return 2.0 * (logs(then, all_then) + logs(now, all_now) - logs(then + now, all_then + all_now))


def changed(then: Numbers, now: Numbers, spread: float = 1.0) -> bool:
    """Whether two counts over the same cells differ by more than chance gives (Pearson)."""
    from scipy.special import chdtrc

    a, b = then.sum(), now.sum()
    # cells too small for a chi-square go together
    small = (then + now) * min(a, b) < 2.0 * (a + b)
    then, now = (np.append(side[~small], side[small].sum()) for side in (then, now))
    both = then + now
    used = both > 0
    if min(a, b) == 0 or np.count_nonzero(used) < 2:
        return False
    expected = both[used] * (a / (a + b))
    far = ((then[used] - expected) ** 2 / expected).sum() * (a + b) / b
    return bool(chdtrc(np.count_nonzero(used) - 1, far / spread) < ALPHA)


def free(then: Numbers, now: Numbers) -> int:
    """Degrees of freedom of a comparison over these cells."""
    return max(int(np.count_nonzero(then + now)) - 1, 0)


def atoms(ordered: Numbers, fewest: float) -> Numbers:
    """Values that at least so many of the sorted rows share."""
    if not len(ordered):
        return ordered
    starts = np.flatnonzero(np.r_[True, np.diff(ordered) > 0])
    return np.asarray(ordered[starts][np.diff(np.r_[starts, len(ordered)]) >= fewest])


def edges_of(then: Numbers, now: Numbers, *, cells: int = 48, rows: float = 10.0) -> Numbers:
    """Lay cells out over both sides' values: equal shares of each side, frequent values alone.

    Parameters
    ----------
    then, now
        Sorted finite values of both sides.
    cells
        Most cells between frequent values for each side.
    rows
        Fewer rows of both sides together do not make a cell.
    """
    marks, cuts = [np.empty(0)], [np.empty(0)]
    for side in (then, now):
        if len(side):
            often = np.sort(atoms(side, max(0.004 * len(side), 6.0)))[:400]
            marks.append(often)
            several = max(min(cells, int(len(side) / 25)), 2)
            cuts.append(np.quantile(side, np.arange(1, several) / several))
    frequent = np.unique(np.concatenate(marks))
    width = CLOSE * np.abs(frequent) + 1e-12
    around = np.concatenate([frequent - width, frequent + width])
    between = np.concatenate(cuts)
    if len(frequent):  # a cut on a frequent value would part it from itself
        at = np.clip(np.searchsorted(frequent, between), 1, len(frequent)) - 1
        nearest = np.minimum(
            np.abs(between - frequent[at]),
            np.abs(between - frequent[np.minimum(at + 1, len(frequent) - 1)]),
        )
        between = between[nearest > 4.0 * (CLOSE * np.abs(between) + 1e-12)]
    edges = np.unique(np.concatenate([around, between]))
    below = np.searchsorted(then, edges) + np.searchsorted(now, edges)
    return _thinned(edges, below, np.isin(edges, around), rows)


def _thinned(
    edges: Numbers, below: NDArray[Any], frequent: NDArray[np.bool_], rows: float
) -> Numbers:
    """Drop cuts until each cell has rows enough; the edges of frequent values stay."""
    kept: list[tuple[float, bool]] = []
    last = 0
    for edge, n, stays in zip(edges.tolist(), below.tolist(), frequent.tolist(), strict=True):
        if n - last < rows and not stays:
            continue
        if n - last < rows and kept and not kept[-1][1]:
            kept.pop()
        kept.append((edge, stays))
        last = n
    return np.asarray([edge for edge, _ in kept], dtype=np.float64)


def counted(ordered: Numbers, edges: Numbers) -> Numbers:
    """Rows in each cell; edges may be (..., cells - 1), the result is (..., cells)."""
    below = np.searchsorted(ordered, edges).astype(np.float64)
    zero = np.zeros((*below.shape[:-1], 1))
    return np.diff(np.concatenate([zero, below, zero + len(ordered)], axis=-1), axis=-1)


def mixed(then: Numbers, other: Numbers, now: Numbers) -> tuple[Numbers, Numbers]:
    """Share of ``other`` in a mixture with ``then`` that makes ``now`` likeliest.

    Parameters
    ----------
    then, now
        Shape (cells,): rows.
    other
        Shape (guesses, cells): rows, as many in all as ``then`` has.

    Returns
    -------
    shares, counts
        Shapes (guesses,) and (guesses, cells).

    Examples
    --------
    >>> then, other = np.array([80.0, 20.0]), np.array([[20.0, 80.0]])
    >>> share, counts = mixed(then, other, np.array([65.0, 35.0]))
    >>> share.round(3).tolist(), counts.round(0).tolist()
    ([0.25], [[65.0, 35.0]])
    """
    p = (then + 0.01) / (then + 0.01).sum()
    gap = (other + 0.01) / (other + 0.01).sum(axis=1, keepdims=True) - p
    weight = now / max(now.sum(), 1.0)
    shares = np.full(len(other), 0.3)
    for _ in range(12):  # Newton's steps on a concave likelihood, not more than halfway to an end
        slope = gap / (p + shares[:, None] * gap)
        step = (slope @ weight) / np.maximum((slope**2) @ weight, 1e-12)
        shares = np.clip(shares + step, 0.25 * shares, 1.0 - 0.25 * (1.0 - shares))
    return shares, (1.0 - shares[:, None]) * then + shares[:, None] * other


def step_of(values: Numbers) -> float:
    """Largest power of ten that (nearly) all values are multiples of; 0 = none from 1e-4 up.

    Examples
    --------
    >>> step_of(np.array([0.25, 1.5, 3.0])), step_of(np.array([100.0, 2500.0]))
    (0.01, 100.0)
    """
    for power in range(6, -5, -1):
        if np.count_nonzero(values) and on_step(values, 10.0**power) > 0.995:
            return 10.0**power
    return 0.0


def on_step(values: Numbers, step: float) -> float:
    """Share of values that are multiples of a step."""
    if not len(values):
        return 1.0
    times = values / step
    off = np.where(np.abs(times) < 0.5, values != 0.0, np.abs(times - np.round(times)))
    return float(np.mean(off < np.clip(1e-9 * np.abs(times), 1e-6, 0.01)))


def near(a: float, b: float, slack: float = CLOSE) -> bool:
    """Whether two numbers are one number."""
    return abs(a - b) <= slack * max(abs(a), abs(b), 1e-300)


def short(number: float) -> str:
    """Four digits, as a person writes them.

    Examples
    --------
    >>> short(0.45359237), short(12345.0), short(-999.0), short(0.0)
    ('0.4536', '12,345', '-999', '0')
    """
    if abs(number) >= 1000 and abs(number) < 1e15 and near(number, round(number)):
        return f"{round(number):,}"
    return f"{number:.4g}"


def percent(share: float) -> str:
    """Write a share as a person does: "30 %", "0.4 %"."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"
