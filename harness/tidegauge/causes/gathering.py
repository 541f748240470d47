"""From rows of both sides to a case: columns coded alike, roles told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tidegauge.case import Case, Variable
from tidegauge.catalog import explainer
from tidegauge.errors import CannotMeasure
from tidegauge.profile import Layout
from tidegauge.profile.arrays import as_array, dense, instants, labels
from tidegauge.records import Kind, TextRole

NUMBERS: tuple[Kind, ...] = ("numeric",)
CATEGORIES: tuple[Kind, ...] = ("categorical", "boolean")
SERVICE = ("latency", "tokens", "model_version")
"""Single columns that may be causes beside features and segments."""


def case_from(
    before: pa.Table,
    now: pa.Table,
    layout: Layout,
    *,
    order: Sequence[Sequence[str]] = (),
    parents: Mapping[str, tuple[str, ...]] | None = None,
    extra: Mapping[str, Variable] | None = None,
) -> tuple[Case, tuple[str, ...]]:
    """Lay rows of both sides out as a case.

    Parameters
    ----------
    before, now
        Rows of the baseline and of the current log, with what scorers added.
    layout
        Kinds and roles.
    order, parents
        What is known of which column causes which.
    extra
        Further columns of all rows, such as topics; they may be causes.

    Returns
    -------
    case, notes
        Notes say which columns could not be read.
    """
    current = np.arange(before.num_rows + now.num_rows) >= before.num_rows
    variables: dict[str, Variable] = dict(extra or {})
    notes: list[str] = []
    for name, kind in layout.kinds.items():
        if kind not in (*NUMBERS, *CATEGORIES, "datetime"):
            continue
        if name not in now.column_names or name not in before.column_names:
            notes.append(f"{name} is missing in the current log, so no cause was sought in it")
            continue
        variables[name] = _variable(name, kind, before.column(name), now.column(name), layout)
    target = layout.target.column if layout.target and layout.target.column in variables else ""
    features = tuple(name for name in _suspects(layout, extra or {}) if name in variables)
    return Case(
        current=current,
        variables=variables,
        features=tuple(name for name in features if not _tells(variables, name, layout, current)),
        target=target,
        task=layout.target.task if layout.target and target else "",
        prediction=layout.prediction if layout.prediction in variables else "",
        scores=_scores(layout, variables),
        model_version=layout.model_version if layout.model_version in variables else "",
        timestamp=layout.timestamp if layout.timestamp in variables else "",
        order=tuple(tuple(tier) for tier in order),
        parents=parents,
        blocks=_blocks(before, now, layout),
        texts=_texts(before, now, layout),
    ), tuple(notes)


def case_without_labels(before: pa.Table, now: pa.Table, layout: Layout) -> Case:
    """Lay rows of both sides out as a case; whatever truth the current rows have is left out."""
    assert layout.target is not None
    name = layout.target.column
    blank = pa.nulls(now.num_rows, before.schema.field(name).type)
    kept = [column for column in now.column_names if column != name]
    return case_from(before, now.select(kept).append_column(name, blank), layout)[0]


def _variable(name: str, kind: Kind, before: Any, now: Any, layout: Layout) -> Variable:
    """Code a column of both sides alike."""
    if kind == "datetime":
        return Variable(name=name, values=_both(_moments, before, now), instant=True)
    if kind in NUMBERS:
        return Variable(name=name, values=_both(dense, before, now))
    target = layout.target
    known = target.classes if target and target.column == name else ()
    return _categories(name, before, now, known)


def _both(read: Any, before: Any, now: Any) -> NDArray[np.float64]:
    return np.concatenate([read(before), read(now)])


def _moments(column: Any) -> NDArray[np.float64]:
    """Seconds since 1970 row by row; NaN where there is no moment."""
    array = as_array(column)
    valid = np.asarray(pc.is_valid(array))
    out = np.full(len(array), np.nan)
    read = instants(array)
    if read.unparsable:  # each for itself, to keep rows in their places
        whole = [instants(array.slice(i, 1)).values for i in np.flatnonzero(valid)]
        out[valid] = [one[0] if len(one) else np.nan for one in whole]
    else:
        out[valid] = read.values
    return out


def _categories(name: str, before: Any, now: Any, known: Sequence[str]) -> Variable:
    then, today = labels(before), labels(now)
    levels = list(dict.fromkeys([*known, *sorted(then.levels), *sorted(today.levels)]))
    place = {level: code for code, level in enumerate(levels)}

    def coded(found: Any) -> NDArray[np.float64]:
        table = np.array([*(place[level] for level in found.levels), np.nan], dtype=np.float64)
        values: NDArray[np.float64] = table[found.codes]
        return values

    return Variable(
        name=name, values=np.concatenate([coded(then), coded(today)]), levels=tuple(levels)
    )


def _suspects(layout: Layout, extra: Mapping[str, Variable]) -> Iterator[str]:
    """Columns that may be causes: what goes in, what was found in texts, how it was served."""
    seen = dict.fromkeys([*layout.features, *layout.segments, *extra])
    seen |= dict.fromkeys(
        name for name, made in layout.made.items() if made.role in ("scored", "flagged")
    )
    if layout.texts:
        seen |= dict.fromkeys(filter(None, (getattr(layout, role) for role in SERVICE)))
    elif layout.model_version:
        seen[layout.model_version] = None
    target = layout.target.column if layout.target else ""
    taken = {target, layout.prediction, *layout.scores.values(), layout.timestamp}
    return (name for name in seen if name not in taken)


def _tells(
    variables: Mapping[str, Variable], name: str, layout: Layout, current: NDArray[np.bool_]
) -> bool:
    """Whether a column is the model's version and no version served both sides."""
    if name != layout.model_version:
        return False
    values = variables[name].values
    then, today = values[~current], values[current]
    return not np.intersect1d(then[~np.isnan(then)], today[~np.isnan(today)]).size


