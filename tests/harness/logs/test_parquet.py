from __future__ import annotations

import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidegauge.errors import DataError
from tidegauge.logs import Log, open_log

TEXT = pa.dictionary(pa.int32(), pa.string())


def whole(log: Log, columns: list[str] | None = None) -> pa.Table:
    return pa.Table.from_batches(list(log.batches(columns)), log.schema if not columns else None)


def write(path: Path, columns: Any, **options: Any) -> str:
    pq.write_table(pa.table(columns), path, **options)
    return str(path)


def test_a_clean_file_raises_no_note(tmp_path: Path) -> None:
    log = open_log(write(tmp_path / "a.parquet", {"x": [1, 2], "s": ["a", None]}))
    assert log.notes == ()
    assert log.rows == 2
    assert whole(log).to_pydict() == {"x": [1, 2], "s": ["a", None]}


def test_a_log_can_be_read_twice(tmp_path: Path) -> None:
    log = open_log(write(tmp_path / "a.parquet", {"x": [1, 2]}))
    assert whole(log) == whole(log)


def test_types_come_as_they_were_written(tmp_path: Path) -> None:
    columns = {
        "uint8": pa.array([1, None], pa.uint8()),
        "float32": pa.array([0.5, None], pa.float32()),
        "bool": pa.array([True, None]),
        "decimal": pa.array([Decimal("1.50"), None]),
        "date": pa.array([date(2026, 1, 1), None]),
        "zoned": pa.array([0, None], pa.timestamp("us", "Europe/Berlin")),
        "naive": pa.array([0, None], pa.timestamp("ms")),
        "duration": pa.array([1, None], pa.duration("us")),
        "null": pa.nulls(2),
    }
    log = open_log(write(tmp_path / "a.parquet", columns))
    assert {one.name: one.type for one in log.schema} == {n: c.type for n, c in columns.items()}
    assert whole(log).to_pydict() == pa.table(columns).to_pydict()


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int64(), pa.large_string()),
    ],
)
def test_strings_of_every_layout_are_dictionaries_of_strings(
    tmp_path: Path, kind: pa.DataType
) -> None:
    values = pa.array(["a", None, "b", "a"]).cast(
        kind.value_type if pa.types.is_dictionary(kind) else kind
    )
    if pa.types.is_dictionary(kind):
        values = values.dictionary_encode().cast(kind)
    log = open_log(write(tmp_path / "a.parquet", {"s": values}))
    assert log.schema.field("s").type == TEXT
    batch = next(log.batches())
    assert batch.column("s").type == TEXT
    assert batch.column("s").to_pylist() == ["a", None, "b", "a"]


def test_bytes_that_are_not_utf8_are_replaced_and_noted(tmp_path: Path) -> None:
    log = open_log(write(tmp_path / "a.parquet", {"s": pa.array([b"a\xff", b"b", None])}))
    assert whole(log)["s"].to_pylist() == ["a\N{REPLACEMENT CHARACTER}", "b", None]
    assert log.notes == (
        'column "s" holds bytes that are not UTF-8: shown as \N{REPLACEMENT CHARACTER}',
    )


def test_structs_become_columns_by_path_and_keep_their_nulls(tmp_path: Path) -> None:
    rows = [{"a": {"b": 1, "c": {"d": "x"}}}, {"a": None}, {"a": {"b": None, "c": None}}]
    log = open_log(write(tmp_path / "a.parquet", {"in": pa.array(rows), "y": [1, 2, 3]}))
    assert log.schema.names == ["in.a.b", "in.a.c.d", "y"]
    assert whole(log)["in.a.b"].to_pylist() == [1, None, None]
    assert whole(log)["in.a.c.d"].to_pylist() == ["x", None, None]
    assert whole(log, ["y", "in.a.c.d"])["in.a.c.d"].to_pylist() == ["x", None, None]


