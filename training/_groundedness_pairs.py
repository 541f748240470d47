"""Claims of labelled responses piece by piece beside their contexts, and changes made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from _groundedness_claims import Example
from _groundedness_tagger import Bag, Tagged
from _perturbations import Edit, Pool, changed_places, edits, learned
from tidegauge_evaluators._support import Rarity
from tidegauge_evaluators._support_aligner import Beside, Read, beside
from tidegauge_evaluators._support_words import words
from tidegauge_evaluators.hallucination.embedded import beside as unit_of

CHUNK = 256
"""Examples encoded at once."""
CHANGED = 0.5
"""Weight of a self-made change beside a labelled response."""
CHANGES = 3
"""Changes kept of a sentence."""


class Reader(Protocol):
    """What encodes texts."""

    def read(self, texts: Sequence[str]) -> list[Read]:
        """Encode texts."""

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """First character and end of each piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A changed sentence and what it is held against."""

    edit: Edit
    windows: tuple[str, ...]
    group: int


def pairs_of(
    examples: Sequence[Example], rarity: Rarity, reader: Reader
) -> list[tuple[Beside, ...]]:
    """Read all claims of each example beside their windows, in half precision."""
    units = [
        [unit_of(c, s, e.given, rarity) for c, s in zip(e.claims, e.split, strict=True)]
        if e.given is not None
        else []
        for e in examples
    ]
    return list(_beside(units, reader))


def _beside(
    units: Sequence[Sequence[tuple[str, ...]]], reader: Reader
) -> Iterator[tuple[Beside, ...]]:
    import torch

    for start in range(0, len(units), CHUNK):
        chunk = units[start : start + CHUNK]
        texts = list(dict.fromkeys(text for row in chunk for unit in row for text in unit))
        with torch.inference_mode():
            known = dict(zip(texts, reader.read(texts), strict=True))
            for row in chunk:
                yield tuple(_half(known[claim], [known[w] for w in near]) for claim, *near in row)


def _half(claim: Read, near: Sequence[Read]) -> Beside:
    import torch

    found = beside(claim, [window for window in near if len(window.pieces)])
    # Made anew outside inference mode, so that training may use them.
    return Beside(*(torch.from_numpy(np.asarray(part.numpy(), np.float16)) for part in found))


def tagged_of(
    examples: Sequence[Example],
    pairs: Sequence[tuple[Beside, ...]],
    weights: NDArray[np.float64],
    reader: Reader,
) -> list[Tagged]:
    """Lay out labelled responses in bags.

    A response has one bag with its label. Where it is an edit of another text that is consistent,
    what was not edited has a bag of its own, labelled supported.
    """
    consistent = {e.row.response for e in examples if e.row.label == 0}
    found = []
    for example, claims, weight in zip(examples, pairs, weights, strict=True):
        row = example.row
        bags = [Bag(label=row.label, weight=float(weight))]
        places = [np.zeros(len(claim.scalars), np.int64) for claim in claims]
        if row.label == 1 and row.original in consistent:
            bags.append(Bag(label=0, weight=float(weight) / 2))
            changed = changed_places(row.original, row.response)
            places = [
                _outside(example.claims[i], row.response, changed, reader, places[i])
                for i in range(len(claims))
            ]
            if not any((each == 0).any() for each in places):
                places = [np.zeros_like(each) for each in places]
        found.append(Tagged(claims=claims, bags=tuple(bags), places=tuple(places)))
    return found


def _outside(
    claim: str,
    response: str,
    changed: Sequence[tuple[int, int]],
    reader: Reader,
    places: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Bag 0 for pieces within changed places of the response, bag 1 for the others."""
    at = response.find(claim)
    if at < 0:
        return places
    return _by_place(claim, [(start - at, end - at) for start, end in changed], reader, places)


def _by_place(
    claim: str,
    spans: Sequence[tuple[int, int]],
    reader: Reader,
    places: NDArray[np.int64],
) -> NDArray[np.int64]:
    inside = [
        any(first < end and start < last for start, end in spans)
        for first, last in reader.offsets(claim)[: len(places)]
    ]
    if len(inside) != len(places):
        return places
    return np.where(np.array(inside, bool), 0, 1).astype(np.int64)


def made_of(examples: Sequence[Example], rarity: Rarity, *, most: int, seed: int) -> list[Made]:
    """Change supported claims of the examples in one place each.

    Names come from the same context and from other ones; words that changed or kept the meaning
    are learned from edited responses among the examples.
    """
    rng = np.random.default_rng(seed)
    supported = [e for e in examples if e.row.label == 0 and e.given is not None]
    pool = _pool(examples)
    found: list[Made] = []
    for place in rng.permutation(len(supported)).tolist():
        example = supported[place]
        if example.given is None:
            continue
        nearby = [w.text for each in example.given.words for w in each if w.name]
        for claim in example.claims:
            kept = edits(claim, nearby, pool, rng)
            for i in rng.permutation(len(kept))[:CHANGES].tolist():
                unit = unit_of(kept[i].text, words(kept[i].text), example.given, rarity)
                found.append(Made(edit=kept[i], windows=unit[1:], group=example.row.group))
        if len(found) >= most:
            break
    return found


def _pool(examples: Sequence[Example]) -> Pool:
    edited = [e.row for e in examples if e.row.original]
    names = {
        w.text for e in examples if e.given is not None for each in e.split for w in each if w.name
    }
    return Pool(
        names=tuple(sorted(names)),
        exchanged=learned([(r.original, r.response) for r in edited if r.label == 1]),
        same=learned([(r.original, r.response) for r in edited if r.label == 0]),
    )


def tagged_changes(made: Sequence[Made], weight: float, reader: Reader) -> list[Tagged]:
    """Lay out changed sentences: one bag for what was changed, one for what was not."""
    pairs = _beside([[(one.edit.text, *one.windows)] for one in made], reader)
    found = []
    for one, claims in zip(made, pairs, strict=True):
        none = np.zeros(len(claims[0].scalars), np.int64)
        places = _by_place(one.edit.text, [(one.edit.start, one.edit.end)], reader, none)
        label = one.edit.label if (places == 0).any() else 0
        share = weight * CHANGED
        bags = (Bag(label=label, weight=share), Bag(label=0, weight=share / 2))
        found.append(Tagged(claims=claims, bags=bags, places=(places,)))
    return found
