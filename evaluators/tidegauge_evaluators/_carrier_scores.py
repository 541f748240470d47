"""Which column a drift comes from: what each tells alone, and what beside all others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge.findings import Carrier
from tidegauge_evaluators._domain import Estimate, Numbers, told

FLOOR = 0.02
"""Weight of a column that tells something only beside others, as after a shuffle of its rows."""
SURE = 3.0
"""Standard errors from which information is taken to be there."""
DRAWS = 400
GROUPS = 512
"""Groups of rows that are redrawn together: their sums are all that a draw needs."""


def scored(
    suspects: Sequence[tuple[str, ...]],
    alone: Sequence[Estimate],
    beside: Sequence[Estimate],
    shown: NDArray[np.bool_],
    linked: Numbers | None,
    rng: np.random.Generator,
) -> tuple[Carrier, ...]:
    """Join both kinds of information into one score, and redraw rows to see how firm it is.

    Where trees see nothing in any suspect beside the others, what pairs saw counts. Where those
    do not either, each is told by others, and what made them move holds the most by itself (data
    processing).
    """
    told_alone, told_beside = _sums(alone, rng), _sums(beside, rng)
    draws = rng.standard_exponential((DRAWS, len(told_alone)))
    marginal, conditional = (
        np.vstack([sums.sum(axis=0), draws @ sums]) for sums in (told_alone, told_beside)
    )
    if max(one.z for one in beside) < SURE:
        conditional = np.ones_like(conditional) if linked is None else linked
    scores, redrawn = np.split(_scores(marginal, conditional, shown), [1])
    scores = scores[0]
    first = np.bincount(np.argmax(redrawn, axis=-1), minlength=len(suspects)) / DRAWS
    return tuple(
        Carrier(
            columns=suspects[i],
            marginal=told(alone[i], f"side and {', '.join(suspects[i])}"),
            conditional=told(beside[i], f"side and {', '.join(suspects[i])}, others known"),
            score=float(scores[i]),
            rank_one=float(first[i]),
        )
        for i in np.argsort(-scores, kind="stable")
    )


def _scores(marginal: Numbers, conditional: Numbers, shown: NDArray[np.bool_]) -> Numbers:
    """Shapes (..., suspects) -> the same, each between 0 and 1."""
    alone = np.where(shown, np.maximum(marginal, 0.0), 0.0)
    beside = np.maximum(conditional, 0.0)
    alone = alone / np.maximum(alone.max(axis=-1, keepdims=True), 1e-12)
    beside = beside / np.maximum(beside.max(axis=-1, keepdims=True), 1e-12)
    joined: Numbers = np.sqrt((FLOOR + beside) * (FLOOR + alone)) / (1 + FLOOR)
    return joined


def _sums(estimates: Sequence[Estimate], rng: np.random.Generator) -> Numbers:
    """Sum each estimate's rows over random groups: shape (groups, estimates)."""
    rows = len(estimates[0].rows)
    groups = min(GROUPS, rows)
    member = np.arange(rows) % groups  # rows are in no order that matters after the shuffle
    member = rng.permutation(member)
    return np.column_stack(
        [np.bincount(member, weights=one.rows, minlength=groups) / rows for one in estimates]
    )
