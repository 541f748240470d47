from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tidegauge import run
from tidegauge.errors import DataError
from tidegauge.init import draft_suite
from tidegauge.suite import load_suite

COLUMNS = {
    "request_id": [f"r{n}" for n in range(60)],
    "region": ["north", "south", "east"] * 20,
    "amount": [float(n % 13) for n in range(60)],
    "y_true": [n % 2 for n in range(60)],
    "y_pred": [n % 3 % 2 for n in range(60)],
}


def put(path: Path, columns: dict[str, Any]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return str(path)


def drafted(tmp_path: Path, data: str, **more: Any) -> tuple[str, Any, Path]:
    text = draft_suite(data, **more)
    path = tmp_path / "suite.yaml"
    path.write_text(text)
    return text, YAML(typ="safe").load(text), path


def test_a_draft_runs_unchanged_and_finds_nothing(tmp_path: Path) -> None:
    _, _, path = drafted(tmp_path, put(tmp_path / "a.parquet", COLUMNS))
    report = run(path)
    assert report.outcome == "pass"


def test_roles_are_written_with_their_reasons(tmp_path: Path) -> None:
    text, suite, _ = drafted(tmp_path, put(tmp_path / "a.parquet", COLUMNS))
    assert suite["columns"] == {
        "id": "request_id",
        "target": "y_true",
        "prediction": "y_pred",
        "features": "*",
    }
    assert "  id: request_id  # no value comes twice and its name says id" in text
    assert "  #   amount: numeric  # its type is double" in text
    assert "  # segments: [region]" in text
    assert "  # latency: NAME" in text
    assert "CHANGE THIS" in text


def test_what_is_commented_out_may_be_taken_in(tmp_path: Path) -> None:
    text, _, path = drafted(tmp_path, put(tmp_path / "a.parquet", COLUMNS))
    prose = ("# A first", "# CHANGE", "# until", "# For")
    lines = [x for x in text.splitlines() if "NAME" not in x and not x.strip().startswith(prose)]
    path.write_text("\n".join(re.sub(r"^( *)# ", r"\1", line) for line in lines))
    suite = load_suite(path)
    assert suite.columns.segments == ("region",)
    assert suite.columns.kinds["amount"] == "numeric"
    assert suite.columns.valid["amount"].max == 12.0


def test_a_baseline_is_taken_when_given(tmp_path: Path) -> None:
    old = put(tmp_path / "old.parquet", COLUMNS)
    text, suite, _ = drafted(tmp_path, put(tmp_path / "new.parquet", COLUMNS), baseline=old)
    assert suite["logs"]["baseline"] == {"path": old}
    assert "CHANGE THIS" not in text


def test_templates_are_kept_and_get_a_window(tmp_path: Path) -> None:
    put(tmp_path / "2026-11-21" / "a.parquet", COLUMNS)
    _, suite, path = drafted(tmp_path, str(tmp_path / "{date}" / "*.parquet"))
    assert suite["logs"]["current"]["window"] == "1d"
    assert suite["logs"]["current"]["path"].endswith("/{date}/*.parquet")
    assert run(path, window="2026-11-21").outcome == "pass"


def test_a_thousand_columns_are_listed_in_part(tmp_path: Path) -> None:
    data = put(tmp_path / "a.parquet", {f"x{n}": [n, 0] for n in range(1000)})
    text, _, path = drafted(tmp_path, data)
    assert "and 940 columns more" in text
    assert load_suite(path)


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        draft_suite(str(tmp_path / "none.csv"))


NASTY = [
    "on",
    "no",
    "null",
    "1",
    "a: b",
    "#",
    "a\nb",
    "{x}",
    "*",
    "é",
    "- a",
    "'",
    '"',
    "~",
]


@pytest.mark.parametrize("name", NASTY)
def test_names_that_yaml_would_twist_are_quoted(tmp_path: Path, name: str) -> None:
    columns = {name: ["a", "b"] * 30, "id": list(range(60))}
    text, _, path = drafted(tmp_path, put(tmp_path / "a.parquet", columns))
    path.write_text(text.replace("  # segments", "  segments"))
    assert load_suite(path).columns.segments == (name,)


@given(st.text(min_size=1, max_size=8))
def test_no_name_breaks_a_draft(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("init")
    data = put(folder / "a.parquet", {name: ["a", "b"] * 3, "x": [1] * 6})
    _, suite, _ = drafted(folder, data)
    assert suite["columns"]["features"] == "*"


def test_drafts_for_real_tables_are_suites(shared_tables: Path, tmp_path: Path) -> None:
    files = sorted(shared_tables.glob("*.parquet"))
    assert len(files) >= 9
    for data in files:
        _, _, path = drafted(tmp_path, str(data))
        suite = load_suite(path)
        assert suite.logs.current.path == str(data)
        assert suite.checks
