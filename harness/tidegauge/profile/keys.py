"""Profile of an id column: how many rows repeat an id, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tidegauge.profile.arrays import as_array, spelled

CAP = 2**20
"""Most ids held; beyond it a sample of ids is counted instead of all."""

_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeysProfile:
    """Rows per id, over all ids or over those whose hash is small (Gibbons 2001, VLDB).

    The sampled ids are counted exactly, so the share of repeated rows among them estimates
    the whole; ``depth == 0`` means that every id was counted.

    Examples
    --------
    >>> profile = KeysProfile().lay(["a", "b", "a", None])
    >>> profile.rows, profile.distinct, profile.null
    (3, 2, 1)
    """

    n: int = 0
    null: int = 0
    depth: int = 0
    """Ids whose hash begins with this many zero bits are held."""
    hashes: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    """Shape (k,): ascending, distinct."""
    counts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Rows of each held id, shape (k,)."""

    def blank(self) -> KeysProfile:
        """Empty profile."""
        return KeysProfile()

    def lay(self, values: Any) -> KeysProfile:
        """Count rows into a new profile."""
        array = as_array(values)
        if isinstance(array, pa.DictionaryArray):
            array = array.dictionary_decode()
        if pa.types.is_string_view(array.type):
            array = array.cast(pa.string())  # Arrow filters no views
        null = array.null_count
        hashes = np.sort(hashed(array.drop_null() if null else array))
        first = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)])
        counts = np.diff(np.append(first, len(hashes)))
        profile = KeysProfile(n=len(array), null=null, hashes=hashes[first], counts=counts)
        return profile.thinned()

    def merge(self, other: KeysProfile) -> KeysProfile:
        """Profile of both sets of rows together."""
        depth = max(self.depth, other.depth)
        mine, yours = self.deepened(depth), other.deepened(depth)
        hashes, place = np.unique(np.append(mine.hashes, yours.hashes), return_inverse=True)
        counts = np.zeros(len(hashes), dtype=np.int64)
        np.add.at(counts, place, np.append(mine.counts, yours.counts))
        return KeysProfile(
            n=self.n + other.n,
            null=self.null + other.null,
            depth=depth,
            hashes=hashes,
            counts=counts,
        ).thinned()

    def thinned(self, cap: int = CAP) -> KeysProfile:
        """Hold fewer ids, until at most ``cap`` are left."""
        profile = self
        while len(profile.hashes) > cap:
            profile = profile.deepened(profile.depth + 1)
        return profile

    def deepened(self, depth: int) -> KeysProfile:
        """Hold only ids whose hash begins with ``depth`` zero bits."""
        if depth == self.depth:
            return self
        kept = int(np.searchsorted(self.hashes, np.uint64(1 << (64 - depth))))
        return KeysProfile(
            n=self.n,
            null=self.null,
            depth=depth,
            hashes=self.hashes[:kept],
            counts=self.counts[:kept],
        )

    @property
    def rows(self) -> int:
        """Rows of the ids held."""
        return int(self.counts.sum())

    @property
    def distinct(self) -> int:
        """Ids held."""
        return len(self.hashes)


def hashed(array: pa.Array) -> NDArray[np.uint64]:
    """Hash ids to 64 bits, equal ids alike whatever the batch."""
    if pa.types.is_integer(array.type):
        return _mixed(array.cast(pa.int64(), safe=False).to_numpy().astype(np.uint64))
    if not pa.types.is_string(array.type):
        array = pa.array(spelled(array), pa.string())
    return _mixed(_polynomial(array))


def _polynomial(array: pa.StringArray) -> NDArray[np.uint64]:
    """Polynomial in the bytes of each text, modulo 2**64."""
    offsets = np.frombuffer(array.buffers()[1], dtype=np.int32)
    offsets = offsets[array.offset : array.offset + len(array) + 1].astype(np.int64)
    if not len(array) or offsets[-1] == offsets[0]:
        return np.zeros(len(array), dtype=np.uint64)
    raw = np.frombuffer(array.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]]
    starts = offsets - offsets[0]
    lengths = np.diff(starts)
    powers = np.cumprod(np.full(int(lengths.max()) + 1, _ODD))
    within = np.arange(len(raw)) - np.repeat(starts[:-1], lengths)
    terms = np.append((raw.astype(np.uint64) + np.uint64(1)) * powers[within], np.uint64(0))
    totals = np.add.reduceat(terms, starts[:-1])
    return np.where(lengths > 0, totals, np.uint64(0))


def _mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the bits (splitmix64 finaliser, Steele, Lea & Flood 2014, OOPSLA)."""
    hashes = hashes + _ODD
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))
