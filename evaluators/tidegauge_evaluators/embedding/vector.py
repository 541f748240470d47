"""Texts as sentence vectors, for measures of embedding drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import Unscored
from tidegauge.models import Shelf
from tidegauge.records import Kind, ScorerCard
from tidegauge.scorer import About, Joined, Scorer, Texts, Unit
from tidegauge_evaluators._encoder import Encoder, Precision, sentence_encoder
from tidegauge_evaluators._plain import given, identity

CARD = ScorerCard(
    title="Sentence vector",
    explain="What a text means, as a sentence encoder's vector of length 1.",
    reads={"text": "prompt"},
    better="none",
    unit="vector",
    reference="Reimers & Gurevych 2019, EMNLP: Sentence-BERT",
    sampled=True,
    extra="llm",
)


def vector(
    *,
    shelf: Shelf,
    model: str = "minilm",
    prompt: str | None = None,
    windows: int = 4,
    precision: Precision = "float32",
) -> Scorer:
    """Encode a text; one longer than the encoder takes is the mean of its windows.

    Vectors of two encoders, or of one with other settings, say nothing about each other: the
    scorer's identity differs with whatever changes a number, and samples of different
    identities are not to be compared.

    Parameters
    ----------
    model
        Name or path of a sentence encoder.
    prompt
        Put before every text ("query: "); none given = the encoder's own default.
    windows
        Most windows of the encoder's length that are read; the rest counts as truncated.
    precision
        ``float32``, so that machines of every kind agree; ``bfloat16`` or ``auto`` is about
        twice as fast where the processor has it, and not comparable with the former.

    Raises
    ------
    ModelError
        When there is no such encoder.
    MissingExtraError
        When sentence-transformers is not installed.
    """
    encoder = sentence_encoder(shelf, model, prompt=prompt, precision=precision)
    return SentenceVector(model=encoder, most=windows)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceVector:
    """The loaded scorer."""

    model: Encoder
    most: int
    """Windows read of a text."""
    outputs: Mapping[str, Kind] = field(default_factory=lambda: {"": "vector"})

    @property
    def identity(self) -> str:
        """SHA-256 in hex over the encoder, its settings and the windows."""
        return identity("embedding.vector", 1, encoder=self.model.identity, most=self.most)

    @property
    def about(self) -> About:
        """The encoder's name and licence."""
        manifest = self.model.folder.manifest
        return About(model=manifest.name, licence=manifest.licence)

    def split(self, row: Texts) -> Sequence[Unit]:
        """Give the text's windows.

        Raises
        ------
        NotApplicable
            When the text is missing or empty.
        """
        return [(window,) for window in self._windows(row)[0]]

    def join(self, row: Texts, units: Sequence[Unit], outputs: NDArray[np.float32]) -> Joined:
        """Take the windows' mean direction.

        Raises
        ------
        Unscored
            When windows cancel each other out.
        """
        mean = outputs.mean(axis=0, dtype=np.float32)
        norm = float(np.linalg.norm(mean))
        if not norm > 1e-6:
            raise Unscored("the encoder gave no direction")
        return Joined((mean / np.float32(norm),), truncated=self._windows(row)[1])

    def _windows(self, row: Texts) -> tuple[Sequence[str], int]:
        return self.model.cut(given(row, blank=False), self.most)
