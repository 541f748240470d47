"""What each column alone tells about the side, and whether it tells anything."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._domain import Domain, Estimate

Cells = NDArray[np.int64]


def marginals(domain: Domain, names: Sequence[str]) -> dict[str, Estimate]:
    """Estimate I(side; column) of each column by itself.

    Cells are tried from coarse to fine, one alone against the rest too, and those are taken that
    tell most of the rows held out: a shift of the whole is found with few rows, and a narrow
    spike.
    """
    return {name: _marginal(domain, name) for name in names}


def evidence(domain: Domain, names: Sequence[str]) -> dict[str, float]:
    """Probability of each column's difference if there were none, as standard errors.

    Two tests are made of each column: of the largest gap between the two cumulative distributions
    (Kolmogorov 1933), which sees shifts, and of the cell that differs most (chi-square, corrected
    for the number of cells), which sees spikes.
    """
    return {name: _evidence(domain, name) for name in names}


def _marginal(domain: Domain, name: str) -> Estimate:
    fine = _fine(domain, name)
    tried = [fine]
    if not domain.case[name].categorical:
        tried += [_coarser(domain.code(name), bins) for bins in (4, 12) if fine.max() + 1 > bins]
    estimates = [_held_out(domain, cells) for cells in tried]
    if fine.max() > 1:
        estimates.append(_held_out(domain, fine, alone=True))
    return max(estimates, key=lambda one: one.value)


def _fine(domain: Domain, name: str) -> Cells:
    codes = domain.code(name)
    whole = np.where(np.isnan(codes), -2, codes).astype(np.int64)
    return np.unique(whole, return_inverse=True)[1].reshape(-1)


def _coarser(codes: NDArray[np.float32], bins: int) -> Cells:
    """Join neighbouring bins into few of about equal mass; missing stays apart."""
    seen = ~np.isnan(codes)
    ordered = np.sort(codes[seen])
    if not len(ordered):
        return np.zeros(len(codes), np.int64)
    cuts = np.unique(ordered[(np.arange(1, bins) * len(ordered)) // bins])
    return np.where(seen, np.searchsorted(cuts, codes, side="right") + 1, 0).astype(np.int64)


def _held_out(domain: Domain, cells: Cells, *, alone: bool = False) -> Estimate:
    """Log loss taken off by each cell's share of current rows, as other folds have it.

    ``alone`` = only the cell that differs most in the other folds speaks.
    """
    case, folds = domain.case, domain.folds
    side = case.current.astype(np.int64)
    size, count = int(cells.max()) + 1, int(folds.max()) + 1
    table = np.bincount(
        (folds * size + cells) * 2 + side, weights=domain.weights, minlength=count * size * 2
    ).reshape(count, size, 2)
    others = table.sum(axis=0) - table
    # A cell without rows tells nothing; one pseudo-row for each side holds the few back.
    odds = np.log(others[..., 1] + 1.0) - np.log(others[..., 0] + 1.0)
    if alone:
        gap = np.abs(others[..., 1] - others[..., 0]) / np.sqrt(others.sum(axis=-1) + 2.0)
        first = np.arange(size) == np.argmax(gap, axis=1)[:, None]
        rest = np.where(first[..., None], 0.0, others).sum(axis=1) + 1.0
        beside = np.log(rest[:, 1]) - np.log(rest[:, 0])
        odds = np.where(first, odds, beside[:, None])
    found = odds[folds, cells]
    loss = np.logaddexp(0.0, np.where(case.current, -found, found))
    rows = domain.weights * (np.log(2.0) - loss)
    return Estimate(rows=rows, error=domain.error(rows))


def _evidence(domain: Domain, name: str) -> float:
    from scipy.special import kolmogorov, ndtr, ndtri

    case, cells = domain.case, _fine(domain, name)
    size = int(cells.max()) + 1
    counts = np.stack(
        [np.bincount(cells[case.current == now], minlength=size) for now in (False, True)]
    ).astype(np.float64)
    if case.blocks is not None:  # rows of one block are one draw, at worst
        counts *= len(np.unique(case.blocks)) / case.n
    n = counts.sum(axis=1)
    shares = counts / n[:, None]
    pooled = counts.sum(axis=0) / n.sum()
    error = np.sqrt(pooled * (1 - pooled) * (1 / n[0] + 1 / n[1]))
    enough = counts.sum(axis=0) >= 8
    gap = np.abs(shares[1] - shares[0]) - (1 / n[0] + 1 / n[1]) / 2
    far = np.where(enough & (error > 0), gap / np.maximum(error, 1e-12), 0.0).max()
    chance = 2 * ndtr(-far) * max(1, int(enough.sum()))
    if not case[name].categorical:
        widest = np.abs(np.cumsum(shares[1]) - np.cumsum(shares[0])).max()
        chance = min(chance, kolmogorov(widest * math.sqrt(n[0] * n[1] / n.sum())))
    return float(-ndtri(min(max(2 * chance, 1e-300), 0.5)))
