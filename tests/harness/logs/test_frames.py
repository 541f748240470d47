from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tidegauge.errors import DataError
from tidegauge.logs import Log, open_log

TEXT = pa.dictionary(pa.int32(), pa.string())
EXPECTED = {"x": [1, 2, 3], "s": ["a", None, "b"]}


class Capsule:
    """A stranger's frame that speaks nothing but the Arrow C interface."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner


class StreamCapsule(Capsule):
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.inner.__arrow_c_stream__(requested_schema)


class ArrayCapsule(Capsule):
    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        return self.inner.__arrow_c_array__(requested_schema)


def whole(log: Log) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = pa.Table.from_batches(list(log.batches()), log.schema).to_pydict()
    return found


@pytest.mark.parametrize(
    "make",
    [
        pa.table,
        pa.record_batch,
        lambda d: pa.table(d).to_reader(),
        pd.DataFrame,
        pl.DataFrame,
        lambda d: pl.DataFrame(d).lazy(),
        dict,
        lambda d: {"x": np.array(d["x"]), "s": pd.Series(d["s"])},
        lambda d: [dict(zip(d, row, strict=True)) for row in zip(*d.values(), strict=True)],
        lambda d: StreamCapsule(pa.table(d)),
        lambda d: ArrayCapsule(pa.record_batch(d)),
    ],
)
def test_every_frame_gives_the_same_log(make: Any) -> None:
    log = open_log(make(EXPECTED))
    assert whole(log) == EXPECTED
    assert whole(log) == EXPECTED  # a second reading, of readers that can be read once too
    assert log.schema.field("s").type == TEXT
    assert (log.source, log.files, log.notes, log.rows) == ("frame", (), (), 3)


def test_the_digest_tells_schema_and_rows() -> None:
    digests = {open_log(d).digest for d in ({"x": [1]}, {"x": [1, 2]}, {"x": [0.5]}, {"x": [2]})}
    assert len(digests) == 3


def test_pandas_types_keep_their_meaning() -> None:
    frame = pd.DataFrame(
        {
            "int": pd.array([1, None], dtype="Int64"),
            "uint8": pd.array([1, None], dtype="UInt8"),
            "bool": pd.array([True, None], dtype="boolean"),
            "string": pd.array(["a", None], dtype="string"),
            "arrow": pd.array([1.5, None], dtype="float64[pyarrow]"),
            "level": pd.Categorical(["u", None]),
            "number_level": pd.Categorical([5, None]),
            "float": [0.5, float("nan")],
            "zoned": pd.to_datetime(["2026-01-01", None]).tz_localize("Europe/Berlin"),
            "span": pd.to_timedelta([1, None], unit="s"),
            "day": [date(2026, 1, 1), None],
            "decimal": [Decimal("1.5"), None],
            "period": pd.PeriodIndex(["2026-01", None], freq="M"),
            "bin": pd.cut([1, 9], [0, 5, 10]),
            "list": [[1], None],
            "record": [{"k": 1}, None],
            "none": [None, None],
        }
    )
    log = open_log(frame)
    types = {one.name: str(one.type) for one in log.schema}
    found = whole(log)
    assert types["int"] == "int64"
    assert types["uint8"] == "uint8"
    assert types["bool"] == "bool"
    assert types["number_level"] == "int64"
    assert types["none"] == "null"
    assert found["string"] == ["a", None]
    assert found["level"] == ["u", None]
    assert found["float"] == [0.5, None]  # pandas means "missing" by NaN
    assert found["period"] == ["2026-01", None]
    assert found["bin"] == ["(0, 5]", "(5, 10]"]
    assert found["list"] == ["[1]", None]
    assert found["record.k"] == [1, None]
    assert log.notes == ()


def test_mixed_pandas_columns_become_text_one_by_one() -> None:
    frame = pd.DataFrame({"m": [1, "x", None, b"y", 2.5], "x": [1, 2, 3, 4, 5]})
    log = open_log(frame)
    assert whole(log) == {"m": ["1", "x", None, "y", "2.5"], "x": [1, 2, 3, 4, 5]}
    assert log.notes == ('column "m" mixes types: read as text',)


def test_pandas_names_and_indexes_are_kept() -> None:
    frame = pd.DataFrame(
        [[1, 2, 3]],
        columns=pd.Index([0, "a", "a"]),
        index=pd.Index([datetime(2026, 1, 1)], name="scored_at"),
    )
    log = open_log(frame)
    assert log.schema.names == ["scored_at", "0", "a", "a_2"]
    assert whole(log)["a_2"] == [3]
    pairs = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("c", "")]))
    assert open_log(pairs).schema.names == ["a.b", "c"]
    assert open_log(pd.DataFrame({"x": [1, 2, 3]}).iloc[1:]).schema.names == ["x"]


def test_polars_types_keep_their_meaning() -> None:
    frame = pl.DataFrame(
        {
            "level": pl.Series(["a", None], dtype=pl.Categorical),
            "enum": pl.Series(["a", None], dtype=pl.Enum(["a", "b"])),
            "decimal": pl.Series([Decimal("1.50"), None]),
            "day": [date(2026, 1, 1), None],
            "uint8": pl.Series([1, None], dtype=pl.UInt8),
            "float": [float("nan"), None],
            "struct": [{"k": 1}, None],
            "list": [[1, 2], None],
            "object": pl.Series([object, None], dtype=pl.Object),
        }
    )
    log = open_log(frame)
    found = whole(log)
    assert log.schema.field("level").type == log.schema.field("enum").type == TEXT
    assert found["level"] == found["enum"] == ["a", None]
    assert found["decimal"] == [Decimal("1.50"), None]
    assert found["day"] == [date(2026, 1, 1), None]
    assert str(found["float"]) == "[nan, None]"
    assert found["struct.k"] == [1, None]
    assert found["list"] == ["[1,2]", None]
    assert found["object"] == ["<class 'object'>", None]
    assert log.notes == ('column "object" mixes types: read as text',)


def test_nan_of_numpy_is_no_null() -> None:
    found = whole(open_log({"a": np.array([np.nan, np.inf]), "b": [float("nan"), None]}))
    assert str(found) == "{'a': [nan, inf], 'b': [nan, None]}"


def test_matrices_and_structured_arrays_are_logs() -> None:
    assert whole(open_log(np.array([[1, 2], [3, 4]]))) == {"x0": [1, 3], "x1": [2, 4]}
    records = np.array([(1, "a")], dtype=[("n", "i4"), ("s", "U1")])
    assert whole(open_log(records)) == {"n": [1], "s": ["a"]}


@pytest.mark.parametrize("frame", [{"x": []}, pd.DataFrame({"x": []}), pl.DataFrame({"x": []})])
def test_no_rows_are_a_log(frame: Any) -> None:
    log = open_log(frame)
    assert (log.rows, list(log.batches())) == (0, [])


@pytest.mark.parametrize("frame", [{}, pd.DataFrame(), pl.DataFrame(), pa.table({})])
def test_no_columns_are_refused(frame: Any) -> None:
    with pytest.raises(DataError, match="frame has no columns"):
        open_log(frame)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (None, "a NoneType is not a log"),
        (7, "a int is not a log"),
        ([1, 2], "a list is not a log"),
        ({"x": 1}, 'column "x" is a single int'),
        ({"x": "abc"}, 'column "x" is a single str'),
        ({"x": [1], "y": [1, 2]}, "columns are of different length: 1 to 2 rows"),
    ],
)
def test_what_is_no_frame_is_told(frame: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        open_log(frame)


def test_batches_of_a_frame_keep_to_the_rows_asked_for() -> None:
    sizes = [batch.num_rows for batch in open_log({"x": range(1000)}).batches(rows=256)]
    assert sizes == [256, 256, 256, 232]
