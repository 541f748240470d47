from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidegauge.errors import DataError, MissingExtraError
from tidegauge.logs import Log, Window, open_log


def whole(log: Log) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = pa.Table.from_batches(list(log.batches()), log.schema).to_pydict()
    return found


def put(path: Path, columns: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def window(start: str, end: str) -> Window:
    return Window(
        start=datetime.fromisoformat(start).replace(tzinfo=UTC),
        end=datetime.fromisoformat(end).replace(tzinfo=UTC),
    )


def test_a_folder_is_read_to_its_depth_without_its_writers_marks(tmp_path: Path) -> None:
    put(tmp_path / "b" / "2.parquet", {"x": [2]})
    put(tmp_path / "a" / "1.parquet", {"x": [1]})
    put(tmp_path / ".hidden" / "9.parquet", {"x": [9]})
    put(tmp_path / "_temporary" / "9.parquet", {"x": [9]})
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".1.parquet.crc").write_bytes(b"crc")
    (tmp_path / "README.md").write_text("about")
    log = open_log(tmp_path)
    assert whole(log) == {"x": [1, 2]}
    assert [Path(name).name for name in log.files] == ["1.parquet", "2.parquet"]
    assert (log.rows, log.notes) == (2, ())


def test_patterns_and_lists_are_read(tmp_path: Path) -> None:
    for n in range(3):
        put(tmp_path / f"d{n}" / "a.parquet", {"x": [n]})
    assert whole(open_log(str(tmp_path / "d[01]" / "*.parquet"))) == {"x": [0, 1]}
    assert whole(open_log(str(tmp_path / "**" / "*.parquet"))) == {"x": [0, 1, 2]}
    assert whole(open_log(str(tmp_path / "d*"))) == {"x": [0, 1, 2]}
    several = [tmp_path / "d2" / "a.parquet", str(tmp_path / "d0" / "a.parquet")]
    assert whole(open_log(several)) == {"x": [2, 0]}


def test_a_name_that_looks_like_a_pattern_is_a_name_first(tmp_path: Path) -> None:
    assert whole(open_log(put(tmp_path / "a[1].parquet", {"x": [1]}))) == {"x": [1]}


def test_partition_folders_become_columns(tmp_path: Path) -> None:
    put(tmp_path / "date=2026-01-01" / "site=A%20B" / "a.parquet", {"x": [1, 2]})
    put(tmp_path / "date=2026-01-02" / "site=__HIVE_DEFAULT_PARTITION__" / "a.parquet", {"x": [3]})
    put(tmp_path / "date=2026-01-03" / "site=7" / "a.parquet", {"x": [4]})
    found = whole(open_log(tmp_path))
    assert found["date"] == [date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)]
    assert found["site"] == ["A B", "A B", None, "7"]
    assert whole(open_log(tmp_path)) == found


def test_partitions_that_are_numbers_are_numbers(tmp_path: Path) -> None:
    put(tmp_path / "shard=1" / "a.parquet", {"x": ["u"]})
    put(tmp_path / "shard=20" / "a.parquet", {"x": ["v"]})
    assert whole(open_log(tmp_path)) == {"x": ["u", "v"], "shard": [1, 20]}
    assert [b.to_pydict() for b in open_log(tmp_path).batches(["shard"])] == [{"shard": [1, 20]}]


def test_columns_that_some_files_lack_are_null_and_noted(tmp_path: Path) -> None:
    put(tmp_path / "1.parquet", {"x": [1]})
    put(tmp_path / "2.parquet", {"y": ["a"], "x": [2]})
    log = open_log(tmp_path)
    assert whole(log) == {"x": [1, 2], "y": [None, "a"]}
    assert log.notes == ('1 of 2 files have no column "y": read as null',)


