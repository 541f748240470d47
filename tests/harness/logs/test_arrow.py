from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pytest

from tidegauge.errors import DataError
from tidegauge.logs import Log, open_log

TABLE = pa.table({"x": [1, 2, None], "s": ["a", None, "b"], "t": [[1], None, []]})
READ = {"x": [1, 2, None], "s": ["a", None, "b"], "t": ["[1]", None, "[]"]}


def whole(log: Log) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = pa.Table.from_batches(list(log.batches()), log.schema).to_pydict()
    return found


def test_ipc_files_are_read(tmp_path: Path) -> None:
    with pa.ipc.new_file(tmp_path / "a.arrow", TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=1)
    log = open_log(tmp_path / "a.arrow")
    assert (log.notes, whole(log)) == ((), READ)
    assert [batch.num_rows for batch in log.batches(["s"], rows=2)] == [2, 1]


def test_ipc_streams_are_read(tmp_path: Path) -> None:
    with pa.ipc.new_stream(tmp_path / "a.arrows", TABLE.schema) as writer:
        writer.write_table(TABLE)
    assert whole(open_log(tmp_path / "a.arrows")) == READ


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_feather_is_read(tmp_path: Path, compression: str) -> None:
    feather.write_feather(TABLE, str(tmp_path / "a.feather"), compression=compression)
    assert whole(open_log(tmp_path / "a.feather")) == READ


def test_a_name_without_extension_is_no_hindrance(tmp_path: Path) -> None:
    feather.write_feather(TABLE, str(tmp_path / "rows"))
    assert whole(open_log(tmp_path / "rows")) == READ


@pytest.mark.parametrize("kind", ["file", "stream"])
def test_a_file_cut_short_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.arrow"
    table = pa.table({"x": range(10_000)})
    with getattr(pa.ipc, f"new_{kind}")(path, table.schema) as writer:
        writer.write_table(table)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(DataError, match=r"a\.arrow is damaged or cut short"):
        whole(open_log(path))


def test_text_under_an_arrow_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.feather").write_text('{"a":1}\n')
    with pytest.raises(DataError, match="not an Arrow file: it looks like JSON Lines"):
        open_log(tmp_path / "a.feather")