def test_lists_and_maps_become_json_text(tmp_path: Path) -> None:
    log = open_log(write(tmp_path / "a.parquet", {"l": [[1, 2], None], "m": [[{"k": "é"}], []]}))
    assert whole(log).to_pydict() == {"l": ["[1,2]", None], "m": ['[{"k":"é"}]', "[]"]}


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array(["z"]), pa.array([2])], ["x", "s", "x"])
    pq.write_table(table, tmp_path / "a.parquet")
    log = open_log(tmp_path / "a.parquet")
    assert whole(log).to_pydict() == {"x": [1], "s": ["z"], "x_2": [2]}
    assert whole(log, ["x_2"]).to_pydict() == {"x_2": [2]}
    assert log.notes == ('there are several columns "x": one is read as "x_2"',)


def test_columns_come_in_the_order_asked_for(tmp_path: Path) -> None:
    log = open_log(write(tmp_path / "a.parquet", {"a": [1], "b": [2], "c": ["x"]}))
    assert [batch.schema.names for batch in log.batches(["c", "a"])] == [["c", "a"]]


def test_no_columns_still_count_rows(tmp_path: Path) -> None:
    log = open_log(write(tmp_path / "a.parquet", {"a": list(range(100))}))
    assert [batch.num_rows for batch in log.batches([])] == [100]


def test_a_column_that_is_not_there_is_refused_with_its_neighbour(tmp_path: Path) -> None:
    log = open_log(write(tmp_path / "a.parquet", {"income": [1]}))
    with pytest.raises(DataError, match='no column "incme"\n  hint: did you mean income'):
        list(log.batches(["incme"]))


def test_batches_keep_to_the_rows_asked_for(tmp_path: Path) -> None:
    log = open_log(write(tmp_path / "a.parquet", {"a": range(1000), "s": ["x"] * 1000}))
    sizes = [batch.num_rows for batch in log.batches(rows=300)]
    assert max(sizes) <= 300
    assert sum(sizes) == 1000


def test_small_row_groups_are_joined(tmp_path: Path) -> None:
    values = [str(n % 7) for n in range(5000)]
    log = open_log(write(tmp_path / "a.parquet", {"s": values}, row_group_size=10))
    batches = list(log.batches())
    assert len(batches) == 1
    assert batches[0].column("s").to_pylist() == values


def test_no_rows_give_no_batches(tmp_path: Path) -> None:
    log = open_log(write(tmp_path / "a.parquet", {"x": pa.array([], pa.int64())}))
    assert log.rows == 0
    assert list(log.batches()) == []


def test_a_thousand_columns_all_come(tmp_path: Path) -> None:
    log = open_log(write(tmp_path / "a.parquet", {f"x{n}": [n, None] for n in range(1000)}))
    assert whole(log).num_columns == 1000
    assert whole(log)["x999"].to_pylist() == [999, None]


@pytest.mark.parametrize("end", [0.3, 0.9])
def test_a_file_cut_short_is_named(tmp_path: Path, end: float) -> None:
    path = Path(write(tmp_path / "a.parquet", {"x": range(1000)}))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * end)])
    with pytest.raises(DataError, match=r"a\.parquet is damaged or cut short"):
        open_log(path)


def test_real_tables_agree_with_arrow(shared_tables: Path) -> None:
    files = sorted(shared_tables.glob("*.parquet"))
    for path in files:
        expected = pq.read_table(path)
        read = whole(open_log(path))
        assert read.schema.names == expected.schema.names
        for name in expected.schema.names:
            plain = expected[name].type
            assert read[name].cast(plain).equals(expected[name].cast(plain))


SCRIPT = """
import resource, sys
from tidegauge.logs import open_log
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = sum(batch.num_rows for batch in open_log(sys.argv[1]).batches())
print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) // 1024)
print(*(name for name in ("pandas", "pyarrow.dataset") if name in sys.modules))
"""


@pytest.mark.slow
def test_memory_stays_bounded_however_many_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    columns = {f"x{n}": rng.integers(0, 100, size=200_000) for n in range(49)}
    table = pa.table({**columns, "s": ["a", "b"] * 100_000})
    with pq.ParquetWriter(tmp_path / "a.parquet", table.schema) as writer:
        for _ in range(10):
            writer.write_table(table)
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "a.parquet")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert int(found[0]) == 2_000_000  # 800 MB of values
    assert int(found[1]) < 400
    assert not found[2:]
