"""Real series cut into windows: what is known to be an incident, what is not, and their scores."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tidegauge.baseline import Baseline, freeze
from tidegauge.calibration.windows import Cut, cut_into_windows
from tidegauge.logs import open_log
from tidegauge.profile import DatasetProfile, NumericProfile
from tidegauge.suite import Columns

Floats = NDArray[np.float64]
LENGTHS = ("1h", "2h", "3h", "6h", "12h", "1d", "1w")
ROWS = 18
"""Rows that a window holds at least, in the median: fewer are no distribution."""
YEAR = timedelta(days=365.25)
TABLES = {
    "bike_sharing_hour": ("temp", "hum", "windspeed", "cnt"),
    "metro_traffic": ("temp", "clouds_all", "traffic_volume"),
    "elec2": ("nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"),
    "noaa_weather": (
        "temperature", "dew_point", "sea_level_pressure", "visibility", "avg_wind_speed",
    ),
}  # fmt: skip
"""Columns that are watched of each table."""
CHANGES = ("gdp_argentina", "gdp_croatia", "jfk_passengers", "co2_canada", "uk_coal_employ",
           "businv", "us_population", "brent_spot")  # fmt: skip
"""Series that grow: their relative changes are watched, for their level never comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One table in order of time, cut into windows over one grid."""

    name: str
    columns: tuple[str, ...]
    length: timedelta
    written: str
    """The length as a suite writes it."""
    starts: tuple[datetime, ...]
    parts: tuple[DatasetProfile, ...]
    tables: tuple[pa.Table, ...] = field(repr=False)
    incidents: tuple[tuple[datetime, datetime], ...] = ()
    """Labelled, start and end."""

    @property
    def per_year(self) -> float:
        """Windows in a year."""
        return YEAR / self.length

    def inside(self) -> NDArray[np.bool_]:
        """Whether each window overlaps an incident, shape (K,)."""
        return np.array(
            [any(a < s + self.length and b > s for a, b in self.incidents) for s in self.starts]
        )

    def means(self) -> Floats:
        """Mean of each column in each window, shape (K, C)."""
        return np.array([[_mean(part, name) for name in self.columns] for part in self.parts])

    def frozen(self, which: Sequence[int]) -> tuple[Baseline, Cut]:
        """Freeze windows into a baseline, with the windows over its grid."""
        rows = pa.concat_tables([self.tables[i] for i in which])
        log = open_log(rows)
        found = freeze(
            log, Columns(timestamp="timestamp", kinds=dict.fromkeys(self.columns, "numeric"))
        )
        return found, cut_into_windows(found.profile, log, self.written)


def _mean(part: DatasetProfile, name: str) -> float:
    column = part.columns[name]
    assert isinstance(column, NumericProfile)
    return column.moments.mean if column.moments.n else np.nan


def nab(data: Path) -> Iterator[Stream]:
    """Operations series with labelled incidents; two have none."""
    table = pq.read_table(data / "series" / "nab_operations.parquet")
    for name in table["series"].unique().to_pylist():
        rows = table.filter(pc.equal(table["series"], name))
        times = np.array(
            rows["timestamp"].cast(pa.timestamp("us")).to_pylist(), dtype="datetime64[us]"
        )
        labels = rows["in_window"].to_numpy().astype(bool)
        frame = {"value": rows["value"].to_numpy()}
        yield stream(name.rpartition("/")[2], times, frame, incidents=_runs(times, labels))


def tables(data: Path) -> Iterator[Stream]:
    """Tables without labelled incidents, in order of time."""
    for name, columns in TABLES.items():
        table = pq.read_table(data / "tabular" / f"{name}.parquet")
        if "timestamp" in table.schema.names:
            times = np.array(table["timestamp"].to_pylist(), dtype="datetime64[us]")
        else:  # half hours of a market from May 1996; days of a weather station from 1949
            step, first = ("30m", "1996-05-07") if name == "elec2" else ("1d", "1949-01-01")
            unit = np.timedelta64(30, "m") if step == "30m" else np.timedelta64(1, "D")
            times = np.datetime64(first, "us") + np.arange(table.num_rows) * unit
        frame = {column: table[column].to_numpy().astype(np.float64) for column in columns}
        at_least = "1d" if name != "noaa_weather" else "1w"
        yield stream(
            name, times, frame, at_least=at_least, rows=20 if name != "noaa_weather" else 7
        )


def unmarked(data: Path) -> Iterator[Stream]:
    """Stretches of annotated series before the first change that two people marked."""
    with gzip.open(data / "series" / "tcpd.jsonl.gz", "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            marks = sorted(m for marked in record["annotations"].values() for m in marked)
            agreed = [m for m in marks if sum(abs(m - other) <= 5 for other in marks) >= 2]
            values = np.array(
                [np.nan if v is None else v for v in record["values"][0]["raw"]], float
            )
            values = values[: agreed[0] if agreed else len(values)]
            if record["id"] in CHANGES:
                values = np.diff(np.log(values))
            if len(values) < 140:
                continue
            times = np.datetime64("2000-01-03", "us") + np.arange(len(values)) * np.timedelta64(
                1, "D"
            )
            yield stream(record["id"], times, {"value": values}, at_least="1w", rows=7)


def stream(
    name: str,
    times: NDArray[np.datetime64],
    frame: dict[str, Floats],
    *,
    incidents: Sequence[tuple[datetime, datetime]] = (),
    at_least: str = "1h",
    rows: int = ROWS,
) -> Stream:
    """Cut a table into the shortest windows that hold enough rows."""
    order = np.argsort(times, kind="stable")
    stamps = pa.array(times[order].astype("datetime64[us]"), pa.timestamp("us")).cast(
        pa.timestamp("us", "UTC")
    )
    table = pa.table({"timestamp": stamps, **{k: v[order] for k, v in frame.items()}})
    columns = Columns(timestamp="timestamp", kinds=dict.fromkeys(frame, "numeric"))
    log = open_log(table)
    grid = freeze(log, columns).profile
    for length in LENGTHS[LENGTHS.index(at_least) :]:
        cut = cut_into_windows(grid, log, length)
        if np.median(cut.rows) >= rows:
            break
    enough = [i for i, n in enumerate(cut.rows) if n >= 0.5 * np.median(cut.rows)]
    seconds = np.array(table["timestamp"].cast(pa.int64())) / 1e6
    starts = np.array([start.timestamp() for start in cut.starts])
    spans = [
        np.searchsorted(seconds, [start, start + cut.length.total_seconds()]) for start in starts
    ]
    return Stream(
        name=name,
        columns=tuple(frame),
        length=cut.length,
        written=length,
        starts=tuple(cut.starts[i] for i in enough),
        parts=tuple(cut.parts[i] for i in enough),
        tables=tuple(table.slice(int(spans[i][0]), int(spans[i][1] - spans[i][0])) for i in enough),
        incidents=tuple(incidents),
    )


def _runs(
    times: NDArray[np.datetime64], labels: NDArray[np.bool_]
) -> tuple[tuple[datetime, datetime], ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], labels.astype(int), [0]])))
    moments = [datetime.fromisoformat(str(t)).replace(tzinfo=UTC) for t in times]
    return tuple((moments[a], moments[b - 1]) for a, b in zip(edges[::2], edges[1::2], strict=True))
