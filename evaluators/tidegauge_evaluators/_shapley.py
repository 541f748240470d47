"""Shapley values of a game whose coalitions are all evaluated beforehand.

Shapley 1953, Contributions to the Theory of Games II; antithetic permutations: Mitchell, Cooper,
Frank & Holmes 2022, JMLR 23(43).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

EXACT = 12
"""Players up to whom all coalitions are asked."""
PAIRS = 24
"""Permutations, each with its reverse, beyond."""


class Coalitions(NamedTuple):
    """Which coalitions to ask, and how their values become Shapley values."""

    sets: NDArray[np.bool_]
    """Shape (coalitions, players): who is in."""
    shares: NDArray[np.float64]
    """Shape (players, coalitions): Shapley values = ``shares @ values``; they add up to the value
    of all players less that of none."""


def coalitions(players: int, rng: np.random.Generator, *, exact: int = EXACT) -> Coalitions:
    """Plan a game: every coalition for up to ``exact`` players, those of permutations beyond.

    Examples
    --------
    >>> plan = coalitions(2, np.random.default_rng(0))
    >>> values = np.array([0.0, 1.0, 2.0, 5.0])  # nobody, second, first, both
    >>> plan.shares @ values
    array([3., 2.])
    """
    return _all(players) if players <= exact else _sampled(players, rng)


def _all(players: int) -> Coalitions:
    codes = np.arange(2**players)[:, None]
    sets = (codes >> np.arange(players)[::-1]) & 1 == 1
    size = sets.sum(axis=1)
    chance = np.array([math.comb(players - 1, k) for k in range(players)]) * players
    joining = 1.0 / chance[np.maximum(size - 1, 0)]
    missing = -1.0 / chance[np.minimum(size, players - 1)]
    return Coalitions(sets, np.where(sets, joining[:, None], missing[:, None]).T)


def _sampled(players: int, rng: np.random.Generator) -> Coalitions:
    forward = [rng.permutation(players) for _ in range(PAIRS)]
    orders = [order for one in forward for order in (one, one[::-1])]
    place: dict[bytes, int] = {}
    sets: list[NDArray[np.bool_]] = []
    steps: list[tuple[int, int, int]] = []

    def at(members: NDArray[np.bool_]) -> int:
        key = members.tobytes()
        if key not in place:
            place[key] = len(sets)
            sets.append(members.copy())
        return place[key]

    for order in orders:
        members = np.zeros(players, dtype=bool)
        before = at(members)
        for player in order:
            members[player] = True
            after = at(members)
            steps.append((int(player), before, after))
            before = after
    shares = np.zeros((players, len(sets)))
    for player, before, after in steps:
        shares[player, after] += 1.0 / len(orders)
        shares[player, before] -= 1.0 / len(orders)
    return Coalitions(np.array(sets), shares)
