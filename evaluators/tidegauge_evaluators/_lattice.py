"""Search for the rows on which a number is higher than elsewhere, over rules of few conditions.

All rules of one and two conditions are weighed, from sums over pairs of cells that a few matrix
products fill; a third condition is tried on the best of them (Sagadeeva & Boehm 2021, SIGMOD, do
the search by matrix products too, for raw errors). Rules are judged as a scan statistic: each
condition more opens a larger family of rules, whose size is held against it. What a rule explains
is taken away before the next one is looked for, so that rules do not repeat one another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge_evaluators._contrast import Sums, gap_of, z_of
from tidegauge_evaluators._slices import Axis, Rule, axes_of

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]

BEAM = 40
"""Rules of two conditions that a third one is tried on."""
FINE = 50
"""Cells that the numbers in a rule are cut into once it is found."""
WORTH = 3.0
"""What a finer cut must add to half of z squared."""
BLOCKS = 8
"""Column blocks of a symmetric table; what lies below them is not computed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picked:
    """Rows that a rule picks, and the rule in words."""

    inside: NDArray[np.bool_]
    """Shape (rows,): of both sides."""
    where: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """A rule and how far it stands out."""

    rule: Rule
    z: float
    """Inside against outside, over its standard error."""
    score: float
    """Half of z squared, less the logarithm of how many such rules there are."""


