"""Labels that come late, twice, in other types, for other rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from tidegauge.errors import DataError
from tidegauge.logs import open_log
from tidegauge.logs.labels import read_labels, with_labels


def table(log: object) -> pa.Table:
    return pa.Table.from_batches(list(log.batches()))  # type: ignore[attr-defined]


def test_the_newest_of_two_labels_wins_and_the_count_is_said() -> None:
    rows = {"id": ["a", "b", "a"], "y": ["no", "no", "yes"], "at": ["2026-03-02", "2026-03-01", ""]}
    by_place = read_labels(rows, id="id", target="y")
    assert dict(zip(by_place.ids.to_pylist(), by_place.values.to_pylist(), strict=True)) == {
        "a": "yes",
        "b": "no",
    }
    assert (by_place.rows, by_place.repeated, by_place.changed) == (3, 1, 1)
    assert "3 labels, 1 of them again: the newest counts (1 with another" in by_place.said
    dated = rows | {"at": ["2026-03-02", "2026-03-01", "2026-03-01"]}
    by_time = read_labels(dated, id="id", target="y", timestamp="at")
    assert by_time.values.to_pylist()[by_time.ids.to_pylist().index("a")] == "no"


def test_rows_without_an_id_or_a_label_say_nothing() -> None:
    found = read_labels({"id": ["a", None, "c"], "y": [1, 1, None]}, id="id", target="y")
    assert found.ids.to_pylist() == ["a"]


def test_a_log_without_the_column_gets_it_and_labels_of_other_rows_are_ignored() -> None:
    log = open_log({"id": [1, 2, 3], "p": [0.1, 0.2, 0.3]})
    labels = read_labels({"id": ["3", "1", "99"], "y": ["yes", "no", "no"]}, id="id", target="y")
    joined = with_labels(log, labels, id="id", target="y")
    assert joined.schema.names == ["id", "p", "y"]
    assert table(joined).column("y").to_pylist() == ["no", None, "yes"]
    assert [b.schema.names for b in joined.batches(["y"])] == [["y"]]
    assert [b.schema.names for b in joined.batches(["p"])] == [["p"]]
    assert joined.digest == log.digest, "the same rows stay the same window's revision"


def test_a_row_without_a_late_label_keeps_its_own() -> None:
    log = open_log({"id": [1.0, 2.0, 3.0], "y": ["no", None, None]})
    labels = read_labels({"id": [1, 2], "y": ["yes", "yes"]}, id="id", target="y")
    joined = with_labels(log, labels, id="id", target="y")
    assert table(joined).column("y").to_pylist() == ["yes", "yes", None]


def test_a_column_of_nothing_takes_the_labels_type() -> None:
    log = open_log(pa.table({"id": [1, 2], "y": pa.nulls(2)}))
    labels = read_labels({"id": [2], "y": [5]}, id="id", target="y")
    assert table(with_labels(log, labels, id="id", target="y")).column("y").to_pylist() == [None, 5]


def test_labels_that_do_not_fit_are_refused_with_both_types() -> None:
    log = open_log({"id": [1], "y": [0]})
    labels = read_labels({"id": [1], "y": ["maybe"]}, id="id", target="y")
    with pytest.raises(DataError, match=r"labels are .*string.*is int64"):
        with_labels(log, labels, id="id", target="y")


def test_a_log_without_ids_and_times_that_are_none_are_refused() -> None:
    labels = read_labels({"id": [1], "y": [1]}, id="id", target="y")
    with pytest.raises(DataError, match='no column "id"'):
        with_labels(open_log({"p": [0.1]}), labels, id="id", target="y")
    with pytest.raises(DataError, match="are no times"):
        read_labels({"id": [1], "y": [1], "at": ["soon"]}, id="id", target="y", timestamp="at")


def test_several_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name, label in (("a.csv", "no"), ("b.csv", "yes")):
        (tmp_path / name).write_text(f"id,y\n7,{label}\n")
    found = read_labels(str(tmp_path / "*.csv"), id="id", target="y")
    assert (found.ids.to_pylist(), found.values.to_pylist()) == (["7"], ["yes"])
