"""Labelled rows of a baseline and rows of a log without labels: how like the former are the latter.

Each labelled row is weighted by how much more common rows like it have become. The ratio of
densities is that of a classifier which tells the sides apart and never saw the row (Sugiyama,
Krauledat & Mueller 2007, JMLR 8). Ratios are flattened to their square root and clipped
(Shimodaira 2000, J. Stat. Plan. Inference 90): what full ratios gain in truth under a shift they
lose in noise, and the interval reaches over what both say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge_evaluators._domain import FEW, Domain

Numbers = NDArray[np.float64]

MOST = 20_000
"""Rows of each side that are read: more change the estimate less than the world does."""
FLATTENED = 0.5
"""Power that ratios of densities are raised to."""
CLIPPED = 5.0
"""Largest ratio before it is flattened."""
CLIPPED_FULL = 20.0
"""Largest ratio where it is not flattened."""
SHARED = 0.95
"""Chance of being current from which a row lies where the baseline has next to none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """What an estimate stands on."""

    case: Case
    """Rows of the baseline that have truth and answer; current rows that have an answer."""
    flattened: Numbers
    """Shape (rows,): weight of each labelled row, mean one over them; zero for current rows."""
    full: Numbers
    """The same without flattening."""
    overlap: float
    """Share of current rows that lie where the baseline has rows too."""
    domain: Domain
    """What told the sides apart."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """Shape (rows,): the labelled rows of the baseline."""
        return ~self.case.current

    @property
    def effective(self) -> float:
        """Rows drawn alike that would tell as much as the labelled ones (Kish 1965)."""
        weights = self.full[self.known]
        return float(weights.sum() ** 2 / (weights**2).sum())


def ground_of(
    case: Case, answered: Callable[[Case], NDArray[np.bool_]], min_rows: int, min_effective: int
) -> Ground:
    """Weigh the labelled rows of the baseline by how common rows like them are now.

    Parameters
    ----------
    case
        Rows of both sides; truths of current rows are not read.
    answered
        Which rows of a case have what the model said.
    min_rows
        Fewer rows of either side are refused.
    min_effective
        So is a baseline of which fewer rows' worth is like the current ones.

    Raises
    ------
    NotApplicable
        When the baseline has no truth, or the model's answer is not logged.
    TooFewRows
        When either side, or what they share, is too small.
    """
    found = _ground(case, answered)
    before, now = found.case.n_baseline, found.case.n_current
    if min(before, now) < min_rows:
        raise TooFewRows(
            needed=min_rows, n_baseline=before, n_current=now, of="with an answer (and a label)"
        )
    if found.effective < min_effective:
        raise TooFewRows(
            needed=min_effective,
            n_baseline=int(found.effective),
            n_current=now,
            of="that are like those of the other side",
        )
    return found


@lru_cache(maxsize=2)  # the estimates of one run follow each other
def _ground(case: Case, answered: Callable[[Case], NDArray[np.bool_]]) -> Ground:
    if case.target not in case.variables:
        raise NotApplicable("the baseline has no labels to learn from")
    truth = np.isfinite(case[case.target].values)
    used = answered(case) & (truth | case.current)
    rng = np.random.default_rng(0)  # every estimate of a run must weigh rows alike
    kept = np.concatenate(
        [
            rng.permutation(np.flatnonzero(used & (case.current == side)))[:MOST]
            for side in (False, True)
        ]
    )
    read = case.only(np.sort(kept))
    before, now = read.n_baseline, read.n_current
    if min(before, now) < FEW:
        raise TooFewRows(
            needed=FEW, n_baseline=before, n_current=now, of="with an answer (and a label)"
        )
    domain = Domain(read, rng=rng)
    names = dict.fromkeys([*read.features, *read.scores, read.prediction])
    odds = domain.log_odds(name for name in names if name in read.variables)
    edge = np.log(SHARED / (1 - SHARED))
    return Ground(
        case=read,
        flattened=_weights(FLATTENED * np.minimum(odds, np.log(CLIPPED)), read),
        full=_weights(np.minimum(odds, np.log(CLIPPED_FULL)), read),
        overlap=float((odds[read.current] < edge).mean()),
        domain=domain,
    )


def _weights(logged: Numbers, case: Case) -> Numbers:
    weights = np.where(case.current, 0.0, np.exp(np.maximum(logged, -30.0)))
    return np.asarray(weights * case.n_baseline / weights.sum())


def calibration_error(told: Numbers, found: Numbers, weights: Numbers, bins: int = 10) -> float:
    """Mean size of the gap between what was told and what was found, over bins of equal mass.

    Examples
    --------
    >>> told = np.repeat([0.2, 0.8], 50)
    >>> round(calibration_error(told, np.repeat([0.3, 0.8], 50), np.ones(100), bins=2), 3)
    0.05
    """
    order = np.argsort(told, kind="stable")
    mass = np.cumsum(weights[order]) - weights[order] / 2
    place = np.minimum((mass / weights.sum() * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(place, weights=(weights * (told - found))[order], minlength=bins)
    return float(np.abs(gaps).sum() / weights.sum())