@pytest.mark.parametrize(
    ("first", "second", "kind", "values"),
    [
        (pa.array([1], pa.int8()), pa.array([300], pa.int32()), "int32", [1, 300]),
        (pa.array([1], pa.uint8()), pa.array([-1], pa.int8()), "int16", [1, -1]),
        (pa.array([1]), pa.array([0.5]), "double", [1.0, 0.5]),
        (pa.array([1]), pa.array(["x"]), "string", ["1", "x"]),
        (pa.array([True]), pa.array([3]), "int64", [1, 3]),
        (pa.nulls(1), pa.array([3]), "int64", [None, 3]),
        (
            pa.array([date(2026, 1, 1)]),
            pa.array([datetime(2026, 1, 2, 3)], pa.timestamp("ms")),
            "timestamp[ms]",
            [datetime(2026, 1, 1), datetime(2026, 1, 2, 3)],
        ),
        (
            pa.array([datetime(2026, 1, 1)], pa.timestamp("s")),
            pa.array([datetime(2026, 1, 1)], pa.timestamp("us", "UTC")),
            "timestamp[us, tz=UTC]",
            [datetime(2026, 1, 1, tzinfo=UTC)] * 2,
        ),
    ],
)
def test_types_that_differ_between_files_meet(
    tmp_path: Path, first: pa.Array, second: pa.Array, kind: str, values: list[Any]
) -> None:
    put(tmp_path / "1.parquet", {"x": first})
    put(tmp_path / "2.parquet", {"x": second})
    log = open_log(tmp_path)
    found = log.schema.field("x").type
    assert str(found.value_type if pa.types.is_dictionary(found) else found) == kind
    assert whole(log) == {"x": values}
    assert bool(log.notes) is (first.type != pa.null())


def test_text_files_keep_their_spelling_when_types_meet(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("code\n007\n")
    (tmp_path / "2.csv").write_text("code\nA07\n")
    log = open_log(tmp_path)
    assert whole(log) == {"code": ["007", "A07"]}
    assert log.notes == ('column "code" is int64 in 1, string in 1 files: read as string',)


def test_empty_files_are_left_out_and_counted(tmp_path: Path) -> None:
    put(tmp_path / "1.parquet", {"x": [1]})
    (tmp_path / "2.parquet").touch()
    log = open_log(tmp_path)
    assert (whole(log), log.notes) == ({"x": [1]}, ("1 of 2 files are empty: left out",))


def test_several_formats_in_a_folder_need_a_word(tmp_path: Path) -> None:
    put(tmp_path / "1.parquet", {"x": [1]})
    (tmp_path / "2.csv").write_text("x\n2\n")
    with pytest.raises(DataError, match="several formats: 1 csv, 1 parquet"):
        open_log(tmp_path)
    assert whole(open_log(tmp_path, format="csv")) == {"x": [2]}


def test_a_delta_table_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "1.parquet", {"x": [1]})
    (tmp_path / "_delta_log").mkdir()
    with pytest.raises(DataError, match="is a Delta table"):
        open_log(tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cread.parquet", r"cread.parquet does not exist\n  hint: in .*: did you mean cred.parq"),
        ("nothing/*.csv", "no file matches .*nothing/"),
        ("void", "is a folder without data files"),
    ],
)
def test_nothing_there_says_what_was_looked_for(tmp_path: Path, name: str, said: str) -> None:
    put(tmp_path / "cred.parquet", {"x": [1]})
    (tmp_path / "void").mkdir()
    with pytest.raises(DataError, match=said):
        open_log(str(tmp_path / name))


def test_formats_are_refused_with_their_neighbours(tmp_path: Path) -> None:
    path = put(tmp_path / "a.parquet", {"x": [1]})
    with pytest.raises(DataError, match='no log format is called "parket"'):
        open_log(path, format="parket")
    with pytest.raises(DataError, match="is a Parquet file, and the suite says csv"):
        open_log(path, format="csv")


def test_templates_are_filled_in_from_the_window(tmp_path: Path) -> None:
    for day in (14, 15, 17):
        put(tmp_path / f"2026-11-{day}" / "a.parquet", {"x": [day]})
    source = str(tmp_path / "{date}" / "*.parquet")
    assert whole(open_log(source, window=window("2026-11-14", "2026-11-15"))) == {"x": [14]}
    log = open_log(source, window=window("2026-11-14", "2026-11-18"))
    assert whole(log) == {"x": [14, 15, 17]}
    assert log.notes == (f"1 of 4 paths are not there: {tmp_path / '2026-11-16' / '*.parquet'}",)


