"""Rows brought together by id: what is left out is counted, what cannot be the same is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tidegauge.comparing.pairing import Known, Matched, match
from tidegauge.errors import DataError


def table(ids: list[Any], **columns: list[Any]) -> pa.Table:
    rows = {name: pa.chunked_array([values]) for name, values in columns.items()}
    return pa.table({"id": pa.chunked_array([ids]), **rows})


def matched(before: pa.Table, now: pa.Table, **settings: Any) -> Matched:
    told: dict[str, Any] = {"id": "id", "inputs": ("x",), "target": "y", "shared": ("x", "y")}
    return match(before, now, Known(**(told | settings)))


def twenty(**columns: list[Any]) -> pa.Table:
    return table(list(range(20)), **{"x": list(range(20)), "y": [0, 1] * 10} | columns)


def test_rows_of_one_id_stand_side_by_side_whatever_their_order() -> None:
    before = twenty(p=list(range(20)))
    order = np.random.default_rng(0).permutation(20)
    found = matched(before, before.take(pa.array(order)))
    assert found.before.column("id").to_pylist() == found.now.column("id").to_pylist()
    assert found.now.column("p").to_pylist() == list(range(20))
    assert found.pairing.design == "paired"
    assert found.pairing.because == "20 rows that both models answered, paired by id."


def test_ids_are_the_same_as_numbers_and_as_texts() -> None:
    now = twenty().set_column(0, "id", pa.chunked_array([[f"{i}" for i in range(20)]]))
    assert matched(twenty(), now).pairing.pairs == 20


def test_what_is_left_out_is_counted_and_said() -> None:
    before = table([*range(20), 20, 21, None], x=[*range(20), 0, 0, 0], y=[1] * 23)
    now = table([*range(19), 0, 30], x=[*range(19), 0, 0], y=[1] * 21)
    found = matched(before, now).pairing
    assert (found.pairs, found.only_baseline, found.only_candidate) == (18, 3, 1)
    assert (found.repeated_baseline, found.repeated_candidate, found.without_id) == (0, 2, 1)
    for said in ("3 ids only in the baseline", "2 rows with an id that comes more than once"):
        assert said in found.because


def test_ids_that_are_never_shared_make_different_rows() -> None:
    now = table(list(range(100, 120)), x=[0] * 20)
    found = matched(twenty(), now).pairing
    assert found.design == "unpaired"
    assert "None of 20 ids in id is on both sides" in found.because
    with pytest.raises(DataError, match="the rows are to be paired"):
        matched(twenty(), now, rows="paired")


def test_no_column_of_ids_makes_different_rows() -> None:
    found = matched(twenty(), twenty().drop_columns(["id"])).pairing
    assert found.design == "unpaired"
    assert "no column id" in found.because


def test_another_input_behind_one_id_is_refused_with_examples() -> None:
    now = twenty(x=[*range(18), 100, 101])
    with pytest.raises(DataError) as refused:
        matched(twenty(), now)
    assert "2 of 20 pairs with one id differ in what was asked" in refused.value.message
    assert "x in 2 pairs, as in id 18: '18' and '100'" in refused.value.message
    assert "inputs" in refused.value.hint


def test_a_few_differing_inputs_are_left_out_and_listed() -> None:
    ids = list(range(200))
    before = table(ids, x=[1.0] * 200, y=[1] * 200)
    now = table(ids, x=[1.0 + 1e-8] * 199 + [2.0], y=[1] * 200)
    found = matched(before, now).pairing
    assert found.pairs == 199
    assert [(one.column, one.rows, one.examples) for one in found.inputs] == [
        ("x", 1, (("199", "1.0", "2.0"),))
    ]


def test_two_truths_of_one_id_are_left_out_and_listed() -> None:
    now = twenty(y=[1, 1, *([0, 1] * 9)])
    found = matched(twenty(), now).pairing
    assert found.pairs == 19
    assert found.truths is not None
    assert found.truths.examples == (("0", "0", "1"),)
    assert "1 pair with two truths" in found.because


def test_a_truth_that_one_side_waits_for_is_no_fault() -> None:
    now = twenty(y=[None, 1, *([0, 1] * 9)])
    assert matched(twenty(), now).pairing.truths is None


def test_what_belongs_to_the_row_is_taken_from_the_side_that_has_it() -> None:
    now = table(list(range(20)), p=list(range(20)))
    found = matched(twenty(), now)
    assert found.now.column("y").to_pylist() == [0, 1] * 10
    assert found.notes == ("x and y: taken from the baseline's log, for the same ids.",)
