"""Categories: exchanged, merged, split, renamed, spelled otherwise, new, or one where many were.

Each level is known by how frequent it is and by what the other columns look like on its rows.
A block is a set of levels then and the set of levels that their rows carry now; at first each
level is its own block.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable
from tidegauge_evaluators._shapes import Numbers, parts_of_deviance
from tidegauge_evaluators._shapes_rest import numbered

MOST_LEVELS = 400
"""Levels that are told apart; those after the most frequent ones are left alone."""
ROWS = 20_000
"""Rows of a side whose other columns are read."""
PRICE = 10.0
"""Twice the nats that a change of one level has to save beyond its own description."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Levels:
    """Levels of a category on both sides."""

    names: tuple[str, ...]
    then: Numbers
    """Shape (levels,): rows of the baseline."""
    now: Numbers
    looks_then: Numbers
    """Shape (levels, numbers): mean of the other columns, independent and of variance one."""
    looks_now: Numbers
    read_then: Numbers
    """Shape (levels,): rows behind those means."""
    read_now: Numbers
    unlike: Numbers
    """Shape (levels, levels): how unlike each level then looks to each level now; as chi-square
    with as many degrees of freedom as there are numbers, where they are one level."""
    known: int
    """How many levels the baseline has; they come first."""
    slack: float = 1.0
    """How much further apart the looks of one level are than chance alone makes them."""

    @property
    def all_then(self) -> float:
        """Rows of the baseline."""
        return float(self.then.sum())

    @property
    def all_now(self) -> float:
        """Rows of the current log."""
        return float(self.now.sum())

    def frequency(self, then: Any, now: Any) -> Any:
        """Twice the nats by which rows of levels differ between the sides."""
        return parts_of_deviance(then, now, self.all_then, self.all_now)

    @property
    def names_new(self) -> NDArray[np.bool_]:
        """Shape (levels,): which are on the current side only."""
        known = len(self.names)
        return np.arange(known) >= self.known

    def shares(self) -> tuple[Numbers, Numbers]:
        """Shares of the rows of each side."""
        return self.then / max(self.all_then, 1.0), self.now / max(self.all_now, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Levels then whose rows carry other levels now."""

    kind: str
    """``cycle``, ``renamed``, ``merge``, ``split`` or ``variant``."""
    pairs: tuple[tuple[int, int], ...]
    """Level then -> level now."""
    saves: float
    """Twice the nats that it saves, of frequencies and looks together."""
    looks: float
    """Those among them that the other columns give."""


def levels_of(
    case: Case, variable: Variable, others: Sequence[str], *, rng: np.random.Generator
) -> Levels:
    """Count levels and look at the other columns on their rows."""
    k = len(variable.levels)
    codes = np.where(np.isfinite(variable.values), variable.values, -1).astype(np.int64)
    sides = [np.flatnonzero(side & (codes >= 0)) for side in (~case.current, case.current)]
    counts = [np.bincount(codes[rows], minlength=k).astype(np.float64) for rows in sides]
    read = [np.sort(rng.permutation(rows)[:ROWS]) for rows in sides]
    numbers = _independent(numbered(case, others, read, bent=False))
    looks = [_means(codes[rows], x, k) for rows, x in zip(read, numbers, strict=True)]
    seen = [np.bincount(codes[rows], minlength=k).astype(np.float64) for rows in read]
    kept = np.sort(np.argsort(-(counts[0] + counts[1]), kind="stable")[:MOST_LEVELS])
    first_new = int(np.flatnonzero(counts[0]).max(initial=-1)) + 1
    bare = Levels(
        names=tuple(variable.levels[i] for i in kept),
        then=counts[0][kept],
        now=counts[1][kept],
        looks_then=looks[0][kept],
        looks_now=looks[1][kept],
        read_then=seen[0][kept],
        read_now=seen[1][kept],
        known=int(np.count_nonzero(kept < first_new)),
        unlike=np.zeros((len(kept), len(kept))),
    )
    return _slackened(replace(bare, unlike=_unlike(bare)))


def _unlike(levels: Levels) -> Numbers:
    then, now = levels.looks_then, levels.looks_now
    squares = (then**2).sum(axis=1)[:, None] + (now**2).sum(axis=1) - 2.0 * then @ now.T
    noise = 1.0 / levels.read_then.clip(1)[:, None] + 1.0 / levels.read_now.clip(1)
    both = (levels.read_then[:, None] >= 3) & (levels.read_now >= 3)
    return np.where(both, np.maximum(squares, 0.0) / noise, 0.0)


def _independent(sides: Sequence[Numbers]) -> list[Numbers]:
    """Turn numbers so that they are uncorrelated with variance one on the baseline."""
    x = sides[0]
    if x.shape[1] == 0 or min(len(side) for side in sides) < 10:
        return [np.empty((len(side), 0)) for side in sides]
    mean = x.mean(axis=0)
    values, vectors = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    used = values > 0.02 * max(values.max(), 1e-12)
    turn = vectors[:, used] / np.sqrt(values[used])
    # each side around its own mean: what moved all levels alike is no matter of the levels
    return [(side - side.mean(axis=0)) @ turn for side in sides]


def _means(codes: NDArray[np.int64], x: Numbers, k: int) -> Numbers:
    n = np.maximum(np.bincount(codes, minlength=k), 1)
    columns = [np.bincount(codes, weights=column, minlength=k) / n for column in x.T]
    return np.column_stack(columns) if columns else np.empty((k, 0))


def _slackened(levels: Levels) -> Levels:
    """Levels look a little different by themselves; take the usual gap to the likest as chance."""
    numbers = levels.looks_then.shape[1]
    known = levels.read_now >= 20
    if not numbers or not known.any():
        return levels
    likest = levels.unlike[levels.read_then >= 20][:, known]
    if not len(likest):
        return levels
    usual = float(np.median(likest.min(axis=0))) / numbers
    slack = max(1.0, usual)
    return replace(levels, slack=slack, unlike=levels.unlike / slack)


def exchanges(levels: Levels) -> list[Move]:
    """Levels that carry each other's names, or that have lost theirs to new ones."""
    from scipy.optimize import linear_sum_assignment

    unlike = levels.unlike
    rows = levels.frequency(levels.then[:, None], levels.now[None, :])
    cost = rows + unlike
    to = linear_sum_assignment(cost - 1e-9 * np.eye(len(cost)))[1]
    found, seen = [], set()
    for start in np.flatnonzero(to != np.arange(len(to))).tolist():
        cycle, at = [], start
        while at not in seen:
            seen.add(at)
            cycle.append(at)
            at = int(to[at])
        if cycle:
            found.append(_cycle(levels, cycle, to, cost, unlike))
    price = 2.0 * math.log(max(len(cost), 2))
    return [move for move in found if move.saves > price * len(move.pairs) + PRICE]


def _cycle(
    levels: Levels, cycle: list[int], to: NDArray[Any], cost: Numbers, unlike: Numbers
) -> Move:
    """Write a cycle as a move; through a level that is on one side only it is a new name."""
    at = np.array(cycle)
    pairs = [(i, int(to[i])) for i in cycle if levels.then[i] > 0 and levels.now[to[i]] > 0]
    gone = (levels.then[at] == 0) | (levels.now[at] <= 0.02 * _expected(levels)[at])
    return Move(
        kind="renamed" if gone.any() else "cycle",
        pairs=tuple(pairs),
        saves=float((cost[at, at] - cost[at, to[at]]).sum()),
        looks=float((unlike[at, at] - unlike[at, to[at]]).sum()),
    )


def _expected(levels: Levels) -> Numbers:
    return levels.then * (levels.all_now / max(levels.all_then, 1.0))


def unions(levels: Levels, taken: Sequence[Move]) -> Iterator[Move]:
    """Levels that vanished into others, and new levels that were part of others."""
    moved = {i for move in taken for i, _ in move.pairs}
    explained = {j for move in taken for _, j in move.pairs}
    so_far = levels
    for i in np.argsort(-levels.then).tolist():
        move = _merge(so_far, i) if i not in moved and _lost(levels, i) else None
        if move is not None:
            so_far = _together(so_far, *move.pairs[0])
            explained.add(move.pairs[0][1])
            yield move
    for j in np.argsort(-levels.now).tolist():
        if levels.now[j] and not levels.then[j] and j not in explained:
            yield from _split(levels, j)


def _lost(levels: Levels, i: int) -> bool:
    expected = float(_expected(levels)[i])
    return expected >= 8.0 and float(levels.now[i]) <= 0.02 * expected


def _together(levels: Levels, i: int, j: int) -> Levels:
    """Put the baseline's rows of one level into another, for the next to be weighed against."""
    then, looks, read = levels.then.copy(), levels.looks_then.copy(), levels.read_then.copy()
    then[j] += then[i]
    share = read[i] / max(read[i] + read[j], 1.0)
    looks[j] = share * looks[i] + (1.0 - share) * looks[j]
    read[j] += read[i]
    return replace(levels, then=then, looks_then=looks, read_then=read)


def _merge(levels: Levels, i: int) -> Move | None:
    """Find the level that took in the rows of a vanished one: it grew, and looks like both."""
    then, now = levels.then, levels.now
    scale = levels.all_now / max(levels.all_then, 1.0)
    grew = (now - then * scale) / np.sqrt((then * scale + now) * (1.0 + scale) + 1.0) > 3.0
    grew[i] = False
    if not grew.any():
        return None
    apart = levels.frequency(then, now) + levels.frequency(then[i], now[i])
    rows = apart - levels.frequency(then + then[i], now + now[i])
    read = levels.read_then + levels.read_then[i]
    weight = (levels.read_then[i] / np.maximum(read, 1.0))[:, None]
    mixed = weight * levels.looks_then[i] + (1.0 - weight) * levels.looks_then
    looks = _gap(levels, levels.looks_then, levels.read_then) - _gap(levels, mixed, read)
    # a level that was not there takes in several, none of which looks like all of them together
    looks = np.where(levels.names_new, 0.0, looks)
    saves = np.where(grew, rows + looks, -np.inf)
    j = int(np.argmax(saves))
    if saves[j] < PRICE + 2.0 * math.log(max(len(then), 2)):
        return None
    return Move(kind="merge", pairs=((i, j),), saves=float(saves[j]), looks=float(looks[j]))


def _gap(levels: Levels, looks: Numbers, read: Numbers) -> Numbers:
    """Shape (levels,): how unlike each current level looks to what is expected of it."""
    noise = 1.0 / np.maximum(read, 1.0) + 1.0 / np.maximum(levels.read_now, 1.0)
    gap = ((levels.looks_now - looks) ** 2).sum(axis=1) / noise / levels.slack
    return np.asarray(np.where((read >= 3) & (levels.read_now >= 3), gap, 0.0))


def _split(levels: Levels, j: int) -> Iterator[Move]:
    """Find the level whose rows a new one's were: it shrank, and looks the same."""
    scale = levels.all_now / max(levels.all_then, 1.0)
    then, now = levels.then, levels.now
    shrank = (then * scale - now) / np.sqrt((then * scale + now) * (1.0 + scale) + 1.0) > 3.0
    if not shrank.any():
        return
    rows = (
        levels.frequency(then, now)
        + levels.frequency(then[j], now[j])
        - levels.frequency(then + then[j], now + now[j])
    )
    looks = levels.looks_then.shape[1] - levels.unlike[:, j]
    saves = np.where(shrank, rows + looks, -np.inf)
    i = int(np.argmax(saves))
    if saves[i] > PRICE + 2.0 * math.log(max(len(then), 2)):
        yield Move(kind="split", pairs=((i, j),), saves=float(saves[i]), looks=float(looks[i]))


def loosening(levels: Levels) -> tuple[float, float, float]:
    """Share of rows whose level does not go with the other columns any more.

    Returns
    -------
    share, its standard error, and twice the nats by which that describes the looks better.
    """
    both = (levels.read_then >= 3) & (levels.read_now >= 3)
    numbers = levels.looks_then.shape[1]
    if not numbers or both.sum() < 2:
        return 0.0, 1.0, 0.0
    then, now = levels.looks_then[both], levels.looks_now[both]
    weight = 1.0 / (1.0 / levels.read_then[both] + 1.0 / levels.read_now[both])
    size = (weight * ((then**2).sum(axis=1) - numbers / levels.read_then[both])).sum()
    if size < 50.0:
        return 0.0, 1.0, 0.0
    kept = float((weight * (then * now).sum(axis=1)).sum() / size)
    if kept < -3.0 * size**-0.5:
        return 0.0, 1.0, 0.0  # turned round, not lost
    saves = size * ((1.0 - np.clip(kept, 0.0, 1.0)) ** 2) / levels.slack
    return float(np.clip(1.0 - kept, 0.0, 1.0)), float(size**-0.5), float(saves)