def _scores(layout: Layout, variables: Mapping[str, Variable]) -> tuple[str, ...]:
    """Columns of probabilities in the order of the classes."""
    classes = layout.target.classes if layout.target else ()
    named = [layout.scores[one] for one in classes if one in layout.scores]
    rest = [column for column in layout.scores.values() if column not in named]
    found = tuple(name for name in (*named, *rest) if name in variables)
    return found if len(found) == len(layout.scores) else ()


def _blocks(before: pa.Table, now: pa.Table, layout: Layout) -> NDArray[np.int64] | None:
    name = layout.conversation
    if not name or name not in before.column_names or name not in now.column_names:
        return None
    one = _categories(name, before.column(name), now.column(name), ())
    alone = np.isnan(one.values)
    codes = np.where(alone, len(one.levels) + np.arange(len(one.values)), one.values)
    return codes.astype(np.int64)


def _texts(before: pa.Table, now: pa.Table, layout: Layout) -> dict[str, Sequence[str | None]]:
    found: dict[str, Sequence[str | None]] = {}
    for role in get_args(TextRole):
        name = layout.texts.get(role, "")
        if name and name in before.column_names and name in now.column_names:
            both = [*before.column(name).to_pylist(), *now.column(name).to_pylist()]
            found[role] = [None if text is None else str(text) for text in both]
    return found


def topics_of(
    before: pa.Table, now: pa.Table, layout: Layout, rng: np.random.Generator
) -> dict[str, Any]:
    """Make a column of topics of every text that both sides have vectors of."""
    found: dict[str, Any] = {}
    for role, source in layout.texts.items():
        column = layout.vectors_of(source)
        if not column or any(column not in side.column_names for side in (before, now)):
            continue
        vectors = np.vstack([_vectors(before, column), _vectors(now, column)])
        name = f"{source} topic"
        try:
            found[name] = explainer("root_cause.topics").explain(
                vectors,
                np.arange(len(vectors)) >= before.num_rows,
                _texts(before, now, layout).get(role, ()),
                rng=rng,
                name=name,
                role=role,
            )
        except CannotMeasure:
            continue
    return found


def _vectors(rows: pa.Table, name: str) -> NDArray[np.float32]:
    """Vectors row by row, NaN where there is none: shape (rows, dimensions)."""
    column = rows.column(name).combine_chunks()
    valid = np.asarray(pc.is_valid(column))
    flat = column.drop_null().flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    out = np.full((len(valid), column.type.list_size), np.nan, np.float32)
    out[valid] = flat.reshape(-1, column.type.list_size)
    return out
