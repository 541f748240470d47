"""Hands each event to everybody who listens, and waits for nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

MOST_LISTENERS = 200
"""Further ones are turned away, and ask again later."""
MOST_WAITING = 100
"""Events kept for one listener; where it is slower than that, it is told to look anew."""
HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that dead connections are noticed."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    name: str
    """A key of ``tidegauge.views.places.EVENT_FIELDS``."""
    data: Mapping[str, Any]


@dataclass(slots=True)
class Hub:
    """Listeners and what waits for each; used from one event loop."""

    listeners: set[asyncio.Queue[Event | None]] = field(default_factory=set)
    numbers: count[int] = field(default_factory=count)

    def tell(self, name: str, /, **data: Any) -> None:
        """Tell every listener; a slow one loses what waits for it and is sent to look anew."""
        event = Event(name, data)
        for queue in self.listeners:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(Event("suite.changed", {"suite": "", "at": data.get("at", "")}))
            queue.put_nowait(event)

    def close(self) -> None:
        """Let every listener go."""
        for queue in self.listeners:
            while queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    @property
    def full(self) -> bool:
        """Whether no more listeners are taken."""
        return len(self.listeners) >= MOST_LISTENERS

    async def listen(self, heartbeat: float = HEARTBEAT) -> AsyncIterator[bytes]:
        """Write the stream of one listener, as server-sent events."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue(MOST_WAITING)
        self.listeners.add(queue)
        try:
            yield b"retry: 3000\n: welcome\n\n"
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), heartbeat)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if event is None:
                    return
                yield _written(event, next(self.numbers))
        finally:
            self.listeners.discard(queue)


def _written(event: Event, number: int) -> bytes:
    return f"id: {number}\nevent: {event.name}\ndata: {json.dumps(event.data)}\n\n".encode()
