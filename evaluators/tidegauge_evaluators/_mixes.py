"""Shares of classes worked out from decisions and from how decisions erred before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.records import Interval

Numbers = NDArray[np.float64]

DRAWS = 500
"""Redrawn tables of counts behind an interval."""
STEEP = 1e3
"""Condition number of the confusion matrix from which decisions leave the shares open."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mix:
    """Estimated shares of the current classes."""

    shares: Numbers
    """Shape (classes,); NaN for classes that the baseline does not have."""
    draws: Numbers
    """Shape (draws, classes): over redrawn counts, not yet bounded by 0 and 1."""
    beside: Numbers | None
    """Shape (draws, classes): shares by the labels of the same redrawn rows."""
    raw: Numbers
    """Shape (classes,): as solved, not yet bounded by 0 and 1."""
    confidence: float

    def interval(self, place: int) -> Interval:
        """Interval of one class's share."""
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(self.draws[:, place], [tail, 1 - tail]).clip(0.0, 1.0)
        return Interval(float(low), float(high))


def estimated(
    case: Case,
    truth: Numbers,
    decided: Numbers,
    classes: int,
    rng: np.random.Generator,
    confidence: float,
) -> Mix | None:
    """Estimate current shares by black box shift estimation; None where decisions leave it open.

    The joint shares of decision and truth on the baseline, solved for the current shares of
    decisions, give how much more of each class there is.
    """
    have = ~np.isnan(decided) & (decided >= 0)
    before = have & ~np.isnan(truth) & ~case.current
    held = np.unique(truth[before]).astype(np.int64)
    counts = _table(decided, truth, before, classes)[np.ix_(held, held)]
    now = np.bincount(decided[have & case.current].astype(np.int64), minlength=classes)[held]
    both = _table(decided, truth, have & ~np.isnan(truth) & case.current, classes)
    both = both[np.ix_(held, held)]
    total, rows = counts.sum(), now.sum()
    if len(held) < 2 or not total or not rows or np.linalg.cond(counts / total) > STEEP:
        return None
    cells = rng.multinomial(int(total), counts.ravel() / total, DRAWS).reshape(DRAWS, *counts.shape)
    labelled = both.sum()
    seen = rng.multinomial(int(labelled), both.ravel() / max(labelled, 1), DRAWS)
    seen = seen.reshape(DRAWS, *both.shape)
    blank = now - both.sum(axis=1)
    unseen = rng.multinomial(int(blank.sum()), blank / max(blank.sum(), 1), DRAWS)
    raw = _solved(counts[None], now[None])[0]
    shares = np.full(classes, np.nan)
    shares[held] = np.maximum(raw, 0) / np.maximum(raw, 0).sum()
    return Mix(
        shares=shares,
        draws=_spread(_solved(cells, seen.sum(axis=2) + unseen), held, classes),
        beside=_spread(seen.sum(axis=1) / labelled, held, classes) if labelled else None,
        raw=_spread(raw[None], held, classes)[0],
        confidence=confidence,
    )


def compared(
    case: Case, truth: Numbers, mix: Mix | None, classes: int, labelled: bool
) -> tuple[float | None, float | None]:
    """Test current shares against the baseline's, and those by labels against those by decisions.

    Returns
    -------
    Two p-values, each None where it cannot be asked.
    """
    from scipy.special import chdtrc

    known = ~np.isnan(truth)
    then, now = (
        np.bincount(truth[known & (case.current == side)].astype(np.int64), minlength=classes)
        for side in (False, True)
    )
    shifted = agreement = None
    if labelled:
        kept = then + now > 0
        both = np.stack([then, now])[:, kept].astype(np.float64)
        likely = both.sum(axis=1, keepdims=True) * both.sum(axis=0) / both.sum()
        shifted = float(chdtrc(int(kept.sum()) - 1, ((both - likely) ** 2 / likely).sum()))
    if mix is not None:
        apart = mix.draws - then / then.sum()
        if not labelled:
            shifted = _far(mix.raw - then / then.sum(), apart)
        if labelled and mix.beside is not None:
            agreement = _far(mix.raw - now / now.sum(), mix.draws - mix.beside)
    return shifted, agreement


def _far(gap: Numbers, draws: Numbers) -> float:
    """p-value of a gap between shares, by the spread of its redrawn values."""
    from scipy.special import chdtrc

    kept = np.isfinite(gap) & np.isfinite(draws).all(axis=0)
    spread = np.atleast_2d(np.cov(draws[:, kept].T))
    distance = float(gap[kept] @ np.linalg.pinv(spread, rcond=1e-6, hermitian=True) @ gap[kept])
    return float(chdtrc(max(int(kept.sum()) - 1, 1), distance))


def _table(
    decided: Numbers, truth: Numbers, rows: NDArray[np.bool_], classes: int
) -> NDArray[np.int64]:
    """Rows by decision and truth."""
    cells = decided[rows].astype(np.int64) * classes + truth[rows].astype(np.int64)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def _solved(tables: NDArray[np.int64], decisions: NDArray[np.int64]) -> Numbers:
    """Shares of the true classes, shape (draws, classes)."""
    joint = tables / tables.sum(axis=(1, 2), keepdims=True)
    made = decisions / decisions.sum(axis=1, keepdims=True)
    more = np.einsum("bij,bj->bi", np.linalg.pinv(joint), made)
    return np.asarray(more * joint.sum(axis=1))


def _spread(shares: Numbers, held: NDArray[np.int64], classes: int) -> Numbers:
    whole = np.full((len(shares), classes), np.nan)
    whole[:, held] = shares
    return whole
