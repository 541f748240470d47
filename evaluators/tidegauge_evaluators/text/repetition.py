"""How much a text repeats itself."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from tidegauge.records import ScorerCard
from tidegauge.scorer import About, Joined, Scorer, Texts
from tidegauge_evaluators._plain import Plain, given, identity
from tidegauge_evaluators._words import words

CARD = ScorerCard(
    title="Repetition",
    explain="Share of word sequences that came before in the same text: a model that loops.",
    reads={"text": "response"},
    better="lower",
    unit="share of word sequences",
    reference="Welleck et al. 2020, ICLR: seq-rep-n",
    range=(0.0, 1.0),
    cached=False,
)

TIMES = 3
"""Repetitions in a row from which an ending is a loop."""


def repetition(*, n: int = 4, threshold: float = 0.3) -> Scorer:
    """Count sequences of words that repeat earlier ones.

    ``loop`` is the share of words in an ending that says the same three times or more in a row;
    ``compression`` the share of bytes that DEFLATE saves, which grows with length.

    Parameters
    ----------
    n
        Words of a sequence; texts with fewer words repeat nothing.
    threshold
        Share from which a text is flagged.

    Examples
    --------
    >>> import numpy as np
    >>> text = "The answer is no. " * 5
    >>> repetition().join({"text": text}, (), np.zeros((0, 0), np.float32)).values[:3]
    (0.7647, 1.0, 0.6778)
    """

    def measured(row: Texts) -> Joined:
        text = given(row)
        found = [word.casefold() for word in words(text)]
        several = max(len(found) - n + 1, 0)
        distinct = len({tuple(found[at : at + n]) for at in range(several)})
        share = 1 - distinct / several if several else 0.0
        period, looped = ending_loop(found)
        said = f"ends by repeating: {' '.join(found[-period:])[:200]}" if looped else ""
        values = (round(share, 4), round(looped, 4), _saved(text), share >= threshold)
        return Joined(values, because=said)

    return Plain(
        outputs={
            "": "numeric",
            "loop": "numeric",
            "compression": "numeric",
            "flagged": "boolean",
        },
        identity=identity("text.repetition", 1, n=n, threshold=threshold),
        work=measured,
        about=About(notes=(f"flagged from a share of {threshold:g}",)),
    )


def ending_loop(items: Sequence[str]) -> tuple[int, float]:
    """Find the longest ending that is one sequence, three times or more.

    Returns
    -------
    tuple
        Items of the sequence, and the share of all items that the ending takes; zeros where
        nothing loops.

    Examples
    --------
    >>> ending_loop("a b x y x y x y".split())
    (2, 0.75)
    """
    turned = items[::-1]
    border, best, period = [0] * len(turned), 0, 0
    for at in range(1, len(turned)):  # Knuth, Morris & Pratt's failure function
        length = border[at - 1]
        while length and turned[at] != turned[length]:
            length = border[length - 1]
        border[at] = length + (turned[at] == turned[length])
        step = at + 1 - border[at]
        if at + 1 >= TIMES * step:
            best, period = at + 1, step
    return (period, best / len(items)) if best else (0, 0.0)


def _saved(text: str) -> float:
    raw = text.encode("utf-8", "surrogatepass")
    return round(max(0.0, 1 - len(zlib.compress(raw)) / len(raw)), 4) if raw else 0.0
