"""Longest run of words, gaps allowed, that a response shares with the reference answer."""

from __future__ import annotations

import re

from tidegauge.errors import NotApplicable
from tidegauge.records import ScorerCard
from tidegauge.scorer import About, Joined, Scorer, Texts
from tidegauge_evaluators._answers import harmonic
from tidegauge_evaluators._plain import Plain, given, identity, missing
from tidegauge_evaluators._words import words

CARD = ScorerCard(
    title="ROUGE-L",
    explain="F1 of the longest common subsequence of words of response and reference answer.",
    reads={"response": "response", "reference_answer": "reference_answer"},
    better="higher",
    unit="F1 of the longest common subsequence",
    reference="Lin 2004, ACL workshop Text Summarization Branches Out",
    range=(0.0, 1.0),
    cached=False,
    extra="text",
)

_LATIN = re.compile("[a-z0-9]+")


def rouge_l() -> Scorer:
    """Find the longest common subsequence by a bit-parallel algorithm, words in lower case.

    On texts in ASCII this is the ``rougeL`` of the package rouge-score without stemming, whose
    words are runs of a to z and digits. Other texts would have no words there; here they have.

    Raises
    ------
    MissingExtraError
        When rapidfuzz is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> row = {"response": "police kill the gunman", "reference_answer": "police killed the gunman"}
    >>> rouge_l().join(row, (), np.zeros((0, 0), np.float32)).values
    (0.75, 0.75, 0.75)
    """
    try:
        from rapidfuzz.distance import LCSseq
    except ImportError:
        raise missing("text.rouge_l", "rapidfuzz") from None

    def compared(row: Texts) -> Joined:
        wanted_text = given(row, "reference_answer", blank=False).lower()
        text = given(row, "response").lower()
        latin = wanted_text.isascii() and text.isascii()
        response, wanted = (_words(one, latin) for one in (text, wanted_text))
        if not wanted:
            raise NotApplicable("no words in the reference answer")
        if not response:
            return Joined((0.0, 0.0, 0.0))
        common = LCSseq.similarity(response, wanted)
        precision, recall = common / len(response), common / len(wanted)
        return Joined((harmonic(precision, recall), precision, recall))

    return Plain(
        outputs={"": "numeric", "precision": "numeric", "recall": "numeric"},
        identity=identity("text.rouge_l", 1),
        work=compared,
        about=About(notes=("words are compared without stemming",)),
    )


def _words(text: str, latin: bool) -> list[str]:
    return _LATIN.findall(text) if latin else words(text)
