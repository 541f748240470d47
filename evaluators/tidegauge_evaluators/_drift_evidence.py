"""What a change between two pools of texts looks like: words, and rows typical of each side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tidegauge.records import Example, Part
from tidegauge_evaluators._log_odds import Lean, bags_of, leaning_words
from tidegauge_evaluators._vectors import Places, Pool

Floats = NDArray[np.float64]
Side = Literal["baseline", "current"]

SHOWN = 300
"""Characters of a text that are shown."""
ROWS = 3
"""Rows shown of each side."""
WORDS = 8
"""Words shown of each side."""


def word_parts(pool: Pool) -> tuple[Part, ...]:
    """Words that one side's texts have more often, the current log's first.

    ``baseline`` and ``current`` are shares of texts.
    """
    if not pool.texts:
        return ()
    bags = bags_of(pool.texts)
    now = [bag for bag, here in zip(bags, pool.now[pool.unit], strict=True) if here]
    then = [bag for bag, here in zip(bags, pool.before[pool.unit], strict=True) if here]
    return leaning_parts(then, now)


def leaning_parts(
    then: Sequence[set[str]], now: Sequence[set[str]], most: int = WORDS
) -> tuple[Part, ...]:
    """Words that one of two sets of texts has more often, those of the later one first."""
    more = [_part(lean, lean.other, lean.share) for lean in leaning_words(now, then, most)]
    less = [_part(lean, lean.share, lean.other) for lean in leaning_words(then, now, most)]
    return (*more, *less)


def _part(lean: Lean, baseline: float, current: float) -> Part:
    return Part(label=f'"{lean.word}"', baseline=baseline, current=current)


def typical_rows(pool: Pool, lean: Floats, because: str) -> tuple[Example, ...]:
    """Rows that are most unlike the other side, of both sides.

    Parameters
    ----------
    lean
        Shape (rows,): high where a row looks like the current log, low where like the baseline.
    because
        What ``lean`` says, in words.
    """
    if not pool.texts:
        return ()
    only_now = np.flatnonzero((pool.now & ~pool.before)[pool.unit])
    only_then = np.flatnonzero((pool.before & ~pool.now)[pool.unit])
    now = only_now[np.argsort(-lean[only_now], kind="stable")]
    then = only_then[np.argsort(lean[only_then], kind="stable")]
    return (
        *(examples_of(pool, _one_a_unit(pool, now), "current", because, lean)),
        *(examples_of(pool, _one_a_unit(pool, then), "baseline", because, lean)),
    )


def _one_a_unit(pool: Pool, rows: Places) -> Places:
    """First rows of a ranking, no two of one conversation."""
    rows = rows[: 50 * ROWS]
    _, first = np.unique(pool.unit[rows], return_index=True)
    return rows[np.sort(first)][:ROWS]


def examples_of(
    pool: Pool, rows: Sequence[int] | Places, side: Side, because: str, values: Floats | None = None
) -> list[Example]:
    """Make examples of rows."""
    return [
        Example(
            side=side,
            texts={pool.role: shown(pool.texts[i])},
            value=None if values is None else float(values[i]),
            id=pool.ids[i] if pool.ids else "",
            because=because,
        )
        for i in rows
    ]


def shown(text: str) -> str:
    """Cut a text to what an example shows."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "\u2026"
