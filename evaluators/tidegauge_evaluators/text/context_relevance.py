"""Whether retrieval found something about the prompt."""

from __future__ import annotations

from tidegauge.models import Shelf
from tidegauge.records import ScorerCard
from tidegauge.scorer import Scorer
from tidegauge_evaluators._encoder import sentence_encoder
from tidegauge_evaluators._likeness import Likeness
from tidegauge_evaluators._premises import passages

CARD = ScorerCard(
    title="Context relevance",
    explain="Cosine of the sentence vectors of the prompt and the nearest window of the context.",
    reads={"prompt": "prompt", "context": "context"},
    better="higher",
    unit="cosine",
    reference="Reimers & Gurevych 2019, EMNLP: Sentence-BERT",
    range=(-1.0, 1.0),
    extra="llm",
)


def context_relevance(*, shelf: Shelf, model: str = "minilm", windows: int = 32) -> Scorer:
    """Compare a prompt with each window of each passage of its context, and keep the nearest.

    A fall says that retrieval fails or that people ask for what the documents do not hold.

    Parameters
    ----------
    shelf
        Finds models.
    model
        Name or path of a sentence encoder.
    windows
        Most windows of the encoder's length that are read of the context, eight of the prompt;
        the rest counts as truncated.

    Raises
    ------
    ModelError
        When there is no such encoder.
    MissingExtraError
        When sentence-transformers is not installed.
    """
    return Likeness(
        name="text.context_relevance",
        model=sentence_encoder(shelf, model),
        left="prompt",
        right="context",
        parts=passages,
        nearest=True,
        most=windows,
    )
