from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa

from tidegauge.labelling import Watch, read_labels, write_labels

SCORES = np.round(np.random.default_rng(0).beta(1, 9, 600), 3)
STATES = ["ok"] * 600
STATES[3], STATES[7] = "not_applicable: no context", "unscored: judge cannot be reached"


def batches(scores: object = SCORES, size: int = 100) -> list[pa.RecordBatch]:
    kept = [s if state == "ok" else None for s, state in zip(list(scores), STATES, strict=True)]  # type: ignore[call-overload]
    table = pa.table(
        {
            "s": pa.array(kept, pa.float64()),
            "s.status": pa.array(STATES).dictionary_encode(),
            "s.flagged": [None if s is None else s >= 0.3 for s in kept],
            "region": [None if i % 7 == 0 else "ab"[i % 2] for i in range(600)],
        }
    )
    found: list[pa.RecordBatch] = table.to_batches(max_chunksize=size)
    return found


def watched(segment: str = "", scores: object = SCORES) -> Watch:
    watch = Watch(column="s", segment=segment)
    assert sum(batch.num_rows for batch in watch.over(batches(scores))) == 600
    return watch


def test_rows_that_the_question_does_not_apply_to_are_left_out() -> None:
    watch = watched()
    assert (watch.seen, len(watch.scores), len(watch.rows)) == (600, 599, 599)
    assert 3 not in watch.rows
    assert np.flatnonzero(np.isnan(watch.scores)).tolist() == [6]  # row 7, the unscored one


def test_the_threshold_is_read_off_the_decisions() -> None:
    assert watched().threshold == SCORES[SCORES >= 0.3].min()
    assert math.isnan(watched(scores=SCORES / 10).threshold)  # nothing is flagged


def test_drawn_rows_are_positions_in_the_log() -> None:
    drawn = watched().draw(n=100, seed=0, scorer="s")
    scored = np.isfinite(drawn.sample.scores)
    np.testing.assert_array_equal(SCORES[drawn.rows[scored]], drawn.sample.scores[scored])
    assert 3 not in drawn.rows
    assert drawn.sample.n == 599


def test_labels_of_the_same_log_are_taken_as_they_are() -> None:
    drawn = watched().draw(n=100, seed=0, scorer="s")
    assert watched().laid(drawn) is drawn.sample


def test_labels_of_another_log_are_carried_by_strata_and_slices() -> None:
    drawn = watched("region").draw(n=200, seed=0, scorer="s")
    later = Watch.of(drawn)
    assert later.segment == "region"
    for batch in batches(SCORES[::-1] / 2):
        later.note(batch)
    found = later.laid(drawn)
    assert found.carried
    assert found.n == 599
    slices = {stratum.slice for stratum in drawn.strata}
    assert slices == {"region=a", "region=b", "region=(none)"}


def test_a_sheet_knows_its_segment(tmp_path: Path) -> None:
    drawn = watched("region").draw(n=100, seed=0, scorer="s")
    write_labels(drawn, tmp_path / "sheet.csv", texts={"response": ["a"] * 100})
    assert Watch.of(read_labels(tmp_path / "sheet.csv")) == Watch.of(drawn)
