"""Logs with timestamps, made day by day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""
Day = Callable[[np.random.Generator, int, int], Mapping[str, object]]
"""From a generator, the day's number and its rows to columns."""


def plain(rng: np.random.Generator, day: int, rows: int) -> Mapping[str, object]:
    return {
        "income": rng.normal(rng.normal(0, 0.1), 1, rows),
        "region": rng.choice(["north", "south"], rows, p=[0.7, 0.3]),
        "latency": rng.lognormal(4, 0.5, rows),
        "model": ["v3"] * rows,
    }


def one_day(day: int, rng: np.random.Generator, rows: int, make: Day = plain) -> pa.Table:
    start = (START + timedelta(days=day)).timestamp()
    seconds = np.sort(start + rng.uniform(0, 86_400, rows))
    times = pa.array((seconds * 1e6).astype("int64"), pa.timestamp("us", "UTC"))
    return pa.table({"scored_at": times, **make(rng, day, rows)})


def days(
    count: int, *, rows: int = 200, seed: int = 0, make: Day = plain, first: int = 0
) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.concat_tables([one_day(first + d, rng, rows, make) for d in range(count)])


def daily_files(folder: Path, count: int, *, rows: int = 200, make: Day = plain) -> None:
    rng = np.random.default_rng(1)
    folder.mkdir(parents=True, exist_ok=True)
    for day in range(count):
        name = f"{START + timedelta(days=day):%Y-%m-%d}.parquet"
        pq.write_table(one_day(day, rng, rows, make), folder / name)
