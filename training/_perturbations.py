"""Sentences changed in one place, so that they say something else than their context does."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import numpy as np

from tidegauge_evaluators._support_words import DATES, FIGURES, FUNCTION, OPPOSITES, Word, words

AUXILIARIES = re.compile(
    r"\b(is|are|was|were|can|could|will|would|should|has|have|had|does|do|did|must|may|might)\b"
)
DENIALS = re.compile(r"\b(not|never)\s+|n't\b")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST_PAIR = 2
"""Words of a learned exchange at most, on either side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A sentence with one change."""

    text: str
    start: int
    end: int
    """Characters of the changed place in ``text``."""
    label: int
    """1 = says something else now; 0 = says the same in another word."""
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What may be put in a sentence's place."""

    names: tuple[str, ...]
    """Names from other contexts."""
    exchanged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Word or short phrase -> others that editors put there and that changed the meaning."""
    same: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The same for exchanges that kept the meaning."""


def edits(sentence: str, nearby: Sequence[str], pool: Pool, rng: np.random.Generator) -> list[Edit]:
    """Change a sentence in each way that it offers, once.

    Parameters
    ----------
    sentence
        What the context supports.
    nearby
        Names of the same context: the hardest to tell from the right one.
    pool
        Replacements from elsewhere.
    rng
        Draws places and replacements.
    """
    split = words(sentence)
    makers = (
        _name(sentence, split, nearby, "name of the context", rng),
        _name(sentence, split, pool.names, "name", rng),
        _number(sentence, split, rng),
        _date(sentence, split, rng),
        _negation(sentence, rng),
        _opposite(sentence, split, rng),
        _roles(sentence, split, rng),
        _exchange(sentence, pool.exchanged, 1, "exchange", rng),
        _exchange(sentence, pool.same, 0, "paraphrase", rng),
        _exchange(sentence, pool.same, 0, "paraphrase", rng),
    )
    found = [edit for maker in makers for edit in maker]
    return list({edit.text: edit for edit in found if edit.text != sentence}.values())


