"""How much columns tell about the side a row is from: one estimator for every question of drift.

The information I(D; X | Z) between the side D and columns X, other columns Z known, is what X
takes off the held-out log loss of a classifier that tells the sides apart (Lopez-Paz & Oquab
2017, ICLR; McAllester & Stratos 2020, AISTATS). Boosted trees over at most 255 bins a column take
missing values and categories as they are. Every row is judged by trees that never saw it, and the
slope of their log odds is fitted to the judged rows, so that trees which learned noise say
nothing rather than something wrong: without a difference between the sides the information is
about zero and not far below. A discriminant of normal scores stands beside the trees, for what
they need more rows to see.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable
from tidegauge.errors import TooFewRows
from tidegauge.records import Information
from tidegauge_evaluators._copula import Moments, log_odds, moments_of, scores_of
from tidegauge_evaluators._threads import one_thread

Numbers = NDArray[np.float64]

FEW = 30
"""Rows that each side needs."""
QUANTILES = 63
"""Bins of equal mass that a number is cut into."""
ATOM = 0.0025
"""A single value with this share of the rows gets a bin of its own."""
MOST_LEVELS = 200
"""Categories told apart; the rarest of more are one."""
SOME = 5_000
"""Rows from which trees may be more and larger."""
LEANING = 2_000
"""Rows on which it is seen what trees lean on."""
MANY = 3_000
"""Rows from which two folds are enough."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimate:
    """An amount of information, in nats a row of an even mixture of both sides."""

    rows: Numbers
    """Shape (rows,): what each row adds; their mean is the value."""
    error: float
    """Standard error of the value."""

    @property
    def value(self) -> float:
        """Mean over rows."""
        return float(self.rows.mean())

    @property
    def z(self) -> float:
        """Value over standard error, of which rows that are all alike leave one row's worth."""
        return self.value / max(self.error, 1.0 / len(self.rows))


def told(one: Estimate, about: str) -> Information:
    """Write an estimate down without its rows."""
    return Information(about=about, value=one.value, z=one.z)


