"""How a claim stands in its context: the context in windows, and features of support by words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._support_words import (
    ANTONYMS,
    DATES,
    NEGATIONS,
    OPINION,
    OWN,
    Word,
    words,
)

WINDOW = 64
"""Words of a premise window: what a small encoder represents well, and most facts need less."""
REACH = 12
"""Words within which two words of a claim must stand in the context to count as said together."""
MANY = 20
"""Places of a word that are looked at: frequent words tell little about order."""
RUN = 4
"""Words in a row that make a copy rather than a coincidence."""

FEATURES = (
    "novel",
    "novel_content",
    "novel_weighted",
    "novel_window",
    "window_gap",
    "novel_two_windows",
    "novel_prefixes",
    "novel_bigrams",
    "novel_pairs",
    "swapped_pairs",
    "uncopied",
    "longest_copy",
    "rarest",
    "second_rarest",
    "novel_rare",
    "novel_frequent",
    "numbers",
    "numbers_novel",
    "numbers_moved",
    "names",
    "names_novel",
    "dates_novel",
    "negations",
    "negation_added",
    "negation_dropped",
    "opposites",
    "opposites_said",
    "length",
    "context_length",
    "windows",
    "from_question",
    "novel_to_both",
    "own",
    "opinion",
    "novel_response",
)
"""Names of what ``features`` returns, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rarity:
    """How rare words are: their share of many windows of text."""

    log_share: Mapping[str, float]
    """Stem -> natural logarithm of the share of windows that hold it."""
    floor: float
    """The same for stems that are not listed."""

    def of(self, stem: str) -> float:
        """Rarity of a stem, 0 for one that is everywhere."""
        return -self.log_share.get(stem, self.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Premise:
    """A context, taken apart once for all claims about it."""

    windows: tuple[str, ...]
    words: tuple[tuple[Word, ...], ...]
    """By window."""
    stems: tuple[frozenset[str], ...]
    """By window."""
    everywhere: frozenset[str]
    places: Mapping[str, tuple[int, ...]]
    """Stem -> places in the whole context."""
    sequence: tuple[str, ...]
    """All stems in order."""
    pairs: frozenset[tuple[str, ...]]
    """Neighbours in it."""
    runs: frozenset[tuple[str, ...]]
    """``RUN`` stems in a row."""
    prefixes: frozenset[str]
    """First four letters of its stems."""


def windows(sentences: Sequence[str], size: int = WINDOW) -> tuple[str, ...]:
    """Pack sentences into windows of at most ``size`` words; longer sentences are cut.

    Examples
    --------
    >>> windows(["One two.", "Three four.", "Five."], size=4)
    ('One two. Three four.', 'Five.')
    """
    packed: list[str] = []
    held: list[str] = []
    for sentence in sentences:
        split = sentence.split()
        for start in range(0, len(split), size):
            piece = split[start : start + size]
            if held and len(held) + len(piece) > size:
                packed.append(" ".join(held))
                held = []
            held = held + piece
    return (*packed, " ".join(held)) if held else tuple(packed)


def premise(cut: Sequence[str]) -> Premise:
    """Take the windows of a context apart."""
    by_window = tuple(tuple(words(window)) for window in cut)
    sequence = tuple(word.stem for each in by_window for word in each)
    places: dict[str, list[int]] = {}
    for place, each in enumerate(sequence):
        places.setdefault(each, []).append(place)
    return Premise(
        windows=tuple(cut),
        words=by_window,
        stems=tuple(frozenset(word.stem for word in each) for each in by_window),
        everywhere=frozenset(places),
        places={each: tuple(found) for each, found in places.items()},
        sequence=sequence,
        pairs=frozenset(pairwise(sequence)),
        runs=frozenset(sequence[i : i + RUN] for i in range(len(sequence) - RUN + 1)),
        prefixes=frozenset(stem[:4] for stem in places),
    )


def nearest(claim: Sequence[Word], given: Premise, rarity: Rarity, most: int) -> list[int]:
    """Windows that hold most of a claim's words, weighted by rarity, best first.

    Each window is valued by what it adds to those before it, so that two facts in two places are
    both found.
    """
    wanted = {word.stem: rarity.of(word.stem) for word in claim}
    left = dict(wanted)
    chosen: list[int] = []
    for _ in range(min(most, len(given.windows))):
        gains = [
            -1.0 if i in chosen else sum(left[s] + 0.1 * wanted[s] for s in wanted if s in stems)
            for i, stems in enumerate(given.stems)
        ]
        best = int(np.argmax(gains))
        chosen.append(best)
        left = {s: 0.0 if s in given.stems[best] else weight for s, weight in left.items()}
    return chosen


def unsupported(claim: Sequence[Word], given: Premise) -> list[Word]:
    """Content words of a claim that its context lacks."""
    return [word for word in claim if word.content and word.stem not in given.everywhere]


def features(
    claim: Sequence[Word],
    given: Premise,
    question: frozenset[str],
    rarity: Rarity,
    novel_response: float,
) -> NDArray[np.float32]:
    """Describe one claim's support.

    Parameters
    ----------
    claim
        Words of one sentence.
    given
        The context.
    question
        Stems of the question; empty where there is none.
    rarity
        Weights of words.
    novel_response
        Share of the whole response's words that the context lacks.

    Returns
    -------
    ndarray
        Shape (features,), in the order of ``FEATURES``; all zero for a claim without words but
        for its lengths.
    """
    content = [word for word in claim if word.content] or list(claim)
    missing = [word for word in content if word.stem not in given.everywhere]
    best = nearest(claim, given, rarity, 2)
    near = frozenset().union(*(given.stems[i] for i in best))
    first = given.stems[best[0]] if best else frozenset()
    weights = sorted((rarity.of(word.stem) for word in missing), reverse=True)
    values = (
        _share(claim, given.everywhere),
        _share(content, given.everywhere),
        _weighted(content, given.everywhere, rarity),
        _weighted(content, first, rarity),
        _weighted(content, first, rarity) - _weighted(content, given.everywhere, rarity),
        _weighted(content, near, rarity),
        _mean([word.stem[:4] not in given.prefixes for word in content]),
        *_order(claim, content, given),
        *_copies(claim, given),
        weights[0] if weights else 0.0,
        weights[1] if len(weights) > 1 else 0.0,
        _mean([w.stem not in given.everywhere and rarity.of(w.stem) > 6 for w in content]),
        _mean([w.stem not in given.everywhere and rarity.of(w.stem) <= 6 for w in content]),
        *_numbers(claim, given),
        *_names(claim, given),
        *_negations(claim, content, given, best),
        *_opposites(content, given, first),
        math.log1p(len(claim)),
        math.log1p(len(given.sequence)),
        math.log1p(len(given.windows)),
        _mean([w.stem in question and w.stem not in given.everywhere for w in content]),
        _mean([w.stem not in question and w.stem not in given.everywhere for w in content]),
        _mean([word.text.casefold() in OWN for word in claim]),
        _mean([word.text.casefold() in OPINION for word in claim]),
        novel_response,
    )
    return np.array(values, dtype=np.float32)


def _mean(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0


def _share(claim: Sequence[Word], known: frozenset[str]) -> float:
    return _mean([word.stem not in known for word in claim])


def _weighted(claim: Sequence[Word], known: frozenset[str], rarity: Rarity) -> float:
    """Share of a claim's words that are not known, each counted by its rarity."""
    total = sum(rarity.of(word.stem) for word in claim)
    lost = sum(rarity.of(word.stem) for word in claim if word.stem not in known)
    return lost / total if total else 0.0


def _order(
    claim: Sequence[Word], content: Sequence[Word], given: Premise
) -> tuple[float, float, float]:
    """Neighbours of the claim that are none in the context; and those whose order is turned."""
    beside = [pair in given.pairs for pair in pairwise(word.stem for word in claim)]
    apart, turned, pairs = 0, 0, 0
    for one, other in pairwise(word.stem for word in content):
        if one == other or not {one, other} <= given.everywhere:
            continue
        pairs += 1
        steps = [b - a for a in given.places[one][:MANY] for b in given.places[other][:MANY]]
        after = any(0 < step <= REACH for step in steps)
        apart += not after
        turned += not after and any(-REACH <= step < 0 for step in steps)
    return (
        1.0 - _mean(beside) if beside else 0.0,
        apart / pairs if pairs else 0.0,
        turned / pairs if pairs else 0.0,
    )


def _copies(claim: Sequence[Word], given: Premise) -> tuple[float, float]:
    """Share of the claim outside runs copied from the context; longest run's share of the claim."""
    stems = [word.stem for word in claim]
    inside = [False] * len(stems)
    for start in range(len(stems) - RUN + 1):
        if tuple(stems[start : start + RUN]) in given.runs:
            inside[start : start + RUN] = [True] * RUN
    longest = run = 0
    for copied in inside:
        run = run + 1 if copied else 0
        longest = max(longest, run)
    n = max(1, len(stems))
    return 1.0 - sum(inside) / n, longest / n


def _numbers(claim: Sequence[Word], given: Premise) -> tuple[float, float, float]:
    """Numbers; those the context lacks; those that stand beside another word there."""
    found = novel = moved = 0
    for place, word in enumerate(claim):
        if not word.number:
            continue
        found += 1
        if word.stem not in given.everywhere:
            novel += 1
            continue
        beside = {w.stem for w in claim[max(0, place - 2) : place + 3] if w.content and w != word}
        there = given.places[word.stem]
        around = {s for p in there[:MANY] for s in given.sequence[max(0, p - 4) : p + 5]}
        moved += bool(beside) and not beside & around
    return min(found, 3), min(novel, 3), min(moved, 3)


def _names(claim: Sequence[Word], given: Premise) -> tuple[float, float, float]:
    """Names; those the context lacks; dates and times it lacks."""
    names = [word for word in claim if word.name]
    dates = [word for word in claim if word.text.casefold() in DATES]
    return (
        min(len(names), 5),
        min(sum(word.stem not in given.everywhere for word in names), 3),
        min(sum(word.stem not in given.everywhere for word in dates), 3),
    )


def _negations(
    claim: Sequence[Word], content: Sequence[Word], given: Premise, best: Sequence[int]
) -> tuple[float, float, float]:
    """Negations of the claim; whether the context near it has none; the reverse."""
    own = sum(_negates(word) for word in claim)
    wanted = {word.stem for word in content}
    near = sum(
        _negates(word)
        for i in best
        for place, word in enumerate(given.words[i])
        if wanted & {w.stem for w in given.words[i][max(0, place - 4) : place + 5]}
    )
    return min(own, 3), float(own > 0 and near == 0), float(own == 0 and near > 0)


def _negates(word: Word) -> bool:
    return word.text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").casefold() in NEGATIONS


def _opposites(
    content: Sequence[Word], given: Premise, first: frozenset[str]
) -> tuple[float, float]:
    """Words whose opposite the context has: those it lacks, and those it has elsewhere."""
    counts = Counter(
        word.stem in given.everywhere
        for word in content
        if ANTONYMS.get(word.stem, frozenset())
        & (first if word.stem in given.everywhere else given.everywhere)
    )
    return min(counts[False], 3), min(counts[True], 3)
