"""What was read or drawn once and is asked for again: reports, and pages of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(slots=True)
class Memory(Generic[Value]):
    """The values that were asked for last, up to a number of them and a size in all."""

    most: int = 64
    largest: int = 2**26
    size: Callable[[Value], int] = field(default=lambda value: 0)
    kept: OrderedDict[Hashable, Value] = field(default_factory=OrderedDict)
    held: int = 0
    lock: Lock = field(default_factory=Lock)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Give what is kept under a key, made where it is not there yet.

        Examples
        --------
        >>> memory = Memory(most=1)
        >>> memory.get("a", lambda: 1), memory.get("a", lambda: 2), memory.get("b", lambda: 3)
        (1, 1, 3)
        >>> memory.get("a", lambda: 4)
        4
        """
        with self.lock:
            if key in self.kept:
                self.kept.move_to_end(key)
                return self.kept[key]
        made = make()
        with self.lock:
            if key not in self.kept:
                self.kept[key] = made
                self.held += self.size(made)
            while len(self.kept) > self.most or (self.held > self.largest and len(self.kept) > 1):
                self.held -= self.size(self.kept.popitem(last=False)[1])
        return made

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value in the place of another."""
        with self.lock:
            if key in self.kept:
                self.held -= self.size(self.kept.pop(key))
        self.get(key, lambda: value)

    def look(self, key: Hashable) -> Value | None:
        """Give what is kept, if anything is."""
        with self.lock:
            return self.kept.get(key)
