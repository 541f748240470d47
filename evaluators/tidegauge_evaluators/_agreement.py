"""Agreement of two judges beyond what their own habits make likely: Cohen's kappa."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tidegauge.errors import NotApplicable
from tidegauge.records import Interval
from tidegauge_evaluators._rates import two_sided_z

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far two judges agree on the same rows."""

    kappa: float
    """1 = always, 0 = as often as chance would have it; NaN where both always say the same
    one thing, so that nothing can be told."""
    interval: Interval | None
    """Of kappa; ``None`` where it cannot be told."""
    share: float
    """Share of rows on which both say the same: high whenever one class is rare."""
    prevalences: tuple[Floats, Floats]
    """Share of each class by either judge."""
    n: float
    """Rows, or the effective number of them where they weigh differently."""


def agreement(
    first: ArrayLike,
    second: ArrayLike,
    *,
    masses: ArrayLike | None = None,
    weights: Literal["none", "quadratic"] = "none",
    confidence: float = 0.95,
) -> Agreement:
    """Compare two judges' classes.

    Parameters
    ----------
    first, second
        Shape (rows,): class of each row, as numbers; for ``quadratic`` they must be ordered.
    masses
        Share of a log that each row stands for, where rows were drawn unequally; the interval
        then goes by Kish's effective number of rows.
    weights
        ``quadratic`` counts a disagreement by the squared distance of the classes.
    confidence
        Level of the interval.

    Raises
    ------
    NotApplicable
        With fewer than two rows.

    References
    ----------
    Cohen 1960, Educational and Psychological Measurement 20; Cohen 1968, Psychological Bulletin
    70; the standard error of Fleiss, Cohen & Everitt 1969, Psychological Bulletin 72.

    Examples
    --------
    >>> found = agreement([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1])
    >>> round(found.kappa, 3), round(found.share, 3)
    (0.667, 0.833)
    """
    one, two = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if len(one) < 2:
        raise NotApplicable(f"needs at least 2 rows that both judged, found {len(one)}")
    own = np.ones(len(one)) if masses is None else np.asarray(masses, np.float64)
    classes, codes = np.unique(np.concatenate([one, two]), return_inverse=True)
    table = np.zeros((len(classes), len(classes)))
    np.add.at(table, (codes[: len(one)], codes[len(one) :]), own / own.sum())
    n = float(own.sum() ** 2 / (own @ own))
    worth = np.eye(len(classes))
    if weights == "quadratic" and len(classes) > 1:
        apart = (classes[:, None] - classes[None, :]) / (classes[-1] - classes[0])
        worth = 1.0 - apart**2
    kappa, error = _kappa(table, worth, n)
    half = two_sided_z(confidence) * error
    return Agreement(
        kappa=kappa,
        interval=Interval(max(-1.0, kappa - half), min(1.0, kappa + half))
        if math.isfinite(half)
        else None,
        share=float(np.trace(table)),
        prevalences=(table.sum(axis=1), table.sum(axis=0)),
        n=n,
    )


def _kappa(table: Floats, worth: Floats, n: float) -> tuple[float, float]:
    """Weighted kappa of a table of shares, and its large-sample standard error."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    observed = float((worth * table).sum())
    expected = float(rows @ worth @ columns)
    if expected >= 1.0 - 1e-12:
        return math.nan, math.nan
    kappa = (observed - expected) / (1.0 - expected)
    by_row, by_column = worth @ columns, rows @ worth
    shift = worth - (by_row[:, None] + by_column[None, :]) * (1.0 - kappa)
    squares = float((table * shift**2).sum()) - (kappa - expected * (1.0 - kappa)) ** 2
    return kappa, math.sqrt(max(0.0, squares) / n) / (1.0 - expected)
