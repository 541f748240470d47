"""Rows of two logs brought together by id, and what stands in the way counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tidegauge.comparison import Mismatch, Pairing
from tidegauge.errors import DataError
from tidegauge.profile.arrays import as_array, dense, labels
from tidegauge.wording import counted, listed

SHARED = 0.5
"""Share of the smaller side's ids that both must have for the rows to be taken for the same."""
FEWEST = 10
"""Shared ids below which rows are not taken for the same."""
MOST_DIFFERING = 0.01
"""Share of pairs that may differ in what was asked before ids are taken for wrong."""
SHOWN = 5
"""Examples of pairs that differ."""
CLOSE = 1e-6
"""Numbers this near, as a share of their size, are the same: a log may hold single precision."""
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matched:
    """Rows of both sides; row by row of the same ids where they are paired."""

    before: pa.Table
    now: pa.Table
    pairing: Pairing
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A column of ids: each id that comes once, and the row it is in."""

    ids: pa.Array
    rows: Places
    every: pa.Array
    """Each id that comes at all."""
    repeated: int
    """Rows whose id comes more than once."""
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the columns before rows are brought together."""

    id: str
    inputs: tuple[str, ...]
    target: str
    shared: tuple[str, ...]
    """Columns that belong to the row and not to the model, taken over where one side lacks them."""
    rows: str = "auto"
    groups: str = ""


def match(before: pa.Table, now: pa.Table, known: Known) -> Matched:
    """Pair rows by id where both models answered the same ones.

    Raises
    ------
    DataError
        When rows should be paired and cannot be, or when inputs differ in more than 1 % of pairs.
    """
    if known.rows == "unpaired":
        return _apart(before, now, known, "The suite says that the rows are not the same.")
    if not known.id or known.id not in before.column_names or known.id not in now.column_names:
        said = (
            f"The candidate's log has no column {known.id}, by which rows could be paired"
            if known.id in before.column_names
            else "No column holds ids by which rows could be paired"
        )
        return _unpaired(before, now, known, said)
    then, today = _keyed(before.column(known.id)), _keyed(now.column(known.id))
    place = pc.index_in(today.ids, value_set=then.ids)
    both = np.asarray(pc.is_valid(place))
    shared = int(np.count_nonzero(both))
    smaller = min(len(then.every), len(today.every))
    if shared < FEWEST or shared < SHARED * smaller:
        few = f"Only {shared:,}" if shared else "None"
        said = f"{few} of {smaller:,} ids in {known.id} {'are' if shared else 'is'} on both sides"
        return _unpaired(before, now, known, said)
    rows_then = then.rows[np.asarray(place.drop_null())]
    order = np.argsort(rows_then, kind="stable")
    before = before.take(pa.array(rows_then[order]))
    now = now.take(pa.array(today.rows[both][order]))
    before, now, notes = _taken_over(before, now, known.shared)
    pairing = Pairing(
        design="paired",
        by=known.id,
        because="",
        pairs=shared,
        only_baseline=_lacking(then.every, today.every),
        only_candidate=_lacking(today.every, then.every),
        repeated_baseline=then.repeated,
        repeated_candidate=today.repeated,
        without_id=then.missing + today.missing,
        groups=known.groups if known.groups in before.column_names else "",
    )
    return _agreeing(before, now, known, pairing, notes)


def _keyed(column: pa.ChunkedArray) -> Keyed:
    codes, levels = labels(as_array(column))
    missing = int((codes < 0).sum())
    rows = np.flatnonzero(codes >= 0)
    held = codes[rows]
    counts = np.bincount(held, minlength=len(levels)) if len(held) else np.zeros(0, np.int64)
    once = counts[held] == 1 if len(held) else np.zeros(0, bool)
    spelled = pa.array(levels, pa.string()).take(pa.array(held[once]))
    return Keyed(
        ids=spelled,
        rows=rows[once],
        every=pa.array(levels, pa.string()).filter(pa.array(counts > 0)),
        repeated=int((~once).sum()),
        missing=missing,
    )


def _lacking(ids: pa.Array, others: pa.Array) -> int:
    """Count the ids that the other side has not even once."""
    return len(ids) - int(pc.sum(pc.is_in(ids, value_set=others)).as_py() or 0)


def _taken_over(
    before: pa.Table, now: pa.Table, shared: Sequence[str]
) -> tuple[pa.Table, pa.Table, tuple[str, ...]]:
    """Give each side the columns that belong to the row and that only the other one logged."""
    lent = {"baseline's": [], "candidate's": []}  # type: dict[str, list[str]]
    for name in shared:
        if name in before.column_names and name not in now.column_names:
            now = now.append_column(before.schema.field(name), before.column(name))
            lent["baseline's"].append(name)
        elif name in now.column_names and name not in before.column_names:
            before = before.append_column(now.schema.field(name), now.column(name))
            lent["candidate's"].append(name)
    notes = tuple(
        f"{listed(names, 8)}: taken from the {side} log, for the same ids."
        for side, names in lent.items()
        if names
    )
    return before, now, notes


