"""Words that a response shares with the reference answer."""

from __future__ import annotations

from tidegauge.records import ScorerCard
from tidegauge.scorer import Joined, Scorer, Texts
from tidegauge_evaluators._answers import answer_words, harmonic, overlap
from tidegauge_evaluators._plain import Plain, given, identity

CARD = ScorerCard(
    title="Token F1",
    explain="Harmonic mean of the share of the response's words that are in the reference answer "
    "and the share of the reference answer's words that are in the response.",
    reads={"response": "response", "reference_answer": "reference_answer"},
    better="higher",
    unit="F1 of words",
    reference="Rajpurkar et al. 2016, EMNLP: SQuAD",
    range=(0.0, 1.0),
    cached=False,
)


def f1() -> Scorer:
    """Compare as bags of words, normalised as SQuAD does.

    A long response that contains a short answer has recall 1 and low precision: look at
    ``recall`` where models answer in sentences.

    Examples
    --------
    >>> import numpy as np
    >>> row = {"response": "It is in Paris, France.", "reference_answer": "Paris"}
    >>> f1().join(row, (), np.zeros((0, 0), np.float32)).values
    (0.333, 0.2, 1.0)
    """
    return Plain(
        outputs={"": "numeric", "precision": "numeric", "recall": "numeric"},
        identity=identity("text.f1", 1),
        work=_compared,
    )


def _compared(row: Texts) -> Joined:
    wanted = answer_words(given(row, "reference_answer", blank=False))
    precision, recall = overlap(answer_words(given(row, "response")), wanted)
    return Joined((harmonic(precision, recall), precision, recall))
