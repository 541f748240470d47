"""Estimates known by what each row adds to them: their errors, sums and shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.records import Interval

Numbers = NDArray[np.float64]

DRAWS = 4_000
"""Redrawn sets of estimates behind an interval of a share."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimated:
    """A number and its influence function: how far each row moves it.

    Sums and differences keep track of what they share.
    """

    value: float
    influence: Numbers
    """Shape (rows,), of mean zero; the variance of the value is that of its mean."""

    def __add__(self, other: Estimated) -> Estimated:
        return Estimated(value=self.value + other.value, influence=self.influence + other.influence)

    def __sub__(self, other: Estimated) -> Estimated:
        return Estimated(value=self.value - other.value, influence=self.influence - other.influence)


def mean_of(values: Numbers, weights: Numbers) -> Estimated:
    """Weighted mean over the rows that have a weight."""
    total = weights.mean()
    held = np.where(weights != 0, values, 0.0)
    value = float((weights * held).mean() / total)
    return Estimated(value=value, influence=weights * (held - value) / total)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Several estimates together, redrawn as often as an interval needs."""

    values: Mapping[str, float]
    draws: Mapping[str, Numbers]
    """Each of shape (draws,)."""
    confidence: float

    def interval(self, name: str) -> Interval:
        """Interval of one estimate."""
        return self._within(self.draws[name])

    def share(self, name: str, whole: str) -> float:
        """One estimate over another; 0 where that is 0."""
        return self.values[name] / self.values[whole] if self.values[whole] else 0.0

    def share_interval(self, name: str, whole: str) -> Interval | None:
        """Interval of the share; None where the whole is 0."""
        if not self.values[whole]:
            return None
        return self._within(self.draws[name] / self.draws[whole])

    def first(self, name: str, among: tuple[str, ...]) -> float:
        """How often one estimate is the largest in size."""
        sizes = np.stack([np.abs(self.draws[one]) for one in among])
        return float((sizes.argmax(axis=0) == among.index(name)).mean())

    def _within(self, draws: Numbers) -> Interval:
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(draws, [tail, 1 - tail])
        return Interval(float(low), float(high))


def drawn(
    estimates: Mapping[str, Estimated],
    *,
    rng: np.random.Generator,
    confidence: float,
    blocks: NDArray[np.int64] | None = None,
) -> Drawn:
    """Redraw estimates together, rows of one block as one.

    This is the multiplier bootstrap with normal multipliers, which given the rows is exactly
    normal, so that it needs no pass over the rows for each draw.
    """
    table = np.column_stack([one.influence for one in estimates.values()])
    n = len(table)
    if blocks is not None:
        _, member = np.unique(blocks, return_inverse=True)
        table = np.column_stack([np.bincount(member, column) for column in table.T])
    spread = table.T @ table / n**2
    lengths, turn = np.linalg.eigh(spread)
    noise = rng.standard_normal((DRAWS, len(lengths))) * np.sqrt(np.maximum(lengths, 0.0))
    moved = noise @ turn.T
    values = {name: one.value for name, one in estimates.items()}
    draws = {name: values[name] + moved[:, place] for place, name in enumerate(estimates)}
    return Drawn(values=values, draws=draws, confidence=confidence)
