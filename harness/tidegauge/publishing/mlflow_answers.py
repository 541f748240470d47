"""What a model answers to logged rows, laid out as the columns in which answers are logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tidegauge.callers.asking import Asked, listed
from tidegauge.errors import ModelError
from tidegauge.layouts import lay_out
from tidegauge.profile import Layout
from tidegauge.profile.arrays import as_array, dense, present
from tidegauge.suite import Columns, Suite

ID = "tidegauge.row"
"""Column of ids where a log has none: both models answer the same rows in the same order."""
PREDICTION, SCORE = "prediction", "score"
"""Columns of answers where the log holds none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asking:
    """Rows that models are asked about, and where their answers belong."""

    rows: pa.Table
    """Without what the logged model answered, and how it was served."""
    layout: Layout
    """Of the rows as they were logged."""
    prediction: str
    scores: dict[str, str]
    """Class -> column of its probability; empty for numbers."""


def asking_of(rows: pa.Table, suite: Suite) -> Asking:
    """Take what is to be answered out of logged rows.

    Raises
    ------
    ModelError
        When no column holds the truth, without which no model is the better one.
    """
    layout, _ = lay_out(rows, suite.columns)
    if layout.target is None:
        raise ModelError(
            "the log has no column that is known to hold the truth, so no model is the better one",
            "name it in the suite: columns: {target: ...}",
        )
    served = (layout.latency, layout.status, layout.tokens, layout.model_version)
    gone = {layout.prediction, *layout.scores.values(), *served} - {""}
    rows = rows.select([name for name in rows.column_names if name not in gone])
    if not layout.id:
        rows = rows.append_column(ID, pa.array([f"{at:012d}" for at in range(rows.num_rows)]))
    classes = layout.target.classes if layout.target.task == "classification" else ()
    scores = dict(layout.scores) or ({classes[-1]: SCORE} if len(classes) == 2 else {})
    return Asking(
        rows=rows, layout=layout, prediction=layout.prediction or PREDICTION, scores=scores
    )


def answered(model: Asked, asking: Asking) -> pa.Table:
    """Ask a model about every row, and lay its answers beside them.

    Raises
    ------
    ModelError
        When it fails, or answers with what the target does not know.
    """
    names = model.columns or asking.layout.features
    absent = [name for name in names if name not in asking.rows.column_names]
    if absent:
        raise ModelError(
            f"{model.name}: takes {listed(absent)}, which the log does not hold",
            "name its columns in the suite: explain: {model: {path: ..., columns: [...]}}",
        )
    found = model({name: _sent(asking.rows.column(name)) for name in names})
    rows = asking.rows
    for name, values in _columns(model, found, asking).items():
        rows = rows.append_column(name, values)
    return rows


def columns_for(suite: Suite, asking: Asking, tables: Sequence[pa.Table]) -> Columns:
    """Fit the suite's roles to rows that models have answered."""
    here = set.intersection(*(set(table.column_names) for table in tables))
    scores = {label: name for label, name in asking.scores.items() if name in here}
    several = len(asking.scores) > 1
    columns = suite.columns
    kept = {
        name: tuple(one for one in getattr(columns, name) if one in here)
        for name in ("segments", "ignore")
    }
    mapped = {
        name: {key: one for key, one in getattr(columns, name).items() if key in here}
        for name in ("kinds", "valid")
    }
    return replace(
        columns,
        id=asking.layout.id or ID,
        target=columns.target or _target(asking),
        prediction=asking.prediction if asking.prediction in here else "",
        score=(scores if several else next(iter(scores.values()), "")) if scores else "",
        latency="",
        status="",
        tokens="",
        model_version="",
        features=asking.layout.features,
        segments=kept["segments"],
        ignore=kept["ignore"],
        kinds=mapped["kinds"],
        valid=mapped["valid"],
    )


def _target(asking: Asking) -> Any:
    from tidegauge.suite import Target

    assert asking.layout.target is not None
    return Target(column=asking.layout.target.column)


def _sent(column: pa.ChunkedArray) -> NDArray[Any]:
    """Lay a column out as a model takes it: numbers with NaN, texts with None, instants."""
    array = as_array(column)
    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        whole = bool(present(array).all())
        return np.asarray(array.to_numpy(zero_copy_only=False)) if whole else dense(array)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return dense(array)
    if pa.types.is_temporal(kind):
        return np.asarray(array.to_numpy(zero_copy_only=False))
    return np.asarray(array.to_pylist(), dtype=object)


def _columns(model: Asked, found: NDArray[np.float64], asking: Asking) -> dict[str, pa.Array]:
    target = asking.layout.target
    assert target is not None
    if target.task != "classification":
        if found.ndim != 1:
            raise ModelError(f"{model.name}: {found.shape[1]} numbers a row for one quantity")
        return {asking.prediction: pa.array(found)}
    classes = list(target.classes)
    if found.ndim == 1:
        return _of_one_number(model, found, classes, asking)
    known = [str(one) for one in model.classes] or classes
    if len(known) != found.shape[1] or set(known) - set(classes):
        raise ModelError(
            f"{model.name}: answers for {listed(known)} in {found.shape[1]} columns, "
            f"and the target holds {listed(classes)}",
            "name its classes in the suite: explain: {model: {path: ..., classes: [...]}}",
        )
    hard = bool(np.isin(found, (0.0, 1.0)).all())
    likeliest = np.asarray(known, dtype=object)[found.argmax(axis=1)]
    answers = {asking.prediction: pa.array(likeliest.tolist(), pa.string())}
    if not hard:
        answers |= {
            name: pa.array(found[:, known.index(label)])
            for label, name in asking.scores.items()
            if label in known
        }
    return answers


def _of_one_number(
    model: Asked, found: NDArray[np.float64], classes: list[str], asking: Asking
) -> dict[str, pa.Array]:
    """Read one number a row: the class itself, or the probability of the positive one."""
    spelled = [f"{one:g}" for one in np.unique(found)]
    if set(spelled) <= set(classes):
        return {asking.prediction: pa.array([f"{one:g}" for one in found], pa.string())}
    if len(classes) == 2 and set(spelled) <= {"0", "1"}:
        picked = np.asarray(classes, dtype=object)[found.astype(int)]
        return {asking.prediction: pa.array(picked.tolist(), pa.string())}
    inside = bool(((found >= 0) & (found <= 1)).all())
    if len(classes) != 2 or not inside:
        raise ModelError(
            f"{model.name}: answers with one number from {found.min():g} to {found.max():g} a row, "
            f"and the target holds {listed(classes)}",
            "save the model so that it answers with a class or with probabilities",
        )
    picked = np.asarray(classes, dtype=object)[(found >= 0.5).astype(int)]
    answers = {asking.prediction: pa.array(picked.tolist(), pa.string())}
    return answers | {name: pa.array(found) for name in asking.scores.values()}
