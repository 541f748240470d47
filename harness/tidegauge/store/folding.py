"""Profiles as bytes, told apart from their grid: what runs have in common is not told again.

Counts are exact. Between two cut points the sum of rows is kept as their mean, to 1/30 of the
distance; below the first and above the last it is exact. Of ids and clusters a sample is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import HistoryError
from tidegauge.packing import ARRAY, KIND, PAIRS, TYPES
from tidegauge.profile import DatasetProfile, NumericProfile

Arrays = list[tuple[str, NDArray[Any]]]
"""Arrays with the names of their fields."""
STEPS = 15
"""Places between two cut points where the mean of a cell's rows may lie."""
KEPT = 256
"""Ids, and clusters, of which rows are kept."""
OPEN, ATOMS, MEANS, ENDS = "open", "atoms", "means", "ends"
DERIVED = ("cuts", "below", "upto", "sums")
"""Fields of a numeric profile that its cells and the grid's cut points give back."""


def fold(profile: DatasetProfile, grid: DatasetProfile | None) -> bytes:
    """Write what a profile holds beyond its grid; windows of time inside a run are left out."""
    return b"".join(fold_parts(profile, grid))


def fold_parts(profile: DatasetProfile, grid: DatasetProfile | None) -> list[bytes]:
    """Write as ``fold`` does, in parts that are best compressed each by itself."""
    arrays: Arrays = []
    tree = _folded(_lean(profile), grid, arrays)
    order = sorted(range(len(arrays)), key=lambda place: arrays[place][0])  # like beside like
    small = [(place, _narrow(arrays[place][1])) for place in order]
    shapes = [[i, arrays[i][1].dtype.str, list(a.shape), a.dtype.str] for i, a in small]
    head = json.dumps([tree, shapes], ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    alike = groupby(small, key=lambda pair: arrays[pair[0]][0])
    bodies = [b"".join(array.tobytes() for _, array in group) for _, group in alike]
    return [len(head).to_bytes(8, "little") + head, *bodies]


def unfold(body: bytes, grid: DatasetProfile | None) -> DatasetProfile:
    """Read a profile back.

    Raises
    ------
    HistoryError
        When it is no profile over that grid.
    """
    place = 8 + int.from_bytes(body[:8], "little")
    try:
        tree, shapes = json.loads(body[8:place].decode("utf-8", "surrogatepass"))
        arrays: dict[int, NDArray[Any]] = {}
        for number, wide, shape, narrow in shapes:
            found = np.frombuffer(body, np.dtype(narrow), int(np.prod(shape)), place)
            place += found.nbytes
            arrays[number] = found.astype(np.dtype(wide)).reshape(shape)
        profile: DatasetProfile = _unfolded(tree, grid, arrays)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise HistoryError(f"a stored profile is damaged: {error}") from error
    return profile


def unfold_grid(body: bytes) -> DatasetProfile:
    """Read a grid back, which was folded against nothing."""
    return unfold(body, None)


def blank_of(profile: DatasetProfile) -> DatasetProfile:
    """Return the grid that a profile lies over."""
    return replace(profile.blank(), clusters={})


def _lean(profile: DatasetProfile) -> DatasetProfile:
    """Leave out what the report says already, and most ids."""
    return replace(
        profile,
        keys=profile.keys.thinned(KEPT) if profile.keys else None,
        clusters={name: part.thinned(KEPT) for name, part in profile.clusters.items()},
        slices={label: _lean(part) for label, part in profile.slices.items()},
        windows={},
    )


def _folded(value: Any, base: Any, arrays: Arrays, called: str = "") -> Any:
    if isinstance(value, np.ndarray):
        arrays.append((called, value))
        return {ARRAY: len(arrays) - 1}
    if isinstance(value, (np.integer, np.floating)):
        return value.item()
    names = _names(value)
    if names:
        kin = base if type(base) is type(value) else None
        rest = {}
        if isinstance(value, NumericProfile) and kin is not None and _same(value.cuts, kin.cuts):
            rest = {key: _folded(x, None, arrays, key) for key, x in _cells(value).items()}
            names = [name for name in names if name not in DERIVED]
        for name in names:
            mine, yours = getattr(value, name), getattr(kin, name, None)
            if kin is None or not _same(mine, yours):
                rest[name] = _folded(mine, yours, arrays, name)
        return {KIND: type(value).__name__, **rest}
    if isinstance(value, Mapping):
        under = base if isinstance(base, Mapping) else {}
        pairs = [
            [key, _folded(item, under.get(key), arrays, called)] for key, item in value.items()
        ]
        return {PAIRS: pairs}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_folded(item, None, arrays, called) for item in value]
    return value


