"""Whether an English text sounds pleased or displeased."""

from __future__ import annotations

import string
from collections.abc import Iterator
from functools import cache
from typing import Any

from tidegauge.errors import NotApplicable
from tidegauge.records import ScorerCard
from tidegauge.scorer import About, Joined, Scorer, Texts
from tidegauge_evaluators._plain import Plain, given, identity, missing
from tidegauge_evaluators._words import is_english, sentences

CARD = ScorerCard(
    title="Sentiment",
    explain="Mean over sentences of VADER's compound score: -1 is displeased, 1 is pleased.",
    reads={"text": "response"},
    better="higher",
    unit="compound score",
    reference="Hutto & Gilbert 2014, ICWSM: VADER",
    range=(-1.0, 1.0),
    cached=False,
    extra="text",
)

PIECE = 300
"""Characters of a sentence that are scored at once: the library's time grows with their square,
and its score saturates."""


def sentiment() -> Scorer:
    """Average VADER over the sentences of a text, as its authors advise for paragraphs.

    ``lowest`` is the most displeased sentence. VADER's lexicon and rules know English.

    Raises
    ------
    MissingExtraError
        When vaderSentiment is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> row = {"text": "The food was good. The service was terrible!"}
    >>> sentiment().join(row, (), np.zeros((0, 0), np.float32)).values
    (-0.0425, -0.5255)
    """
    analyser, version = _analyser()

    def measured(row: Texts) -> Joined:
        text = given(row, blank=False)
        if not is_english(text):
            raise NotApplicable("not English")
        found = [(_compound(analyser, piece), piece) for piece in _pieces(text)]
        lowest, because = min(found)
        mean = sum(score for score, _ in found) / len(found)
        return Joined((round(mean, 4), lowest), because=because.strip() if lowest < 0 else "")

    return Plain(
        outputs={"": "numeric", "lowest": "numeric"},
        identity=identity("text.sentiment", 1, library=version),
        work=measured,
        about=About(
            model=f"vaderSentiment {version}",
            licence="MIT",
            notes=("texts in other languages than English are not applicable",),
        ),
    )


def _compound(analyser: Any, piece: str) -> float:
    """Score a piece; one without any word or sign of the lexicon is 0, at once."""
    if piece.isascii():
        several = piece.lower().split()
        known = analyser.lexicon
        if not any(word in known or word.strip(string.punctuation) in known for word in several):
            return 0.0
    return float(analyser.polarity_scores(piece)["compound"])


def _pieces(text: str) -> Iterator[str]:
    """Sentences, the long ones cut between words."""
    for sentence in sentences(text):
        if len(sentence) <= PIECE:
            yield sentence
            continue
        held: list[str] = []
        size = 0
        for word in sentence.split():
            if held and size + len(word) > PIECE:
                yield " ".join(held)
                held, size = [], 0
            held.append(word)
            size += len(word) + 1
        yield " ".join(held)


@cache
def _analyser() -> tuple[Any, str]:
    """Load the library's lexicon, and tell its version."""
    from importlib.metadata import version

    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        raise missing("text.sentiment", "vaderSentiment") from None
    return SentimentIntensityAnalyzer(), version("vaderSentiment")
