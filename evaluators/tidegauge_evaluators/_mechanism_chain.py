"""The chain of changed and unchanged mechanisms behind a functional, ready to be regressed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._causal_order import CausalOrder
from tidegauge_evaluators._domain import Domain
from tidegauge_evaluators._nested import Chain, Chunk
from tidegauge_evaluators._smoother import Inputs, side_by_side, terms

Numbers = NDArray[np.float64]

MOST = 5_000
"""Rows a side that are regressed on; more would make shares little surer."""
LARGEST = 20_000_000
"""Rows times coalitions that are held at once."""


def rows_kept(domain: Domain, players: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the rows that are regressed on, as many of each side as are affordable."""
    most = min(MOST, LARGEST // 2 // 2 ** min(players, 12))
    current = domain.case.current
    kept = [
        np.sort(rng.choice(rows, most, replace=False)) if len(rows) > most else rows
        for rows in (np.flatnonzero(~current), np.flatnonzero(current))
    ]
    return np.concatenate(kept)


def chain_of(
    domain: Domain,
    order: CausalOrder,
    players: Sequence[str],
    moved: Mapping[str, tuple[str, ...]],
    functional: Numbers,
    kept: NDArray[np.int64],
    *,
    together: bool,
    trees: bool,
) -> Chain:
    """Lay the mechanisms out along the order.

    Parameters
    ----------
    domain
        Tells the sides apart; has the density ratios.
    order
        Columns, causes first.
    players
        Columns whose mechanism changed.
    moved
        Player -> columns of its tier that moved with it; they come after it.
    functional
        Shape (rows,), finite.
    kept
        Places of the rows to use.
    together
        Whether what follows a player unchanged is taken from the player's side, which needs
        fewer regressions, rather than learnt from both.
    trees
        Whether regressions may use them.
    """
    places = [
        (players.index(names[0]) if names[0] in players else None, names)
        for names in _runs(order, players, moved, together)
    ]
    learnt = len(kept) // 4 // max(len(order.names), 1)
    return Chain(
        functional=functional[kept],
        trees=trees,
        current=domain.case.current[kept],
        weights=_even(domain.weights[kept], domain.case.current[kept]),
        folds=_halves(domain.folds[kept], domain.case.current[kept]),
        chunks=tuple(
            Chunk(
                player=player,
                inputs=side_by_side([_inputs(domain, n, kept, learnt) for n in names], len(kept)),
                ratio=_ratio(domain, order, names[0], kept) if player is not None
                else np.zeros(len(kept)),
            )
            for player, names in places
        ),
    )  # fmt: skip


def _runs(
    order: CausalOrder,
    players: Sequence[str],
    moved: Mapping[str, tuple[str, ...]],
    together: bool,
) -> list[list[str]]:
    """Players one by one, what lies between them as one or with the player before.

    Within a tier, what did not change comes first and what moved with a player last.
    """
    along = {name for names in moved.values() for name in names}
    runs: list[list[str]] = []
    for tier in order.tiers:
        ranked = sorted(tier, key=lambda name: (name in along, name in players))
        for name in ranked:
            if runs and name not in players and (together or runs[-1][0] not in players):
                runs[-1].append(name)
            else:
                runs.append([name])
    return runs


def _inputs(domain: Domain, name: str, kept: NDArray[np.int64], learnt: int) -> Inputs:
    variable = domain.case[name]
    return Inputs(
        terms=terms(replace(variable, values=variable.values[kept]), learnt),
        codes=domain.code(name)[kept, None],
        categorical=(variable.categorical,),
    )


def _ratio(domain: Domain, order: CausalOrder, name: str, kept: NDArray[np.int64]) -> Numbers:
    before = order.before[name]
    joint = domain.log_odds([*before, name])
    return np.asarray((joint - domain.log_odds(before))[kept])


def _even(weights: Numbers, current: NDArray[np.bool_]) -> Numbers:
    """Weights of mean one whose sums on both sides are the same."""
    even = weights.copy()
    for side in (True, False):
        even[current == side] *= len(weights) / 2 / weights[current == side].sum()
    return even


def _halves(folds: NDArray[np.int64], current: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Two folds out of the domain's, or of every other row where a side would be missing."""
    halves = folds % 2
    counts = np.bincount(2 * current + halves, minlength=4)
    if counts.min() >= 5:
        return halves
    return np.asarray(np.arange(len(folds)) % 2)
