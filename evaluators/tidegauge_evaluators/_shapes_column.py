"""A numeric column of both sides, measured once, and what a guess about its change is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tidegauge.case import Case
from tidegauge_evaluators._shapes import (
    Fitted,
    Guess,
    Numbers,
    changed,
    counted,
    deviance,
    edges_of,
    free,
    on_step,
    step_of,
)
from tidegauge_evaluators._shapes_rest import Bond, bond, ranked

EVEN_ROWS = 5_000
"""Rows of a side whose decimals are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """Both sides of a numeric column, in the forms in which guesses ask for it."""

    then: Numbers
    """Finite values of the baseline, sorted."""
    now: Numbers
    """Values of the current rows as they come; missing ones are NaN."""
    ordered: Numbers
    """Finite values of the current rows, sorted."""
    edges: Numbers
    counts_then: Numbers
    counts_now: Numbers
    missing_then: Numbers
    """Shape (2,): rows without and with a value."""
    missing_now: Numbers
    step_then: float
    """Largest power of ten that all values are multiples of; 0 = none."""
    step_now: float
    step: float
    """The step that parts the sides, of the two; 0 = they have the same."""
    even_then: Numbers
    """Shape (2,): rows on that step and off it."""
    even_now: Numbers
    runs_then: Numbers
    """Shape (2,): neighbouring rows that have the same value, and that have not."""
    runs_now: Numbers
    bond: Bond | None
    spread: float
    """How much less the rows tell than if they were independent, as a factor of the variance."""

    @property
    def charge(self) -> float:
        """Twice the nats that one free number costs.

        Its digits (Schwarz 1978), and where it may lie at all, in a range of fifty units.
        """
        return math.log(max(len(self.ordered), 2)) + 2.0 * math.log(50.0)

    @property
    def search(self) -> float:
        """Twice the nats that the best of several places on a line wins by chance.

        Moving a sample over the cells by one cell draws its counts anew, so that a search looks
        at several chi-squares, of standard deviation ``sqrt(2 * cells)`` each.
        """
        return math.sqrt(2.0 * free(self.counts_then, self.counts_now))

    @property
    def cut(self) -> bool:
        """Whether current values have fewer decimals than the baseline's."""
        return self.step_now > self.step_then

    @property
    def distinguishable(self) -> bool:
        """Whether there are cells enough that a wrong guess about the values would show."""
        return free(self.counts_then, self.counts_now) >= 3

    def differs(self) -> bool:
        """Whether anything changed that a shape could name."""
        pairs = (
            (self.counts_then, self.counts_now),
            (self.missing_then, self.missing_now),
            (self.even_then, self.even_now),
            (self.runs_then, self.runs_now),
        )
        return any(changed(then, now, self.spread) for then, now in pairs) or self.loosened()

    def loosened(self) -> bool:
        """Whether the column hangs together with the others differently than it did."""
        if self.bond is None:
            return False
        return self.bond.far(self.bond.then, self.bond.now(self.now)) > 12.0 * self.spread


def column_of(case: Case, name: str, others: Sequence[str], *, rng: np.random.Generator) -> Column:
    """Measure a column."""
    values = np.where(np.isfinite(case[name].values), case[name].values, np.nan)
    before, now = values[~case.current], values[case.current]
    then, ordered = (np.sort(side[np.isfinite(side)]) for side in (before, now))
    edges = edges_of(then, ordered)
    steps = step_of(_some(then)), step_of(_some(ordered))
    step = max(steps) if steps[0] != steps[1] else 0.0
    return Column(
        then=then,
        now=now,
        ordered=ordered,
        edges=edges,
        counts_then=counted(then, edges),
        counts_now=counted(ordered, edges),
        missing_then=_parted(np.isnan(before)),
        missing_now=_parted(np.isnan(now)),
        step_then=steps[0],
        step_now=steps[1],
        step=step,
        even_then=_even(then, step),
        even_now=_even(ordered, step),
        runs_then=_runs(before, now),
        runs_now=_parted(now[1:] == now[:-1]),
        bond=bond(case, name, others, rng=rng),
        spread=spread_of(case, values),
    )


def weigh(column: Column, guess: Guess) -> Fitted:
    """Say how much of the column's change a guess accounts for, and at what price."""
    repaired = guess.undo(column.now)
    repaired = np.where(np.isfinite(repaired), repaired, np.nan)
    before, after = _costs(column, None, column.now), _costs(column, guess, repaired)
    gain = (sum(c for c, _ in before) - sum(c for c, _ in after)) / column.spread - guess.charge
    fit = _share(before, after, column.spread)
    return Fitted(
        shape=guess.shape(fit),
        repaired=repaired,
        restored=fit,
        undoable=guess.undoable,
        gain=gain,
    )


