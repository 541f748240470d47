"""Profile of decisions by cluster: how many rows and flags each conversation has, bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tidegauge.profile.arrays import as_array, labels
from tidegauge.profile.keys import hashed

CAP = 2**18
"""Most clusters held; beyond it a sample of clusters is counted instead of all."""

Counts = NDArray[np.int64]


def _no_hashes() -> NDArray[np.uint64]:
    return np.empty(0, dtype=np.uint64)


def _no_counts() -> Counts:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusterProfile:
    """Rows and flagged rows of every cluster, or of those whose hash is small.

    Which clusters are held does not depend on their rows, so what they tell of the spread
    between clusters holds for all (Gibbons 2001, VLDB). A row without a cluster stands alone.

    Examples
    --------
    >>> profile = ClusterProfile().lay(["a", "a", "b", None], [True, True, False, True])
    >>> sorted(profile.rows.tolist()), profile.alone, profile.alone_flagged
    ([1, 2], 1, 1)
    """

    depth: int = 0
    """Clusters whose hash begins with this many zero bits are held."""
    hashes: NDArray[np.uint64] = field(default_factory=_no_hashes)
    """Shape (k,): ascending, distinct."""
    rows: Counts = field(default_factory=_no_counts)
    """Rows with a decision of each cluster held, shape (k,)."""
    flagged: Counts = field(default_factory=_no_counts)
    """Flagged rows among them, shape (k,)."""
    alone: int = 0
    """Rows with a decision that belong to no cluster."""
    alone_flagged: int = 0
    """Flagged rows among them."""

    def blank(self) -> ClusterProfile:
        """Empty profile."""
        return ClusterProfile()

    def lay(self, clusters: Any, decisions: Any) -> ClusterProfile:
        """Count rows into a new profile.

        Parameters
        ----------
        clusters
            What each row belongs to, nulls for none.
        decisions
            Booleans; rows where they are null are left out.
        """
        names, decided = as_array(clusters), as_array(decisions)
        if isinstance(names, pa.DictionaryArray):
            names = names.dictionary_decode()
        codes = labels(decided).codes
        known = names.is_valid().to_numpy(zero_copy_only=False)
        loose = codes[(codes >= 0) & ~known]
        kept = (codes >= 0) & known
        found = hashed(names.filter(pa.array(kept)))
        return _summed(
            ClusterProfile(alone=len(loose), alone_flagged=int((loose == 1).sum())),
            found,
            np.ones(len(found), np.int64),
            (codes[kept] == 1).astype(np.int64),
        ).thinned()

    def merge(self, other: ClusterProfile) -> ClusterProfile:
        """Profile of both sets of rows together."""
        depth = max(self.depth, other.depth)
        mine, yours = self.deepened(depth), other.deepened(depth)
        loose = ClusterProfile(
            depth=depth,
            alone=self.alone + other.alone,
            alone_flagged=self.alone_flagged + other.alone_flagged,
        )
        return _summed(
            loose,
            np.append(mine.hashes, yours.hashes),
            np.append(mine.rows, yours.rows),
            np.append(mine.flagged, yours.flagged),
        ).thinned()

    def thinned(self, cap: int = CAP) -> ClusterProfile:
        """Hold fewer clusters, until at most ``cap`` are left."""
        profile = self
        while len(profile.hashes) > cap:
            profile = profile.deepened(profile.depth + 1)
        return profile

    def deepened(self, depth: int) -> ClusterProfile:
        """Hold only clusters whose hash begins with ``depth`` zero bits."""
        if depth == self.depth:
            return self
        kept = int(np.searchsorted(self.hashes, np.uint64(1 << (64 - depth))))
        return ClusterProfile(
            depth=depth,
            hashes=self.hashes[:kept],
            rows=self.rows[:kept],
            flagged=self.flagged[:kept],
            alone=self.alone,
            alone_flagged=self.alone_flagged,
        )


def _summed(
    loose: ClusterProfile, hashes: NDArray[np.uint64], rows: Counts, flagged: Counts
) -> ClusterProfile:
    """Add rows of equal hashes up, beside the rows that stand alone."""
    distinct, place = np.unique(hashes, return_inverse=True)
    sums = np.zeros((2, len(distinct)), np.int64)
    np.add.at(sums[0], place, rows)
    np.add.at(sums[1], place, flagged)
    return ClusterProfile(
        depth=loose.depth,
        hashes=distinct,
        rows=sums[0],
        flagged=sums[1],
        alone=loose.alone,
        alone_flagged=loose.alone_flagged,
    )
