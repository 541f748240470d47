"""Rows taken apart as the scorer takes them apart."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from _groundedness_data import Row
from tidegauge.errors import NotApplicable
from tidegauge_evaluators._support import Premise, Rarity
from tidegauge_evaluators._support_words import Word, words
from tidegauge_evaluators.hallucination.embedded import described, novel_words, taken_apart

SEEN = 4
"""Windows of the training part that must hold a word for it to be listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A row with its claims."""

    row: Row
    claims: tuple[str, ...]
    """Empty where the scorer finds nothing to check."""
    split: tuple[tuple[Word, ...], ...]
    given: Premise | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Features of all claims of some rows."""

    features: NDArray[np.float32]
    """Shape (claims, features)."""
    owner: NDArray[np.int64]
    """Row of each claim, ascending, shape (claims,)."""
    novel: NDArray[np.float64]
    """Share of novel words of each row's response, shape (rows,)."""


def examples_of(rows: Sequence[Row]) -> list[Example]:
    """Split rows into claims and windows."""
    return [_example(row) for row in rows]


def _example(row: Row) -> Example:
    try:
        stated, given = taken_apart({"response": row.response, "context": row.context})
    except NotApplicable:
        return Example(row=row, claims=(), split=(), given=None)
    split = tuple(tuple(words(claim)) for claim in stated)
    return Example(row=row, claims=stated, split=split, given=given)


def rarity_of(examples: Sequence[Example]) -> Rarity:
    """Count in how many windows of the training part each word is."""
    contexts = {e.row.context: e.given for e in examples if e.given}
    counts = Counter(stem for given in contexts.values() for stems in given.stems for stem in stems)
    total = sum(len(given.windows) for given in contexts.values())
    listed = {
        stem: round(math.log(n / total), 2) for stem, n in sorted(counts.items()) if n >= SEEN
    }
    return Rarity(log_share=listed, floor=round(math.log(1 / total), 2))


def table_of(examples: Sequence[Example], rarity: Rarity) -> Table:
    """Work out the features without the encoder."""
    parts = [
        described(e.split, e.given, e.row.question, rarity) for e in examples if e.given is not None
    ]
    counts = [len(e.claims) for e in examples]
    return Table(
        features=np.concatenate(parts),
        owner=np.repeat(np.arange(len(examples)), counts),
        novel=np.array([novel_words(e.split, e.given) if e.given else 0.0 for e in examples]),
    )