def restored(column: Column, one: Fitted) -> Fitted:
    """Measure, on the repaired values themselves, how much of the difference is gone."""
    counts = counted(np.sort(one.repaired[np.isfinite(one.repaired)]), column.edges)
    was = (float(deviance(column.counts_then, column.counts_now)), 0)
    left = (float(deviance(column.counts_then, counts)), free(column.counts_then, counts))
    return replace(one, restored=_share([was], [left], column.spread))


def _costs(column: Column, guess: Guess | None, repaired: Numbers) -> list[tuple[float, int]]:
    """Twice the nats by which each trait differs from what is expected, with its freedom."""
    counts = column.counts_then if guess is None or guess.counts is None else guess.counts
    costs = [(float(deviance(counts, column.counts_now)), free(counts, column.counts_now))]
    missing = column.missing_then
    if guess is not None and guess.missing is not None:
        missing = missing.sum() * np.array([guess.missing, 1.0 - guess.missing])
    costs.append((float(deviance(missing, column.missing_now)), 1))
    costs.append((_even_cost(column, guess, repaired), 1))
    runs = guess is not None and guess.runs
    costs.append((0.0 if runs else float(deviance(column.runs_then, column.runs_now)), 1))
    if column.bond is not None:
        costs.append((_bond_cost(column, column.bond, guess, repaired), 1))
    return costs


def _even_cost(column: Column, guess: Guess | None, repaired: Numbers) -> float:
    if column.step == 0.0 or (guess is not None and guess.even):
        return 0.0
    if guess is None or guess.even is False:
        return float(deviance(column.even_then, column.even_now))
    return float(deviance(column.even_then, _even(repaired[np.isfinite(repaired)], column.step)))


def _bond_cost(column: Column, held: Bond, guess: Guess | None, repaired: Numbers) -> float:
    if guess is not None and guess.followed is not None:
        far = held.far(guess.followed, held.now(column.now))
    else:
        far = held.far(held.then, held.now(repaired))
    # it was asked of some rows; the other traits of all
    return max(far - 2.0, 0.0) * max(len(column.now) / len(held.rows), 1.0)


def _share(
    before: Sequence[tuple[float, int]], after: Sequence[tuple[float, int]], spread: float
) -> float:
    """Part of the information that is gone, chance taken off both."""
    was, left = (
        sum(max(cost / spread - freedom, 0.0) for cost, freedom in costs)
        for costs in (before, after)
    )
    return float(np.clip(1.0 - left / was, 0.0, 1.0)) if was > 0.0 else 0.0


def _some(values: Numbers) -> Numbers:
    """Not all rows, evenly drawn from sorted ones."""
    return values[:: max(len(values) // EVEN_ROWS, 1)]


def _even(values: Numbers, step: float) -> Numbers:
    some = _some(values)
    on = on_step(some, step) * len(some) if step else float(len(some))
    return np.array([on, len(some) - on])


def _parted(flags: np.typing.NDArray[np.bool_]) -> Numbers:
    yes = float(np.count_nonzero(flags))
    return np.array([yes, len(flags) - yes])


def _runs(before: Numbers, now: Numbers) -> Numbers:
    """Neighbours that are expected to be the same, were rows in no more of an order than before."""
    pairs = _parted(before[1:] == before[:-1])
    rate, chance = pairs[0] / max(pairs.sum(), 1.0), _chance(before)
    again = max(rate - chance, 0.0) / max(1.0 - chance, 1e-9)
    expected = _chance(now)
    expected += again * (1.0 - expected)
    return np.asarray(np.array([expected, 1.0 - expected]) * pairs.sum())


def _chance(values: Numbers) -> float:
    """Probability that two rows drawn at random have the same value."""
    there = np.sort(values[np.isfinite(values)])
    starts = np.flatnonzero(np.r_[True, np.diff(there) > 0])
    counts = np.diff(np.r_[starts, len(there)]).astype(np.float64)
    return float((counts * (counts - 1.0)).sum() / max(len(values) * (len(values) - 1.0), 1.0))


def spread_of(case: Case, values: Numbers) -> float:
    """Design effect of rows that come in blocks (Kish 1965), 1 where they are independent."""
    if case.blocks is None:
        return 1.0
    found = []
    for side in (~case.current, case.current):
        ranks = ranked(values[side])
        ranks = ranks - ranks.mean() if len(ranks) else ranks
        _, block = np.unique(case.blocks[side], return_inverse=True)
        alone = float(ranks @ ranks)
        if alone > 0.0:
            found.append(float((np.bincount(block, weights=ranks) ** 2).sum()) / alone)
    return max([1.0, *found])
