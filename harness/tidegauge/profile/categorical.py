"""Profile of a categorical column: counts over the baseline's levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile.arrays import labels, positions

LEVELS = 10_000
"""Most levels a grid keeps, the most frequent ones; the rest count as unseen on both sides."""
UNSEEN = 256
"""Most unseen levels that are counted by name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CategoricalProfile:
    """Counts over the baseline's levels, and apart from them what the baseline never held.

    Examples
    --------
    >>> baseline = CategoricalProfile.freeze(["a", "b", "a", None])
    >>> current = baseline.lay(["b", "c", None])
    >>> current.counts.tolist(), dict(current.unseen), current.null
    ([0, 1], {'c': 1}, 1)
    """

    levels: tuple[str, ...]
    """Most frequent in the baseline first."""
    counts: NDArray[np.int64]
    """Rows of each level, shape (k,)."""
    unseen_rows: int = 0
    """Rows whose level is not among ``levels``."""
    unseen: Mapping[str, int] = field(default_factory=dict)
    """The most frequent of those, by name."""
    n: int = 0
    """All rows, missing ones included."""
    null: int = 0

    @classmethod
    def freeze(cls, values: Any, *, levels: int = LEVELS) -> CategoricalProfile:
        """Take these values' levels for the grid and count them."""
        codes, found = labels(values)
        counts = np.bincount(codes[codes >= 0], minlength=len(found))
        order = sorted(range(len(found)), key=lambda i: (-int(counts[i]), found[i]))
        kept = tuple(found[i] for i in order[:levels] if counts[i])
        return cls.over_grid(kept).lay(values)

    @classmethod
    def over_grid(cls, levels: tuple[str, ...]) -> CategoricalProfile:
        """Empty profile over given levels."""
        return cls(levels=levels, counts=np.zeros(len(levels), dtype=np.int64))

    def blank(self) -> CategoricalProfile:
        """Return the grid without its counts."""
        return CategoricalProfile.over_grid(self.levels)

    def thinned(self, cuts: int) -> CategoricalProfile:
        """Keep all levels: only numeric grids are thinned."""
        return self

    def sealed(self) -> CategoricalProfile:
        """Nothing to seal: the levels are frozen from the start."""
        return self

    def lay(self, values: Any) -> CategoricalProfile:
        """Count rows over this profile's levels, into a new profile."""
        codes, found = labels(values)
        null = int((codes < 0).sum())
        rows = np.bincount(codes[codes >= 0] if null else codes, minlength=len(found))
        place = positions(found, self.levels) if len(found) else np.empty(0, dtype=np.int64)
        known = place >= 0
        counts = np.zeros(len(self.levels), dtype=np.int64)
        np.add.at(counts, place[known], rows[known])
        strange = np.flatnonzero(~known & (rows > 0))
        names = [found[i] for i in strange.tolist()]
        return replace(
            self,
            counts=counts,
            unseen_rows=int(rows[strange].sum()),
            unseen=_largest(dict(zip(names, rows[strange].tolist(), strict=True))),
            n=len(codes),
            null=null,
        )

    def merge(self, other: CategoricalProfile) -> CategoricalProfile:
        """Profile of both sets of rows together; both must lie over one grid."""
        names = dict(self.unseen)
        for name, rows in other.unseen.items():
            names[name] = names.get(name, 0) + rows
        return replace(
            self,
            counts=self.counts + other.counts,
            unseen_rows=self.unseen_rows + other.unseen_rows,
            unseen=_largest(names),
            n=self.n + other.n,
            null=self.null + other.null,
        )

    @property
    def present(self) -> int:
        """Rows that hold a level, seen before or not."""
        return self.n - self.null

    @property
    def missing(self) -> int:
        """Rows that are null."""
        return self.null


def _largest(unseen: dict[str, int]) -> dict[str, int]:
    if len(unseen) <= UNSEEN:
        return unseen
    return dict(sorted(unseen.items(), key=lambda item: (-item[1], item[0]))[:UNSEEN])
