"""Boosted trees over columns of a case: what one column should be, given others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable
from tidegauge_evaluators._questions import Rows
from tidegauge_evaluators._threads import one_thread

Numbers = NDArray[np.float64]
MOST_LEVELS = 250
"""Levels that trees tell apart; further ones count as missing."""

STRATIFIED = 10
"""Rows of the rarest class from which a part of each can be held out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much trees may learn."""

    trees: int = 150
    leaves: int = 31
    rate: float = 0.1
    leaf_rows: int = 20
    stops: bool = False
    """Whether to stop when a fifth of the rows, held out, gains nothing more."""


def matrix(variables: Sequence[Variable]) -> Numbers:
    """Columns side by side, shape (rows, columns); codes that are too many become missing."""
    return np.column_stack([_tree_values(one) for one in variables])


def _tree_values(variable: Variable) -> Numbers:
    if not variable.categorical:
        return np.where(np.isinf(variable.values), np.nan, variable.values)
    return np.where(variable.values < MOST_LEVELS, variable.values, np.nan)


def rows_of(case: Case, names: Sequence[str], rows: Rows) -> Numbers:
    """Take rows of some columns, shape (rows, columns)."""
    return matrix([case[name] for name in names])[rows]


def _known(case: Case, names: Sequence[str], rows: Rows) -> Numbers:
    """Take rows to learn from; a column without a value in any is zero, for trees refuse it."""
    found = rows_of(case, names, rows)
    return np.where(np.isnan(found).all(axis=0), 0.0, found)


def fit_number(
    case: Case, names: Sequence[str], rows: Rows, wanted: Numbers, size: Size, seed: int
) -> Any:
    """Fit trees to a number, shape (rows,), by least squares."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    trees = HistGradientBoostingRegressor(**_settings(case, names, size, seed))
    with one_thread():
        return trees.fit(_known(case, names, rows), wanted)


def fit_class(
    case: Case, names: Sequence[str], rows: Rows, wanted: NDArray[np.int64], size: Size, seed: int
) -> Any:
    """Fit trees to the code of a class, shape (rows,)."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    if np.unique(wanted, return_counts=True)[1].min() < STRATIFIED:
        size = replace(size, stops=False)
    trees = HistGradientBoostingClassifier(**_settings(case, names, size, seed))
    with one_thread():
        return trees.fit(_known(case, names, rows), wanted)


def _settings(case: Case, names: Sequence[str], size: Size, seed: int) -> dict[str, Any]:
    return {
        "max_iter": size.trees,
        "max_leaf_nodes": size.leaves,
        "learning_rate": size.rate,
        "min_samples_leaf": size.leaf_rows,
        "early_stopping": size.stops,
        "validation_fraction": 0.2,
        "categorical_features": [case[name].categorical for name in names],
        "random_state": seed,
    }


def seed_of(rng: np.random.Generator) -> int:
    """Draw a seed for a library that takes no generator."""
    return int(rng.integers(2**31))
