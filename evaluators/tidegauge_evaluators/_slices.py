"""Rules that pick rows: ranges of numbers, levels, missing values; and how to say them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]

ATOM = 0.05
"""A single value with this share of the rows is a cell of its own."""
ROUND = 0.1
"""Part of a cell's rows that may change cells so that a cut becomes a round number."""
MOST_LEVELS = 20
"""Levels of a category that a rule can name, the most frequent ones."""

Cut = tuple[float, bool]
"""A value, and whether it still belongs to the cell below."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Axis:
    """One column, cut into cells that rules are made of."""

    name: str
    codes: NDArray[np.int64]
    """Shape (rows,): the cell of each row; -1 = in none that a rule can name."""
    cuts: tuple[Cut, ...] = ()
    """Between the cells of a number."""
    values: tuple[float, ...] = ()
    """The value of each cell, where every cell has one only."""
    levels: tuple[str, ...] = ()
    """One a cell of a category."""
    ordered: int = 0
    """Cells that follow one another, the first ones; ranges run over these."""
    missing: bool = False
    """Whether the last cell holds the missing values."""

    @property
    def cells(self) -> int:
        """Cells in all."""
        return len(self.levels) + self.ordered + self.missing

    def ranges(self) -> list[tuple[int, int]]:
        """Cells from, to (not included), of every condition that can be put on the column."""
        runs = [
            (low, high)
            for low in range(self.ordered)
            for high in range(low + 1, self.ordered + 1)
            if high - low < self.ordered or self.missing
        ]
        single = range(self.ordered, self.cells)
        return runs + [(cell, cell + 1) for cell in single]

    def said(self, low: int, high: int) -> str:
        """Say a condition in words."""
        if self.missing and low == self.cells - 1:
            return f"{self.name} is missing"
        if self.missing and (low, high) == (0, self.ordered):
            return f"{self.name} is known"
        if self.levels:
            return f"{self.name} = {self.levels[low]}"
        if self.values:
            return self._by_value(low, high)
        first = self.cuts[low - 1] if low > 0 else None
        last = self.cuts[high - 1] if high < self.ordered else None
        return _between(self.name, first, last)

    def _by_value(self, low: int, high: int) -> str:
        first, last = number(self.values[low]), number(self.values[high - 1])
        if high - low == 1:
            return f"{self.name} = {first}"
        if low == 0:
            return f"{self.name} at most {last}"
        if high == self.ordered:
            return f"{self.name} at least {first}"
        return f"{self.name} from {first} to {last}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions that must all hold: the axis, cells from, to (not included)."""

    conditions: tuple[tuple[int, int, int], ...]

    def holds(self, axes: Sequence[Axis]) -> Mask:
        """Shape (rows,): whether each row obeys."""
        inside = np.ones(len(axes[0].codes), dtype=bool)
        for axis, low, high in self.conditions:
            codes = axes[axis].codes
            inside &= (codes >= low) & (codes < high)
        return inside

    def said(self, axes: Sequence[Axis]) -> str:
        """Say the rule in words, categories first."""
        order = sorted(self.conditions, key=lambda one: (not axes[one[0]].levels, one[0]))
        return " and ".join(axes[axis].said(low, high) for axis, low, high in order)

    def columns(self, axes: Sequence[Axis]) -> tuple[str, ...]:
        """Columns in the rule, in the order of the words."""
        order = sorted(self.conditions, key=lambda one: (not axes[one[0]].levels, one[0]))
        return tuple(axes[axis].name for axis, _, _ in order)


def axes_of(case: Case, names: Sequence[str], *, bins: int = 10) -> list[Axis]:
    """Cut columns into cells; instants and columns with one cell are left out."""
    made = [
        _level_axis(case[name]) if case[name].categorical else _number_axis(case[name], bins)
        for name in names
        if not case[name].instant
    ]
    return [axis for axis in made if len(np.unique(axis.codes)) > 1]


