"""From what a suite says of columns, and what rows look like, to a layout."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, get_args

import pyarrow as pa

from tidegauge.catalog import nearest
from tidegauge.errors import DataError, SuiteError
from tidegauge.inference import Inferred, infer
from tidegauge.profile import CategoricalProfile, Layout, Made, TargetLayout
from tidegauge.profile.layout import NOTHING
from tidegauge.records import Kind, TextRole

if TYPE_CHECKING:
    from tidegauge.suite.shape import Columns, Valid

SINGLE = (
    "id", "timestamp", "prediction", "latency", "status", *get_args(TextRole), "tokens",
    "model_version", "conversation",
)  # fmt: skip
"""Roles that one column plays and a suite names by its name alone."""
CLASSES = 20
"""A numeric target with at most this many whole values is a class, not a quantity."""


def lay_out(
    sample: pa.Table, columns: Columns, made: Mapping[str, Made] = NOTHING
) -> tuple[Layout, tuple[str, ...]]:
    """Decide each column's kind and role.

    Parameters
    ----------
    sample
        Rows of the baseline.
    columns
        What the suite declares; it always wins over what is inferred.
    made
        Columns of the sample that scorers added.

    Returns
    -------
    layout, notes
        Notes say in a sentence each what was inferred.

    Raises
    ------
    SuiteError
        When the suite names a column that the baseline does not have.
    """
    logged = sample.select([name for name in sample.column_names if name not in made])
    inferred = {k: v for k, v in infer(logged).items() if k not in columns.ignore}
    _require(columns, list(inferred), made)
    kinds: dict[str, Kind] = {name: found.kind for name, found in inferred.items()}
    kinds |= {name: kind for name, kind in columns.kinds.items() if name in kinds}
    roles = _single_roles(columns, inferred)
    kinds |= _kinds_of_roles(roles, kinds)
    target = _target(columns, roles["target"], roles, sample, kinds)
    if target and target.task == "classification":
        kinds[target.column] = "categorical"
        if roles["prediction"] and kinds[roles["prediction"]] != "boolean":
            kinds[roles["prediction"]] = "categorical"
    scores = _scores(columns, roles["score"], target)
    taken = {*roles.values(), *scores.values()} - {""}
    features = (
        columns.features
        if columns.features != "*"
        else tuple(name for name in kinds if name not in taken and kinds[name] != "id")
    )
    kinds |= {name: one.kind for name, one in made.items() if one.kind != "vector"}
    layout = Layout(
        kinds=kinds,
        features=tuple(features),
        segments=columns.segments,
        target=target,
        prediction=roles["prediction"],
        scores=scores,
        id=roles["id"],
        timestamp=roles["timestamp"],
        latency=roles["latency"],
        status=roles["status"],
        texts={role: roles[role] for role in get_args(TextRole) if roles[role]},
        tokens=roles["tokens"],
        model_version=roles["model_version"],
        conversation=roles["conversation"],
        made=made,
        valid={name: _range(valid) for name, valid in columns.valid.items()},
    )
    return layout, _notes(inferred, columns, roles)


def named(columns: Columns) -> tuple[str, ...]:
    """Every column that the suite gives a role, in the order of the keys."""
    single = [getattr(columns, role) for role in SINGLE]
    target = [columns.target.column] if columns.target else []
    score = [columns.score] if isinstance(columns.score, str) else list(columns.score.values())
    features = [] if columns.features == "*" else list(columns.features)
    return tuple(filter(None, [*single, *target, *score, *features, *columns.segments]))


def text_roles(sample: pa.Table | pa.RecordBatch, columns: Columns) -> dict[str, str]:
    """Role -> column of each text that scorers may read, declared or inferred."""
    inferred = {k: v for k, v in infer(sample).items() if k not in columns.ignore}
    roles = _single_roles(columns, inferred)
    return {role: roles[role] for role in get_args(TextRole) if roles[role]}


def _require(columns: Columns, present: list[str], made: Mapping[str, Made]) -> None:
    """Every column that the suite names must be there."""
    if clash := next((name for name in made if name in present), ""):
        raise SuiteError(
            f'a scorer adds a column "{clash}" that the log already has',
            "name the scorer's column with as: NAME",
        )
    for name in (*named(columns), *columns.kinds, *columns.valid):
        if name not in present and name not in made:
            raise SuiteError(
                f'the suite names a column "{name}" that the baseline does not have',
                nearest(name, present),
            )
    if not present:
        raise DataError("the baseline has no columns", "check logs.baseline and columns.ignore")


def _single_roles(columns: Columns, inferred: Mapping[str, Inferred]) -> dict[str, str]:
    """Column of each role that one column plays; empty where none does."""
    declared = {role: getattr(columns, role) for role in SINGLE}
    declared["target"] = columns.target.column if columns.target else ""
    declared["score"] = columns.score if isinstance(columns.score, str) else ""
    taken = set(named(columns))
    for name, found in inferred.items():
        role = found.role
        if role in declared and not declared[role] and name not in taken:
            if role == "score" and columns.score:
                continue
            declared[role] = name
    return declared


def _kinds_of_roles(roles: Mapping[str, str], kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    wanted: dict[str, Kind] = {"id": "id", "timestamp": "datetime", "status": "categorical"}
    wanted |= {"latency": "numeric", "score": "numeric", "tokens": "numeric"}
    wanted |= dict.fromkeys(get_args(TextRole), "text") | {"model_version": "categorical"}
    wanted |= {"conversation": "id"}
    found = {roles[role]: kind for role, kind in wanted.items() if roles[role]}
    return {name: kind for name, kind in found.items() if kinds[name] != "empty"}


def _target(
    columns: Columns,
    column: str,
    roles: Mapping[str, str],
    sample: pa.Table,
    kinds: Mapping[str, Kind],
) -> TargetLayout | None:
    if not column:
        return None
    declared = columns.target
    after = declared.arrives_after.total_seconds() if declared and declared.arrives_after else None
    seen = CategoricalProfile.freeze(sample.column(column), levels=CLASSES + 1).levels
    scored = bool(roles["score"] or columns.score)
    quantity = kinds[column] == "numeric" and not scored and len(seen) > CLASSES
    if quantity or (kinds[column] == "numeric" and not scored and any("." in x for x in seen)):
        return TargetLayout(column=column, task="regression", arrives_after=after)
    classes = CategoricalProfile.freeze(sample.column(column)).levels
    positive = declared.positive if declared else None
    return TargetLayout(
        column=column,
        task="classification",
        classes=_ordered(classes, positive),
        arrives_after=after,
    )


def _ordered(classes: tuple[str, ...], positive: str | None) -> tuple[str, ...]:
    """Classes in order of their names, numbers by size; the positive one last."""
    if positive is not None and positive not in classes:
        raise SuiteError(
            f'columns.target.positive is "{positive}", which the target never holds',
            nearest(positive, classes),
        )
    try:
        ordered = sorted(classes, key=float)
    except ValueError:
        ordered = sorted(classes)
    if positive is None:
        return tuple(ordered)
    return (*(name for name in ordered if name != positive), positive)


def _scores(columns: Columns, single: str, target: TargetLayout | None) -> dict[str, str]:
    """Class -> column of its probabilities."""
    if not isinstance(columns.score, str):
        if target and (strange := [c for c in columns.score if c not in target.classes]):
            raise SuiteError(
                f'columns.score names a class "{strange[0]}" that the target never holds',
                nearest(strange[0], target.classes),
            )
        return dict(columns.score)
    if not single:
        return {}
    if target and target.task == "classification" and len(target.classes) == 2:
        return {target.classes[-1]: single}
    return {"": single}  # a score that belongs to no class still drifts


def _range(valid: Valid) -> tuple[float, float]:
    low = -math.inf if valid.min is None else valid.min
    return low, math.inf if valid.max is None else valid.max


def _notes(
    inferred: Mapping[str, Inferred], columns: Columns, roles: Mapping[str, str]
) -> tuple[str, ...]:
    told = set(named(columns)) | set(columns.kinds)
    return tuple(
        f"{name}: taken for {found.kind}"
        + (f", role {found.role}" if found.role and roles.get(found.role) == name else "")
        + f" ({found.because})"
        for name, found in inferred.items()
        if name not in told
    )
