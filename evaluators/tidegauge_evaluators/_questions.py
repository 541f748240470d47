"""What a model is sent of a case, and what its answers mean beside the case's own columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Caller, Case, Variable
from tidegauge.errors import ModelError
from tidegauge_evaluators._losses import (
    classes_of,
    log_loss,
    plain_class,
    task_of,
    truth_of,
)

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reply:
    """Answers to some rows of a case."""

    numbers: Numbers
    """Shape (rows, classes in the order of the target's codes); (rows, 1) for numbers."""
    hard: bool = False
    """Whether they are decisions: every chance is 0 or 1."""

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Shape (rows,): where there is an answer."""
        return np.asarray(np.isfinite(self.numbers).all(axis=1))

    def decided(self, cut: float = 0.5) -> Numbers:
        """Code of the class that is decided for, shape (rows,); the second of two from ``cut``."""
        if self.numbers.shape[1] == 2:
            return np.asarray(np.nan_to_num(self.numbers[:, 1]) >= cut, dtype=np.float64)
        return np.asarray(np.nan_to_num(self.numbers).argmax(axis=1), dtype=np.float64)

    @property
    def told(self) -> Numbers:
        """Without the column that follows from the other: the first of two chances."""
        return self.numbers[:, 1:] if self.numbers.shape[1] == 2 else self.numbers


def columns_of(
    case: Case, rows: Rows, instead: Mapping[str, Numbers] | None = None
) -> dict[str, NDArray[Any]]:
    """Take rows out of a case in the kinds that its log has, without what the model itself said.

    Parameters
    ----------
    rows
        Shape (asked,): places of the rows.
    instead
        Column -> shape (asked,), other values for these rows.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> case = case_of({"x": [1.0, 2.0], "plan": ["b", None]}, np.array([False, True]))
    >>> columns_of(case, np.array([1, 0]), {"x": np.array([5.0, np.nan])})
    {'x': array([ 5., nan]), 'plan': array([None, 'b'], dtype=object)}
    """
    outcomes = {case.target, case.prediction, *case.scores}
    other = instead or {}
    return {
        name: _native(one, other[name] if name in other else one.values[rows])
        for name, one in case.variables.items()
        if name not in outcomes
    }


def _native(variable: Variable, values: Numbers) -> NDArray[Any]:
    if variable.instant:
        known = np.isfinite(values)
        moments = np.where(known, values * 1e6, 0).astype(np.int64).astype("M8[us]")
        return np.where(known, moments, np.datetime64("NaT"))
    if not variable.categorical:
        return values.astype(np.float64)
    return np.asarray(replace(variable, values=values).texts, dtype=object)


def ask(
    case: Case, caller: Caller, rows: Rows, instead: Mapping[str, Numbers] | None = None
) -> Reply:
    """Ask a model for rows of a case.

    Raises
    ------
    ModelError
        When it fails, or answers with something else than the target's classes.
    """
    found = np.asarray(caller(columns_of(case, rows, instead)), dtype=np.float64)
    if found.ndim not in (1, 2) or len(found) != len(rows):
        raise ModelError(f"answered with the shape {found.shape} to {len(rows):,} rows")
    if case.target not in case.variables or task_of(case) != "classification":
        return Reply(numbers=_two_chances(found, case) if case.scores else _flat(found))
    chances = _chances(found, classes_of(case), getattr(caller, "classes", ()))
    hard = np.isin(chances[np.isfinite(chances)], (0.0, 1.0)).all()
    return Reply(numbers=chances, hard=bool(hard))


def _flat(found: Numbers) -> Numbers:
    return found.reshape(len(found), -1)


def _two_chances(found: Numbers, case: Case) -> Numbers:
    """Lay one chance out as two where one score is logged and no target says what for."""
    single = found.ndim == 1 and len(case.scores) == 1
    return np.column_stack([1.0 - found, found]) if single else _flat(found)


def _chances(found: Numbers, classes: tuple[str, ...], named: tuple[str, ...]) -> Numbers:
    """Lay answers out as one chance a class, in the order of the target's codes."""
    if found.ndim == 1 and len(classes) <= 2:
        return np.column_stack([1.0 - found, found])
    if found.ndim == 1:  # decisions, by the names of the classes
        labels = np.asarray([plain_class(label) for label in classes])
        decided = np.asarray([plain_class(f"{value:g}") for value in found])
        same = decided[:, None] == labels[None, :]
        return np.where(same.any(axis=1, keepdims=True), same, np.nan)
    places = _places(found.shape[1], classes, named)
    chances = np.zeros((len(found), max(len(classes), found.shape[1])))
    chances[:, places] = found
    return chances


def _places(width: int, classes: tuple[str, ...], named: tuple[str, ...]) -> list[int]:
    """Column of the target's order that each column of answers belongs to."""
    known = {plain_class(label): place for place, label in enumerate(classes)}
    wanted = [plain_class(label) for label in named]
    if len(wanted) == width and all(label in known for label in wanted):
        return [known[label] for label in wanted]
    if width > max(len(classes), 2):
        raise ModelError(
            f"answers for {width} classes, and the target has {len(classes)}: {', '.join(classes)}"
        )
    return list(range(width))


def losses_by(case: Case, rows: Rows, reply: Reply, of: str, cut: float = 0.5) -> Numbers:
    """Loss of each row if these had been the answers, shape (rows,); NaN = not labelled.

    Parameters
    ----------
    of
        "log loss", "share of errors", "squared error" or "absolute error".
    cut
        Chance of the second of two classes from which on it is decided for.
    """
    if of in ("squared error", "absolute error"):
        gap = reply.numbers[:, 0] - case[case.target].values[rows]
        return np.asarray(np.abs(gap) if of == "absolute error" else gap**2)
    truth = truth_of(case)[rows]
    if of == "log loss":
        return log_loss(reply.numbers, truth)
    decided = reply.decided(cut)
    return np.where(np.isnan(truth) | ~reply.answered, np.nan, decided != truth)
