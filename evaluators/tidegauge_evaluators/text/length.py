"""How long a text is."""

from __future__ import annotations

from tidegauge.records import ScorerCard
from tidegauge.scorer import About, Joined, Scorer, Texts
from tidegauge_evaluators._plain import Plain, given, identity
from tidegauge_evaluators._words import sentence_count, tokens, words

CARD = ScorerCard(
    title="Length",
    explain="Characters of the text; words, sentences and tokens beside.",
    reads={"text": "response"},
    better="none",
    unit="characters",
    reference="Unicode Standard, chapter 3: code points",
    range=(0.0, None),
    cached=False,
)


def length() -> Scorer:
    """Count characters, words, sentences and tokens.

    Characters are code points. Words of scripts without spaces are their characters. Sentences
    and tokens follow cheap rules that hold on average: a token is a run of up to eight letters,
    up to three digits, or one other visible character.

    Examples
    --------
    >>> import numpy as np
    >>> scorer = length()
    >>> scorer.join({"text": "It works. Thanks!"}, (), np.zeros((0, 0), np.float32)).values
    (17.0, 3.0, 2.0, 5.0)
    """
    return Plain(
        outputs={
            "": "numeric",
            "words": "numeric",
            "sentences": "numeric",
            "tokens": "numeric",
        },
        identity=identity("text.length", 1),
        work=_counts,
        about=About(notes=("tokens are estimated by a rule, not counted by a tokenizer",)),
    )


def _counts(row: Texts) -> Joined:
    text = given(row)
    counts = len(text), len(words(text)), sentence_count(text), tokens(text)
    return Joined(tuple(float(count) for count in counts))
