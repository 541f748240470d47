"""Rows of both sides, coded for the question why they differ: what attribution reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Caller = Callable[[Mapping[str, Any]], NDArray[np.float64]]
"""A model that can be asked: columns in, one number (or one a class) out for each row."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variable:
    """One column of both sides' rows.

    Examples
    --------
    >>> Variable(name="plan", values=np.array([0.0, 1.0, np.nan]), levels=("free", "paid")).texts
    ['free', 'paid', None]
    """

    name: str
    values: Numbers
    """Shape (rows,): numbers, seconds since 1970, or codes of ``levels``; NaN = missing."""
    levels: tuple[str, ...] = ()
    """The categories, those of the baseline first; empty for numbers and instants."""
    instant: bool = False
    """Whether the numbers are moments."""

    @property
    def categorical(self) -> bool:
        """Whether the values are codes."""
        return bool(self.levels)

    @property
    def texts(self) -> list[str | None]:
        """Levels row by row."""
        return [None if np.isnan(code) else self.levels[int(code)] for code in self.values]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """Rows of the baseline and of the current log, one under the other, columns by name."""

    current: NDArray[np.bool_]
    """Shape (rows,): whether a row is of the current log."""
    variables: Mapping[str, Variable]
    """Every column that is read, by name."""
    features: tuple[str, ...]
    """Columns that may be a cause: features, segments, what scorers added about inputs."""
    target: str = ""
    """Column of the truth; rows without one are NaN."""
    task: Literal["classification", "regression", ""] = ""
    """What the target is for; for two classes its code is 1 for the positive one."""
    prediction: str = ""
    """Column of the decision or predicted number."""
    scores: tuple[str, ...] = ()
    """Columns of probabilities: of the positive class, or one a class in the target's order."""
    model_version: str = ""
    timestamp: str = ""
    order: tuple[tuple[str, ...], ...] = ()
    """Tiers of columns, causes first; columns of one tier do not cause each other."""
    parents: Mapping[str, tuple[str, ...]] | None = None
    """A causal graph: column -> its direct causes; ``None`` = no graph given."""
    blocks: NDArray[np.int64] | None = None
    """Shape (rows,): rows of one conversation, entity or day have one number; ``None`` = rows are
    independent."""
    weights: Numbers | None = None
    """Shape (rows,): what each row counts; ``None`` = one."""
    texts: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    """Role -> text of each row, for evidence: prompt, response, context."""

    @property
    def n(self) -> int:
        """Rows of both sides."""
        return len(self.current)

    @property
    def n_baseline(self) -> int:
        """Rows of the baseline."""
        return self.n - self.n_current

    @property
    def n_current(self) -> int:
        """Rows of the current log."""
        return int(np.count_nonzero(self.current))

    def __getitem__(self, name: str) -> Variable:
        return self.variables[name]

    def only(self, rows: NDArray[Any]) -> Case:
        """Keep some of the rows, by mask or by place."""
        return replace(
            self,
            current=self.current[rows],
            variables={
                name: replace(one, values=one.values[rows]) for name, one in self.variables.items()
            },
            blocks=None if self.blocks is None else self.blocks[rows],
            weights=None if self.weights is None else self.weights[rows],
            texts={
                role: [texts[i] for i in np.arange(self.n)[rows]]
                for role, texts in self.texts.items()
            },
        )

    def with_values(self, name: str, values: Numbers) -> Case:
        """Put other values in one column's place, as a repair does."""
        variables = {**self.variables, name: replace(self.variables[name], values=values)}
        return replace(self, variables=variables)


def case_of(
    columns: Mapping[str, Numbers | Sequence[Any]],
    current: NDArray[np.bool_],
    *,
    features: Sequence[str] | None = None,
    **roles: Any,
) -> Case:
    """Lay columns of both sides, stacked, out as a case.

    Parameters
    ----------
    columns
        Name -> values of all rows; texts and booleans are categories, all else numbers.
    current
        Shape (rows,): whether a row is of the current log.
    features
        Columns that may be a cause; every column without a role unless given.
    roles
        Further fields of ``Case``.

    Examples
    --------
    >>> case = case_of({"x": [1.0, 2.0, 3.0], "plan": ["b", "a", "c"]}, np.array([False, False, 1]))
    >>> case["plan"].levels, case.n_current
    (('a', 'b', 'c'), 1)
    """
    now = np.asarray(current, dtype=bool)
    variables = {name: variable_of(name, values, now) for name, values in columns.items()}
    taken = {
        roles.get("target"), roles.get("prediction"), roles.get("model_version"),
        roles.get("timestamp"), *roles.get("scores", ()),
    }  # fmt: skip
    suspects = tuple(name for name in variables if name not in taken)
    return Case(
        current=now,
        variables=variables,
        features=suspects if features is None else tuple(features),
        **roles,
    )


def variable_of(name: str, values: Any, current: NDArray[np.bool_]) -> Variable:
    """Code one column: numbers as they are, all else as categories, the baseline's first."""
    array = np.asarray(values)
    if array.dtype.kind in "iuf":
        return Variable(name=name, values=array.astype(np.float64))
    if array.dtype.kind == "M":
        seconds = array.astype("datetime64[us]").astype(np.float64) / 1e6
        return Variable(name=name, values=np.where(np.isnat(array), np.nan, seconds), instant=True)
    words = [None if _absent(value) else str(value) for value in array.tolist()]
    if array.dtype.kind == "O" and all(_is_number(value) for value in array.tolist()):
        numbers = [np.nan if _absent(value) else float(value) for value in array.tolist()]
        return Variable(name=name, values=np.asarray(numbers, dtype=np.float64))
    before = sorted({w for w, new in zip(words, current, strict=True) if w is not None and not new})
    after = sorted({word for word in words if word is not None} - set(before))
    codes = {level: float(code) for code, level in enumerate([*before, *after])}
    coded = [np.nan if word is None else codes[word] for word in words]
    return Variable(name=name, values=np.asarray(coded, dtype=np.float64), levels=tuple(codes))


def _absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def _is_number(value: Any) -> bool:
    return _absent(value) or (isinstance(value, (int, float)) and not isinstance(value, bool))