def number(value: float) -> str:
    """Write a number as people do: 20,000 and 0.3125.

    Examples
    --------
    >>> number(20000.0), number(0.31254), number(-999.0)
    ('20,000', '0.3125', '-999')
    """
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.1f}"


def _number_axis(variable: Variable, bins: int) -> Axis:
    values = variable.values
    known = ~np.isnan(values)
    codes = np.zeros(len(values), np.int64)
    distinct = np.unique(values[known])
    few = len(distinct) <= bins
    cuts: list[Cut] = (
        [(float(value), True) for value in distinct[:-1]]
        if few
        else _cuts(np.sort(values[np.isfinite(values)]), bins)
    )
    for value, below in cuts:  # a NaN is on neither side of a cut
        codes += values > value if below else values >= value
    ordered = len(cuts) + 1 if known.any() else 0
    codes[~known] = ordered
    missing = not known.all()
    return Axis(
        name=variable.name,
        codes=codes,
        cuts=tuple(cuts),
        values=tuple(distinct.tolist()) if few else (),
        ordered=ordered,
        missing=missing,
    )


def _level_axis(variable: Variable) -> Axis:
    values = variable.values
    known = ~np.isnan(values)
    counts = np.bincount(values[known].astype(np.int64), minlength=len(variable.levels))
    often = np.sort(np.argsort(-counts, kind="stable")[:MOST_LEVELS])
    often = often[counts[often] > 0]
    place = np.full(len(variable.levels), -1, np.int64)
    place[often] = np.arange(len(often))
    codes = np.full(len(values), len(often), np.int64)
    codes[known] = place[values[known].astype(np.int64)]
    levels = tuple(variable.levels[level] for level in often)
    return Axis(name=variable.name, codes=codes, levels=levels, missing=bool((~known).any()))


def _cuts(ordered: Numbers, bins: int) -> list[Cut]:
    """Round cuts at even shares of the rows; frequent values between two cuts of their own."""
    if not len(ordered):
        return []
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    distinct, counts = ordered[starts], np.diff(np.append(starts, len(ordered)))
    atoms = distinct[counts >= max(2, max(ATOM, 0.5 / bins) * len(ordered))]
    places = (np.arange(1, bins) * len(ordered)) // bins
    cuts: set[Cut] = set()
    for value in np.unique(ordered[places]):
        if value not in atoms and value > ordered[0]:
            cuts.add((_rounded(float(value), ordered, ROUND / bins), False))
    for value in atoms:
        cuts |= {(float(value), False), (float(value), True)}
    return sorted(cut for cut in cuts if _parts(cut, ordered))


def _parts(cut: Cut, ordered: Numbers) -> bool:
    """Whether a cut leaves rows on both of its sides."""
    value, below = cut
    return bool(ordered[0] <= value < ordered[-1]) if below else bool(ordered[0] < value)


def _rounded(value: float, ordered: Numbers, share: float) -> float:
    """Round to as few digits as leave all but a share of the rows where they were."""
    if not np.isfinite(value) or value == 0:
        return value
    place = np.searchsorted(ordered, value)
    if abs(np.searchsorted(ordered, 0.0) - place) <= share * len(ordered):
        return 0.0
    for digits in range(1, 7):
        near = float(f"{value:.{digits - 1}e}")
        if abs(np.searchsorted(ordered, near) - place) <= share * len(ordered):
            return near
    return value


def _between(name: str, first: Cut | None, last: Cut | None) -> str:
    if first is None and last is None:
        return f"{name} of any value"
    if first is None and last is not None:
        return f"{name} {'at most' if last[1] else 'below'} {number(last[0])}"
    if first is not None and last is None:
        return f"{name} {'above' if first[1] else 'at least'} {number(first[0])}"
    assert first is not None and last is not None  # noqa: PT018 - both branches above are gone
    if first[0] == last[0]:
        return f"{name} = {number(first[0])}"
    if not first[1]:
        return f"{name} from {number(first[0])} to {number(last[0])}"
    return (
        f"{name} above {number(first[0])} and {'at most' if last[1] else 'below'} {number(last[0])}"
    )
