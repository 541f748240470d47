"""Topics: clusters of vectors by k-means, found in both sides together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._log_odds import bags_of, leaning_words
from tidegauge_evaluators._vectors import Matrix, Places, Pool

Floats = NDArray[np.float64]

ROUNDS = 30
"""Most rounds of Lloyd's algorithm."""
ROWS_A_TOPIC = 12
"""Topics grow with the square root of rows, one of so many rows when there are so many squared."""
MOST = 30
LABEL_WORDS = 4
"""Words that a topic is called by."""


def topic_count(rows: int) -> int:
    """Give the number of topics that so many rows can tell apart.

    Examples
    --------
    >>> [topic_count(rows) for rows in (50, 500, 2_000, 20_000)]
    [2, 6, 13, 30]
    """
    return max(2, min(MOST, round(math.sqrt(rows / ROWS_A_TOPIC))))


def cluster(rows: Matrix, count: int, rng: np.random.Generator) -> tuple[Places, Matrix]:
    """Cluster rows by k-means, started by k-means++ (Arthur & Vassilvitskii 2007).

    Returns
    -------
    tuple
        Topic of each row, shape (rows,); centres, shape (topics, dimensions). Topics that lost
        all their rows are gone.
    """
    centres = _seeds(rows, count, rng)
    topic = np.full(len(rows), -1, np.int64)
    for _ in range(ROUNDS):
        moved = nearest(rows, centres)
        if (moved == topic).all():
            break
        topic = moved
        centres = _means(rows, topic, len(centres))
    _, topic = np.unique(topic, return_inverse=True)
    return topic, _means(rows, topic, int(topic.max()) + 1)


def _seeds(rows: Matrix, count: int, rng: np.random.Generator) -> Matrix:
    """Rows far from one another."""
    chosen = [int(rng.integers(len(rows)))]
    lengths = np.einsum("ij,ij->i", rows, rows).astype(np.float64)
    far = _squares(rows, lengths, chosen[0])
    while len(chosen) < count and far.sum() > 0.0:
        chosen.append(int(rng.choice(len(rows), p=far / far.sum())))
        far = np.minimum(far, _squares(rows, lengths, chosen[-1]))
    return rows[chosen]


def _squares(rows: Matrix, lengths: Floats, place: int) -> Floats:
    """Squared distance of every row from one of them; exactly 0 from its like."""
    found: Floats = lengths + lengths[place] - 2.0 * (rows @ rows[place])
    found[found < 1e-6 * lengths.max(initial=0.0)] = 0.0
    return found


def nearest(rows: Matrix, centres: Matrix) -> Places:
    """Give the nearest centre of each row, shape (rows,)."""
    nearness = rows @ centres.T - 0.5 * np.einsum("ij,ij->i", centres, centres)
    return np.asarray(nearness.argmax(axis=1), dtype=np.int64)


def _means(rows: Matrix, topic: Places, count: int) -> Matrix:
    """Mean of each topic's rows; zeros where it has none."""
    members = np.zeros((count, len(rows)), np.float32)
    members[topic, np.arange(len(rows))] = 1.0
    sums = members @ rows
    return np.asarray(sums / np.maximum(members.sum(axis=1), 1.0)[:, None], dtype=np.float32)


def topic_names(pool: Pool, topic: Places) -> tuple[str, ...]:
    """Call each topic by the words that its texts have more often than all others.

    A topic of vectors without texts is called by its number, and so is one whose texts share no
    word.
    """
    return names_of(pool.texts, topic, int(topic.max()) + 1)


def names_of(texts: Sequence[str], topic: Places, count: int) -> tuple[str, ...]:
    """Call so many topics by the words that their texts have more often than all others."""
    if not texts:
        return tuple(f"topic {i + 1}" for i in range(count))
    bags = bags_of(texts)
    names = []
    for i in range(count):
        inside = [bag for bag, here in zip(bags, topic == i, strict=True) if here]
        outside = [bag for bag, here in zip(bags, topic != i, strict=True) if here]
        words = [lean.word for lean in leaning_words(inside, outside, LABEL_WORDS)]
        names.append(", ".join(words) or f"topic {i + 1}")
    return _distinct(names)


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Add numbers to names that several topics have."""
    return tuple(
        f"{name} ({names[:i].count(name) + 1})" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    )
