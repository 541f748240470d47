from __future__ import annotations

import bz2
import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import DataError
from tidegauge.logs import Log, kept, open_log

TEXT = pa.dictionary(pa.int32(), pa.string())


def read(path: Path, data: str | bytes, **options: Any) -> tuple[Log, dict[str, list[Any]]]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    log = open_log(path, options=options)
    return log, pa.Table.from_batches(list(log.batches()), log.schema).to_pydict()


def test_plain_csv_raises_no_note(tmp_path: Path) -> None:
    log, found = read(tmp_path / "a.csv", "n,f,s,b\n1,0.5,x,true\n2,1e3,y,false\n")
    assert log.notes == ()
    assert log.rows == 2
    assert found == {"n": [1, 2], "f": [0.5, 1000.0], "s": ["x", "y"], "b": [True, False]}
    assert log.schema.field("s").type == TEXT


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told(tmp_path: Path, delimiter: str) -> None:
    lines = [["a", "b c", "d"], ["1", "x; y, z" if delimiter not in ";," else "x", "2.5"]] * 1
    text = "\n".join(delimiter.join(line) for line in lines) + "\n"
    _, found = read(tmp_path / "a.csv", text)
    assert list(found) == ["a", "b c", "d"]
    assert found["d"] == [2.5]


def test_commas_in_quotes_and_in_prose_delimit_nothing(tmp_path: Path) -> None:
    _, found = read(tmp_path / "a.csv", 'id;text\n1;"a, b; c"\n2;one, two, three\n')
    assert found == {"id": [1, 2], "text": ["a, b; c", "one, two, three"]}


def test_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "x\n1\n2\n")[1] == {"x": [1, 2]}


def test_a_decimal_comma_is_told_and_noted(tmp_path: Path) -> None:
    log, found = read(tmp_path / "a.csv", "a;b\n1,5;x\n2,25;y\n")
    assert found["a"] == [1.5, 2.25]
    assert log.notes == ("numbers are read with a decimal comma",)


def test_a_decimal_comma_can_be_said(tmp_path: Path) -> None:
    log, found = read(tmp_path / "a.csv", 'a,b\n"1,5",x\n', decimal=",")
    assert found["a"] == [1.5]
    assert log.notes == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_in_every_form_is_read(tmp_path: Path, encoding: str) -> None:
    _, found = read(tmp_path / "a.csv", "größe,b\n1,Zürich\n2,日本\n".encode(encoding))
    assert found == {"größe": [1, 2], "b": ["Zürich", "日本"]}


def test_western_bytes_are_read_and_noted(tmp_path: Path) -> None:
    log, found = read(tmp_path / "a.csv", "a,b\n1,Zürich €\n".encode("cp1252"))
    assert found["b"] == ["Zürich €"]
    assert "is read as cp1252" in log.notes[0]


def test_western_bytes_late_in_the_file_are_read_too(tmp_path: Path) -> None:
    lines = b"1,%s\n" % (b"x" * 99)
    log, found = read(tmp_path / "a.csv", b"a,b\n" + lines * 60_000 + b"2,\xe9\n")
    assert found["b"][-1] == "é"
    assert "not utf-8 throughout: read as cp1252" in log.notes[0]


def test_an_encoding_can_be_said(tmp_path: Path) -> None:
    _, found = read(tmp_path / "a.csv", "a\n日本\n".encode("shift-jis"), encoding="shift-jis")
    assert found == {"a": ["日本"]}


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='no encoding is called "klingon"'):
        read(tmp_path / "a.csv", "a\n1\n", encoding="klingon")


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.csv.gz", gzip.compress),
        ("a.csv.bz2", bz2.compress),
        ("a.csv.zst", lambda data: pa.compress(data, codec="zstd", asbytes=True)),
        ("packed", gzip.compress),
    ],
)
def test_compressed_files_are_read_by_their_bytes(tmp_path: Path, name: str, pack: Any) -> None:
    assert read(tmp_path / name, pack(b"a,b\n1,x\n"))[1] == {"a": [1], "b": ["x"]}


def test_several_gzip_members_are_one_file(tmp_path: Path) -> None:
    data = gzip.compress(b"a\n1\n") + gzip.compress(b"2\n")
    assert read(tmp_path / "a.csv.gz", data)[1] == {"a": [1, 2]}


@pytest.mark.parametrize("size", [12, 40, 2000])
def test_a_gzip_file_cut_short_is_named(tmp_path: Path, size: int) -> None:
    rows = "".join(f"{n},{n * 7919 % 1000}\n" for n in range(20_000)).encode()
    with pytest.raises(DataError, match=r"a\.csv\.gz is damaged or cut short"):
        read(tmp_path / "a.csv.gz", gzip.compress(b"a,b\n" + rows)[:size])


@pytest.mark.parametrize("word", ["", "NA", "N/A", "NaN", "nan", "null", "None", "#N/A"])
def test_spellings_of_nothing_are_null(tmp_path: Path, word: str) -> None:
    _, found = read(tmp_path / "a.csv", f"n,s\n1,x\n{word},{word}\n")
    assert found == {"n": [1, None], "s": ["x", None]}


def test_iso_times_become_timestamps(tmp_path: Path) -> None:
    log, found = read(
        tmp_path / "a.csv",
        "d,n,z,f\n2026-01-02,2026-01-02 03:04:05,2026-01-02T03:04:05Z,2026-01-02T03:04:05.5\n"
        "9999-12-31,2026-01-02 03:04:05,2026-01-02T03:04:05+01:00,2026-01-02T03:04:05\n",
    )
    assert all(pa.types.is_timestamp(one.type) for one in log.schema)
    assert found["d"] == [datetime(2026, 1, 2), datetime(9999, 12, 31)]
    assert found["z"][1] == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)
    assert found["f"][0] == datetime(2026, 1, 2, 3, 4, 5, 500_000)


