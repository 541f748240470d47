"""What a number is expected to be, given columns: learned on some rows, told of all.

Rows that taught are told by trees that never saw them, so that what they deviate from is no
memory of themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge_evaluators._domain import MANY, SOME, Domain, binned, filled
from tidegauge_evaluators._threads import one_thread

Numbers = NDArray[np.float64]
Codes = NDArray[np.float32]

FEW = 200
"""Below this many rows to learn from, trees tell less than the mean does."""


def design(
    case: Case, names: Sequence[str], domain: Domain | None = None
) -> tuple[Codes, list[bool]]:
    """Lay columns out as trees read them: binned codes, and which of them are categories.

    Columns with one value only are left out; ``domain`` lends the bins it has already.
    """
    lends = domain is not None and domain.case.n == case.n
    coded = [
        (domain.code(name) if lends and domain is not None else binned(case[name]), name)
        for name in names
    ]
    kept = [(code, name) for code, name in coded if len(np.unique(code)) > 1]
    matrix = np.column_stack([code for code, _ in kept]) if kept else np.zeros((case.n, 0))
    return matrix.astype(np.float32), [case[name].categorical for _, name in kept]


def dealt(
    case: Case, rows: NDArray[np.bool_], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Deal rows, or whole blocks, evenly to folds; -1 elsewhere."""
    folds = np.full(case.n, -1, np.int64)
    if case.blocks is None:
        places = np.flatnonzero(rows)
        folds[rng.permutation(places)] = np.arange(len(places)) % count
        return folds
    blocks, member = np.unique(case.blocks[rows], return_inverse=True)
    folds[rows] = (rng.permutation(len(blocks)) % count)[member]
    return folds


def expected(
    case: Case,
    matrix: Codes,
    kinds: Sequence[bool],
    values: Numbers,
    *,
    learn: NDArray[np.bool_],
    rng: np.random.Generator,
    weights: Numbers | None = None,
    classes: int = 0,
) -> Numbers:
    """Tell the mean of a number, or the probability of each class, for every row.

    Parameters
    ----------
    matrix, kinds
        From ``design``.
    values
        Shape (rows,): read where ``learn`` is set, and finite there.
    learn
        Shape (rows,): rows to learn from.
    classes
        How many classes the values number; 0 for numbers.

    Returns
    -------
    Shape (rows,), or (rows, classes). Rows outside ``learn`` are told by all folds' trees
    together.
    """
    told = np.zeros((case.n, max(classes, 1)))
    count = 2 if np.count_nonzero(learn) >= MANY else 4
    folds = dealt(case, learn, count, rng)
    away = np.flatnonzero(~learn)
    for fold in range(count):
        teach, held = learn & (folds != fold), np.flatnonzero(folds == fold)
        ask = np.concatenate([held, away])
        weight = None if weights is None else weights[teach]
        answer = _told(matrix, kinds, values, teach, ask, weight, classes)
        told[held] = answer[: len(held)]
        told[away] += answer[len(held) :] / count
    return told if classes else told[:, 0]


def _told(
    matrix: Codes,
    kinds: Sequence[bool],
    values: Numbers,
    teach: NDArray[np.bool_],
    ask: NDArray[np.int64],
    weight: Numbers | None,
    classes: int,
) -> Numbers:
    """Shape (asked rows, 1 or classes)."""
    taught = values[teach]
    plain = matrix.shape[1] == 0 or len(taught) < FEW or len(np.unique(taught)) < 2
    if classes:
        seen = np.unique(taught).astype(np.int64)
        answer = np.zeros((len(ask), classes))
        if plain:
            answer[:] = np.bincount(taught.astype(np.int64), weight, minlength=classes)
            return np.asarray(answer / np.maximum(answer.sum(axis=1, keepdims=True), 1e-300))
        model = fitted(matrix[teach], taught, kinds, weight, classes=True)
        with one_thread():
            answer[:, seen] = model.predict_proba(matrix[ask])
        return answer
    if plain:
        mean = np.average(taught, weights=weight) if len(taught) else 0.0
        return np.full((len(ask), 1), mean)
    model = fitted(matrix[teach], taught, kinds, weight)
    with one_thread():
        answer = model.predict(matrix[ask])[:, None]
    return np.asarray(answer, dtype=np.float64)


def fitted(
    matrix: Codes,
    values: Numbers,
    kinds: Sequence[bool],
    weights: Numbers | None = None,
    *,
    classes: bool = False,
) -> Any:
    """Fit boosted trees that are small enough to be right about a noisy mean."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    rows = len(values)
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    model = kind(
        max_iter=40 if rows >= SOME else 30,
        learning_rate=0.1,
        max_leaf_nodes=15 if rows >= SOME else 8,
        min_samples_leaf=max(20, min(200, rows // 50)),
        l2_regularization=1.0,
        early_stopping=False,
        categorical_features=list(kinds) if any(kinds) else None,
        random_state=0,
    )
    with one_thread():
        return model.fit(filled(matrix, np.ones(rows, np.bool_)), values, weights)
