"""A stand-in for a model that cannot be asked, learned from its logged answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable
from tidegauge.errors import ModelError, NotApplicable, TooFewRows
from tidegauge.records import ExplainerCard
from tidegauge_evaluators._boosted import (
    Size,
    fit_class,
    fit_number,
    matrix,
    rows_of,
    seed_of,
)
from tidegauge_evaluators._losses import classes_of, decisions, probabilities, task_of
from tidegauge_evaluators._threads import one_thread

CARD = ExplainerCard(
    title="Stand-in for a model",
    explain="What would the model have answered, as far as its logged answers tell?",
    reference="Bucila, Caruana & Niculescu-Mizil 2006, KDD; Hinton et al. 2015, arXiv 1503.02531",
    needs="logged scores or predictions on both sides",
)

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]
FEW = 100
"""Rows with an answer that each side needs."""
LEARNED = 20_000
"""Baseline rows that are learned from, at most."""
HELD_OUT = 0.25
"""Share of the baseline's rows that judge the stand-in."""
LARGE = Size(trees=200, leaves=31, rate=0.1)
EDGE = 1e-4
"""Chances are learned as log odds, those nearer to 0 or 1 as if they were this near."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StandIn:
    """Trees that answer like a model; ask it as one."""

    trees: tuple[Any, ...]
    """One regression for each number that is foretold, or one classifier of decisions."""
    features: tuple[Variable, ...]
    """Columns that it takes, without their rows."""
    kind: str
    """"scores", "decisions" or "predictions": what it has learned from."""
    classes: tuple[str, ...]
    """What the columns of its answers stand for."""
    baseline: float
    """Fidelity on rows of the baseline that it has not seen: R2 for scores and predictions, mean
    recall of the classes for decisions."""
    current: float
    """The same on the current rows."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it takes."""
        return tuple(one.name for one in self.features)

    @property
    def said(self) -> str:
        """Who it is, for a report."""
        word = "agreement" if self.kind == "decisions" else "R2"
        return f"a stand-in ({word} {self.baseline:.2f} on the baseline, {self.current:.2f} now)"

    def __call__(self, columns: Mapping[str, Any]) -> Numbers:
        """Answer for every row: shape (rows,) for numbers, else (rows, classes).

        Raises
        ------
        ModelError
            When a column that it takes is not there.
        """
        if missing := [one.name for one in self.features if one.name not in columns]:
            raise ModelError(f"a stand-in takes {', '.join(missing)}, which is not there")
        return self.foretell(matrix([_coded(one, columns[one.name]) for one in self.features]))

    def foretell(self, rows: Numbers) -> Numbers:
        """Answer for rows of codes and numbers, shape (rows, columns)."""
        with one_thread():
            if self.kind == "decisions":
                chances = np.zeros((len(rows), len(self.classes)))
                chances[:, self.trees[0].classes_.astype(int)] = self.trees[0].predict_proba(rows)
                return chances
            found = np.column_stack([one.predict(rows) for one in self.trees])
        return found[:, 0] if self.kind == "predictions" else _chances(found)


def stand_in(case: Case, *, rng: np.random.Generator, gate: float = 0.85) -> StandIn:
    """Learn a model's answers from the baseline, and see whether they hold on both sides.

    Trees know nothing of values that the baseline does not have. So the stand-in must foretell
    the logged answers of the current rows too, or it is refused: it would fail just there where
    the question is.

    Parameters
    ----------
    gate
        Least fidelity on either side: R2 of scores and predictions, mean recall of decisions.

    Raises
    ------
    NotApplicable
        When no answers are logged, they never differ, or the stand-in is not faithful enough.
    TooFewRows
        When fewer than 100 rows of a side hold an answer.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(size=4_000)
    >>> case = case_of({"x": x, "p": x**2}, np.arange(4_000) >= 2_000, scores=("p",))
    >>> found = stand_in(case, rng=rng)
    >>> found.said
    'a stand-in (R2 1.00 on the baseline, 1.00 now)'
    >>> round(float(found({"x": np.array([0.5])})[0, 1]), 2)
    0.25
    """
    kind, answers = _answers(case)
    known = np.isfinite(answers).all(axis=1)
    then, now = np.flatnonzero(known & ~case.current), np.flatnonzero(known & case.current)
    if min(len(then), len(now)) < FEW:
        raise TooFewRows(
            needed=FEW, n_baseline=len(then), n_current=len(now), of=f"with logged {kind}"
        )
    if np.ptp(answers[then], axis=0).max() == 0:
        raise NotApplicable(f"the logged {kind} never differ on the baseline")
    then, now = rng.permutation(then)[:LEARNED], rng.permutation(now)[:LEARNED]
    judging, learning = np.array_split(then, [round(HELD_OUT * len(then))])
    names = [name for name in case.features if np.isfinite(case[name].values[learning]).any()]
    if not names:
        raise NotApplicable("there is no feature to learn from")
    trees = _learned(case, names, learning, answers[learning], kind, rng)
    features = tuple(_without_rows(case[name]) for name in names)
    found = StandIn(
        trees=trees,
        features=features,
        kind=kind,
        classes=_classes(case, kind),
        baseline=0,
        current=0,
    )
    return _through_gate(found, case, answers, (judging, now), gate)


