"""What each column alone tells about the side, and whether it tells anything."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._domain import Domain, Estimate, Numbers
from tidegauge_evaluators._rank_form import permutation_test

Cells = NDArray[np.int64]

ENOUGH = 8
"""Rows that a cell needs to be tested by itself."""
NORMAL = 30
"""Rows expected on a side from which the difference of two shares is normal."""


def marginals(domain: Domain, names: Sequence[str]) -> dict[str, Estimate]:
    """Estimate I(side; column) of each column by itself.

    Cells are tried from coarse to fine, one alone against the rest too, and those are taken that
    tell most of the rows held out: a shift of the whole is found with few rows, and a narrow
    spike.
    """
    return {name: _marginal(domain, name) for name in names}


def evidence(domain: Domain, names: Sequence[str]) -> dict[str, float]:
    """Probability of each column's difference if there were none, as standard errors.

    A category is tested by the level that differs most, corrected for their number. Of a number
    four tests are made: of the largest gap between the two cumulative distributions (Kolmogorov
    1933), of location and spread by ranks (Lepage 1971), of the single value that differs most,
    which sees sentinels, and of the bin that does.
    """
    return {name: _evidence(domain, name) for name in names}


def _marginal(domain: Domain, name: str) -> Estimate:
    fine = _fine(domain, name)
    tried = [fine]
    if not domain.case[name].categorical:
        tried += [_coarser(domain.code(name), bins) for bins in (4, 12) if fine.max() + 1 > bins]
    estimates = [_held_out(domain, cells) for cells in tried]
    if fine.max() > 1:
        spikes = _single(domain.case[name].values, fine)
        estimates.append(_held_out(domain, fine, np.ones_like(spikes)))
        if spikes.any() and not spikes.all():
            estimates.append(_held_out(domain, fine, spikes))
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


def _held_out(domain: Domain, cells: Cells, of: NDArray[np.bool_] | None = None) -> Estimate:
    """Log loss taken off by each cell's share of current rows, as other folds have it.

    ``of`` = only that cell of these speaks that differs most in the other folds.
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
    if of is not None:
        gap = of * np.abs(others[..., 1] - others[..., 0]) / np.sqrt(others.sum(axis=-1) + 2.0)
        first = np.arange(size) == np.argmax(gap, axis=1)[:, None]
        rest = np.where(first[..., None], 0.0, others).sum(axis=1) + 1.0
        beside = np.log(rest[:, 1]) - np.log(rest[:, 0])
        odds = np.where(first, odds, beside[:, None])
    found = odds[folds, cells]
    loss = np.logaddexp(0.0, np.where(case.current, -found, found))
    rows = domain.weights * (np.log(2.0) - loss)
    return Estimate(rows=rows, error=domain.error(rows))


def _evidence(domain: Domain, name: str) -> float:
    from scipy.special import ndtri

    case, cells = domain.case, _fine(domain, name)
    size = int(cells.max()) + 1
    counts = np.stack(
        [np.bincount(cells[case.current == now], minlength=size) for now in (False, True)]
    ).astype(np.float64)
    if case.blocks is not None:  # rows of one block are one draw, at worst
        counts *= len(np.unique(case.blocks)) / case.n
    if case[name].categorical:
        found = [_cell_apart(counts, np.ones(size, np.bool_))]
    else:
        single = _single(case[name].values, cells)
        seen = counts[:, 1:] if np.isnan(domain.code(name)).any() else counts
        found = [
            _cell_apart(counts, single),
            _cell_apart(counts, ~single),
            _gap(seen),
            _location_or_spread(seen),
        ]
    chance = min(found) * len(found)
    return float(-ndtri(min(max(chance, 1e-300), 0.5)))


def _single(values: Numbers, cells: Cells) -> NDArray[np.bool_]:
    """Which cells hold one value only, or what is missing."""
    least, most = (np.full(int(cells.max()) + 1, end) for end in (np.inf, -np.inf))
    np.fmin.at(least, cells, values)
    np.fmax.at(most, cells, values)
    return least >= most


def _cell_apart(counts: Numbers, asked: NDArray[np.bool_]) -> float:
    """Chance that any of some cells differs so much (Bonferroni over those with 8 rows)."""
    from scipy.special import bdtr, bdtrc, ndtr

    both, n = counts.sum(axis=0), counts.sum(axis=1)
    asked = asked & (both >= ENOUGH)
    if not asked.any():
        return 1.0
    (before, now), both = counts[:, asked], both[asked]
    pooled, part = both / n.sum(), n[1] / n.sum()
    error = np.sqrt(pooled * (1 - pooled) * (1 / n[0] + 1 / n[1]))
    gap = np.abs(now / n[1] - before / n[0]) - (1 / n[0] + 1 / n[1]) / 2
    usual = 2 * ndtr(-np.where(error > 0, gap / np.maximum(error, 1e-12), 0.0))
    rows, of = np.rint(now), np.rint(both).astype(np.int64)
    above = np.where(rows > 0, bdtrc(rows - 1, of, part), 1.0)
    exact = 2 * np.minimum(bdtr(rows, of, part), above)
    chances = np.where(both * min(part, 1 - part) < NORMAL, exact, usual)
    return float(min(1.0, chances.min() * np.count_nonzero(asked)))


def _gap(counts: Numbers) -> float:
    from scipy.special import kolmogorov

    n = counts.sum(axis=1)
    if not n.all():
        return 1.0
    widest = np.abs(np.diff(np.cumsum(counts, axis=1) / n[:, None], axis=0)).max()
    return float(kolmogorov(widest * math.sqrt(n[0] * n[1] / n.sum())))


def _location_or_spread(counts: Numbers) -> float:
    n = counts.sum(axis=1)
    if n.min() < 1 or np.count_nonzero(counts.sum(axis=0)) < 3:
        return 1.0  # two values are two cells, which are tested by themselves
    p, q = counts / n[:, None]
    return permutation_test(p, q, int(n[0]), int(n[1])).p_value
