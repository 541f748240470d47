from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import DataError
from tidegauge.logs import Log, open_log

TEXT = pa.dictionary(pa.int32(), pa.string())


def read(path: Path, data: str | bytes) -> tuple[Log, dict[str, list[Any]]]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    log = open_log(path)
    return log, pa.Table.from_batches(list(log.batches()), log.schema).to_pydict()


def test_plain_lines_raise_no_note(tmp_path: Path) -> None:
    log, found = read(tmp_path / "a.jsonl", '{"a":1,"b":"x"}\n\n{"b":null,"a":2.5}\n')
    assert log.notes == ()
    assert log.rows == 2
    assert found == {"a": [1.0, 2.5], "b": ["x", None]}


def test_nested_fields_become_dotted_paths(tmp_path: Path) -> None:
    _, found = read(
        tmp_path / "a.jsonl",
        '{"in":{"age":31,"home":{"city":"Bern"}}}\n{"in":null}\n{"in":{"age":4,"home":{}}}\n',
    )
    assert found == {"in.age": [31, None, 4], "in.home.city": ["Bern", None, None]}


def test_lists_stay_as_the_json_they_were(tmp_path: Path) -> None:
    _, found = read(tmp_path / "a.jsonl", '{"a":[1,{"b":null,"c":"é"}]}\n{"a":[]}\n{"a":null}\n')
    assert found == {"a": ['[1,{"b":null,"c":"é"}]', "[]", None]}


def test_malformed_lines_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    log, found = read(tmp_path / "a.jsonl", '{"a":1}\n{"a":\n[2]\n{"a":3}\n')
    assert found == {"a": [1, 3]}
    assert log.notes == (
        f"{tmp_path / 'a.jsonl'}: 2 of 4 lines hold no JSON object, the first is line 2: left out",
    )


def test_a_malformed_line_deep_in_the_file_is_counted_right(tmp_path: Path) -> None:
    lines = [json.dumps({"a": n, "pad": "x" * 100}) for n in range(100_000)]
    lines[77_776] = "{oops"
    log, found = read(tmp_path / "a.jsonl", "\n".join(lines))
    assert len(found["a"]) == 99_999
    assert "the first is line 77777" in log.notes[0]


def test_no_object_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no line holds a JSON object"):
        read(tmp_path / "a.jsonl", "hello\nworld\n")


def test_mixed_values_become_text(tmp_path: Path) -> None:
    _, found = read(tmp_path / "a.jsonl", '{"a":1}\n{"a":"x"}\n{"a":true}\n{"a":null}\n')
    assert found == {"a": ["1", "x", "true", None]}


def test_a_value_of_another_type_in_a_later_block_makes_text(tmp_path: Path) -> None:
    pad = "x" * 60
    data = f'{{"a":7,"p":"{pad}"}}\n' * 70_000 + '{"a":"x"}\n'
    log, found = read(tmp_path / "a.jsonl", data)
    assert log.schema.field("a").type == TEXT
    assert found["a"][0] == "7"
    assert found["a"][-1] == "x"


def test_iso_strings_become_times_when_all_are(tmp_path: Path) -> None:
    _, found = read(
        tmp_path / "a.jsonl",
        '{"z":"2026-01-01T00:00:00Z","n":"2026-01-01T00:00:00","m":"2026-01-01"}\n'
        '{"z":"2026-01-01T01:00:00.5+01:00","n":null,"m":"never"}\n',
    )
    assert found["z"][1] == datetime(2026, 1, 1, 0, 0, 0, 500_000, UTC)
    assert found["n"] == [datetime(2026, 1, 1), None]
    assert found["m"] == ["2026-01-01", "never"]


@pytest.mark.parametrize("text", ['[{"a":1},{"a":2}]', '[\n  {"a": 1},\n  {"a": 2}\n]\n'])
def test_an_array_of_objects_is_read_too(tmp_path: Path, text: str) -> None:
    assert read(tmp_path / "a.json", text)[1] == {"a": [1, 2]}


def test_what_python_writes_beyond_json_is_read(tmp_path: Path) -> None:
    _, found = read(tmp_path / "a.jsonl", '{"a":NaN,"b":1e400}\n{"a":-Infinity,"b":2}\n')
    assert str(found["a"]) == "[nan, -inf]"
    assert found["b"] == [float("inf"), 2.0]


def test_integers_too_large_become_floats(tmp_path: Path) -> None:
    assert read(tmp_path / "a.jsonl", '{"a":123456789012345678901}\n')[1] == {
        "a": [1.2345678901234568e20]
    }


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    assert read(tmp_path / "a.jsonl", '{"a":"é"}\n{"a":"日"}\n'.encode(encoding))[1] == {
        "a": ["é", "日"]
    }


def test_gzip_is_read(tmp_path: Path) -> None:
    assert read(tmp_path / "a.jsonl.gz", gzip.compress(b'{"a":1}\n'))[1] == {"a": [1]}


def test_lines_in_a_file_named_csv_are_read_and_noted(tmp_path: Path) -> None:
    log, found = read(tmp_path / "a.csv", '{"a":1}\n')
    assert found == {"a": [1]}
    assert "is named csv and holds jsonl" in log.notes[0]


def test_objects_without_keys_are_no_columns(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no columns"):
        read(tmp_path / "a.jsonl", "{}\n{}\n")


values = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["x", "", "1"]))


@given(st.lists(st.fixed_dictionaries({"k": st.just(1)}, optional={"v": values}), min_size=1))
def test_no_value_is_lost_whatever_the_order(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "a.jsonl"
    _, found = read(path, "".join(json.dumps(row) + "\n" for row in rows))
    given_values = [row.get("v") for row in rows]
    kinds = {type(value) for value in given_values if value is not None}
    cells = found.get("v", [None] * len(rows))
    for value, cell in zip(given_values, cells, strict=True):
        text = len(kinds) > 1 and value is not None and not isinstance(value, str)
        assert cell == (json.dumps(value) if text else value)
