"""The packaged encoder, for texts to train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tidegauge.models import Shelf
from tidegauge_evaluators._support_aligner import Loaded, Read, load


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoding:
    """Reads texts as the scorer does."""

    loaded: Loaded

    @classmethod
    def packaged(cls) -> Encoding:
        """Load the encoder that comes as a Python package."""
        encoder = Shelf(device="cpu").find("minilm")
        return cls(loaded=load(Path("none"), encoder.path, encoder.identity, "cpu"))

    def read(self, texts: Sequence[str]) -> list[Read]:
        """Encode texts."""
        return self.loaded.read(texts)

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """First character and end of each piece but the marks at both ends."""
        found = self.loaded.tokenizer.encode(text).offsets[1:-1]
        return [(int(start), int(end)) for start, end in found]
