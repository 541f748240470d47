"""Answers made comparable with reference answers."""

from __future__ import annotations

import string
import unicodedata
from collections import Counter
from functools import lru_cache

from tidegauge_evaluators._words import words

_ARTICLES = frozenset({"a", "an", "the"})
_DROPPED = str.maketrans("", "", string.punctuation)


def normalised(text: str) -> str:
    """Lower case without punctuation, English articles and double spaces, as SQuAD compares.

    Punctuation of every script goes, where SQuAD's script knows ASCII only.

    Examples
    --------
    >>> normalised("  The U.S., in   1999\u3002")
    'us in 1999'
    """
    kept = text.lower().translate(_DROPPED)
    if not kept.isascii():
        kept = "".join([char for char in kept if not _is_punctuation(char)])
    return " ".join([word for word in kept.split() if word not in _ARTICLES])


def answer_words(text: str) -> list[str]:
    """Words of the normalised text; characters of scripts that put no space between words.

    Examples
    --------
    >>> answer_words("The cat's hat")
    ['cats', 'hat']
    """
    return words(normalised(text))


def overlap(response: list[str], wanted: list[str]) -> tuple[float, float]:
    """Precision and recall of the response's words, repeated ones counted as often.

    Examples
    --------
    >>> overlap(["a", "b", "b"], ["b", "c"])
    (0.333, 0.5)
    """
    if not response or not wanted:
        equal = float(response == wanted)
        return equal, equal
    common = (Counter(response) & Counter(wanted)).total()
    return common / len(response), common / len(wanted)


def harmonic(precision: float, recall: float) -> float:
    """F1 of precision and recall.

    Examples
    --------
    >>> harmonic(1.0, 0.5), harmonic(0.0, 0.0)
    (0.667, 0.0)
    """
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0


@lru_cache(maxsize=2**14)
def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] == "P"
