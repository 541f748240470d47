"""The encoder's numbers for labelled responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from _groundedness_claims import Example
from tidegauge.models import Shelf
from tidegauge_evaluators._support import Rarity
from tidegauge_evaluators._support_aligner import ALIGNED, Loaded, Read, aligned, load
from tidegauge_evaluators.hallucination.embedded import beside

CHUNK = 256
"""Responses encoded at once."""


class Reader(Protocol):
    """What encodes texts."""

    def read(self, texts: Sequence[str]) -> list[Read]:
        """Encode texts."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoding:
    """The packaged encoder, reading texts as the scorer does."""

    loaded: Loaded

    @classmethod
    def packaged(cls) -> Encoding:
        """Load the encoder that comes as a Python package."""
        encoder = Shelf(device="cpu").find("minilm")
        return cls(loaded=load(encoder.path, encoder.identity, "cpu"))

    def read(self, texts: Sequence[str]) -> list[Read]:
        """Encode texts."""
        return self.loaded.read(texts)


def aligned_of(examples: Sequence[Example], rarity: Rarity, reader: Reader) -> NDArray[np.float32]:
    """Work out the encoder's numbers of all claims, shape (claims, ``ALIGNED``)."""
    import torch

    found: list[NDArray[np.float32]] = []
    for start in range(0, len(examples), CHUNK):
        units = [
            beside(claim, split, e.given, rarity)
            for e in examples[start : start + CHUNK]
            if e.given is not None
            for claim, split in zip(e.claims, e.split, strict=True)
        ]
        texts = list(dict.fromkeys(text for unit in units for text in unit))
        with torch.inference_mode():
            known = dict(zip(texts, reader.read(texts), strict=True))
            for claim, *windows in units:
                near = [known[window] for window in windows if len(known[window].pieces)]
                there = bool(near) and len(known[claim].pieces) > 0
                found.append(
                    aligned(known[claim], near) if there else np.zeros(len(ALIGNED), np.float32)
                )
    return np.stack(found)