LATE = 60_000
PAD = "x" * 100
"""So many rows with so much beside the value fill more than one block."""


@pytest.mark.parametrize(
    ("usual", "late", "kind", "noted"),
    [
        ("1", "x", TEXT, True),
        ("007", "x", TEXT, True),
        ("1", "2.5", pa.float64(), False),
        ("true", "maybe", TEXT, True),
        ("2026-01-01", "tomorrow", TEXT, True),
        ("2026-01-01", "2026-01-01 10:00:00.25", pa.timestamp("us"), False),
        ("", "3", pa.int64(), False),
        ("", "x", TEXT, False),
    ],
)
@pytest.mark.parametrize("budget", [2**27, 0])
def test_a_late_value_changes_the_type_of_the_whole_column(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    usual: str,
    late: str,
    kind: pa.DataType,
    noted: bool,
    budget: int,
) -> None:
    monkeypatch.setattr(kept.Budget.__init__, "__defaults__", (budget,))
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + f"{PAD},{usual}\n" * LATE + f"{PAD},{late}\n")
    log = open_log(path)
    column = pa.Table.from_batches(list(log.batches(["b"]))).column("b")
    assert log.schema.field("b").type == kind == column.type
    assert log.rows == len(column) == LATE + 1
    assert bool(log.notes) is noted
    if kind == TEXT:
        assert column[0].as_py() == (usual or None)
        assert column[-1].as_py() == late


def test_many_late_values_are_settled_together(tmp_path: Path) -> None:
    names = [f"c{n}" for n in range(40)]
    early = ",".join("1" for _ in names) + "\n"
    late = "".join(
        ",".join("x" if at == n else "1.5" for n in range(40)) + "\n" for at in range(0, 40, 2)
    )
    path = tmp_path / "a.csv"
    path.write_text(",".join(names) + "\n" + early * 80_000 + late)
    log = open_log(path)
    assert [one.type for one in log.schema] == [TEXT, pa.float64()] * 20


def test_ragged_lines_are_left_out_counted_and_shown(tmp_path: Path) -> None:
    log, found = read(tmp_path / "a.csv", "a,b\n1,x\n2,y,z\n3\n4,w\n")
    assert found == {"a": [1, 4], "b": ["x", "w"]}
    assert log.notes == (
        f"{tmp_path / 'a.csv'}: a line has 3 fields instead of 2: '2,y,z'; lines left out: 2",
    )


def test_only_ragged_lines_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="2 fields instead of 3"):
        read(tmp_path / "a.csv", "a,b,c\n1,2\n3,4\n")


def test_quoted_fields_hold_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    _, found = read(tmp_path / "a.csv", 'a,b\r\n"x, ""y""\nz",1\r\n"",2\r\n')
    assert found == {"a": ['x, "y"\nz', None], "b": [1, 2]}


def test_a_line_longer_than_a_block_is_read(tmp_path: Path) -> None:
    _, found = read(tmp_path / "a.csv", "a,b\n1," + "x" * 9_000_000 + "\n2,y\n")
    assert [len(text) for text in found["b"]] == [9_000_000, 1]


def test_a_header_alone_is_a_log_without_rows(tmp_path: Path) -> None:
    log, found = read(tmp_path / "a.csv", "a,b\n")
    assert (log.rows, found) == (0, {"a": [], "b": []})


def test_a_file_without_header_takes_names(tmp_path: Path) -> None:
    text = "1,x\n2,y\n"
    assert read(tmp_path / "a.csv", text, header=False)[1]["column_1"] == [1, 2]
    assert list(read(tmp_path / "b.csv", text, header=False, names=["n", "s"])[1]) == ["n", "s"]


def test_names_must_fit_the_columns(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has 2 columns, and names lists 1"):
        read(tmp_path / "a.csv", "1,x\n", header=False, names=["n"])


def test_lines_above_the_header_can_be_skipped(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "made by x\n\na,b\n1,2\n", skip_rows=2)[1] == {
        "a": [1],
        "b": [2],
    }


def test_double_and_missing_names_are_made_good(tmp_path: Path) -> None:
    _, found = read(tmp_path / "a.csv", "a,a,\n1,2,3\n")
    assert found == {"a": [1], "a_2": [2], "column_3": [3]}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "holds only blank lines"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\x80\x04\x95rest", "Python pickle"),
        (bytes(range(128)), "no format that is read"),
        (b"<!DOCTYPE html>", "web page"),
    ],
)
def test_what_is_no_csv_is_told(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(tmp_path / "a.csv", data)


def test_an_unknown_option_is_refused_with_its_neighbour(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='"delimeter"\n  hint: did you mean delimiter'):
        read(tmp_path / "a.csv", "a\n1\n", delimeter=",")


@given(
    st.lists(st.one_of(st.integers(-5, 5).map(str), st.sampled_from(["x", "", "2.5"])), min_size=1)
)
def test_no_value_is_lost_whatever_the_order(
    tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    _, found = read(path, "k,v\n" + "".join(f"0,{value}\n" for value in values))
    numeric = "x" not in values
    for value, cell in zip(values, found["v"], strict=True):
        assert cell == (None if not value else float(value) if numeric else value)
