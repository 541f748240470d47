from __future__ import annotations

import datetime

import pyarrow as pa
import pytest

from tidegauge.errors import NotApplicable
from tidegauge.profile import DatasetProfile, Layout, TargetLayout
from tidegauge.records import Score
from tidegauge_evaluators.quality.schema import schema

OLD = pa.table({"age": [1, 2], "city": ["a", "b"], "bought": [True, False]})
LAYOUT = Layout(
    kinds={"age": "numeric", "city": "categorical", "bought": "boolean"},
    target=TargetLayout(column="bought", task="classification", classes=("false", "true")),
)


def against(table: pa.Table) -> Score:
    grid = DatasetProfile.freeze(OLD, LAYOUT)
    return schema(grid.lay(OLD), grid.lay(table))


def test_the_same_columns_in_another_order_are_silent() -> None:
    score = against(OLD.select(["bought", "city", "age"]))
    assert (score.value, score.parts, score.details) == (0.0, (), {})


def test_other_types_of_one_family_are_silent() -> None:
    table = OLD.set_column(0, "age", pa.array([1.5, None], pa.float32()))
    assert against(table.set_column(1, "city", OLD["city"].dictionary_encode())).value == 0.0


def test_columns_of_nulls_fit_any_type() -> None:
    assert against(OLD.set_column(0, "age", pa.nulls(2))).value == 0.0


def test_labels_that_have_not_arrived_are_silent() -> None:
    assert against(OLD.drop_columns(["bought"])).value == 0.0


def test_a_log_without_columns_is_refused() -> None:
    with pytest.raises(NotApplicable):
        against(pa.table({}))


def test_missing_retyped_and_new_columns_are_told_apart() -> None:
    now = pa.table({"age": [datetime.date(2024, 1, 1)], "bought": ["yes"], "extra": [1]})
    score = against(now)
    assert score.value == 3.0
    assert score.details == {
        "missing": "city",
        "retyped": "age (number, now time), bought (boolean, now text)",
        "extra": "extra",
    }
    assert sum(part.contribution for part in score.parts) == score.value


def test_a_thousand_missing_columns_make_a_short_list() -> None:
    wide = pa.table({f"c{i}": [1] for i in range(1_000)})
    grid = DatasetProfile.freeze(wide, Layout(kinds=dict.fromkeys(wide.column_names, "numeric")))
    score = schema(grid.lay(wide), grid.lay(wide.select(["c0"])))
    assert score.value == 999.0
    assert len(score.parts) == 30
