"""How the target given the columns differs between the sides, other columns being equal.

The change of the target's mean at x, on the scale of log odds for classes, is what minimises the
weighted squared distance between the residual of the target and (side - chance of the side at x)
times the change (Nie & Wager 2021, Biometrika 108). Neither another mix of inputs nor a fault in
the pooled model of the target enters to first order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge_evaluators._domain import MANY, Domain
from tidegauge_evaluators._expected import dealt, design, expected, fitted
from tidegauge_evaluators._losses import classes_of, task_of, truth_of
from tidegauge_evaluators._slices import Axis
from tidegauge_evaluators._threads import one_thread

Numbers = NDArray[np.float64]

SURE = 0.02
"""Chances nearer to 0 or 1 than this are taken as this: log odds have no end."""
LEARNED = 40_000
"""Rows that the pooled mean, and its change, are learned from."""
CLASSES = 10
"""Classes told apart; the rarest of more are one."""
FULL = 20.0
"""Effective rows that each side needs in a bin."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """Residuals of the target on both sides, ready to be told apart."""

    residual: Numbers
    """Shape (rows,): target less what columns let expect of both sides pooled."""
    side: Numbers
    """Shape (rows,): 1 or 0, less the chance of being current given the columns."""
    scale: Numbers
    """Shape (rows,): variance of the target there; 1 for numbers."""
    weights: Numbers
    """Shape (rows,): both sides alike."""
    said: str
    """Whose mean it is: "chance of yes"."""

    @property
    def ground(self) -> Numbers:
        """What each row counts."""
        return self.weights * self.side**2 * self.scale

    @property
    def change(self) -> Numbers:
        """What each row says of the change."""
        side = np.where(np.abs(self.side) < 1e-3, np.copysign(1e-3, self.side), self.side)
        return np.asarray(self.residual / (side * self.scale))


@dataclass(frozen=True, slots=True, kw_only=True)
class Binned:
    """How the change of the target varies over the cells of one column."""

    name: str
    chi2: float
    df: int
    p_value: float
    because: str
    """The cell that stands out most, in words with its numbers."""


def changes(case: Case, domain: Domain, rng: np.random.Generator) -> list[Change]:
    """Lay out residuals, one a class (the positive one of two), or one of a number."""
    names = case.features
    chance = 1 / (1 + np.exp(-np.clip(domain.log_odds(names), -30, 30)))
    side = case.current - chance
    matrix, kinds = design(case, names, domain)
    taught = np.zeros(case.n, bool)
    taught[rng.permutation(case.n)[:LEARNED]] = True
    weights = domain.weights
    if task_of(case) == "regression":
        values = case[case.target].values
        spread = float(values.std()) or 1.0
        values = values / spread
        usual = expected(case, matrix, kinds, values, learn=taught, rng=rng, weights=weights)
        residual, ones = values - usual, np.ones(case.n)
        said = f"mean of {case.target}"
        return [Change(residual=residual, side=side, scale=ones, weights=weights, said=said)]
    truth, labels = _classes(case)
    usual = expected(
        case, matrix, kinds, truth, learn=taught, rng=rng, weights=weights, classes=len(labels)
    )
    told = [1] if len(labels) == 2 else range(len(labels))
    usual = np.clip(usual, SURE, 1 - SURE)
    return [
        Change(
            residual=(truth == label) - usual[:, label],
            side=side,
            scale=usual[:, label] * (1 - usual[:, label]),
            weights=weights,
            said=f"chance of {case.target} = {labels[label]}",
        )
        for label in told
    ]


def _classes(case: Case) -> tuple[Numbers, list[str]]:
    """Class of each row and the classes' names; the rarest of many are one."""
    truth, labels = truth_of(case), list(classes_of(case))
    if len(labels) <= CLASSES:
        return truth, labels
    often = np.argsort(-np.bincount(truth.astype(np.int64), minlength=len(labels)), kind="stable")
    place = np.full(len(labels), CLASSES - 1)
    place[often[: CLASSES - 1]] = np.arange(CLASSES - 1)
    named = [labels[label] for label in often[: CLASSES - 1]]
    return place[truth.astype(np.int64)].astype(np.float64), [*named, "any other"]


def binned(change: Change, axis: Axis, blocks: NDArray[np.int64] | None) -> Binned:
    """Test whether the change of the target is the same in all cells of a column."""
    from scipy.special import chdtrc

    cells, codes = axis.cells, np.where(axis.codes < 0, axis.cells, axis.codes)
    push = change.weights * change.side * change.residual
    pull = change.weights * change.side**2
    ground = np.bincount(codes, pull, minlength=cells + 1)[:cells]
    thin = np.bincount(codes, pull**2, minlength=cells + 1)[:cells]
    kept = ground**2 > FULL * np.maximum(thin, 1e-300)
    moved = np.bincount(codes, push, minlength=cells + 1)[:cells] / np.maximum(ground, 1e-300)
    own = np.append(moved, 0.0)[codes]
    noise = push - pull * own
    members = np.arange(len(codes)) if blocks is None else np.unique(blocks, return_inverse=True)[1]
    summed = np.unique(members * (cells + 1) + codes, return_inverse=True)
    squares = np.bincount(summed[1], noise) ** 2
    variance = np.bincount(summed[0] % (cells + 1), squares, minlength=cells + 1)[:cells]
    error = np.sqrt(variance) / np.maximum(ground, 1e-300)
    kept &= error > 0
    if np.count_nonzero(kept) < 2:
        return Binned(name=axis.name, chi2=0.0, df=0, p_value=1.0, because="")
    weight = kept / np.where(kept, error, 1.0) ** 2
    level = float((weight * moved).sum() / weight.sum())
    parts = weight * (moved - level) ** 2
    df = int(np.count_nonzero(kept)) - 1
    cell = int(parts.argmax())
    because = (
        f"where {axis.said(cell, cell + 1)} the {change.said} changed by {moved[cell]:+.3g}, "
        f"{level:+.3g} on the whole, other columns being equal"
    )
    chi2 = float(parts.sum())
    return Binned(
        name=axis.name, chi2=chi2, df=df, p_value=float(chdtrc(df, chi2)), because=because
    )


def losses(
    case: Case,
    change: Change,
    names: Sequence[str],
    domain: Domain,
    rows: NDArray[np.int64],
    folds: NDArray[np.int64],
) -> Numbers:
    """Held-out loss of each row when the change is learned from some columns, shape (len(rows),).

    Half the squared distance in units of the target's variance, which for log odds is a deviance
    in nats; without any column the change is one number.
    """
    ground, target = change.ground[rows], change.change[rows]
    matrix, kinds = design(case, names, domain)
    told = np.zeros(len(rows))
    for fold in range(int(folds.max()) + 1):
        held, teach = folds == fold, folds != fold
        if matrix.shape[1]:
            model = fitted(matrix[rows[teach]], target[teach], kinds, ground[teach])
            with one_thread():
                told[held] = model.predict(matrix[rows[held]])
        else:
            told[held] = np.average(target[teach], weights=ground[teach])
    return np.asarray(ground * (target - told) ** 2 / 2)


def drawn_rows(case: Case, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose the rows that the change is learned from, and their folds."""
    rows = np.sort(rng.permutation(case.n)[:LEARNED])
    some = np.zeros(case.n, bool)
    some[rows] = True
    return rows, dealt(case, some, 2 if len(rows) >= MANY else 4, rng)[rows]
