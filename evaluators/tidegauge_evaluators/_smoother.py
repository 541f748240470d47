"""Regression of many targets on the same columns at once, numbers and categories, gaps included.

Ridge on piecewise-linear terms, its penalty chosen for each target by generalised
cross-validation (Golub, Heath & Wahba 1979, Technometrics 21): it goes on straight where there
are no rows to learn from, as trees do not. Boosted trees take up what it leaves, where rows that
it did not see say that they can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Variable

Numbers = NDArray[np.float64]
Rows = NDArray[np.bool_]

KNOTS = (0.2, 0.4, 0.6, 0.8)
"""Quantiles at which the slope of a number may change."""
LEVELS = 20
"""Categories with a term of their own."""
PENALTIES = (1.0, 10.0, 100.0, 1e3, 1e4)
RARE = 0.1
"""Share of rows on which a term must act, lest a few rows decide where it leads."""
FEW = 20
"""Rows for each term; with fewer, slopes do not change."""
BOOSTED = 8
"""Targets up to which trees may help; more would take too long."""
TRIED = 3_000
"""Rows on which it is tried whether trees help."""
GAIN = 0.01
"""Part of the squared error that trees must take off rows they did not see."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inputs:
    """Columns in both forms, row by row."""

    terms: Numbers
    """Shape (rows, terms): for the ridge."""
    codes: NDArray[np.float32]
    """Shape (rows, columns): for the trees; NaN = missing."""
    categorical: tuple[bool, ...]
    """Which columns of ``codes`` are categories."""


