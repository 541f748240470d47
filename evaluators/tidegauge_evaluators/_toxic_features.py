"""What the embedded toxicity model reads in a text: hashed n-grams and a few dozen counts.

Every number is made with numpy alone. A batch of texts is laid end to end as code points, so that
one rolling hash (Karp & Rabin 1987) gives all n-grams of characters and words at once.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._toxic_words import TOGETHER, TOPICS, WORDS

CHARACTER_BITS = 17
WORD_BITS = 17
BUCKETS = (1 << CHARACTER_BITS) + (1 << WORD_BITS)
"""Hashed features: n-grams of 2 to 5 characters, then words, pairs and pairs with a gap."""
CHARACTERS = (2, 3, 4, 5)
WINDOW_WORDS = 60
WINDOW_CHARACTERS = 400
"""No window is longer, so that no model with 512 places ever cuts one."""
OVERLAP_WORDS = 15

MULTIPLIER = 0x9E3779B97F4A7C15
INVERSE = pow(MULTIPLIER, -1, 1 << 64)

_LEET = str.maketrans("013457@$!", "oieastasi")
_INSIDE = re.compile(r"(?<=[a-z])[013457@$!]+(?=[a-z])")
_SPACED = re.compile(r"\b(?:[a-z] ){2,}[a-z]\b")
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_NAME = re.compile(r"(?<!\w)@\w+")
_ENTITY = re.compile(r"&(amp|lt|gt|quot|#\d{1,7});")
_REPEATED = re.compile(r"(\w)\1{2,}")
_PIECE = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]|_+")
_TOPICS_OF = {
    word: tuple(topic for topic, of_topic in WORDS.items() if word in of_topic)
    for words in WORDS.values()
    for word in words
}
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"'}


def normalise(text: str) -> str:
    r"""Fold a text to lower-case words a space apart: what tells nothing of tone goes.

    Compatibility letters become plain ones, symbols outside the Latin range their Unicode names,
    digits inside words the letters they stand for, links and account names one mark each.

    Parameters
    ----------
    text
        As logged; lone surrogates and control characters are allowed.

    Examples
    --------
    >>> normalise("You're a F00L!!! https://x.example @someone \U0001f40d")
    "you're a fool ! link @ snake"
    """
    text = _LINK.sub(" link ", text)
    text = _NAME.sub(" @ ", text)
    text = _ENTITY.sub(_entity, text)
    text = unicodedata.normalize("NFKD", text).casefold()
    if not text.isascii():
        text = text.translate(_plain_characters())
    text = _INSIDE.sub(lambda found: found.group().translate(_LEET), text)
    text = _REPEATED.sub(r"\1\1", text)
    text = " ".join(_PIECE.findall(text))
    text = _SPACED.sub(lambda found: found.group().replace(" ", ""), text)
    return re.sub(r"([^\w\s])(?: \1)+", r"\1", text)


def _entity(found: re.Match[str]) -> str:
    name = found.group(1)
    if name in _ENTITIES:
        return _ENTITIES[name]
    return f" {chr(int(name[1:]))} " if int(name[1:]) < 0x110000 else " "


class _Plain(dict[int, str]):
    """Code point -> what stands for it; filled as code points are met."""

    def __missing__(self, code: int) -> str:
        made = self[code] = _plain(chr(code))
        return made


@functools.cache
def _plain_characters() -> _Plain:
    plain = _Plain({code: chr(code) for code in range(32, 127)})
    plain.update({0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"'})
    return plain


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace() or category in {"Cc", "Cs", "Cn", "Co"}:
        return " "
    if category in {"Mn", "Me", "Cf"}:  # accents and what joins emoji
        return ""
    if category == "So":
        return f" {unicodedata.name(character, 'symbol').lower().replace('-', ' ')} "
    if category == "Sk":  # skin tones: their own words would be read as hair and stamps
        return " tone " if 0x1F3FB <= ord(character) <= 0x1F3FF else " "
    return character


def windows(text: str) -> list[str]:
    """Cut a normalised text into overlapping windows that any of the models takes whole.

    Examples
    --------
    >>> windows("a b c")
    ['a b c']
    >>> [len(window.split()) for window in windows("word " * 100)]
    [60, 55]
    """
    words = [
        word[at : at + WINDOW_CHARACTERS]
        for word in text.split()
        for at in range(0, len(word), WINDOW_CHARACTERS)
    ]
    made, start = [], 0
    while start < len(words):
        end, characters = start, 0
        while end < len(words) and end - start < WINDOW_WORDS:
            characters += len(words[end]) + 1
            if characters > WINDOW_CHARACTERS and end > start:
                break
            end += 1
        made.append(" ".join(words[start:end]))
        if end >= len(words):
            break
        start = max(end - OVERLAP_WORDS, start + 1)
    return made


@dataclass(frozen=True, slots=True)
class Features:
    """A batch of texts as numbers."""

    row: NDArray[np.int64]
    """Text of each hashed feature, shape (features,)."""
    bucket: NDArray[np.int64]
    """Its bucket, below ``BUCKETS``; each occurs once in a text."""
    value: NDArray[np.float32]
    """One over the root of how many the text has of its kind."""
    counts: NDArray[np.float32]
    """Shape (texts, ``len(COUNTS)``)."""


COUNTS = (
    *TOPICS,
    *(f"{one} and {other}" for one, other in TOGETHER),
    "question",
    "exclamation",
    "quotes",
    "log length",
)
"""Names of the counts, in order."""


def read(texts: Sequence[str]) -> Features:
    """Turn normalised texts into features.

    Parameters
    ----------
    texts
        As ``normalise`` leaves them.
    """
    n = len(texts)
    codes, owner = _laid(texts)
    sums, powers = _prefix(codes)
    keys = [_grams(sums, powers, owner, size) for size in CHARACTERS]
    characters = _distinct(np.concatenate(keys))
    words = _distinct(_phrases(codes, owner, sums, powers))
    of_characters, of_words = characters >> CHARACTER_BITS, words >> WORD_BITS
    within = characters & ((1 << CHARACTER_BITS) - 1)
    beyond = (words & ((1 << WORD_BITS) - 1)) + (1 << CHARACTER_BITS)
    return Features(
        row=np.concatenate([of_characters, of_words]),
        bucket=np.concatenate([within, beyond]),
        value=np.concatenate([_unit(of_characters, n), _unit(of_words, n)]),
        counts=np.array([_counts(text) for text in texts], np.float32).reshape(n, len(COUNTS)),
    )


def _distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each key once; several times faster here than ``np.unique``, which hashes."""
    keys.sort()
    first = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return keys[first]


