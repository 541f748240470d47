"""What a claim is held against: windows of the context's sentences, and the two nearest ones."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tidegauge.errors import NotApplicable, Unscored
from tidegauge_evaluators._sentences import plain, sentences

Count: TypeAlias = Callable[[str], int]
"""Tokens of a text, special ones left out."""

NO_CONTEXT = "no context"
"""Why a row without sources has nothing to be held against."""
TOO_LONG = "a clause is longer than the model takes"
"""Why a claim cannot be checked: it would have to be cut short."""

_TERM = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]|[^\\W_\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]+"
)
"""A word, or one character of a script that writes no spaces."""
_CLAUSE = re.compile(r"(?<=[,;:)—–])\s+|(?<=[、，；：）])|\s+(?=[(—–])")  # noqa: RUF001
_TEXT_KEYS = ("text", "content", "page_content", "passage", "document", "snippet", "chunk", "body")
_JOINT = 1
"""Tokens that joining a sentence to the one before may cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A context in sentences; equally long tuples."""

    sentences: tuple[str, ...]
    """None longer than asked for."""
    passages: tuple[int, ...]
    """Number of the passage that each one is from."""
    sizes: tuple[int, ...]
    """Tokens of each."""
    terms: tuple[frozenset[str], ...]
    """Words of each, in one case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """What one claim is held against."""

    texts: tuple[str, ...]
    """Windows in the order of the context, then the two nearest sentences as one."""
    seen: frozenset[int]
    """Positions of the sentences that are in one of them."""
    unseen: int = 0
    """Windows left out."""


def passages(context: str) -> tuple[str, ...]:
    """Give the passages of a context: of a JSON list each entry, else the whole text.

    Entries that are objects give their text field, as retrievers name it. What looks like JSON
    and is not stays one passage as it is.

    Examples
    --------
    >>> passages('["One.", {"page_content": "Two.", "score": 0.9}, null]')
    ('One.', 'Two.')
    >>> passages("[1] One. [2] Two.")
    ('[1] One. [2] Two.',)
    """
    bare = context.strip()
    if bare.startswith("[") and bare.endswith("]"):
        try:
            entries = json.loads(bare)
        except (ValueError, RecursionError):
            return (context,)
        return tuple(text for entry in entries for text in _texts(entry))
    return (context,) if bare else ()


def evidence(context: str, count: Count, longest: int) -> Evidence:
    """Split a context into sentences.

    Parameters
    ----------
    context
        Text, or passages as a JSON list.
    count
        Tokens of a text.
    longest
        Sentences of more tokens are cut, between clauses where they have any.

    Raises
    ------
    NotApplicable
        When there is nothing in it.
    MissingExtraError
        When the splitting library is not installed.

    Examples
    --------
    >>> evidence("Rome fell. It was 476.", lambda text: len(text.split()), 10).sizes
    (2, 3)
    """
    kept, origins, sizes = [], [], []
    for origin, passage in enumerate(passages(context)):
        for sentence in sentences(passage):
            for piece, size in _short(plain(sentence), count, longest):
                kept.append(piece)
                origins.append(origin)
                sizes.append(size)
    if not kept:
        raise NotApplicable(NO_CONTEXT)
    return Evidence(
        sentences=tuple(kept),
        passages=tuple(origins),
        sizes=tuple(sizes),
        terms=tuple(frozenset(terms(sentence)) for sentence in kept),
    )


def premises(
    found: Evidence, claim: str, *, room: int, window: int = 4, overlap: int = 1, most: int = 32
) -> Premises:
    """Choose what to hold a claim against.

    Windows slide over the sentences of each passage and together cover all of them. Where there
    are more than ``most``, those stay that share most with the claim, words weighted by how rare
    they are in this context. The two sentences that together share most with the claim are added
    as one more premise unless they stand in one window anyway: evidence may be spread.

    Parameters
    ----------
    found
        The context.
    claim
        What is checked.
    room
        Tokens that a premise may have.
    window
        Most sentences of a window; 0 = as many as there is room for.
    overlap
        Sentences that neighbouring windows share.
    most
        Most windows; 0 = all.

    Examples
    --------
    >>> told = evidence("Ann lives in Rome. It rains. Bob left. Ann sings.", str.__len__, 99)
    >>> premises(told, "Ann sings in Rome.", room=99, window=2, overlap=0).texts
    ('Ann lives in Rome. It rains.', 'Bob left. Ann sings.', 'Ann lives in Rome. Ann sings.')
    """
    spans = list(_windows(found, room, window or len(found.sentences), overlap))
    weight = _weights(found, terms(claim))
    chosen = _best(found, spans, weight, most)
    seen = {i for begin, end in chosen for i in range(begin, end)}
    texts = [" ".join(found.sentences[begin:end]) for begin, end in chosen]
    pair = _pair(found, weight)
    together = any(begin <= pair[0] and pair[-1] < end for begin, end in chosen if pair)
    if pair and not together and sum(found.sizes[i] + _JOINT for i in pair) <= room:
        texts.append(" ".join(found.sentences[i] for i in pair))
        seen.update(pair)
    return Premises(
        texts=tuple(dict.fromkeys(texts)), seen=frozenset(seen), unseen=len(spans) - len(chosen)
    )


