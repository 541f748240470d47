"""What each column alone tells about the side: bins of equal mass, judged on rows held out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._domain import Domain, Estimate


def marginals(domain: Domain, names: Sequence[str]) -> dict[str, Estimate]:
    """Estimate I(side; column) of each column by itself.

    Coarse and fine bins are both tried and the one that tells more of the held-out rows is
    taken, so that a shift of the whole is found with few rows and a narrow spike with many.
    """
    return {name: _marginal(domain, name) for name in names}


def _marginal(domain: Domain, name: str) -> Estimate:
    codes = domain.code(name)
    fine = np.where(np.isnan(codes), -2, codes).astype(np.int64)
    fine = np.unique(fine, return_inverse=True)[1].reshape(-1)
    tried = [fine]
    if not domain.case[name].categorical:
        tried += [_coarser(codes, bins) for bins in (4, 12) if fine.max() + 1 > bins]
    estimates = [_held_out(domain, cells) for cells in tried]
    return max(estimates, key=lambda one: one.value)


def _coarser(codes: NDArray[np.float32], bins: int) -> NDArray[np.int64]:
    """Join neighbouring bins into few of about equal mass; missing stays apart."""
    seen = ~np.isnan(codes)
    ordered = np.sort(codes[seen])
    if not len(ordered):
        return np.zeros(len(codes), np.int64)
    cuts = np.unique(ordered[(np.arange(1, bins) * len(ordered)) // bins])
    return np.where(seen, np.searchsorted(cuts, codes, side="right") + 1, 0).astype(np.int64)


def _held_out(domain: Domain, cells: NDArray[np.int64]) -> Estimate:
    """Log loss taken off by each cell's share of current rows, as other folds have it."""
    case, folds = domain.case, domain.folds
    side = case.current.astype(np.int64)
    size, count = int(cells.max()) + 1, int(folds.max()) + 1
    table = np.bincount(
        (folds * size + cells) * 2 + side, weights=domain.weights, minlength=count * size * 2
    ).reshape(count, size, 2)
    others = table.sum(axis=0) - table
    # A cell without rows tells nothing; one pseudo-row for each side holds the few back.
    odds = np.log(others[..., 1] + 1.0) - np.log(others[..., 0] + 1.0)
    found = odds[folds, cells]
    loss = np.logaddexp(0.0, np.where(case.current, -found, found))
    rows = domain.weights * (np.log(2.0) - loss)
    return Estimate(rows=rows, error=domain.error(rows))
