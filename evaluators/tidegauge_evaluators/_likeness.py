"""Likeness of two texts of a row: the cosine of their sentence vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable
from tidegauge.records import Kind
from tidegauge.scorer import About, Joined, Texts, Unit
from tidegauge_evaluators._encoder import Encoder
from tidegauge_evaluators._plain import given, identity

Cuts = Callable[[str], Sequence[str]]
"""From a text to the parts that are compared one by one."""

LEFT = 8
"""Windows of the left text: what is asked or answered is short."""


def whole(text: str) -> tuple[str, ...]:
    """Give a text as its only part.

    Examples
    --------
    >>> whole("a b")
    ('a b',)
    """
    return (text,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A scorer that compares one text with another, or with the best part of it.

    A text longer than the encoder takes is the mean of its windows' vectors.
    """

    name: str
    model: Encoder
    left: str
    """Argument of the text that is compared."""
    right: str
    """Argument of what it is compared with."""
    parts: Cuts = whole
    """Cuts the right text."""
    nearest: bool = False
    """Whether every window of the right text stands for itself and the nearest counts."""
    most: int
    """Windows of the right text with all its parts; of the left one at most eight."""
    outputs: Mapping[str, Kind] = field(default_factory=lambda: {"": "numeric"})

    @property
    def identity(self) -> str:
        """SHA-256 in hex over the encoder and the rules here."""
        return identity(self.name, 1, encoder=self.model.identity, most=self.most)

    @property
    def about(self) -> About:
        """The encoder's name and licence."""
        manifest = self.model.folder.manifest
        return About(model=manifest.name, licence=manifest.licence)

    def split(self, row: Texts) -> Sequence[Unit]:
        """Give windows of the left text, then of the right text's parts.

        Raises
        ------
        NotApplicable
            When one of the two is missing or empty.
        """
        cut = self._cut(row)
        return [(window,) for side in cut.sides for window in side]

    def join(self, row: Texts, units: Sequence[Unit], outputs: NDArray[np.float32]) -> Joined:
        """Compare the mean vectors; ``because`` is the nearest part where there are several."""
        cut = self._cut(row)
        ends = np.cumsum([len(side) for side in cut.sides])
        left, *others = (_mean(part) for part in np.split(outputs, ends[:-1]))
        cosines = [float(left @ other) for other in others]
        best = int(np.argmax(cosines))
        because = cut.sides[best + 1][0][:300] if len(others) > 1 else ""
        value = round(min(1.0, max(-1.0, cosines[best])), 5)
        return Joined((value,), truncated=cut.truncated, because=because)

    def _cut(self, row: Texts) -> _Cut:
        left = self.model.cut(given(row, self.left, blank=False), min(self.most, LEFT))
        truncated, room = left.truncated, self.most
        sides = [left.windows]
        for part in filter(str.strip, self.parts(given(row, self.right, blank=False))):
            found = self.model.cut(part, max(room, 1))
            truncated += found.truncated
            if room <= 0:
                truncated += self.model.size((part,))
                continue
            room -= len(found.windows)
            sides.extend([(one,) for one in found.windows] if self.nearest else [found.windows])
        if len(sides) < 2:
            raise NotApplicable(f"empty {self.right.replace('_', ' ')}")
        return _Cut(tuple(sides), truncated)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A row in windows."""

    sides: tuple[tuple[str, ...], ...]
    """Of the left text, then of the right one; of each of its windows where they stand alone."""
    truncated: int


def _mean(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean direction, shape (width,)."""
    mean: NDArray[np.float32] = vectors.mean(axis=0, dtype=np.float32)
    norm = float(np.linalg.norm(mean))
    return mean / norm if norm > 0 else mean
