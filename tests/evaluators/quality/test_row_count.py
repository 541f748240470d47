from __future__ import annotations

import pyarrow as pa

from tidegauge.profile import DatasetProfile, Layout
from tidegauge_evaluators.quality.row_count import row_count

GRID = DatasetProfile.freeze(pa.table({"x": [1.0]}), Layout(kinds={"x": "numeric"}))


def test_an_empty_log_is_an_answer() -> None:
    score = row_count(GRID.lay(pa.table({"x": [1.0, None]})), GRID)
    assert (score.value, score.baseline) == (0.0, 2.0)
    assert score.interval is None
    assert score.p_value is None


def test_rows_of_all_batches_are_counted() -> None:
    batch = GRID.lay(pa.table({"x": [1.0, 2.0, None]}))
    assert row_count(batch, batch.merge(batch).merge(batch)).value == 9.0