def _agreeing(
    before: pa.Table, now: pa.Table, known: Known, pairing: Pairing, notes: tuple[str, ...]
) -> Matched:
    """Leave out pairs that differ in what was asked or what was true; refuse too many."""
    n = before.num_rows
    wrong, differing = np.zeros(n, bool), []
    for name in known.inputs:
        if name in before.column_names and name in now.column_names:
            found = differs(before.column(name), now.column(name))
            if found.any():
                wrong |= found
                differing.append(_mismatch(name, found, before, now, known.id))
    differing.sort(key=lambda one: -one.rows)
    if wrong.mean() > MOST_DIFFERING:
        raise _refused(int(wrong.sum()), n, known.id, differing)
    truths = None
    if known.target in before.column_names and known.target in now.column_names:
        other = differs(before.column(known.target), now.column(known.target), known_only=True)
        if other.any():
            truths = _mismatch(known.target, other, before, now, known.id)
            wrong |= other
    if wrong.any():
        kept = pa.array(~wrong)
        before, now = before.filter(kept), now.filter(kept)
    pairing = replace(pairing, pairs=before.num_rows, inputs=tuple(differing), truths=truths)
    pairing = replace(pairing, because=_said(pairing))
    return Matched(before=before, now=now, pairing=pairing, notes=notes)


def differs(
    before: pa.ChunkedArray, now: pa.ChunkedArray, *, known_only: bool = False
) -> NDArray[np.bool_]:
    """Say of each pair whether two columns differ; 1, 1.0 and "1" are one value.

    Examples
    --------
    >>> differs(pa.chunked_array([[1, 2, None]]), pa.chunked_array([["1.0", "3", None]])).tolist()
    [False, True, False]
    """
    then, today = as_array(before), as_array(now)
    a, b = labels(then), labels(today)
    levels = {level: place for place, level in enumerate(a.levels)}
    renamed = np.array([*(levels.get(level, -2) for level in b.levels), -1], dtype=np.int64)
    found: NDArray[np.bool_] = renamed[b.codes] != a.codes
    if found.any():  # the same number may be spelled in several ways
        x, y = dense(then), dense(today)
        with np.errstate(invalid="ignore"):
            found &= ~(np.abs(x - y) <= CLOSE * np.maximum(np.abs(x), np.abs(y)))
    return found & (a.codes >= 0) & (b.codes >= 0) if known_only else found


def _mismatch(
    name: str, found: NDArray[np.bool_], before: pa.Table, now: pa.Table, id: str
) -> Mismatch:
    rows = pa.array(np.flatnonzero(found)[:SHOWN])
    columns = (before.column(id), before.column(name), now.column(name))
    shown = (column.take(rows).to_pylist() for column in columns)
    return Mismatch(
        column=name,
        rows=int(found.sum()),
        examples=tuple(
            (_short(key), _short(then), _short(today))
            for key, then, today in zip(*shown, strict=True)
        ),
    )


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _refused(wrong: int, n: int, id: str, differing: Sequence[Mismatch]) -> DataError:
    """Say which inputs differ, with examples: another row behind one id is no pair."""
    examples = "; ".join(
        f"{one.column} in {counted(one.rows, 'pair')}, as in {id} {key}: {then!r} and {today!r}"
        for one in differing[:3]
        for key, then, today in one.examples[:1]
    )
    return DataError(
        f"{wrong:,} of {n:,} pairs with one {id} differ in what was asked, which is more than "
        f"{MOST_DIFFERING:.0%}: {examples}",
        "if these columns are answers and not inputs, name the inputs: compare: {inputs: [...]}; "
        "if the rows are not the same, say compare: {rows: unpaired}",
    )


def _said(pairing: Pairing) -> str:
    parts = list(_left_out(pairing))
    said = f"{pairing.pairs:,} rows that both models answered, paired by {pairing.by}"
    return f"{said}; {', '.join(parts)}." if parts else f"{said}."


def _left_out(pairing: Pairing) -> Iterator[str]:
    if pairing.only_baseline:
        yield f"{counted(pairing.only_baseline, 'id')} only in the baseline"
    if pairing.only_candidate:
        yield f"{counted(pairing.only_candidate, 'id')} only in the candidate's log"
    repeated = pairing.repeated_baseline + pairing.repeated_candidate
    if repeated:
        yield f"{counted(repeated, 'row')} with an id that comes more than once"
    if pairing.without_id:
        yield f"{counted(pairing.without_id, 'row')} without an id"
    if pairing.inputs:
        columns = listed([one.column for one in pairing.inputs])
        yield f"{counted(max(one.rows for one in pairing.inputs), 'pair')} that differ in {columns}"
    if pairing.truths:
        yield f"{counted(pairing.truths.rows, 'pair')} with two truths"


def _unpaired(before: pa.Table, now: pa.Table, known: Known, why: str) -> Matched:
    if known.rows == "paired":
        raise DataError(
            f"{why}, and the rows are to be paired",
            "name the column of ids with columns: {id: ...}, and log the same ids on both sides",
        )
    return _apart(before, now, known, f"{why}, so the rows are taken for different ones.")


def _apart(before: pa.Table, now: pa.Table, known: Known, why: str) -> Matched:
    there = known.groups in before.column_names and known.groups in now.column_names
    pairing = Pairing(design="unpaired", by="", because=why, groups=known.groups if there else "")
    return Matched(before=before, now=now, pairing=pairing)
