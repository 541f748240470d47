"""Classification profiles: confusion and scores of labelled rows, all others counted apart."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.profile import ClassificationProfile, NumericProfile

GRID = NumericProfile.freeze([0.1, 0.4, 0.6, 0.9])
TWO = ClassificationProfile.over_grid(("no", "yes"), {"yes": GRID})
THREE = ClassificationProfile.over_grid(("a", "b", "c"), {"a": GRID, "b": GRID, "c": GRID})
LABELS = st.sampled_from(["no", "yes", "new", None])
SCORES = st.one_of(st.none(), st.floats(0, 1), st.sampled_from([-1.0, 2.0, math.nan, math.inf]))
ROWS = st.lists(st.tuples(LABELS, LABELS, SCORES, st.booleans()), max_size=30)
Rows = list[Any]


def lay(rows: Rows, *, decided: bool = True) -> ClassificationProfile:
    target, prediction = (pa.array([row[i] for row in rows], pa.string()) for i in (0, 1))
    scores = {"yes": pa.array([row[2] for row in rows], pa.float64())}
    due = np.array([row[3] for row in rows], bool)
    return TWO.lay(target, prediction if decided else None, scores, due=due)


def test_no_rows_and_no_labels_leave_nothing_to_judge() -> None:
    assert lay([]).labelled == 0
    unlabelled = TWO.lay(pa.nulls(2), ["no", "yes"], {"yes": [0.2, 0.9]})
    assert (unlabelled.labelled, unlabelled.unlabelled, unlabelled.log_loss.n) == (0, 2, 0)


def test_by_hand() -> None:
    profile = TWO.lay(["no", "yes", "yes"], ["no", "no", "yes"], {"yes": [0.1, 0.4, 0.9]})
    assert profile.confusion.tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert profile.scores["yes"].positive.moments.mean == pytest.approx(0.65)
    assert profile.scores["yes"].negative.finite == 1
    assert profile.brier.mean == pytest.approx((0.01 + 0.36 + 0.01) / 3)
    assert profile.log_loss.mean == pytest.approx(-math.log(0.9 * 0.4 * 0.9) / 3)


def test_a_class_never_seen_has_the_last_place() -> None:
    profile = TWO.lay(["new", "yes"], ["yes", "newer"], {"yes": [0.5, 0.5]})
    assert profile.confusion.tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert profile.log_loss.n == 1


def test_without_decisions_the_scores_decide() -> None:
    two = TWO.lay(["no", "yes", "yes"], None, {"yes": [0.49, 0.5, None]})
    assert two.confusion[:2, :2].tolist() == [[1, 0], [0, 1]]
    assert two.unpredicted == 1
    columns = {"a": [0.2, 0.5], "b": [0.3, 0.3], "c": [0.5, None]}
    three = THREE.lay(["c", "a"], None, columns)
    assert (three.confusion[2, 2], three.labelled, three.unpredicted) == (1, 1, 1)


def test_certain_and_wrong_costs_a_finite_amount() -> None:
    assert TWO.lay(["yes"], ["no"], {"yes": [0.0]}).log_loss.mean == pytest.approx(36.04, abs=0.01)


def test_scores_outside_0_to_1_and_missing_ones_have_no_loss() -> None:
    profile = TWO.lay(["yes"] * 4, ["yes"] * 4, {"yes": [-0.1, 1.1, None, math.nan]})
    assert (profile.log_loss.n, profile.brier.n) == (0, 0)
    assert profile.scores["yes"].positive.finite == 2


@pytest.mark.parametrize("kind", [pa.int64(), pa.float32(), pa.string(), pa.uint8()])
def test_classes_are_read_from_any_type(kind: pa.DataType) -> None:
    grid = ClassificationProfile.over_grid(("0", "1"), {})
    assert grid.lay(pa.array(["0", "1", None]).cast(kind), pa.array([1, 1, 0])).labelled == 2


@given(ROWS, ROWS, ROWS, st.permutations(range(3)), st.booleans())
def test_batches_merge_to_the_profile_of_all_rows_in_any_order(
    a: Rows, b: Rows, c: Rows, order: list[int], decided: bool
) -> None:
    whole = lay([*a, *b, *c], decided=decided)
    merged = reduce(
        ClassificationProfile.merge, [lay([a, b, c][i], decided=decided) for i in order]
    )
    np.testing.assert_array_equal(merged.confusion, whole.confusion)
    for name in ("classes", "n", "pending", "unlabelled", "unpredicted"):
        assert getattr(merged, name) == getattr(whole, name)
    for name in ("log_loss", "brier"):
        assert getattr(merged, name) == pytest.approx(getattr(whole, name), rel=1e-9, abs=1e-9)
    for one, other in zip(merged.scores["yes"], whole.scores["yes"], strict=True):
        np.testing.assert_array_equal(one.cells, other.cells)
        assert (one.n, one.pos_inf, one.missing) == (other.n, other.pos_inf, other.missing)


@given(ROWS)
def test_every_row_is_counted_once(rows: Rows) -> None:
    p = lay(rows)
    assert p.labelled + p.unpredicted + p.unlabelled + p.pending == p.n == len(rows)
    pair = p.scores["yes"]
    assert pair.positive.n + pair.negative.n == p.labelled + p.unpredicted