def clauses(claim: str, count: Count, room: int) -> tuple[str, ...]:
    """Cut a claim that is too long, between clauses only: a claim is never cut short.

    Raises
    ------
    Unscored
        When one clause alone is too long.

    Examples
    --------
    >>> clauses("Rome fell in 476, and Byzantium stood.", lambda text: len(text.split()), 4)
    ('Rome fell in 476,', 'and Byzantium stood.')
    """
    if count(claim) <= room:
        return (claim,)
    packed: list[str] = []
    for clause in _CLAUSE.split(claim):
        if count(clause) > room:
            raise Unscored(TOO_LONG)
        joined = f"{packed[-1]} {clause}" if packed else clause
        if packed and count(joined) <= room:
            packed[-1] = joined
        else:
            packed.append(clause)
    return tuple(packed)


def terms(text: str) -> list[str]:
    """Words of a text in one case; single characters of scripts that write no spaces.

    Examples
    --------
    >>> terms("It's 3.5 km to 東京")
    ['it', 's', '3', '5', 'km', 'to', '東', '京']
    """
    return _TERM.findall(text.casefold())


def _texts(entry: object) -> Iterator[str]:
    """Texts of an entry in a list of passages."""
    if isinstance(entry, str):
        if entry.strip():
            yield entry
    elif isinstance(entry, dict):
        named = [entry[key] for key in _TEXT_KEYS if isinstance(entry.get(key), str)]
        yield from _texts(named[0] if named else json.dumps(entry, ensure_ascii=False))
    elif isinstance(entry, list):
        for inner in entry:
            yield from _texts(inner)
    elif entry is not None:
        yield str(entry)


def _short(text: str, count: Count, longest: int) -> Iterator[tuple[str, int]]:
    """Pieces of a sentence with their sizes, halved near the middle until each is short enough."""
    waiting = [text]
    while waiting:
        piece = waiting.pop().strip()
        if not piece:
            continue
        if (size := count(piece)) <= longest or len(piece) < 2:
            yield piece, size
            continue
        middle = _middle(piece)
        waiting.extend((piece[middle:], piece[:middle]))


def _middle(text: str) -> int:
    """Place to cut a text: between clauses, else words, in its middle half; else the middle."""
    half, quarter = len(text) // 2, len(text) // 4
    for borders in (_CLAUSE, re.compile(r"\s+")):
        places = [found.end() for found in borders.finditer(text, quarter, len(text) - quarter)]
        if places:
            return min(places, key=lambda place: abs(place - half))
    return half


def _windows(found: Evidence, room: int, most: int, overlap: int) -> Iterator[tuple[int, int]]:
    """First sentence and end of each window; none reaches over two passages."""
    begin, n = 0, len(found.sentences)
    while begin < n:
        end, used = begin + 1, found.sizes[begin] + _JOINT
        while (
            end < n
            and end - begin < most
            and found.passages[end] == found.passages[begin]
            and used + found.sizes[end] + _JOINT <= room
        ):
            used += found.sizes[end] + _JOINT
            end += 1
        yield begin, end
        inside = end < n and found.passages[end] == found.passages[begin]
        begin = max(begin + 1, end - overlap) if inside else end


def _weights(found: Evidence, wanted: Iterable[str]) -> dict[str, float]:
    """How rare each of the claim's words is in this context; absent words are left out."""
    holders = Counter(term for held in found.terms for term in held)
    n = len(found.terms)
    return {
        term: math.log((n + 1.0) / (holders[term] + 0.5))
        for term in dict.fromkeys(wanted)
        if term in holders
    }


def _best(
    found: Evidence, spans: Sequence[tuple[int, int]], weight: dict[str, float], most: int
) -> list[tuple[int, int]]:
    """Windows that hold most of the claim's words, in the order of the context."""
    if not most or len(spans) <= most:
        return list(spans)

    def shared(span: tuple[int, int]) -> float:
        held = frozenset().union(*found.terms[slice(*span)])
        return sum(weight[term] for term in weight if term in held)

    return sorted(sorted(spans, key=shared, reverse=True)[:most])


def _pair(found: Evidence, weight: dict[str, float]) -> tuple[int, ...]:
    """Sentence that shares most with the claim, and the one that adds most to it."""
    left = dict(weight)
    picked: list[int] = []
    for _ in range(2):
        gains = [
            0.0 if i in picked else sum(left[term] for term in left.keys() & held)
            for i, held in enumerate(found.terms)
        ]
        best = max(range(len(gains)), key=gains.__getitem__)
        if gains[best] <= 0.0:
            return ()
        picked.append(best)
        left = {term: left[term] for term in left if term not in found.terms[best]}
    return tuple(sorted(picked))
