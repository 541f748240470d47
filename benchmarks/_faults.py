"""Faults planted in one column of a current log, and two changes that are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa

from _tables import distinct, floats, is_numeric

Column: TypeAlias = Any
"""An Arrow column: Arrow ships no types to check against."""
Plant = Callable[[Column, np.random.Generator], pa.Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A change of one column."""

    name: str
    on: Literal["numeric", "categorical", "any"]
    plant: Plant
    harmless: bool = False
    """Whether nothing should be said of it."""


def eligible(fault: Fault, column: Column) -> bool:
    """Whether a column can have this fault: quantities, and categories of several levels."""
    if fault.on == "any":
        return True
    levels = distinct(column)
    if fault.on == "numeric":
        return is_numeric(column) and levels >= 10
    return not is_numeric(column) and levels >= 3


def _scaled(factor: float) -> Plant:
    return lambda column, rng: _numbers(floats(column) * factor)


def _biased(column: Column, rng: np.random.Generator) -> pa.Array:
    values = floats(column)
    return _numbers(values + 0.2 * np.nanstd(values))


def _spread(column: Column, rng: np.random.Generator) -> pa.Array:
    values = floats(column)
    mean = np.nanmean(values)
    return _numbers(mean + np.sqrt(1.5) * (values - mean))


def _permuted(column: Column, rng: np.random.Generator) -> pa.Array:
    """Give every level the name of another, as after a re-sorted encoder."""
    names, texts = _texts(column)
    order = rng.permutation(names).tolist()
    following = dict(zip(order, [*order[1:], order[0]], strict=True))
    return _dictionary([None if x is None else following[x] for x in texts])


def _merged(column: Column, rng: np.random.Generator) -> pa.Array:
    """Give the second most frequent level the name of the first."""
    names, texts = _texts(column)
    counts = sorted(names, key=texts.count, reverse=True)
    return _dictionary([counts[0] if x == counts[1] else x for x in texts])


def _burst(column: Column, rng: np.random.Generator) -> pa.Array:
    struck = rng.random(len(column)) < 0.05
    return pa.array([None if hit else x for hit, x in zip(struck, column.to_pylist(), strict=True)])


def _sentinel(column: Column, rng: np.random.Generator) -> pa.Array:
    values = floats(column)
    return _numbers(np.where(rng.random(len(values)) < 0.03, -999.0, values))


def _new_level(column: Column, rng: np.random.Generator) -> pa.Array:
    _, texts = _texts(column)
    struck = rng.random(len(texts)) < 0.02
    return _dictionary(["brand new" if hit else x for hit, x in zip(struck, texts, strict=True)])


def _outlier(column: Column, rng: np.random.Generator) -> pa.Array:
    values = floats(column).copy()
    values[rng.integers(len(values))] = 1e6
    return _numbers(values)


def _numbers(values: np.ndarray) -> pa.Array:
    return pa.array(values, from_pandas=True)


def _texts(column: Column) -> tuple[list[str], list[str | None]]:
    texts = column.to_pylist()
    return sorted({x for x in texts if x is not None}), texts


def _dictionary(texts: list[str | None]) -> pa.Array:
    return pa.array(texts, pa.string()).dictionary_encode()


FAULTS = (
    Fault(name="unit x1000", on="numeric", plant=_scaled(1_000)),
    Fault(name="unit x2.54", on="numeric", plant=_scaled(2.54)),
    Fault(name="bias 0.2 sd", on="numeric", plant=_biased),
    Fault(name="variance x1.5", on="numeric", plant=_spread),
    Fault(name="levels permuted", on="categorical", plant=_permuted),
    Fault(name="levels merged", on="categorical", plant=_merged),
    Fault(name="null burst 5 %", on="any", plant=_burst),
    Fault(name="sentinel 3 %", on="numeric", plant=_sentinel),
    Fault(name="new level 2 %", on="categorical", plant=_new_level),
    Fault(name="one outlier 1e6", on="numeric", plant=_outlier, harmless=True),
)
IDENTIFIERS = "1,000 levels"
"""A column like an identifier, the same on both sides: planted before the baseline is frozen."""


def identifiers(rows: int, rng: np.random.Generator) -> pa.Array:
    """Draw a column of 1,000 levels."""
    return _dictionary([f"code {i:03d}" for i in rng.integers(0, 1_000, rows)])
