"""Whether a response says what the reference answer says."""

from __future__ import annotations

from tidegauge.models import Shelf
from tidegauge.records import ScorerCard
from tidegauge.scorer import Scorer
from tidegauge_evaluators._encoder import sentence_encoder
from tidegauge_evaluators._likeness import Likeness

CARD = ScorerCard(
    title="Similarity to the reference answer",
    explain="Cosine of the sentence vectors of response and reference answer.",
    reads={"response": "response", "reference_answer": "reference_answer"},
    better="higher",
    unit="cosine",
    reference="Reimers & Gurevych 2019, EMNLP: Sentence-BERT",
    range=(-1.0, 1.0),
    extra="llm",
)


def similarity(*, shelf: Shelf, model: str = "minilm", windows: int = 8) -> Scorer:
    """Compare a response with the reference answer by meaning.

    Sentence vectors hardly see a negation or a wrong number: a high value says "about the
    same", not "the same".

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
    return Likeness(
        name="text.similarity",
        model=sentence_encoder(shelf, model),
        left="response",
        right="reference_answer",
        most=windows,
    )
