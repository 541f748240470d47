"""From tables of both sides to a case: each column coded alike, each row in its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from tidegauge.case import Case, Variable
from tidegauge.causes.gathering import case_from
from tidegauge.profile import Layout
from tidegauge.profile.layout import Made, TargetLayout
from tidegauge.records import Kind, Role


def table(**columns: Any) -> pa.Table:
    return pa.table(columns)


def gathered(layout: Layout, before: pa.Table, now: pa.Table, **known: Any) -> Case:
    case, notes = case_from(before, now, layout, **known)
    assert notes == ()
    return case


def only(kind: Kind, before: list[Any], now: list[Any]) -> Variable:
    layout = Layout(kinds={"x": kind}, features=("x",))
    return gathered(layout, table(x=before), table(x=now))["x"]


def listed(values: Any) -> list[float | None]:
    """Missing values as ``None``, so that rows compare."""
    return [None if np.isnan(value) else float(value) for value in values]


def test_rows_of_the_baseline_come_first() -> None:
    case = gathered(
        Layout(kinds={"x": "numeric"}, features=("x",)), table(x=[1, 2, 3]), table(x=[4, 5])
    )
    assert case.current.tolist() == [False, False, False, True, True]
    assert case["x"].values.tolist() == [1, 2, 3, 4, 5]
    assert (case.n_baseline, case.n_current, case.features) == (3, 2, ("x",))


def test_numbers_stay_numbers_whatever_a_log_writes_them_as() -> None:
    found = only("numeric", [1.5, None, 2.0], ["3", None])
    assert listed(found.values) == [1.5, None, 2.0, 3.0, None]
    assert (found.levels, found.instant) == ((), False)


def test_categories_have_one_code_on_both_sides_and_the_baselines_come_first() -> None:
    found = only("categorical", ["b", "a", None], ["c", "0", "a"])
    assert found.levels == ("a", "b", "0", "c")
    assert found.texts == ["b", "a", None, "c", "0", "a"]


def test_categories_written_as_numbers_are_the_same_categories() -> None:
    found = only("categorical", [1, 2, 1], [2.0, 1.0, 3.0])
    assert found.texts == ["1", "2", "1", "2", "1", "3"]


def test_true_and_false_are_categories() -> None:
    found = only("boolean", [True, None], [False, True])
    assert found.texts == ["true", None, "false", "true"]


def test_moments_that_cannot_be_read_leave_every_row_in_its_place() -> None:
    found = only(
        "datetime",
        ["2026-01-01T00:00:00Z", "yesterday", None, "2026-01-01T00:01:00Z"],
        ["", "2026-01-01T00:02:00Z"],
    )
    start = 1_767_225_600.0
    assert found.instant
    assert listed(found.values) == [start, None, None, start + 60, None, start + 120]


def classified(classes: tuple[str, ...], **roles: Any) -> Layout:
    kinds: dict[str, Kind] = {"x": "numeric", "y": "categorical", "p": "numeric", "q": "numeric"}
    target = TargetLayout(column="y", task="classification", classes=classes)
    return Layout(kinds=kinds, features=("x",), target=target, **roles)


def test_the_positive_class_has_code_one_whatever_its_name() -> None:
    rows = table(x=[1.0, 2.0], y=["bad", "good"], p=[0.9, 0.1], q=[0.0, 0.0])
    for positive in ("bad", "good"):
        classes = tuple(sorted(("bad", "good"), key=lambda one: one == positive))
        case = gathered(classified(classes, scores={positive: "p"}), rows, rows)
        assert case["y"].levels == classes
        assert case["y"].values[:2].tolist() == [positive == "bad", positive == "good"]
        assert (case.target, case.task, case.scores) == ("y", "classification", ("p",))


def test_scores_stand_in_the_order_of_the_classes() -> None:
    rows = table(x=[1.0, 2.0], y=["no", "yes"], p=[0.9, 0.1], q=[0.1, 0.9])
    case = gathered(classified(("no", "yes"), scores={"yes": "q", "no": "p"}), rows, rows)
    assert case.scores == ("p", "q")


def test_a_score_that_is_gone_takes_the_others_along() -> None:
    rows = table(x=[1.0, 2.0], y=["no", "yes"], p=[0.9, 0.1], q=[0.1, 0.9])
    layout = classified(("no", "yes"), scores={"no": "p", "yes": "q"})
    case, notes = case_from(rows, rows.drop_columns(["q"]), layout)
    assert case.scores == ()
    assert len(notes) == 1


def test_a_column_that_is_gone_is_left_out_and_said_so() -> None:
    layout = Layout(kinds={"x": "numeric", "z": "numeric"}, features=("x", "z"))
    case, notes = case_from(table(x=[1.0], z=[2.0]), table(x=[3.0]), layout)
    assert case.features == ("x",)
    assert notes == ("z is missing in the current log, so no cause was sought in it",)


def test_a_target_that_is_gone_is_no_target() -> None:
    rows = table(x=[1.0, 2.0], y=["no", "yes"], p=[0.9, 0.1], q=[0.1, 0.9])
    case, _ = case_from(rows, rows.drop_columns(["y"]), classified(("no", "yes")))
    assert (case.target, case.task) == ("", "")


def versions(before: list[Any], now: list[Any]) -> Case:
    layout = Layout(kinds={"x": "numeric", "v": "categorical"}, features=("x",), model_version="v")
    return gathered(layout, table(x=[1.0, 2.0], v=before), table(x=[1.0, 2.0], v=now))


def test_a_version_of_the_model_may_be_a_cause_only_where_one_served_both_sides() -> None:
    assert versions(["1", "1"], ["2", "2"]).features == ("x",)
    assert versions(["1", "1"], ["2", None]).features == ("x",)
    mixed = versions(["1", "2"], ["2", "2"])
    assert (mixed.features, mixed.model_version) == (("x", "v"), "v")


def test_rows_of_one_conversation_are_one_block_and_rows_without_one_stand_alone() -> None:
    layout = Layout(
        kinds={"x": "numeric", "chat": "categorical"}, features=("x",), conversation="chat"
    )
    before = table(x=[1.0, 2.0, 3.0, 4.0], chat=["a", "a", None, "b"])
    now = table(x=[1.0, 2.0, 3.0], chat=["a", None, "c"])
    blocks = gathered(layout, before, now).blocks
    assert blocks is not None
    assert blocks[0] == blocks[1] == blocks[4]
    assert len(set(blocks.tolist())) == 5
    assert case_from(before, now.drop_columns(["chat"]), layout)[0].blocks is None


def test_answers_and_moments_are_no_causes() -> None:
    kinds: dict[str, Kind] = {
        "x": "numeric",
        "at": "datetime",
        "p": "numeric",
        "id": "categorical",
        "region": "categorical",
    }
    layout = Layout(
        kinds=kinds,
        features=("x", "at", "p"),
        segments=("region", "x"),
        timestamp="at",
        prediction="p",
        id="id",
    )
    rows = table(x=[1.0], at=["2026-01-01"], p=[1.0], id=["1"], region=["north"])
    case = gathered(layout, rows, rows)
    assert case.features == ("x", "region")
    assert (case.timestamp, case.prediction) == ("at", "p")


def test_what_scorers_add_about_texts_may_be_a_cause_but_not_whether_they_could() -> None:
    def made(role: Role, kind: Kind) -> Made:
        return Made(scorer="text.length", kind=kind, role=role, source="asked", main="n")

    layout = Layout(
        kinds={"n": "numeric", "n.status": "categorical", "asked": "text", "ms": "numeric"},
        texts={"prompt": "asked"},
        latency="ms",
        made={"n": made("scored", "numeric"), "n.status": made("scorer_status", "categorical")},
    )
    rows = pa.table({"n": [1.0], "n.status": ["ok"], "asked": ["why?"], "ms": [5.0]})
    case = gathered(layout, rows, rows)
    assert case.features == ("n", "ms")
    assert case.texts == {"prompt": ["why?", "why?"]}
    assert "asked" not in case.variables


def test_further_columns_and_what_is_known_of_causes_are_taken_along() -> None:
    topic = Variable(name="topic", values=np.array([0.0, 1.0]), levels=("a", "b"))
    case = gathered(
        Layout(kinds={"x": "numeric"}, features=("x",)),
        table(x=[1.0]),
        table(x=[2.0]),
        order=[["topic"], ["x"]],
        parents={"x": ("topic",)},
        extra={"topic": topic},
    )
    assert case.features == ("x", "topic")
    assert case["topic"] is topic
    assert case.order == (("topic",), ("x",))
    assert case.parents == {"x": ("topic",)}