class Domain:
    """Tells the sides of a case apart by any of its columns, and remembers the answers.

    Parameters
    ----------
    case
        At least 30 rows a side.
    rng
        Which rows are held out together.

    Raises
    ------
    TooFewRows
        When a side has fewer than 30 rows that count, or fewer than two blocks to itself.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> x, side = rng.normal(size=2_000), np.arange(2_000) >= 1_000
    >>> domain = Domain(case_of({"x": x + side, "y": x}, side), rng=rng)
    >>> domain.information(["x"], given=["y"]).value > 0.5
    True
    >>> abs(domain.information(["y"]).value) < 0.01
    True
    """

    def __init__(self, case: Case, *, rng: np.random.Generator) -> None:
        counting = np.ones(case.n, np.bool_) if case.weights is None else case.weights > 0
        then, now = (int(np.count_nonzero(counting & (case.current == new))) for new in (0, 1))
        if min(then, now) < FEW:
            raise TooFewRows(needed=FEW, n_baseline=then, n_current=now)
        self.case = case
        self.weights = _balanced(case)
        self.folds = _folds(case, rng)
        self._codes: dict[str, NDArray[np.float32]] = {}
        self._odds: dict[frozenset[str], Numbers] = {}
        self._scores: tuple[Numbers, dict[str, range]] | None = None
        self._moments: dict[int, Moments] = {}

    def log_odds(self, names: Iterable[str]) -> Numbers:
        """Held-out log odds of being a current row, as if both sides had as many rows."""
        key = frozenset(names)
        self.learn([key])
        return self._odds[key]

    def learn(self, sets: Iterable[Iterable[str]]) -> None:
        """Fit what several questions will need."""
        for key in map(frozenset, sets):
            if key not in self._odds:
                found = np.zeros((2, self.case.n))
                for fold in range(int(self.folds.max()) + 1):
                    held = self.folds == fold
                    found[0, held] = self._by_trees(key, fold)
                    found[1, held] = self._by_copula(key, fold)
                self._odds[key] = _calibrated(found, self.case.current, self.weights)

    def losses(self, names: Iterable[str]) -> Numbers:
        """Held-out log loss of each row's side; log 2 where no column is given."""
        odds = self.log_odds(names)
        return np.logaddexp(0.0, np.where(self.case.current, -odds, odds))

    def information(self, names: Iterable[str], given: Iterable[str] = ()) -> Estimate:
        """Estimate I(side; names | given)."""
        known = frozenset(given)
        rows = self.weights * (self.losses(known) - self.losses(known | frozenset(names)))
        return Estimate(rows=rows, error=self.error(rows))

    def leaning(self, names: Iterable[str]) -> dict[str, float]:
        """How much trees over these columns lean on each: loss added by permuting it.

        A quick guide to what is worth asking, on at most 2,000 rows; permuting a column that has
        a double may add nothing.
        """
        columns = sorted(names)
        matrix = np.column_stack([self.code(name) for name in columns])
        held = np.flatnonzero(self.folds == 0)
        rng = np.random.default_rng(0)
        held = rng.permutation(held)[:LEANING]
        kinds = [self.case[name].categorical for name in columns]
        learnt = self.folds != 0
        model = _trees(kinds, int(np.count_nonzero(learnt)))
        matrix = filled(matrix, learnt)
        side = np.where(self.case.current[held], 1.0, -1.0)
        added: dict[str, float] = {}
        with one_thread():
            model.fit(matrix[learnt], self.case.current[learnt], sample_weight=self.weights[learnt])
            rows = matrix[held]
            before = np.logaddexp(0.0, -side * model.decision_function(rows)).mean()
            for place, name in enumerate(columns):
                mixed = rows.copy()
                mixed[:, place] = rng.permutation(mixed[:, place])
                loss = np.logaddexp(0.0, -side * model.decision_function(mixed)).mean()
                added[name] = float(loss - before)
        return added

    def beside(self, name: str, values: Numbers) -> Domain:
        """Take one more column, and keep every answer that does not need it."""
        wider = copy(self)
        variables = {**self.case.variables, name: Variable(name=name, values=values)}
        wider.case = replace(self.case, variables=variables)
        wider._codes, wider._odds = dict(self._codes), dict(self._odds)
        wider._scores, wider._moments = None, {}
        return wider

    def foretold(
        self, matrix: NDArray[np.float32], values: Numbers, learnt: NDArray[np.bool_]
    ) -> Numbers:
        """Foretell a number, shape (rows,), by trees that never saw the row.

        Parameters
        ----------
        matrix
            Shape (rows, columns).
        learnt
            Rows that trees may learn from.
        """
        from sklearn.ensemble import HistGradientBoostingRegressor

        found = np.full(self.case.n, np.nan)
        for fold in range(int(self.folds.max()) + 1):
            held, rest = self.folds == fold, learnt & (self.folds != fold)
            if held.any() and rest.any():
                known = filled(matrix, rest)
                model = HistGradientBoostingRegressor(
                    max_iter=40, max_leaf_nodes=15, early_stopping=False, random_state=0
                )
                with one_thread():
                    model.fit(known[rest], values[rest], sample_weight=self.weights[rest])
                    found[held] = model.predict(known[held])
        return found

    def error(self, rows: Numbers) -> float:
        """Work out the standard error of a mean over rows; those of one block count as one."""
        return standard_error(rows, self.case.blocks)

    def code(self, name: str) -> NDArray[np.float32]:
        """Bins of a column, as the trees read them; NaN = missing."""
        if name not in self._codes:
            self._codes[name] = binned(self.case[name])
        return self._codes[name]

    def _by_trees(self, names: frozenset[str], fold: int) -> Numbers:
        """Log odds of one fold's rows, by trees that the other folds taught."""
        held = self.folds == fold
        columns = [name for name in sorted(names) if _varies(self.code(name)[~held])]
        if not columns:
            return np.zeros(int(np.count_nonzero(held)))
        matrix = np.column_stack([self.code(name) for name in columns])
        kinds = [self.case[name].categorical for name in columns]
        model = _trees(kinds, int(np.count_nonzero(~held)))
        with one_thread():
            model.fit(matrix[~held], self.case.current[~held], sample_weight=self.weights[~held])
            odds: Numbers = model.decision_function(matrix[held])
        return odds

    def _by_copula(self, names: frozenset[str], fold: int) -> Numbers:
        """Log odds of one fold's rows, by normal scores of the others."""
        scores, parts = self.laid()
        if fold not in self._moments:
            rest = self.folds != fold
            self._moments[fold] = moments_of(
                scores[rest], self.case.current[rest], self.weights[rest]
            )
        index = [part for name in sorted(names) for part in parts.get(name, ())]
        return log_odds(scores[self.folds == fold], self._moments[fold], index)

    def laid(self) -> tuple[Numbers, dict[str, range]]:
        """Lay out every column but moments as normal scores, and say which are whose."""
        if self._scores is None:
            columns, parts, place = [np.zeros((self.case.n, 0))], {}, 0
            for name, variable in self.case.variables.items():
                if not variable.instant:
                    columns.append(scores_of(self.case, name))
                    parts[name] = range(place, place + columns[-1].shape[1])
                    place += columns[-1].shape[1]
            self._scores = np.hstack(columns), parts
        return self._scores