def learned(pairs: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Collect short exchanges from pairs of an original and its edited version.

    Examples
    --------
    >>> learned([("He sold the car.", "He bought the car.")])
    {'sold': ('bought',)}
    """
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for original, edited in pairs:
        for before, after in changes(original.split(), edited.split()):
            one, other = _bare(before), _bare(after)
            if _whole(one) and _whole(other) and len(before) == len(after) <= LONGEST_PAIR:
                found[one][other] = None
    return {key: tuple(value for value in values if value != key) for key, values in found.items()}


def changes(before: list[str], after: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Stretches of two texts in which they differ."""
    matched = SequenceMatcher(None, before, after, autojunk=False)
    for tag, i, j, k, m in matched.get_opcodes():
        if tag != "equal":
            yield before[i:j], after[k:m]


def changed_places(original: str, edited: str) -> list[tuple[int, int]]:
    """Characters of the edited text that differ from the original, by words.

    Examples
    --------
    >>> changed_places("He sold the car.", "He bought a car.")
    [(3, 11)]
    """
    spans = [match.span() for match in re.finditer(r"\S+", edited)]
    matched = SequenceMatcher(None, original.split(), edited.split(), autojunk=False)
    places = []
    for tag, _, _, k, m in matched.get_opcodes():
        if tag == "equal" or not spans:
            continue
        # Words left out leave a seam: the words beside it stand for it.
        first, last = (k, m - 1) if m > k else (max(0, k - 1), min(k, len(spans) - 1))
        places.append((spans[first][0], spans[last][1]))
    return places


def _whole(phrase: str) -> bool:
    """Whether a phrase is of content words throughout: others depend on what stands around."""
    return bool(phrase) and all(word not in FUNCTION for word in phrase.split())


def _bare(found: Sequence[str]) -> str:
    return " ".join(found).strip(".,;:!?\"'()").casefold()


def _put(sentence: str, start: int, end: int, new: str, label: int, kind: str) -> Iterator[Edit]:
    text = sentence[:start] + new + sentence[end:]
    yield Edit(text=text, start=start, end=start + max(1, len(new)), label=label, kind=kind)


def _replace(sentence: str, word: Word, new: str, kind: str) -> Iterator[Edit]:
    yield from _put(sentence, word.start, word.start + len(word.text), new, 1, kind)


def _one(rng: np.random.Generator, found: Sequence[Word]) -> Word:
    return found[int(rng.integers(len(found)))]


def _name(
    sentence: str, split: Sequence[Word], names: Sequence[str], kind: str, rng: np.random.Generator
) -> Iterator[Edit]:
    own = [word for word in split if word.name]
    others = [name for name in names if name not in sentence]
    if own and others:
        yield from _replace(sentence, _one(rng, own), str(rng.choice(others)), kind)


def _number(sentence: str, split: Sequence[Word], rng: np.random.Generator) -> Iterator[Edit]:
    own = [word for word in split if word.number and word.stem.isdigit()]
    if not own:
        return
    word = _one(rng, own)
    value = int(word.stem[:9])
    spread = max(2, value // 4 if value < 1900 or value > 2100 else 8)
    new = max(0, value + int(rng.integers(1, spread + 1)) * int(rng.choice([-1, 1])))
    spelled = {figure: name for name, figure in reversed(FIGURES.items())}
    text = str(new) if word.text[0].isdigit() else spelled.get(str(new), str(new))
    yield from _replace(sentence, word, text, "number")


def _date(sentence: str, split: Sequence[Word], rng: np.random.Generator) -> Iterator[Edit]:
    own = [w for w in split if w.text.casefold() in DATES and w.text in (*MONTHS, *DAYS)]
    if own:
        word = _one(rng, own)
        others = [d for d in (MONTHS if word.text in MONTHS else DAYS) if d != word.text]
        yield from _replace(sentence, word, str(rng.choice(others)), "date")


def _negation(sentence: str, rng: np.random.Generator) -> Iterator[Edit]:
    if denied := DENIALS.search(sentence):
        start = max(0, sentence.rfind(" ", 0, denied.start() - 1) + 1)
        text = sentence[: denied.start()] + sentence[denied.end() :]
        yield Edit(
            text=text, start=start, end=denied.start() + 1, label=1, kind="negation taken away"
        )
    elif found := list(AUXILIARIES.finditer(sentence)):
        verb = found[int(rng.integers(len(found)))]
        yield from _put(sentence, verb.start(), verb.end(), f"{verb[0]} not", 1, "negation put in")


def _opposite(sentence: str, split: Sequence[Word], rng: np.random.Generator) -> Iterator[Edit]:
    table: dict[str, list[str]] = defaultdict(list)
    for one, other in OPPOSITES:
        table[one].append(other)
        table[other].append(one)
    own = [word for word in split if word.text in table]
    if own:
        word = _one(rng, own)
        yield from _replace(sentence, word, str(rng.choice(table[word.text])), "opposite")


def _roles(sentence: str, split: Sequence[Word], rng: np.random.Generator) -> Iterator[Edit]:
    own = [word for word in split if word.name]
    if len({word.text for word in own}) < 2:
        return
    first, second = own[0], next(word for word in own if word.text != own[0].text)
    text = (
        sentence[: first.start]
        + second.text
        + sentence[first.start + len(first.text) : second.start]
        + first.text
        + sentence[second.start + len(second.text) :]
    )
    yield Edit(
        text=text, start=first.start, end=second.start + len(first.text), label=1, kind="roles"
    )


def _exchange(
    sentence: str,
    table: Mapping[str, tuple[str, ...]],
    label: int,
    kind: str,
    rng: np.random.Generator,
) -> Iterator[Edit]:
    tokens = list(re.finditer(r"[^\W_]+(?:['’-][^\W_]+)*", sentence))  # noqa: RUF001
    places = [
        (tokens[i].start(), tokens[i + n - 1].end())
        for n in range(1, LONGEST_PAIR + 1)
        for i in range(len(tokens) - n + 1)
        if table.get(sentence[tokens[i].start() : tokens[i + n - 1].end()].casefold())
    ]
    if places:
        start, end = places[int(rng.integers(len(places)))]
        options = table[sentence[start:end].casefold()]
        yield from _put(sentence, start, end, str(rng.choice(options)), label, kind)