class Lattice:
    """Sums over the cells of every pair of columns, and the search among them.

    Parameters
    ----------
    axes
        The columns, cut into cells.
    rows, values
        Places of the current rows and their numbers, shape (n,).
    before, values_before
        The same for the baseline; empty where nothing is known of it.
    least
        Current rows that a rule needs inside, and outside.
    weights_before
        What each of the baseline's rows counts; one unless given.
    depth
        Conditions in a rule, at most three.
    """

    def __init__(
        self,
        axes: Sequence[Axis],
        rows: Places,
        values: Numbers,
        before: Places,
        values_before: Numbers,
        *,
        least: float,
        weights_before: Numbers | None = None,
        depth: int = 3,
    ) -> None:
        self.axes, self.least = list(axes), max(least, 2.0)
        self.depth = min(depth, len(self.axes), 3)
        self.starts = np.cumsum([0, *(axis.cells for axis in axes)])
        self.ranges = np.array(
            [(place, *one) for place, axis in enumerate(axes) for one in axis.ranges()], np.int64
        ).reshape(-1, 3)
        self.low = self.ranges[:, 1] + self.starts[self.ranges[:, 0]]
        self.high = self.ranges[:, 2] + self.starts[self.ranges[:, 0]]
        self.rows, self.before = rows, before
        self.values, self.values_before = values.astype(np.float64), values_before
        self.weights = np.ones(len(before)) if weights_before is None else weights_before
        self.now, self.then = self._one_hot(rows), self._one_hot(before)
        self.sizes = self._sizes()
        self.pairs = self._pairs() if self.depth > 1 else None

    def best(self) -> Found | None:
        """Find the rule that stands out most for its length; None where none has enough rows."""
        found = [self._extended([Rule(())])]
        if self.pairs is not None:
            beam = self._doubles(self.pairs)
            found += [self._refined(one) for one in beam[:2]]
            if self.depth > 2 and beam:
                found.append(self._refined(self._extended([one.rule for one in beam])))
        known = [one for one in found if one is not None]
        return max(known, key=lambda one: one.score, default=None)

    def picked(self, rule: Rule, case: Case) -> Picked:
        """Put a rule in words, its ends cut more finely than the search could."""
        names = [self.axes[axis].name for axis, _, _ in rule.conditions]
        fine = [axis for name in names for axis in axes_of(case, [name], bins=FINE)]
        axes, rule = self._sharpened(rule, fine)
        return Picked(inside=rule.holds(axes), where=rule.said(axes), columns=rule.columns(axes))

    def _sharpened(self, rule: Rule, fine: Sequence[Axis]) -> tuple[list[Axis], Rule]:
        """Cut more finely where a rule ends, its own columns only.

        Parameters
        ----------
        fine
            The columns of the rule's conditions, in their order, cut into more cells.
        """
        axes = [*(self.axes[axis] for axis, _, _ in rule.conditions), *fine]
        small = Lattice(
            axes,
            self.rows,
            self.values,
            self.before,
            self.values_before,
            weights_before=self.weights,
            least=self.least,
            depth=1,
        )
        chosen = [(place, low, high) for place, (_, low, high) in enumerate(rule.conditions)]
        for place in [*range(len(fine))] * 2:
            others = [one for at, one in enumerate(chosen) if at != place]
            rest = Rule(tuple(others))
            z = small.z_of_more([rest])[0]
            mine = np.flatnonzero(small.ranges[:, 0] == place + len(fine))
            kept = np.flatnonzero((small.ranges == chosen[place]).all(axis=1))
            held = z[kept].max(initial=-np.inf)
            if len(mine) and z[mine].max() ** 2 / 2 > held**2 / 2 + WORTH:
                chosen[place] = small.condition(int(mine[z[mine].argmax()]))
        return axes, Rule(tuple(chosen))

    def forget(self, rows: NDArray[np.bool_]) -> None:
        """Take away what a rule explains: inside becomes what outside is."""
        inside = rows[self.rows]
        gap = float(gap_of(self._whole(inside, rows[self.before]), self._total()))
        if self.pairs is not None:
            cells, values = self.now[inside], self.values[inside]
            counts, sums = _crossed(cells, None), _crossed(cells, values)
            held = Sums(n=counts, sum=sums, square=sums, n_before=counts, sum_before=sums)
            self.pairs = self.pairs.lowered(gap, held)
        self.values[inside] -= gap

    def _extended(self, rules: Sequence[Rule]) -> Found | None:
        """Best rule that adds one condition, on another column, to any of the rules."""
        z = self.z_of_more(rules)
        for row, rule in enumerate(rules):
            z[row, np.isin(self.ranges[:, 0], [axis for axis, _, _ in rule.conditions])] = -np.inf
        if not z.size or not np.isfinite(z.max()):
            return None
        row, place = divmod(int(z.argmax()), z.shape[1])
        return self._found((*rules[row].conditions, self.condition(place)), z[row, place])

    def z_of_more(self, rules: Sequence[Rule]) -> Numbers:
        """How far each rule stands out with each condition added, shape (rules, conditions)."""
        return z_of(_spans(self._over(rules), self.low, self.high), self._total(), self.least)

    def _doubles(self, pairs: Sums) -> list[Found]:
        """Best rule of each pair of columns, the best pairs first."""
        found = []
        total = self._total()
        for axis in range(len(self.axes) - 1):
            mine = np.flatnonzero(self.ranges[:, 0] == axis)
            later = np.flatnonzero(self.ranges[:, 0] > axis)
            rows = _spans(
                pairs.each(partial(_turned, start=self.starts[axis], stop=self.starts[axis + 1])),
                self.ranges[mine, 1],
                self.ranges[mine, 2],
            ).each(np.transpose)
            z = z_of(_spans(rows, self.low[later], self.high[later]), total, self.least)
            starts = np.flatnonzero(np.diff(self.ranges[later, 0], prepend=-1))
            for start, stop in zip(starts, [*starts[1:], len(later)], strict=True):
                part = z[:, start:stop]
                first, second = divmod(int(part.argmax()), part.shape[1])
                both = mine[first], later[start + second]
                conditions = tuple(self.condition(int(one)) for one in both)
                if np.isfinite(part[first, second]):
                    found.append(self._found(conditions, part[first, second]))
        return sorted(found, key=lambda one: -one.z)[:BEAM]

    def _refined(self, found: Found | None) -> Found | None:
        """Choose each condition anew with the others held, as long as that helps."""
        for _ in range(3):
            if found is None or len(found.rule.conditions) < 2:
                return found
            rests = [
                Rule(tuple(one for one in found.rule.conditions if one != condition))
                for condition in found.rule.conditions
            ]
            better = self._extended(rests)
            if better is None or better.z <= found.z:
                return found
            found = better
        return found

    def _found(self, conditions: tuple[tuple[int, int, int], ...], z: float) -> Found:
        score = math.copysign(float(z) ** 2 / 2, z) - self.sizes[len(conditions) - 1]
        return Found(rule=Rule(tuple(sorted(conditions))), z=float(z), score=score)

    def condition(self, place: int) -> tuple[int, int, int]:
        """Axis, cells from, to (not included) of a condition."""
        axis, low, high = (int(one) for one in self.ranges[place])
        return axis, low, high

    def _sizes(self) -> list[float]:
        """Logarithm of the number of rules of one, two and three conditions."""
        each = np.bincount(self.ranges[:, 0], minlength=len(self.axes)).astype(np.float64)
        one, two, three = each.sum(), (each**2).sum(), (each**3).sum()
        pairs = (one**2 - two) / 2
        triples = (one**3 - 3 * one * two + 2 * three) / 6
        return [math.log(max(count, 1.0)) for count in (one, pairs, triples)]

    def _one_hot(self, rows: Places) -> NDArray[np.float32]:
        """Which cells each row is in, shape (rows, cells)."""
        cells = np.zeros((len(rows), int(self.starts[-1])), np.float32)
        for axis, start in zip(self.axes, self.starts, strict=False):
            codes = axis.codes[rows]
            within = np.flatnonzero(codes >= 0)
            cells[within, codes[within] + start] = 1.0
        return cells

    def _pairs(self) -> Sums:
        return Sums(
            n=_crossed(self.now, None),
            sum=_crossed(self.now, self.values),
            square=_crossed(self.now, self.values**2),
            n_before=_crossed(self.then, self.weights),
            sum_before=_crossed(self.then, self.weights * self.values_before),
        )

    def _over(self, rules: Sequence[Rule]) -> Sums:
        """Add up each rule's rows over the cells, shape (rules, cells)."""
        held = [rule.holds(self.axes) for rule in rules]
        now = np.stack([one[self.rows] for one in held]).astype(np.float32)
        then = np.stack([one[self.before] for one in held]).astype(np.float32)
        then *= self.weights.astype(np.float32)
        return Sums(
            n=_summed(now, self.now),
            sum=_summed(now * self.values.astype(np.float32), self.now),
            square=_summed(now * (self.values**2).astype(np.float32), self.now),
            n_before=_summed(then, self.then),
            sum_before=_summed(then * self.values_before.astype(np.float32), self.then),
        )

    def _whole(self, now: NDArray[np.bool_], then: NDArray[np.bool_]) -> Sums:
        values = self.values[now]
        return Sums(
            n=np.asarray(len(values), np.float64),
            sum=values.sum(),
            square=(values**2).sum(),
            n_before=self.weights[then].sum(),
            sum_before=(self.weights * self.values_before)[then].sum(),
        )

    def _total(self) -> Sums:
        return self._whole(np.ones(len(self.rows), bool), np.ones(len(self.before), bool))


def _spans(sums: Sums, low: Places, high: Places) -> Sums:
    """Add up cells from ``low`` to ``high`` along the last axis."""

    def added(table: Numbers) -> Numbers:
        before = np.zeros((*table.shape[:-1], 1))
        running = np.concatenate([before, np.cumsum(table, axis=-1)], axis=-1)
        return np.asarray(running[..., high] - running[..., low])

    return sums.each(added)


def _turned(table: Numbers, start: int, stop: int) -> Numbers:
    return table[start:stop].T


def _summed(weights: NDArray[np.float32], cells: NDArray[np.float32]) -> Numbers:
    return np.asarray(weights @ cells, dtype=np.float64)


def _crossed(cells: NDArray[np.float32], values: Numbers | None) -> Numbers:
    """Add a number up over rows that are in both of two cells; upper blocks of the table only."""
    table = np.zeros((cells.shape[1], cells.shape[1]))
    weighed = cells if values is None else cells * values.astype(np.float32)[:, None]
    edges = np.linspace(0, cells.shape[1], BLOCKS + 1).astype(int)
    for start, stop in pairwise(edges):
        table[:stop, start:stop] = cells[:, :stop].T @ weighed[:, start:stop]
    return table
