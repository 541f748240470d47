"""Rows with vectors, from a table to what measures of vectors read."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tidegauge.profile import Layout, VectorSample

AUTO = 2_000
"""Rows of each side that are looked at where nobody says how many: enough for a classifier to
tell a topic that six in a hundred new prompts are about, in seconds."""


def vector_sample(rows: pa.Table, column: str, layout: Layout, n: int) -> VectorSample:
    """Gather the rows that have a vector.

    Parameters
    ----------
    rows
        A uniform sample of one side's rows, vectors among its columns.
    column
        Column of the vectors.
    layout
        Says which columns hold the texts, the conversations and the ids.
    n
        Rows of the whole log.
    """
    held = rows.filter(pc.is_valid(rows.column(column)))
    source = layout.made[column].source
    return VectorSample(
        vectors=_matrix(held.column(column)),
        texts=_strings(held, source),
        clusters=_clusters(held, layout.conversation),
        ids=_strings(held, layout.id),
        n=n,
        role=layout.roles.get(source, "text"),
    )


def thinned(rows: pa.Table, most: int, seed: int) -> pa.Table:
    """Keep a uniform sample of at most so many rows, in their order."""
    if rows.num_rows <= most:
        return rows
    chosen = np.random.default_rng(seed).choice(rows.num_rows, most, replace=False)
    return rows.take(pa.array(np.sort(chosen)))


def _matrix(column: pa.ChunkedArray) -> NDArray[np.float32]:
    width = column.type.list_size
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    found: NDArray[np.float32] = flat.astype(np.float32).reshape(-1, width)
    found.setflags(write=False)
    return found


def _strings(rows: pa.Table, name: str) -> tuple[str, ...]:
    if name not in rows.column_names:
        return ()
    return tuple("" if value is None else str(value) for value in rows.column(name).to_pylist())


def _clusters(rows: pa.Table, name: str) -> NDArray[np.int64]:
    """Give each row its conversation's number; a row without one stands for itself."""
    if not name or name not in rows.column_names:
        return np.zeros(0, np.int64)
    spelled = rows.column(name).combine_chunks()
    if not pa.types.is_dictionary(spelled.type):
        spelled = spelled.dictionary_encode()
    codes = spelled.indices.to_numpy(zero_copy_only=False).astype(np.float64)
    alone = np.isnan(codes)
    codes[alone] = np.arange(alone.sum()) + len(spelled.dictionary)
    numbers: NDArray[np.int64] = codes.astype(np.int64)
    return numbers
