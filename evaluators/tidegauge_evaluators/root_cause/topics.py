"""Topics of both sides' texts as a column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Variable
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.records import ExplainerCard
from tidegauge_evaluators._topic_column import TopicColumn
from tidegauge_evaluators._topics import cluster, names_of, nearest
from tidegauge_evaluators._vectors import FEWEST, MOST, normalised

CARD = ExplainerCard(
    title="Topics of texts",
    explain="What is each text about, so that a topic may be named as a cause like any value?",
    reference="Arthur & Vassilvitskii 2007, SODA; Monroe, Colaresi & Quinn 2008, Political "
    "Analysis 16",
    needs="sentence vectors of both sides' texts",
)

Matrix = NDArray[np.float32]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

ROWS = 50
"""Rows of both sides that a topic holds on average, at least."""
NAMED = 2_000
"""Texts of each side whose words name the topics."""


def topics(
    vectors: Matrix,
    current: Flags,
    texts: Sequence[str | None] = (),
    *,
    rng: np.random.Generator,
    most: int = 40,
    name: str = "topic",
    role: str = "prompt",
    ids: Sequence[str] = (),
) -> TopicColumn:
    """Lay the texts of both sides out by topic.

    Topics are clusters of both sides' vectors together, as many rows of each, repeated texts
    counted once: a topic that only one log has is one, and neither a large log nor a text that is
    sent over and over makes topics of its own. There is one for 50 different rows, up to a limit:
    more than are counted for a trend, so that a new subject gets one.

    Parameters
    ----------
    vectors
        Shape (rows, dimensions) of both sides, of one encoder; a row without a text is NaN.
    current
        Shape (rows,): whether a row is of the current log.
    texts
        Text of each row; without them topics are called by numbers.
    rng
        Draws rows and first centres.
    most
        Most topics.
    name, role
        What the column is called, and what its texts are for.
    ids
        Id of each row in its log.

    Raises
    ------
    NotApplicable
        When vectors, sides and texts are not of as many rows, or all vectors are one.
    TooFewRows
        When either side has fewer than 20 different texts.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> about = np.arange(200) % 2
    >>> vectors = (9.0 * np.eye(2)[about] + rng.normal(size=(200, 2))).astype(np.float32)
    >>> texts = [f"my {('card', 'loan')[i]} {chr(97 + n % 26)}{n}" for n, i in enumerate(about)]
    >>> found = topics(vectors, np.arange(200) >= 100, texts, rng=rng)
    >>> sorted(found.variable.levels)
    ['card', 'loan']
    """
    if len(vectors) != len(current) or (len(texts) and len(texts) != len(current)):
        raise NotApplicable(
            f"{len(vectors):,} vectors and {len(texts):,} texts for {len(current):,} rows"
        )
    known = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    learnt = _different(vectors, current, texts, known, rng)
    middle = vectors[learnt].mean(axis=0, dtype=np.float64).astype(np.float32)
    rows = vectors[learnt] - middle
    if not float(np.abs(rows).max(initial=0.0)) > 1e-6:
        raise NotApplicable("all vectors are the same: there are no topics")
    count = max(2, min(most, len(rows) // ROWS))
    _, centres = cluster(rows, count, rng)
    codes, distance = _laid(vectors, middle, centres, known)
    order = np.argsort(
        -np.bincount(codes[known][~current[known]], minlength=len(centres)), kind="stable"
    )
    place = np.argsort(order)
    values = np.full(len(current), np.nan)
    values[known] = place[codes[known]]
    shown = rng.permutation(learnt)[: 2 * NAMED] if len(texts) else learnt[:0]
    names = names_of(
        [texts[i] or "" for i in shown], place[codes[shown]].astype(np.int64), len(centres)
    )
    return TopicColumn(
        variable=Variable(name=name, values=values, levels=names),
        distance=distance,
        texts=tuple(texts),
        role=role,
        ids=tuple(ids),
    )


def _different(
    vectors: Matrix,
    current: Flags,
    texts: Sequence[str | None],
    known: Places,
    rng: np.random.Generator,
) -> Places:
    """As many rows of each side, no two of one side alike."""
    sides = []
    for side in (False, True):
        rows = rng.permutation(known[current[known] == side])[: 2 * MOST]
        if len(texts):
            keys: list[str | bytes] = [normalised(texts[i] or "") for i in rows]
        else:
            keys = [vectors[i].tobytes() for i in rows]
        first = dict(zip(reversed(keys), rows[::-1].tolist(), strict=True))
        sides.append(np.array(sorted(first.values()), dtype=np.int64))
    before, now = sides
    if min(len(before), len(now)) < FEWEST:
        raise TooFewRows(
            needed=FEWEST, n_baseline=len(before), n_current=len(now), of="with different texts"
        )
    each = min(len(before), len(now), MOST)
    return np.concatenate([np.sort(rng.permutation(side)[:each]) for side in sides])


def _laid(
    vectors: Matrix, middle: Matrix, centres: Matrix, known: Places
) -> tuple[Places, NDArray[np.float64]]:
    """Give the nearest topic of every row with a vector, and how far off its centre is."""
    codes = np.zeros(len(vectors), np.int64)
    distance = np.full(len(vectors), np.nan)
    for start in range(0, len(known), 8_192):
        rows = known[start : start + 8_192]
        around = vectors[rows] - middle
        codes[rows] = nearest(around, centres)
        distance[rows] = np.linalg.norm(around - centres[codes[rows]], axis=1)
    return codes, distance
