"""Words that tell two sets of texts apart: log-odds ratios with an informative Dirichlet prior."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]{2,}")
"""Runs in scripts that write no spaces; pairs of their letters stand in for words."""
LOOKED_AT = 5_000
"""Characters of a text whose words count."""
LONGEST = 40
"""Letters of a word; longer ones are keys or hashes."""
PRIOR = 0.1
"""Weight of the prior, as a share of the texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lean:
    """A word, and how much more often one set of texts has it."""

    word: str
    z: float
    """Log-odds ratio in standard errors; above 0 where the first set has it more often."""
    share: float
    """Share of the first set's texts that have it."""
    other: float
    """Share of the second set's."""


def words_of(text: str) -> set[str]:
    """Give the different words of a text, folded to one case.

    Examples
    --------
    >>> sorted(words_of("The card's PIN, the card!"))
    ['card', "card's", 'pin', 'the']
    """
    folded = unicodedata.normalize("NFKC", text[:LOOKED_AT]).casefold()
    found = {word for word in WORD.findall(folded) if 1 < len(word) <= LONGEST}
    for run in UNSPACED.findall(folded):
        found.discard(run)
        found.update(run[i : i + 2] for i in range(len(run) - 1))
    return {word for word in found if not word.isdecimal()}


def leaning_words(
    bags: Iterable[set[str]], others: Iterable[set[str]], most: int = 10, least: int = 3
) -> tuple[Lean, ...]:
    """Find the words of one set of texts that are rarer in another, furthest first.

    A word counts once a text, so that one text which repeats it does not make it typical.
    Monroe, Colaresi & Quinn 2008, Political Analysis 16(4), the prior being how often both sets
    together have it.

    Parameters
    ----------
    bags, others
        Words of each text of both sets, from ``words_of``.
    most
        Words to give.
    least
        Texts of the first set that must have it.

    Examples
    --------
    >>> cards = [{"my", "card"}] * 8 + [{"my", "loan"}] * 2
    >>> loans = [{"my", "loan"}] * 9 + [{"my", "card"}]
    >>> [lean.word for lean in leaning_words(cards, loans)]
    ['card']
    """
    first, texts = _counted(bags)
    second, other_texts = _counted(others)
    words = [word for word, count in first.items() if count >= least]
    if not words or not other_texts:
        return ()
    now = np.array([first[word] for word in words], dtype=np.float64)
    then = np.array([second[word] for word in words], dtype=np.float64)
    z = log_odds_z(now, texts, then, other_texts)
    order = np.lexsort((np.array(words), -z))[:most]
    return tuple(
        Lean(
            word=words[i],
            z=float(z[i]),
            share=float(now[i] / texts),
            other=float(then[i] / other_texts),
        )
        for i in order
        if z[i] > 1.0
    )


def log_odds_z(now: Floats, n_now: int, then: Floats, n_then: int) -> Floats:
    """Log-odds ratios of counts in standard errors, shrunk towards no difference where rare.

    Words are counted by texts, of which some words are in nearly all: unlike Monroe et al., who
    count by words, texts without the word add to the variance too.
    """
    prior = PRIOR * (now + then)
    rest = PRIOR * (n_now + n_then) - prior
    without_now = np.maximum(n_now - now + rest, 1e-9)
    without_then = np.maximum(n_then - then + rest, 1e-9)
    gap = np.log((now + prior) / without_now) - np.log((then + prior) / without_then)
    counts = (now + prior, then + prior, without_now, without_then)
    z: Floats = gap / np.sqrt(sum(1.0 / count for count in counts))
    return z


def _counted(bags: Iterable[Iterable[str]]) -> tuple[Counter[str], int]:
    counts: Counter[str] = Counter()
    texts = 0
    for bag in bags:
        counts.update(bag)
        texts += 1
    return counts, texts


def bags_of(texts: Sequence[str]) -> list[set[str]]:
    """Give the words of each text."""
    return [words_of(text) for text in texts]
