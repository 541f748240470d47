"""Whether a response is the reference answer."""

from __future__ import annotations

from tidegauge.records import ScorerCard
from tidegauge.scorer import Joined, Scorer, Texts
from tidegauge_evaluators._answers import normalised
from tidegauge_evaluators._plain import Plain, given, identity

CARD = ScorerCard(
    title="Exact match",
    explain="1 where the response is the reference answer but for case, articles and punctuation.",
    reads={"response": "response", "reference_answer": "reference_answer"},
    better="higher",
    unit="1 = equal, 0 = not",
    reference="Rajpurkar et al. 2016, EMNLP: SQuAD",
    range=(0.0, 1.0),
    cached=False,
)


def exact_match() -> Scorer:
    """Compare as SQuAD does: lower case, no punctuation, no English articles, single spaces.

    Examples
    --------
    >>> import numpy as np
    >>> row = {"response": "The Eiffel Tower!", "reference_answer": "eiffel tower"}
    >>> exact_match().join(row, (), np.zeros((0, 0), np.float32)).values
    (1.0,)
    """
    return Plain(outputs={"": "numeric"}, identity=identity("text.exact_match", 1), work=_compared)


def _compared(row: Texts) -> Joined:
    wanted = normalised(given(row, "reference_answer", blank=False))
    return Joined((float(normalised(given(row, "response")) == wanted),))
