"""How many requests a server is sent at once: as many as it bears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Pace:
    """Additive increase, multiplicative decrease (Chiu & Jain 1989, Computer Networks 17).

    One more request at a time after as many clean answers as there are places; half as many
    after trouble, once for all requests that were under way when it began. For one event loop.
    """

    def __init__(self, most: int, start: float | None = None) -> None:
        self.most = most
        self.limit = float(most if start is None else min(most, max(1.0, start)))
        self._free = asyncio.Condition()
        self._under_way = 0
        self._clean = 0
        self._halved = 0.0
        self._resume = 0.0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[float]:
        """Wait for a place; gives the moment it was taken."""
        async with self._free:
            await self._free.wait_for(lambda: self._under_way < int(self.limit))
            self._under_way += 1
        try:
            while (left := self._resume - self._now()) > 0:
                await asyncio.sleep(left)
            yield self._now()
        finally:
            async with self._free:
                self._under_way -= 1
                self._free.notify_all()

    def clean(self) -> None:
        """Note a clean answer."""
        self._clean += 1
        if self._clean >= self.limit:
            self._clean = 0
            self.limit = min(float(self.most), self.limit + 1.0)

    def trouble(self, taken: float, wait: float = 0.0) -> None:
        """Note that a request which took its place then was turned away or not answered.

        Parameters
        ----------
        taken
            When it took its place.
        wait
            Seconds that the server asked everyone to wait.
        """
        self._resume = max(self._resume, self._now() + wait)
        if taken >= self._halved:
            self._halved, self._clean = self._now(), 0
            self.limit = max(1.0, self.limit / 2.0)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
