"""Writes a synthetic Parquet file of 50 columns: ``_speed_data.py FILE ROWS SEED``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

NUMERIC, CATEGORICAL = 40, 10
MISSING = 0.005
ROW_GROUP = 2**20
"""What pyarrow and pandas write unless told otherwise."""
LEVELS = np.linspace(3, 100, CATEGORICAL).round().astype(int)


def shape(index: int, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one of four shapes, by turns, with NaN in half a percent of rows."""
    which = index % 4
    if which == 0:
        values = rng.standard_normal(rows)
    elif which == 1:
        values = np.exp(rng.standard_normal(rows))
    elif which == 2:
        values = rng.integers(0, 1_000, rows).astype(np.float64)
    else:
        values = rng.exponential(size=rows)
        values[rng.random(rows) < 0.6] = 0.0
    values[rng.integers(0, rows, int(rows * MISSING))] = np.nan
    return values


def levels(count: int, rows: int, rng: np.random.Generator) -> pa.DictionaryArray:
    """Draw levels whose shares fall off as 1 / rank."""
    weights = 1 / np.arange(1, count + 1)
    edges = np.cumsum(weights / weights.sum())
    codes = np.searchsorted(edges[:-1], rng.random(rows)).astype(np.int32)
    names = pa.array([f"level {i:03d}" for i in range(count)])
    return pa.DictionaryArray.from_arrays(pa.array(codes), names)


def table(rows: int, rng: np.random.Generator) -> pa.Table:
    """Draw a whole table."""
    columns = {f"n{i:02d}": pa.array(shape(i, rows, rng)) for i in range(NUMERIC)}
    columns |= {f"c{i:02d}": levels(int(k), rows, rng) for i, k in enumerate(LEVELS)}
    return pa.table(columns)


def write(path: Path, rows: int, seed: int) -> None:
    """Write a file row group by row group, so that any size fits into memory."""
    rng = np.random.default_rng(seed)
    draft = path.with_suffix(".part")
    sizes = [min(ROW_GROUP, rows - start) for start in range(0, rows, ROW_GROUP)]
    with pq.ParquetWriter(draft, table(1, rng).schema) as writer:
        for size in sizes:
            writer.write_table(table(size, rng), row_group_size=ROW_GROUP)
    draft.rename(path)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