def test_templates_take_formats_and_hours(tmp_path: Path) -> None:
    put(tmp_path / "2026/11/14/05.parquet", {"x": [5]})
    put(tmp_path / "2026/11/14/06.parquet", {"x": [6]})
    source = str(tmp_path / "{date:%Y/%m/%d}" / "{hour}.parquet")
    span = window("2026-11-14T05:00", "2026-11-14T06:00")
    assert whole(open_log(source, window=span)) == {"x": [5]}


def test_a_template_without_any_file_lists_what_was_looked_for(tmp_path: Path) -> None:
    source = str(tmp_path / "{date}.parquet")
    with pytest.raises(DataError, match=r"looked for .*2026-11-14.parquet, .* and 2 more"):
        open_log(source, window=window("2026-11-14", "2026-11-19"))
    with pytest.raises(DataError, match="filled in from a window, and there is none"):
        open_log(source)


def test_a_window_that_splits_a_day_chooses_rows(tmp_path: Path) -> None:
    hours = pa.array([datetime(2026, 11, 14, h) for h in range(24)])
    put(tmp_path / "2026-11-14.parquet", {"at": hours, "h": range(24)})
    source, span = str(tmp_path / "{date}.parquet"), window("2026-11-14T06:00", "2026-11-14T08:00")
    assert whole(open_log(source, window=span, timestamp="at"))["h"] == [6, 7]


def test_without_a_template_rows_are_chosen_by_time(tmp_path: Path) -> None:
    days = pa.array([datetime(2026, 11, d) for d in (13, 14, 15)])
    path = put(tmp_path / "a.parquet", {"at": days, "x": [13, 14, 15]})
    span = window("2026-11-14", "2026-11-15")
    log = open_log(path, window=span, timestamp="at")
    assert whole(log) == {"at": [datetime(2026, 11, 14)], "x": [14]}
    assert [batch.to_pydict() for batch in log.batches(["x"])] == [{"x": [14]}]
    assert log.rows is None


def test_a_window_without_times_is_refused_rather_than_forgotten(tmp_path: Path) -> None:
    path, span = put(tmp_path / "a.parquet", {"time": [1]}), window("2026-11-14", "2026-11-15")
    with pytest.raises(DataError, match="cannot be applied without times"):
        open_log(path, window=span)
    with pytest.raises(DataError, match='no timestamp column "tine"\n  hint: did you mean time'):
        open_log(path, window=span, timestamp="tine")


def test_the_digest_changes_with_any_file(tmp_path: Path) -> None:
    put(tmp_path / "1.parquet", {"x": [1]})
    before = open_log(tmp_path).digest
    assert open_log(tmp_path).digest == before
    put(tmp_path / "2.parquet", {"x": [1]})
    assert open_log(tmp_path).digest != before


def test_file_urls_are_local_files(tmp_path: Path) -> None:
    path = put(tmp_path / "a b.parquet", {"x": [1]})
    assert whole(open_log(path.as_uri())) == {"x": [1]}


def test_object_stores_are_read_through_fsspec() -> None:
    store = fsspec.filesystem("memory")
    for name, value in (("day=1/a.parquet", 1), ("day=2/a.parquet", 2), ("_SUCCESS", 0)):
        with store.open(f"/bucket/logs/{name}", "wb") as sink:
            pq.write_table(pa.table({"x": [value]}), sink)
    with store.open("/bucket/one.csv.gz", "wb", compression="gzip") as sink:
        sink.write(b"a,b\n1,x\n")
    log = open_log("memory://bucket/logs")
    assert whole(log) == {"x": [1, 2], "day": [1, 2]}
    assert log.files == (
        "memory://bucket/logs/day=1/a.parquet",
        "memory://bucket/logs/day=2/a.parquet",
    )
    assert whole(open_log("memory://bucket/logs/day=2/*.parquet"))["x"] == [2]
    assert whole(open_log("memory://bucket/logs/**/*.parquet"))["x"] == [1, 2]
    assert whole(open_log("memory://bucket/one.csv.gz")) == {"a": [1], "b": ["x"]}
    with pytest.raises(DataError, match="no file matches memory://bucket/none"):
        open_log("memory://bucket/none.parquet")


def test_unknown_stores_say_what_is_missing() -> None:
    with pytest.raises((DataError, MissingExtraError), match="nowhere://"):
        open_log("nowhere://bucket/a.parquet")
