"""Whether a response is about what was asked."""

from __future__ import annotations

from tidegauge.models import Shelf
from tidegauge.records import ScorerCard
from tidegauge.scorer import Scorer
from tidegauge_evaluators._encoder import sentence_encoder
from tidegauge_evaluators._likeness import Likeness

CARD = ScorerCard(
    title="Answer relevance",
    explain="Cosine of the sentence vectors of prompt and response.",
    reads={"response": "response", "prompt": "prompt"},
    better="higher",
    unit="cosine",
    reference="Reimers & Gurevych 2019, EMNLP: Sentence-BERT",
    range=(-1.0, 1.0),
    extra="llm",
)


def relevance(*, shelf: Shelf, model: str = "minilm", windows: int = 8) -> Scorer:
    """Compare a response with its prompt by meaning.

    High where both speak of the same things, whether the answer is right or not; a fall says
    that answers wander off or that prompts and responses of another kind came in.

    Parameters
    ----------
    shelf
        Finds models.
    model
        Name or path of a sentence encoder.
    windows
        Most windows of the encoder's length that are read of each text; the rest counts as
        truncated.

    Raises
    ------
    ModelError
        When there is no such encoder.
    MissingExtraError
        When sentence-transformers is not installed.
    """
    encoder = sentence_encoder(shelf, model)
    return Likeness(
        name="text.relevance", model=encoder, left="response", right="prompt", most=windows
    )
