"""Shares of a change and how sure they are, from what each row adds to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.records import Interval

Numbers = NDArray[np.float64]

DRAWS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """Parts of a change."""

    total: float
    """The change."""
    total_error: float
    """Its standard error."""
    parts: Numbers
    """Shape (parts,): what each accounts for, in the unit of the change."""
    shares: Numbers
    """Shape (parts,): the same over the change; 0 where there is no change."""
    intervals: tuple[Interval, ...]
    """Of the shares."""
    rank_one: Numbers
    """Shape (parts,): how often each is the largest."""
    gap: float
    """One less the sum of the shares."""
    gap_error: float
    """Its standard error."""


def shares_of(
    parts: Numbers,
    total: Numbers,
    groups: NDArray[np.int64],
    blocks: NDArray[np.int64] | None,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
) -> Shares:
    """Divide parts by the total and redraw both together.

    Given the rows, a bootstrap with normal multipliers draws from a normal law whose covariance
    is that of the rows, so it is drawn from directly and nothing is fitted again.

    Parameters
    ----------
    parts
        Shape (rows, parts): what each row adds; the mean over rows is the part.
    total
        Shape (rows,): the same of the whole change.
    groups
        Shape (rows,): rows of one group are drawn from one population: the side.
    blocks
        Shape (rows,): rows of one block are redrawn together; ``None`` = each for itself.

    Examples
    --------
    >>> rows = np.array([[1.0], [3.0], [1.0], [3.0]])
    >>> found = shares_of(
    ...     rows, 2 * rows[:, 0], np.zeros(4, int), None, rng=np.random.default_rng(0)
    ... )
    >>> found.shares, found.intervals[0].high
    (array([0.5]), 0.5)
    """
    rows = np.column_stack([parts, total])
    means = rows.mean(axis=0)
    covariance = _covariance(rows, groups, blocks)
    change = float(means[-1])
    drawn = rng.multivariate_normal(means, covariance, size=DRAWS, method="svd")
    whole = np.where(drawn[:, -1:] == 0, np.finfo(float).tiny, drawn[:, -1:])
    redrawn = drawn[:, :-1] / whole if change else np.zeros((DRAWS, parts.shape[1]))
    shares = means[:-1] / change if change else np.zeros(parts.shape[1])
    tails = np.quantile(redrawn, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    first = (
        np.bincount(redrawn.argmax(axis=1), minlength=len(shares)) if len(shares) else np.zeros(0)
    )
    left = np.append(-np.ones(len(shares)), shares.sum())  # gradient of the gap times the change
    spread = float(np.sqrt(max(left @ covariance @ left, 0.0)))
    return Shares(
        total=change,
        total_error=float(np.sqrt(covariance[-1, -1])),
        parts=means[:-1],
        shares=shares,
        intervals=tuple(Interval(float(low), float(high)) for low, high in tails.T),
        rank_one=first / DRAWS,
        gap=1.0 - float(shares.sum()),
        gap_error=spread / abs(change) if change else 0.0,
    )


def _covariance(
    rows: Numbers, groups: NDArray[np.int64], blocks: NDArray[np.int64] | None
) -> Numbers:
    """Covariance of the means of the columns."""
    left = rows.copy()
    for group in np.unique(groups):
        left[groups == group] -= rows[groups == group].mean(axis=0)
    if blocks is not None:
        _, member = np.unique(blocks, return_inverse=True)
        summed = [np.bincount(member, weights=column) for column in left.T]
        left = np.column_stack(summed)
    few = len(left) / max(len(left) - 1, 1)
    return np.asarray(few * left.T @ left / len(rows) ** 2)
