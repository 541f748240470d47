"""Scores of one subject in every run, as arrays that grow with the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.serving.building.lines import rank


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What one subject came to, run by run."""

    runs: NDArray[np.int64]
    """Numbers of runs, ascending."""
    ranks: NDArray[np.int8]
    """How bad each outcome was; 0 is the worst."""
    values: NDArray[np.float64]
    """NaN where nothing could be measured."""
    first: int = 0
    """Number of the run from which on it is whole."""

    @classmethod
    def of(cls, rows: Sequence[Any], before: History | None = None, *, first: int = 0) -> History:
        """Make arrays of (run, outcome, value), behind those that were there."""
        runs, outcomes, values = zip(*rows, strict=True) if rows else ((), (), ())
        ranks = {outcome: rank(outcome) for outcome in {*outcomes}}
        fresh = cls(
            runs=np.array(runs, np.int64),
            ranks=np.array([ranks[outcome] for outcome in outcomes], np.int8),
            values=np.array(values, np.float64),  # None becomes NaN
            first=first,
        )
        if before is None:
            return fresh
        return cls(
            runs=np.concatenate([before.runs, fresh.runs]),
            ranks=np.concatenate([before.ranks, fresh.ranks]),
            values=np.concatenate([before.values, fresh.values]),
            first=before.first,
        )

    @property
    def last(self) -> int:
        """Number of the last run that was read."""
        return int(self.runs[-1]) if len(self.runs) else self.first - 1

    def size(self) -> int:
        """Bytes that it takes."""
        return self.runs.nbytes + self.ranks.nbytes + self.values.nbytes

    def within(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Find runs by their numbers, in the order given.

        Returns
        -------
        Where in ``numbers`` those stand that there are, and where they stand here.
        """
        places = np.searchsorted(self.runs, numbers)
        places[places == len(self.runs)] = 0
        found = self.runs[places] == numbers if len(self.runs) else np.zeros(len(numbers), bool)
        return np.flatnonzero(found), places[found]
