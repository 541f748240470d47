"""Outcomes as Arrow columns, in the types that logs come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tidegauge.records import Kind
from tidegauge.scorer import Scorer, Texts
from tidegauge.scoring.pipeline import Outcome

TEXT = pa.dictionary(pa.int32(), pa.string())
TYPES: dict[Kind, pa.DataType] = {
    "numeric": pa.float64(),
    "boolean": pa.bool_(),
    "datetime": pa.timestamp("us", "UTC"),
}
"""Of the kinds that are no text."""
STATUS = "status"


def fields(column: str, scorer: Scorer) -> list[pa.Field]:
    """Columns that a scorer adds: its outputs, then its status.

    Parameters
    ----------
    column
        Name of the main one; a suffix follows it after a dot.
    scorer
        Loaded, as only then its outputs are known.
    """
    named = [
        pa.field(f"{column}.{suffix}" if suffix else column, _type(kind, scorer))
        for suffix, kind in scorer.outputs.items()
    ]
    return [*named, pa.field(f"{column}.{STATUS}", TEXT)]


def arrays(outcomes: Sequence[Outcome], types: Sequence[pa.DataType]) -> list[pa.Array]:
    """One array a column; rows without values are null in all but the status."""
    nothing = (None,) * (len(types) - 1)
    rows = [one.joined.values if one.joined else nothing for one in outcomes]
    columns = list(zip(*rows, strict=True)) or [()] * len(nothing)
    made = [_array(column, kind) for column, kind in zip(columns, types[:-1], strict=True)]
    return [*made, _array([one.status for one in outcomes], types[-1])]


def texts(batch: pa.RecordBatch, inputs: Mapping[str, str]) -> Iterator[Texts]:
    """Texts of each row by argument; what is null is absent.

    Parameters
    ----------
    batch
        Holds the columns that ``inputs`` names; numbers are spelled as text.
    inputs
        Argument -> column.
    """
    arguments = list(inputs)
    read = [_spelled(batch.column(name)) for name in inputs.values()]
    if len(arguments) == 1:
        (name,) = arguments
        return ({} if text is None else {name: text} for text in read[0])
    if not read:
        return iter([{}] * batch.num_rows)
    return (
        {name: text for name, text in zip(arguments, row, strict=True) if text is not None}
        for row in zip(*read, strict=True)
    )


def _spelled(column: pa.Array) -> list[str | None]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        column = column.cast(pa.string())
    spelled: list[str | None] = column.to_pylist()
    return spelled


def _type(kind: Kind, scorer: Scorer) -> pa.DataType:
    if kind == "vector":
        return pa.list_(pa.float16(), scorer.model.width if scorer.model is not None else -1)
    return TYPES.get(kind, TEXT)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if kind == TEXT:
        plain = [None if v is None else _encodable(str(v)) for v in values]
        return pa.array(plain, pa.string()).dictionary_encode()
    if pa.types.is_boolean(kind):
        return pa.array([None if v is None else bool(v) for v in values], kind)
    if pa.types.is_floating(kind):
        return pa.array([None if v is None else float(v) for v in values], kind)
    if pa.types.is_fixed_size_list(kind):
        halves = [None if v is None else np.asarray(v, np.float16) for v in values]
        return pa.array(halves, kind)
    return pa.array(values, kind)


def _encodable(text: str) -> str:
    """Replace halves of surrogate pairs, which no file of text can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