def filled(matrix: NDArray[np.float32], learnt: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Put zeros into columns of which no learnt row has a value: trees refuse them."""
    blank = np.isnan(matrix[learnt]).all(axis=0)
    return np.where(blank, np.float32(0.0), matrix) if blank.any() else matrix


def _varies(codes: NDArray[np.float32]) -> bool:
    first = codes[0]
    same = np.isnan(codes) if np.isnan(first) else codes == first
    return not bool(same.all())


def standard_error(rows: Numbers, blocks: NDArray[np.int64] | None) -> float:
    """Work out the standard error of a mean; rows of one block count as one."""
    n = len(rows)
    if blocks is None:
        return float(rows.std(ddof=1) / math.sqrt(n))
    sums = np.bincount(blocks - blocks.min(), weights=rows - rows.mean())
    groups = len(np.unique(blocks))
    return float(math.sqrt((sums**2).sum() * groups / max(groups - 1, 1)) / n)


def binned(variable: Variable) -> NDArray[np.float32]:
    """Code a column for trees: 63 bins of equal mass, frequent values apart; NaN = missing."""
    values = variable.values
    seen = np.isfinite(values)
    if variable.categorical:
        return _levels(values, seen)
    codes = np.full(len(values), np.nan, np.float32)
    present = values[seen]
    codes[np.isneginf(values)] = -1
    if not len(present):
        codes[np.isposinf(values)] = 0
        return codes
    edges = np.quantile(present, np.linspace(0, 1, QUANTILES + 1)[1:-1], method="lower")
    repeated = edges[:-1][edges[1:] == edges[:-1]]
    atoms = np.unique(np.concatenate([repeated, _atoms(present)]))
    cuts = np.unique(np.concatenate([edges, atoms, np.nextafter(atoms, -np.inf)]))
    codes[seen] = np.searchsorted(cuts, present, side="left")
    codes[np.isposinf(values)] = len(cuts) + 1
    return codes


def _atoms(present: Numbers) -> Numbers:
    """Values that many rows share, at most 64."""
    ordered = np.sort(present)
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    counts = np.diff(np.append(starts, len(ordered)))
    often = np.flatnonzero(counts >= max(3, ATOM * len(ordered)))
    return ordered[starts[often[np.argsort(-counts[often])[:64]]]]


def _levels(values: Numbers, seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    codes = np.full(len(values), np.nan, np.float32)
    known = values[seen].astype(np.int64)
    counts = np.bincount(known)
    place = np.full(len(counts), MOST_LEVELS, np.int64)
    often = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    place[often] = np.arange(len(often))
    codes[seen] = place[known]
    return codes


def _balanced(case: Case) -> Numbers:
    """Weights of mean one under which both sides count the same."""
    weights = np.ones(case.n) if case.weights is None else case.weights.astype(np.float64)
    totals = np.bincount(case.current.astype(np.int64), weights=weights, minlength=2)
    balanced: Numbers = weights * case.n / (2.0 * totals[case.current.astype(np.int64)])
    return balanced


def _folds(case: Case, rng: np.random.Generator) -> NDArray[np.int64]:
    """Deal rows, or whole blocks, evenly to folds: two of many rows, four of few."""
    count = 2 if case.n >= MANY else 4
    if case.blocks is not None:
        return _dealt(case.blocks, case.current, count, rng)
    folds = np.empty(case.n, np.int64)
    for side in (False, True):
        rows = np.flatnonzero(case.current == side)
        folds[rng.permutation(rows)] = np.arange(len(rows)) % count
    return folds


def _dealt(
    blocks: NDArray[np.int64], current: NDArray[np.bool_], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Deal whole blocks in the order of their share of current rows, so that no fold has a side."""
    member = np.unique(blocks, return_inverse=True)[1].reshape(-1)
    share = np.bincount(member, weights=current) / np.bincount(member)
    place = np.empty(len(share), np.int64)
    place[np.lexsort((rng.random(len(share)), share))] = np.arange(len(share))
    dealt: NDArray[np.int64] = (place % count)[member]
    sides = np.zeros((count, 2), np.bool_)
    sides[dealt, current.astype(np.int64)] = True
    alone = sides.sum(axis=0)
    if alone.min() < 2:  # the other folds must teach both sides
        then, now = (len(np.unique(blocks[current == new])) for new in (False, True))
        raise TooFewRows(needed=2, n_baseline=then, n_current=now, of="of different blocks")
    return dealt


def _trees(kinds: Sequence[bool], rows: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=50 if rows >= SOME else 30,
        learning_rate=0.1,
        max_leaf_nodes=15 if rows >= SOME else 8,
        min_samples_leaf=max(10, min(100, rows // 100)),
        l2_regularization=1.0,
        max_bins=255,
        early_stopping=False,
        categorical_features=list(kinds) if any(kinds) else None,
        random_state=0,
    )


def _calibrated(odds: Numbers, current: NDArray[np.bool_], weights: Numbers) -> Numbers:
    """Add up kinds of log odds, none below zero, as the held-out rows bear them out.

    Parameters
    ----------
    odds
        Shape (kinds, rows); a constant is added.
    """
    from scipy.optimize import minimize

    signed = np.where(current, 1.0, -1.0) * np.vstack([odds, np.ones(odds.shape[1])])
    load = weights / weights.sum()

    def loss(slopes: Numbers) -> tuple[float, Numbers]:
        margin = slopes @ signed
        wrong = 1.0 / (1.0 + np.exp(np.clip(margin, -500, 500)))
        return float(load @ np.logaddexp(0.0, -margin)), -(signed * (load * wrong)).sum(axis=1)

    start = np.append(np.full(len(odds), 0.5), 0.0)
    bounds = [(0.0, None)] * len(odds) + [(None, None)]
    slopes = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    if not slopes[:-1].any():
        return np.zeros(odds.shape[1])  # a constant alone knows nothing
    added: Numbers = slopes[:-1] @ odds + slopes[-1]
    return added
