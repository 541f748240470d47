"""What each row of a case costs: the loss whose change is to be explained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable
from tidegauge.errors import NotApplicable

Numbers = NDArray[np.float64]

LEAST = 1e-6
"""A probability below one in a million counts as one in a million: one row that was certain and
wrong must not outweigh all others."""
STRAY = 0.01
"""Largest share of scores outside 0 to 1 that is taken for a fault of rows, not for scores of
another kind."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Losses:
    """A loss for every row that has one."""

    rows: Numbers
    """Shape (rows,); NaN where there is no label, or nothing to hold against it."""
    of: str
    """"log loss", "share of errors", "squared error" or "absolute error"."""
    classes: tuple[str, ...] = ()
    """The classes in the order of their codes; empty for numbers."""


def losses_of(case: Case, *, absolute: bool = False) -> Losses:
    """Hold what was predicted against the truth, row by row.

    Log loss where probabilities are logged, else whether the decision was wrong; for numbers
    the squared or the absolute error.

    Parameters
    ----------
    absolute
        For numbers: the absolute error, which a few wild rows cannot rule.

    Raises
    ------
    NotApplicable
        When there is no target, or neither scores nor a prediction.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> case = case_of({"y": [1.0, 0.0, np.nan], "p": [0.5, 0.2, 0.9]}, np.array([0, 0, 1]),
    ...     target="y", scores=("p",), task="classification")
    >>> losses_of(case).rows.round(3).tolist()
    [0.693, 0.223, nan]
    """
    if case.target not in case.variables:
        raise NotApplicable("the loss needs a target, and no column is one")
    if task_of(case) == "regression":
        return _errors(case, absolute)
    classes = classes_of(case)
    chances = probabilities(case)
    if chances is not None:
        return Losses(rows=log_loss(chances, truth_of(case)), of="log loss", classes=classes)
    decided, truth = decisions(case), truth_of(case)
    wrong = np.where(np.isnan(decided) | np.isnan(truth), np.nan, decided != truth)
    return Losses(rows=wrong, of="share of errors", classes=classes)


def task_of(case: Case) -> str:
    """Name the task: as given, else classification for a target with levels or with scores."""
    if case.task:
        return case.task
    return "classification" if case[case.target].categorical or case.scores else "regression"


def classes_of(case: Case) -> tuple[str, ...]:
    """Name the classes in the order of their codes."""
    target = case[case.target]
    if target.categorical:
        return target.levels
    return tuple(f"{value:g}" for value in _distinct(target))


def truth_of(case: Case) -> Numbers:
    """Give the number of each row's class, shape (rows,); NaN = not labelled."""
    return _placed(case[case.target], classes_of(case))


def decisions(case: Case) -> Numbers:
    """Give the number of the class that was decided for, shape (rows,).

    Falls back on the class with the highest probability; NaN = neither is there. Decisions for
    what is no class of the target are numbered -1.
    """
    if case.prediction in case.variables:
        return _placed(case[case.prediction], classes_of(case), other=-1.0)
    chances = probabilities(case)
    if chances is None:
        raise NotApplicable("neither a decision nor a probability is logged")
    unknown = np.isnan(chances.sum(axis=1))
    return np.where(unknown, np.nan, np.nan_to_num(chances).argmax(axis=1))


def probabilities(case: Case) -> Numbers | None:
    """Lay the scores out as probabilities, shape (rows, classes).

    None where there are none, or where they are no probabilities. Rows without a score, or with
    one outside 0 to 1, are NaN.
    """
    names = [name for name in case.scores if name in case.variables]
    if not names or task_of(case) != "classification":
        return None
    scores = np.column_stack([case[name].values for name in names])
    if len(names) == 1:
        scores = np.column_stack([1.0 - scores, scores])
    stray = np.logical_or(scores < 0, scores > 1)
    if np.any(stray, axis=1).mean() > STRAY or not np.isfinite(scores).any():
        return None
    scores = np.where(stray, np.nan, scores)
    missing = len(classes_of(case)) - scores.shape[1]
    return np.column_stack([scores, np.zeros((len(scores), max(missing, 0)))])


def log_loss(chances: Numbers, truth: Numbers) -> Numbers:
    """Log loss of each row, clipped; NaN where a probability or the truth is missing."""
    known = ~np.isnan(truth)
    place = np.where(known, truth, 0).astype(np.int64)
    given = chances[np.arange(len(chances)), place]
    return np.where(known, -np.log(np.maximum(given, LEAST)), np.nan)


def _errors(case: Case, absolute: bool) -> Losses:
    if case.prediction not in case.variables:
        raise NotApplicable("the loss needs a predicted number, and no column is one")
    with np.errstate(invalid="ignore", over="ignore"):
        gap = case[case.prediction].values - case[case.target].values
        rows = np.abs(gap) if absolute else gap**2
    rows = np.where(np.isfinite(rows), rows, np.nan)
    return Losses(rows=rows, of="absolute error" if absolute else "squared error")


def _distinct(variable: Variable) -> Numbers:
    return np.unique(variable.values[np.isfinite(variable.values)])


def _placed(variable: Variable, classes: tuple[str, ...], *, other: float = np.nan) -> Numbers:
    """Give values of a column the numbers of the classes that bear their names."""
    named = variable.levels or tuple(f"{value:g}" for value in _distinct(variable))
    values = variable.values
    if not variable.categorical:
        values = np.searchsorted(_distinct(variable), values).astype(np.float64)
        values[~np.isfinite(variable.values)] = np.nan
    same = {plain_class(label): place for place, label in enumerate(classes)}
    places = np.array([float(same.get(plain_class(label), other)) for label in named] or [np.nan])
    known = np.isfinite(values)
    return np.where(known, places[np.where(known, values, 0).astype(np.int64)], np.nan)


def plain_class(label: str) -> str:
    """Write a class as both a number and a text would be written: "1" for "1.0", "True"."""
    word = {"true": "1", "false": "0"}.get(label.casefold(), label)
    try:
        return f"{float(word):g}"
    except ValueError:
        return word