def terms(variable: Variable, rows: int) -> Numbers:
    """Piecewise-linear terms of a number, indicators of categories and of gaps.

    Parameters
    ----------
    variable
        The column.
    rows
        Rows that can be learnt from, for each column.

    Examples
    --------
    >>> terms(Variable(name="x", values=np.array([1.0, 3.0, np.nan])), 3)
    array([[-1.,  0.],
           [ 1.,  0.],
           [ 0.,  1.]])
    """
    seen = np.isfinite(variable.values)
    if not seen.any():
        return np.zeros((len(seen), 0))
    if variable.categorical:
        levels, counts = np.unique(variable.values[seen], return_counts=True)
        frequent = levels[np.argsort(-counts, kind="stable")[: min(LEVELS, 1 + rows // FEW)]]
        found = [(variable.values == level).astype(np.float64) for level in frequent]
    else:
        found = _pieces(variable.values, seen, rows)
    if not seen.all():
        found.append((~seen).astype(np.float64))
    return np.column_stack([np.zeros((len(seen), 0)), *found])


def _pieces(values: Numbers, seen: Rows, rows: int) -> list[Numbers]:
    present = values[seen]
    spread = float(present.std())
    if not spread > 0:
        return []
    straight = np.where(seen, (values - present.mean()) / spread, 0.0)
    if rows < FEW * (1 + len(KNOTS)):
        return [straight]
    knots = np.unique(np.quantile(straight[seen], KNOTS))
    return [straight, *(np.where(seen, np.maximum(straight - knot, 0.0), 0.0) for knot in knots)]


def smooth(
    inputs: Inputs,
    targets: Numbers,
    learn: Rows,
    check: Rows,
    weights: Numbers,
    *,
    trees: bool = True,
) -> Numbers:
    """Predict each target's mean given the columns, on every row.

    Parameters
    ----------
    inputs
        The columns, on every row.
    targets
        Shape (rows, targets).
    learn, check
        Shape (rows,): rows to learn from; others of their kind that say whether trees help.
    weights
        Shape (rows,): what each row counts.
    trees
        Whether to try them.

    Returns
    -------
    ndarray
        Shape (rows, targets), never beyond what the target is anywhere.
    """
    predicted = _ridge(inputs.terms, targets, learn, weights)
    if trees and targets.shape[1] <= BOOSTED and inputs.codes.shape[1]:
        all_rows = np.arange(len(targets))
        for column in range(targets.shape[1]):
            left = targets[:, column] - predicted[:, column]
            if column == 0 and not _helps(inputs, left, learn, check, weights):
                break
            predicted[:, column] += _boosted(inputs, left, learn, all_rows, weights)
    return np.clip(predicted, targets.min(axis=0), targets.max(axis=0))


def _helps(inputs: Inputs, left: Numbers, learn: Rows, check: Rows, weights: Numbers) -> bool:
    """Ask a few trees on some of the rows."""
    few = _some(learn)
    tried = _some(check)
    more = _boosted(inputs, left, few, tried, weights, quick=True)
    before = float((weights[tried] * left[tried] ** 2).sum())
    after = float((weights[tried] * (left[tried] - more) ** 2).sum())
    return after < (1.0 - GAIN) * before


def _some(rows: Rows) -> NDArray[np.int64]:
    """Every so many of the rows, at most ``TRIED``."""
    places = np.flatnonzero(rows)
    return places[:: max(1, len(places) // TRIED)]


def _ridge(columns: Numbers, targets: Numbers, learn: Rows, weights: Numbers) -> Numbers:
    """Fit and predict on all rows."""
    weight = weights[learn] / weights[learn].mean()
    centre = np.average(targets[learn], axis=0, weights=weight)
    if not columns.shape[1]:
        return np.tile(centre, (len(targets), 1))
    middle = np.average(columns[learn], axis=0, weights=weight)
    often = np.mean(columns[learn] != 0.0, axis=0) >= RARE
    scaled = (columns - middle) * often
    known = scaled[learn] * np.sqrt(weight)[:, None]
    aims = (targets[learn] - centre) * np.sqrt(weight)[:, None]
    slopes = _chosen(known.T @ known, known.T @ aims, (aims**2).sum(axis=0), len(known))
    return np.asarray(scaled @ slopes + centre)


def _chosen(gram: Numbers, cross: Numbers, total: Numbers, rows: int) -> Numbers:
    """Coefficients under the penalty that generalised cross-validation likes best."""
    values, vectors = np.linalg.eigh(gram)
    values = np.maximum(values, 0.0)[:, None]
    turned = vectors.T @ cross
    best = np.full(cross.shape[1], np.inf)
    slopes = np.zeros_like(turned)
    for penalty in PENALTIES:
        fitted = turned / (values + penalty)
        error = total - 2.0 * (turned * fitted).sum(axis=0) + (values * fitted**2).sum(axis=0)
        freedom = max(rows - 1.0 - float((values / (values + penalty)).sum()), 1.0)
        score = np.maximum(error, 0.0) / freedom**2
        slopes = np.where(score < best, fitted, slopes)
        best = np.minimum(score, best)
    return np.asarray(vectors @ slopes)


def _boosted(
    inputs: Inputs,
    left: Numbers,
    learn: NDArray[Any],
    asked: NDArray[np.int64],
    weights: Numbers,
    *,
    quick: bool = False,
) -> Numbers:
    """Fit boosted trees to what the ridge left, and ask them about some rows."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    held = np.isfinite(inputs.codes[learn]).any(axis=0)  # trees refuse a column without values
    if not held.any():
        return np.zeros(len(asked))
    kinds = [kind for kind, one in zip(inputs.categorical, held, strict=True) if one]
    model = HistGradientBoostingRegressor(
        max_iter=8 if quick else 25,
        learning_rate=0.3 if quick else 0.15,
        max_leaf_nodes=8 if quick else 15,
        min_samples_leaf=20,
        l2_regularization=1.0,
        early_stopping=False,
        categorical_features=kinds if any(kinds) else None,
        random_state=0,
    )
    model.fit(inputs.codes[learn][:, held], left[learn], sample_weight=weights[learn])
    return np.asarray(model.predict(inputs.codes[asked][:, held]))


def side_by_side(parts: Sequence[Inputs], rows: int) -> Inputs:
    """Put the columns of several parts together."""
    empty = np.zeros((rows, 0))
    return Inputs(
        terms=np.hstack([empty, *(part.terms for part in parts)]),
        codes=np.hstack([empty.astype(np.float32), *(part.codes for part in parts)]),
        categorical=tuple(one for part in parts for one in part.categorical),
    )
