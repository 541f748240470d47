"""Values that repeat: the heaviest ones with their counts, and what may have been missed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile.arrays import distinct

PROBES = 512
KEPT = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heavy:
    """A mergeable summary of heavy values (after Agarwal et al. 2012, PODS).

    A listed value's count is a lower bound that misses at most ``slack`` rows, and a value
    that is not listed has at most ``slack`` rows; ``slack`` is below 0.4 % of the rows unless
    more than ``KEPT`` values are heavier than that.
    """

    values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """Shape (k,): ascending."""
    counts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    slack: int = 0

    @classmethod
    def of_sorted(cls, rows: NDArray[np.float64]) -> Heavy:
        """Find the heavy values of sorted rows, shape (n,), by probing every n/512-th.

        A value in two neighbouring probes repeats at least n/512 times; one that repeats
        2 n/512 times cannot slip between them.
        """
        step = max(1, len(rows) // PROBES)
        probes = rows[::step]
        repeated = probes[1:][probes[1:] == probes[:-1]]
        if not len(repeated):
            return cls(slack=2 * step - 1 if step > 1 else 1)
        values = repeated[np.append(True, repeated[1:] != repeated[:-1])]
        counts = np.searchsorted(rows, values, "right") - np.searchsorted(rows, values, "left")
        return _pruned(values, counts, 2 * step - 1 if step > 1 else 1)

    def merge(self, other: Heavy) -> Heavy:
        """Heavy values of both sets of rows together."""
        both = np.append(self.values, other.values)
        values = distinct(np.sort(both))
        place = np.searchsorted(values, both)
        counts = np.zeros(len(values), dtype=np.int64)
        np.add.at(counts, place, np.append(self.counts, other.counts))
        return _pruned(values, counts, self.slack + other.slack)


def _pruned(values: NDArray[np.float64], counts: NDArray[np.int64], slack: int) -> Heavy:
    if len(values) > KEPT:
        order = np.argsort(-counts, kind="stable")
        slack = max(slack, int(counts[order[KEPT]]))
        kept = np.sort(order[:KEPT])
        values, counts = values[kept], counts[kept]
    return Heavy(values=values, counts=counts, slack=slack)