def _unfolded(tree: Any, base: Any, arrays: Mapping[int, NDArray[Any]]) -> Any:
    if isinstance(tree, list):
        return tuple(_unfolded(item, None, arrays) for item in tree)
    if not isinstance(tree, dict):
        return tree
    if ARRAY in tree:
        return arrays[tree[ARRAY]]
    if PAIRS in tree:
        under = base if isinstance(base, Mapping) else {}
        return {key: _unfolded(item, under.get(key), arrays) for key, item in tree[PAIRS]}
    kind = TYPES[tree[KIND]]
    kin = base if type(base) is kind else None
    found = {
        key: _unfolded(item, getattr(kin, key, None), arrays)
        for key, item in tree.items()
        if key != KIND
    }
    if OPEN in found and kin is not None:
        found |= _counts(kin.cuts, *(found.pop(key) for key in (OPEN, ATOMS, MEANS, ENDS)))
    if kin is None:
        return kind(**found)
    fresh: Any = kin
    return fresh._replace(**found) if isinstance(kin, tuple) else replace(fresh, **found)


def _cells(profile: NumericProfile) -> dict[str, Any]:
    """Rows of each elementary cell, and where in it their mean lies."""
    cells = profile.cells
    inner = cells[2:-1:2]
    filled = inner > 0
    low, high = profile.cuts[:-1][filled] / 2, profile.cuts[1:][filled] / 2  # halves: no overflow
    with np.errstate(all="ignore"):
        means = profile.sums[1:-1][filled] / inner[filled] / 2
        parts = np.nan_to_num((means - low) / (high - low), nan=0.5)
    return {
        OPEN: cells[0::2],  # apart, since one sort is mostly zeros and the other mostly not
        ATOMS: cells[1::2],
        MEANS: np.clip(np.rint(parts * STEPS), 0, STEPS).astype(np.uint8),
        ENDS: [float(profile.sums[0]), float(profile.sums[-1])],
    }


def _counts(
    cuts: NDArray[np.float64],
    between: NDArray[np.int64],
    atoms: NDArray[np.int64],
    means: NDArray[np.uint8],
    ends: tuple[float, float],
) -> dict[str, Any]:
    """Turn cells back into what a numeric profile holds."""
    cells = np.empty(2 * len(cuts) + 1, np.int64)
    cells[0::2], cells[1::2] = between, atoms
    running = np.cumsum(cells)
    inner = between[1:-1]
    filled = inner > 0
    parts = means / STEPS
    sums = np.zeros(len(cuts) + 1)
    with np.errstate(over="ignore", invalid="ignore"):
        sums[1:-1][filled] = inner[filled] * (
            cuts[:-1][filled] * (1 - parts) + cuts[1:][filled] * parts
        )
    sums[0], sums[-1] = ends if len(cuts) else (ends[0], ends[0])
    return {"below": running[0:-1:2], "upto": running[1::2], "sums": sums}


def _names(value: Any) -> list[str]:
    if is_dataclass(value):
        return [field.name for field in fields(value)]
    return list(getattr(value, "_fields", ()))


def _same(mine: Any, yours: Any) -> bool:
    if mine is yours:
        return True
    if isinstance(mine, np.ndarray):
        return (
            isinstance(yours, np.ndarray)
            and mine.dtype == yours.dtype
            and mine.shape == yours.shape
            and mine.tobytes() == yours.tobytes()
        )
    if _names(mine):
        return type(mine) is type(yours) and all(
            _same(getattr(mine, name), getattr(yours, name)) for name in _names(mine)
        )
    if isinstance(mine, Mapping):
        return (
            isinstance(yours, Mapping)
            and list(mine) == list(yours)
            and all(_same(mine[key], yours[key]) for key in mine)
        )
    return type(mine) is type(yours) and bool(mine == yours)


def _narrow(array: NDArray[Any]) -> NDArray[Any]:
    """Write whole numbers in the fewest bytes that hold them all."""
    if array.dtype.kind not in "iu" or not array.size:
        return array
    low, high = int(array.min()), int(array.max())
    kinds = "u1 u2 u4 u8" if low >= 0 else "i1 i2 i4 i8"
    for kind in kinds.split():
        room = np.iinfo(kind)
        if room.min <= low and high <= room.max:
            return array.astype(f"<{kind}")
    return array
