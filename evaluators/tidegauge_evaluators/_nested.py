"""What a mean would be if only some mechanisms had changed, by nested regression and weights.

Quintas-Martinez, Bahadori, Santiago, Mu, Janzing & Heckerman 2024, "Multiply-robust causal change
attribution", ICML, arXiv 2404.08839. Along a causal order the wanted mean is regressed on what
comes before each mechanism, on rows of the side that the mechanism is taken from; what each
regression leaves is added under importance weights, so that it is enough if either is right.
Mechanisms that did not change are learnt from both sides at once. Rows are judged by regressions
that did not see them, and the answer is a mean over rows, whose spread is its uncertainty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._smoother import Inputs, side_by_side, smooth

Numbers = NDArray[np.float64]

BASELINE, CURRENT, BOTH = 0, 1, 2
Sides: TypeAlias = tuple[int, ...]
"""For each chunk from some place on, the side that its mechanism is taken from."""
HEAVIEST = 20.0
"""Largest importance weight; a few rows must not decide."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chunk:
    """Columns next to each other in the causal order that change together or not at all."""

    player: int | None
    """Place among the changed mechanisms; ``None`` = unchanged."""
    inputs: Inputs
    """The columns."""
    ratio: Numbers
    """Shape (rows,): log density ratio of the mechanism, current over baseline."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chain:
    """A functional and the mechanisms behind it, causes first."""

    functional: Numbers
    """Shape (rows,), finite."""
    current: NDArray[np.bool_]
    """Shape (rows,)."""
    weights: Numbers
    """Shape (rows,): what rows count; both sides the same in sum, one on average."""
    folds: NDArray[np.int64]
    """Shape (rows,): 0 or 1."""
    chunks: tuple[Chunk, ...]
    trees: bool = True
    """Whether regressions may use them."""

    def sides(self, members: NDArray[np.bool_]) -> Sides:
        """Which side each mechanism is taken from when only ``members`` have changed."""
        players = [chunk.player for chunk in self.chunks]
        return tuple(BOTH if player is None else int(members[player]) for player in players)

    def rows(self, side: int) -> NDArray[np.bool_]:
        """Rows of a side."""
        return np.ones(len(self.current), bool) if side == BOTH else self.current == (side == 1)


def contributions(
    chain: Chain, sets: NDArray[np.bool_], shares: Numbers
) -> tuple[Numbers, Numbers, float]:
    """Work out what each row adds to weighted sums of coalition values.

    Parameters
    ----------
    chain
        The mechanisms.
    sets
        Shape (coalitions, players): which mechanisms are the current ones.
    shares
        Shape (sums, coalitions).

    Returns
    -------
    tuple
        Shape (rows, sums), the mean over rows being the sum; coalition values, shape
        (coalitions,); the smallest effective sample size of the weights over their rows.
    """
    rows = np.zeros((len(chain.current), len(shares)))
    values = np.zeros(len(sets))
    effective = 1.0
    for fold in (0, 1):
        means = _means(chain, [chain.sides(one) for one in sets], chain.folds != fold)
        judged = chain.folds == fold
        for place, members in enumerate(sets):
            found, weight = _row_values(chain, chain.sides(members), means, judged)
            rows += found[:, None] * shares[:, place]
            values[place] += found.mean()
            effective = min(effective, weight)
    return rows, values, effective


def _starts(sides: Sides, place: int = 0) -> Iterator[int]:
    """Places at which another side, or a mechanism of both, begins: where to regress."""
    yield place
    for here in range(place + 1, len(sides)):
        if sides[here] == BOTH or sides[here] != sides[here - 1]:
            yield here


def _after(sides: Sides) -> int | None:
    """Second start."""
    starts = _starts(sides)
    next(starts)
    return next(starts, None)


def _means(chain: Chain, wanted: Sequence[Sides], learn: NDArray[np.bool_]) -> dict[Sides, Numbers]:
    """Mean of the functional given what comes before a place, sides from there on being given.

    The key is those sides, so its length says the place.
    """
    means: dict[Sides, Numbers] = {}
    for place in range(len(chain.chunks) - 1, 0, -1):
        needed = {sides[place:] for sides in wanted if place in _starts(sides)}
        inputs = side_by_side([chunk.inputs for chunk in chain.chunks[:place]], len(learn))
        for side in (BASELINE, CURRENT, BOTH):
            keys = sorted(key for key in needed if key[0] == side)
            if keys:
                of_side = chain.rows(side)
                targets = np.column_stack([_target(chain, means, key) for key in keys])
                found = smooth(
                    inputs,
                    targets,
                    of_side & learn,
                    of_side & ~learn,
                    chain.weights,
                    trees=chain.trees,
                )
                means |= {key: found[:, column] for column, key in enumerate(keys)}
    return means


def _target(chain: Chain, means: dict[Sides, Numbers], sides: Sides) -> Numbers:
    after = _after(sides)
    return chain.functional if after is None else means[sides[after:]]


def _row_values(
    chain: Chain, sides: Sides, means: dict[Sides, Numbers], judged: NDArray[np.bool_]
) -> tuple[Numbers, float]:
    """Find what judged rows add to a coalition's value, and the smallest effective sample."""
    found = np.zeros(len(judged))
    effective = 1.0
    for place in _starts(sides):
        of_side = judged & chain.rows(sides[place])
        share = np.count_nonzero(judged) / len(judged)
        left = _target(chain, means, sides[place:])[of_side]
        counts = chain.weights[of_side]
        if place:
            left = left - means[sides[place:]][of_side]
            odds = _log_weights(chain, sides, place)[of_side]
            counts = counts * np.exp(np.minimum(odds, np.log(HEAVIEST)))
            effective = min(effective, float(counts.sum() ** 2 / (counts**2).sum() / len(counts)))
        found[of_side] += share * len(judged) * counts / counts.sum() * left
    return found, effective


def _log_weights(chain: Chain, sides: Sides, place: int) -> Numbers:
    """Log density of what comes before a place, wanted over that of the side's rows."""
    before = chain.chunks[:place]
    wanted, current = np.zeros((2, len(chain.current)))
    for chunk, side in zip(before, sides, strict=False):
        current += chunk.ratio
        wanted += chunk.ratio * (side == CURRENT)
    if sides[place] == BASELINE:
        return wanted
    if sides[place] == CURRENT:
        return wanted - current
    both: Numbers = wanted - np.logaddexp(0.0, current) + np.log(2.0)
    return both
