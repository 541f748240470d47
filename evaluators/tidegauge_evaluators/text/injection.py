"""Whether a prompt looks like a prompt injection or a jailbreak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import ModelError
from tidegauge.models import Shelf
from tidegauge.records import Kind, ScorerCard
from tidegauge.scorer import About, Joined, Scorer, Texts, Unit
from tidegauge_evaluators._encoder import Encoder, sentence_encoder
from tidegauge_evaluators._injections import PHRASES, lexical
from tidegauge_evaluators._plain import Plain, given, identity
from tidegauge_evaluators._words import sentences

CARD = ScorerCard(
    title="Prompt injection",
    explain="Likeness of the prompt's nearest sentence to phrases of known kinds of attack.",
    reads={"text": "prompt"},
    better="lower",
    unit="likeness",
    reference="Greshake et al. 2023, AISec; Perez & Ribeiro 2022: attacks of these kinds",
    range=(0.0, 1.0),
    sensitive=True,
    extra="llm",
)

THRESHOLD, LEXICAL_THRESHOLD = 0.56, 0.4
"""Where 1 in 200 of 1,800 harmless prompts is flagged, with the encoder and without: 23 and 15
of 30 attacks that are not in the list then are, too."""
WEIGHT = 0.3
"""Of shared word pairs beside the cosine."""
PIECE, PIECES = 30, 200
"""Words of a sentence compared at once, and how many such pieces of a prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Likeness:
    """The scorer with an encoder."""

    model: Encoder
    identity: str
    about: About
    threshold: float
    phrases: Callable[[], NDArray[np.float32]]
    """Vectors of the phrases, shape (phrases, width), made when first asked for."""

    @property
    def outputs(self) -> dict[str, Kind]:
        """Likeness, and the decision."""
        return {"": "numeric", "flagged": "boolean"}

    def split(self, row: Texts) -> Sequence[Unit]:
        """Give the prompt's sentences, the long ones in pieces."""
        return [(piece,) for piece in _pieces(given(row, blank=False))[:PIECES]]

    def join(self, row: Texts, units: Sequence[Unit], outputs: NDArray[np.float32]) -> Joined:
        """Find the piece that is nearest to a phrase, and add what its words say."""
        nearest = (outputs @ self.phrases().T).max(axis=1)
        best = int(nearest.argmax())
        text = given(row)
        share, where = lexical(text)
        value = round(min(1.0, max(0.0, float(nearest[best])) + WEIGHT * share), 4)
        left = sum(self.model.size((piece,)) for piece in _pieces(text)[PIECES:])
        because = units[best][0] if nearest[best] > share else where
        return Joined((value, value >= self.threshold), truncated=left, because=because[:300])


def injection(*, shelf: Shelf, model: str = "minilm", threshold: float | None = None) -> Scorer:
    """Compare each sentence with sixty phrases written for this project, by meaning and words.

    The phrases cover orders to drop earlier instructions, prying into hidden prompts, personas
    without rules, pretexts, disguises, and commands planted in documents. An attack of another
    kind, or in another language than English, is missed: this shows a change in what arrives,
    it guards no door. Point it at the context (``on: context``) to look for planted commands.

    Parameters
    ----------
    shelf
        Finds models.
    model
        Name or path of a sentence encoder; empty = word pairs alone. Where the packaged encoder
        or what runs it is not installed, word pairs alone are compared and the report says so.
    threshold
        Likeness from which a prompt is flagged; ``None`` = 0.56 with an encoder, 0.4 without.

    Raises
    ------
    ModelError
        When there is no encoder of another name than ``minilm``.
    """
    encoder, why = _encoder(shelf, model)
    limit = threshold if threshold is not None else THRESHOLD if encoder else LEXICAL_THRESHOLD
    source = "" if threshold is not None else "; set on 1,800 harmless prompts and 30 attacks"
    said = f"flagged from a likeness of {limit:g}{source}"
    if encoder is None:
        return _by_words(limit, (f"compared by words alone: {why}", said))
    manifest = encoder.folder.manifest
    return _Likeness(
        model=encoder,
        identity=identity("text.injection", 1, encoder=encoder.identity, threshold=limit),
        about=About(model=manifest.name, licence=manifest.licence, notes=(said,)),
        threshold=limit,
        phrases=cache(lambda: encoder.encode(PHRASES)),
    )


def _encoder(shelf: Shelf, model: str) -> tuple[Encoder | None, str]:
    """Find the encoder, or say why it goes without."""
    if not model:
        return None, "no encoder was asked for"
    if model == "minilm" and find_spec("sentence_transformers") is None:
        return None, "sentence-transformers is not installed"
    try:
        return sentence_encoder(shelf, model), ""
    except ModelError:
        if model != "minilm":
            raise
        return None, "the packaged encoder is not installed"


def _by_words(threshold: float, notes: tuple[str, ...]) -> Plain:
    def compared(row: Texts) -> Joined:
        share, where = lexical(given(row, blank=False))
        flagged = share >= threshold
        return Joined((share, flagged), because=where if flagged else "")

    return Plain(
        outputs={"": "numeric", "flagged": "boolean"},
        identity=identity("text.injection by words", 1, threshold=threshold),
        work=compared,
        about=About(notes=notes),
    )


def _pieces(text: str) -> list[str]:
    found = []
    for sentence in sentences(text):
        several = sentence.split()
        found += [" ".join(several[at : at + PIECE]) for at in range(0, len(several), PIECE)]
    return [piece[:1_000] for piece in found]