def _laid(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Code points of all texts, each between two spaces, and whose each is."""
    padded = [f" {text} " for text in texts]
    joined = "".join(padded).encode("utf-32-le", "replace")
    codes = np.frombuffer(joined, np.uint32).astype(np.uint64)
    owner = np.repeat(np.arange(len(texts)), [len(text) for text in padded])
    return codes, owner


def _prefix(codes: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Add up codes times powers, modulo 2^64, and the inverse powers that shift them to 0."""
    n = len(codes)
    powers = np.cumprod(np.full(n, MULTIPLIER, np.uint64), dtype=np.uint64)
    back = np.cumprod(np.full(n + 1, INVERSE, np.uint64), dtype=np.uint64)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum((codes + np.uint64(7)) * powers)])
    return sums, back


def _hashed(
    sums: NDArray[np.uint64],
    powers: NDArray[np.uint64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    salt: int,
) -> NDArray[np.uint64]:
    """Hash of the codes from each start up to its end; where they lie does not matter."""
    mixed = (sums[end] - sums[start]) * powers[start] + np.uint64(salt)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(29))


def _keyed(owner: NDArray[np.int64], hashes: NDArray[np.uint64], bits: int) -> NDArray[np.int64]:
    """Text and bucket in one number, to sort by."""
    return (owner << bits) | (hashes >> np.uint64(64 - bits)).astype(np.int64)


def _grams(
    sums: NDArray[np.uint64], powers: NDArray[np.uint64], owner: NDArray[np.int64], size: int
) -> NDArray[np.int64]:
    start = np.arange(max(len(owner) - size + 1, 0))
    start = start[owner[start] == owner[start + size - 1]]
    return _keyed(owner[start], _hashed(sums, powers, start, start + size, size), CHARACTER_BITS)


def _phrases(
    codes: NDArray[np.uint64],
    owner: NDArray[np.int64],
    sums: NDArray[np.uint64],
    powers: NDArray[np.uint64],
) -> NDArray[np.int64]:
    """Keys of words, of neighbours, and of words with one between them."""
    space = codes == np.uint64(32)
    start = np.flatnonzero(~space[1:] & space[:-1]) + 1
    end = np.flatnonzero(space[1:] & ~space[:-1]) + 1
    alone = _hashed(sums, powers, start, end, 101)
    keys = [_keyed(owner[start], alone, WORD_BITS)]
    for gap, salt in ((1, 103), (2, 107)):
        together = owner[start[:-gap]] == owner[start[gap:]]
        pair = alone[:-gap] * np.uint64(3) + alone[gap:] * np.uint64(salt)
        pair = (pair ^ (pair >> np.uint64(31))) * np.uint64(0x94D049BB133111EB)
        keys.append(_keyed(owner[start[:-gap]][together], pair[together], WORD_BITS))
    return np.concatenate(keys)


def _unit(row: NDArray[np.int64], n: int) -> NDArray[np.float32]:
    found = np.bincount(row, minlength=n)
    return np.asarray(1.0 / np.sqrt(np.maximum(found, 1)), np.float32)[row]


def _counts(text: str) -> list[float]:
    """Saturating counts of topics, of topics that meet, and of marks."""
    words = text.split()
    distinct = set(words)
    found = dict.fromkeys(TOPICS, 0)
    for word in distinct & _TOPICS_OF.keys():
        for topic in _TOPICS_OF[word]:
            found[topic] += 1
    met = {topic: min(n, 4) / 2.0 for topic, n in found.items()}
    return [
        *met.values(),
        *(min(met[one], met[other], 1.0) for one, other in TOGETHER),
        float("?" in distinct),
        float("!" in distinct),
        float('"' in distinct),
        float(np.log1p(len(words))) / 4.0,
    ]