def _answers(case: Case) -> tuple[str, Numbers]:
    """Find what is logged of the model's answers: its kind, and shape (rows, numbers)."""
    labelled = case.target in case.variables and task_of(case) == "classification"
    if case.scores:
        chances = probabilities(case) if labelled else _scores(case)
        if chances is not None:
            return "scores", chances
    if case.prediction not in case.variables:
        raise NotApplicable("no answers of the model are logged, so nothing can be learned of it")
    if labelled or case[case.prediction].categorical:
        coded = decisions(case) if labelled else case[case.prediction].values
        return "decisions", np.where(coded < 0, np.nan, coded)[:, None]
    return "predictions", case[case.prediction].values[:, None]


def _scores(case: Case) -> Numbers | None:
    scores = np.column_stack([case[name].values for name in case.scores])
    known = scores[np.isfinite(scores)]
    if known.size == 0 or known.min() < 0 or known.max() > 1:
        return None
    return np.column_stack([1.0 - scores, scores]) if scores.shape[1] == 1 else scores


def _classes(case: Case, kind: str) -> tuple[str, ...]:
    if kind == "predictions":
        return ()
    if case.target in case.variables:
        return classes_of(case)
    return case[case.prediction].levels if kind == "decisions" else ()


def _learned(
    case: Case,
    names: Sequence[str],
    rows: Rows,
    answers: Numbers,
    kind: str,
    rng: np.random.Generator,
) -> tuple[Any, ...]:
    """Fit one ensemble for each number that is to be foretold."""
    if kind == "decisions":
        codes = answers[:, 0].astype(np.int64)
        return (fit_class(case, names, rows, codes, LARGE, seed_of(rng)),)
    wanted = answers if kind == "predictions" else _log_odds(answers)
    return tuple(fit_number(case, names, rows, one, LARGE, seed_of(rng)) for one in wanted.T)


def _log_odds(chances: Numbers) -> Numbers:
    """Log odds of the second of two classes, or logarithms of more, one column each."""
    near = np.clip(chances, EDGE, 1 - EDGE)
    if chances.shape[1] == 2:
        return np.asarray(np.log(near[:, 1:]) - np.log(near[:, :1]))
    return np.asarray(np.log(near))


def _chances(found: Numbers) -> Numbers:
    """Turn log odds or logarithms back into chances, shape (rows, classes)."""
    if found.shape[1] == 1:
        found = np.column_stack([np.zeros(len(found)), found])
    powers = np.exp(found - found.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _through_gate(
    found: StandIn, case: Case, answers: Numbers, sides: tuple[Rows, Rows], gate: float
) -> StandIn:
    """Judge a stand-in on rows that it has not learned from.

    Raises
    ------
    NotApplicable
        When it is not faithful enough on either side.
    """
    then, now = (
        _fidelity(found.foretell(rows_of(case, found.columns, rows)), answers[rows], found.kind)
        for rows in sides
    )
    word = "agreement" if found.kind == "decisions" else "R2"
    if not min(then, now) >= gate:
        where = (
            "on the baseline" if then < gate else "on the current rows, where inputs are new to it"
        )
        raise NotApplicable(
            f"a stand-in learned from the logged {found.kind} is not faithful {where}: "
            f"{word} {then:.2f} on the baseline and {now:.2f} now, {gate:g} is needed",
            "name the model itself, so that it can be asked",
        )
    return StandIn(
        trees=found.trees, features=found.features, kind=found.kind, classes=found.classes,
        baseline=then, current=now,
    )  # fmt: skip


def _fidelity(foretold: Numbers, logged: Numbers, kind: str) -> float:
    """R2 over all columns of answers; for decisions the mean recall of the classes there are."""
    if kind == "decisions":
        right = foretold.argmax(axis=1) == logged[:, 0]
        return float(np.mean([right[logged[:, 0] == code].mean() for code in np.unique(logged)]))
    foretold = foretold.reshape(logged.shape)
    spread = float(((logged - logged.mean(axis=0)) ** 2).sum())
    error = float(((logged - foretold) ** 2).sum())
    return 1.0 - error / spread if spread > 0 else float(error == 0)


def _without_rows(variable: Variable) -> Variable:
    return Variable(
        name=variable.name, values=np.empty(0), levels=variable.levels, instant=variable.instant
    )


def _coded(variable: Variable, values: Any) -> Variable:
    """Code a column of the log as the case has it; levels that it does not know are missing."""
    array = np.asarray(values)
    if array.dtype.kind == "M":
        seconds = array.astype("M8[us]").astype(np.float64) / 1e6
        coded = np.where(np.isnat(array), np.nan, seconds)
    elif variable.categorical:
        codes = {level: float(code) for code, level in enumerate(variable.levels)}
        coded = np.asarray([codes.get(value, np.nan) for value in array.tolist()])
    else:
        coded = array.astype(np.float64)
    return Variable(
        name=variable.name, values=coded, levels=variable.levels, instant=variable.instant
    )
