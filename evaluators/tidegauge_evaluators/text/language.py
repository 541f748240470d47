"""Which language a text is in."""

from __future__ import annotations

from functools import cache
from typing import Any

from tidegauge.records import ScorerCard
from tidegauge.scorer import About, Joined, Scorer, Texts
from tidegauge_evaluators._plain import Plain, given, identity, missing

CARD = ScorerCard(
    title="Language",
    explain="Language of the text, as ISO 639-1 code; und where it cannot be told.",
    reads={"text": "response"},
    better="none",
    unit="ISO 639-1 code",
    reference="Lui & Baldwin 2011, IJCNLP; Barbaresi, py3langid",
    cached=False,
    extra="text",
)

UNKNOWN = "und"
"""Undetermined, as ISO 639-2 writes it."""
GLANCE, SEEN = 100, 1_000
"""Characters looked at first, and where that leaves a doubt."""
SURE = 0.5
"""Probability from which a glance will do."""


def language(*, min_letters: int = 12, min_confidence: float = 0.2) -> Scorer:
    """Tell the language among 97, from byte sequences, by naive Bayes.

    Parameters
    ----------
    min_letters
        Bytes of letters in UTF-8 below which a text is ``und``: twelve Latin letters, four
        ideographs.
    min_confidence
        Probability below which it is ``und``.

    Raises
    ------
    MissingExtraError
        When py3langid is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> none, scorer = np.zeros((0, 0), np.float32), language()
    >>> [scorer.join({"text": one}, (), none).values[0] for one in ("Ich bin hier zuhause", "?")]
    ['de', 'und']
    """
    identifier, version = _identifier()

    def told(row: Texts) -> Joined:
        head = given(row, blank=False).lstrip()[:SEEN]
        glance = head[:GLANCE]
        if max(_letters(glance), _letters(head[GLANCE:])) < min_letters:
            return Joined((UNKNOWN, 0.0))
        name, confidence = identifier.classify(glance)
        if confidence < SURE and len(head) > GLANCE:
            name, confidence = identifier.classify(head)
        known = confidence >= min_confidence
        return Joined((name if known else UNKNOWN, round(float(confidence), 4)))

    return Plain(
        outputs={"": "categorical", "confidence": "numeric"},
        identity=identity("text.language", 1, library=version, least=(min_letters, min_confidence)),
        work=told,
        about=About(model=f"py3langid {version}", licence="BSD-3-Clause"),
    )


def _letters(text: str) -> int:
    """Bytes in UTF-8 of the letters."""
    if text.isascii():
        return sum(map(str.isalpha, text))
    return len("".join(filter(str.isalpha, text)).encode("utf-8", "replace"))


@cache
def _identifier() -> tuple[Any, str]:
    """Load the library's model from its own package, and tell its version."""
    from importlib.metadata import version

    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:
        raise missing("text.language", "py3langid") from None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True), version("py3langid")
