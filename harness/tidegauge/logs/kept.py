"""Formats of text tell their types only when read to the end; small ones are then kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

KEEP_BYTES = 2**27


class Budget:
    """Bytes of parsed rows that one log may keep, over all its files."""

    __slots__ = ("left",)

    def __init__(self, size: int = KEEP_BYTES) -> None:
        self.left = size

    def take(self, size: int) -> bool:
        """Reserve bytes, or leave the budget as it is and say no."""
        if size > self.left:
            return False
        self.left -= size
        return True


class Keeper:
    """Batches of one file, held while the budget lasts and dropped whole when it ends."""

    __slots__ = ("_budget", "_held", "_taken", "whole")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._held: list[pa.RecordBatch] = []
        self._taken = 0
        self.whole = True
        """Whether every batch is still held."""

    def add(self, batch: pa.RecordBatch) -> None:
        """Hold a batch if all before it are held and the budget allows."""
        if not self.whole:
            return
        size = batch.get_total_buffer_size()
        if self._budget.take(size):
            self._taken += size
            self._held.append(batch)
        else:
            self.drop()

    def drop(self) -> None:
        """Let go of everything."""
        self._budget.left += self._taken
        self._held, self._taken, self.whole = [], 0, False

    def all(self) -> Iterator[pa.RecordBatch]:
        """Give the batches again, in the order they came."""
        yield from self._held

    def read(self, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Give some columns of the batches, in pieces of at most ``rows``."""
        for batch in self._held:
            part = batch.select(columns)
            for start in range(0, part.num_rows, rows):
                yield part.slice(start, rows)
