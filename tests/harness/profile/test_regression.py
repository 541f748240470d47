"""Regression profiles: residuals of rows whose label has arrived, all others counted apart."""

from __future__ import annotations

import math
from dataclasses import astuple
from functools import reduce

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.profile import RegressionProfile

VALUES = st.one_of(st.none(), st.floats(-1e3, 1e3), st.sampled_from([math.nan, math.inf]))
ROWS = st.lists(st.tuples(VALUES, VALUES, st.booleans()), max_size=30)
Rows = list[tuple[float | None, float | None, bool]]


def lay(rows: Rows) -> RegressionProfile:
    target, prediction = (pa.array([row[i] for row in rows], pa.float64()) for i in (0, 1))
    return RegressionProfile().lay(target, prediction, due=np.array([r[2] for r in rows], bool))


def test_no_rows_and_no_labels_leave_nothing_to_judge() -> None:
    assert RegressionProfile().lay([], []) == RegressionProfile()
    unlabelled = RegressionProfile().lay([None, math.nan], [1.0, 2.0])
    assert (unlabelled.labelled, unlabelled.unlabelled) == (0, 2)


def test_by_hand() -> None:
    profile = RegressionProfile().lay([1.0, 3.0], [2.0, 1.0])
    assert (profile.residual.mean, profile.absolute.mean) == (-0.5, 1.5)
    assert (profile.squared.mean, profile.target.mean) == (2.5, 2.0)


def test_awaited_labels_are_told_from_overdue_ones_and_missing_predictions() -> None:
    profile = RegressionProfile().lay(
        [None, None, 1.0, 1.0, 1.0],
        [1.0, 1.0, None, math.inf, 1.0],
        due=[True, False, True, True, True],
    )
    found = (profile.unlabelled, profile.pending, profile.unpredicted, profile.labelled)
    assert found == (1, 1, 2, 1)


@pytest.mark.parametrize(
    "target", [pa.array(["1", "2", "x"]), pa.array([1, 2, None], pa.uint8()), [1.0, 2.0, None]]
)
def test_labels_of_any_type_are_read(target: object) -> None:
    profile = RegressionProfile().lay(target, pa.array([1, 3, 5], pa.int64()))
    assert (profile.labelled, profile.residual.mean) == (2, 0.5)


@given(ROWS, ROWS, ROWS, st.permutations(range(3)))
def test_batches_merge_to_the_profile_of_all_rows_in_any_order(
    a: Rows, b: Rows, c: Rows, order: list[int]
) -> None:
    whole = lay([*a, *b, *c])
    merged = reduce(RegressionProfile.merge, [lay([a, b, c][i]) for i in order])
    for one, other in zip(astuple(merged), astuple(whole), strict=True):
        if isinstance(one, int):
            assert one == other
        else:
            # Fourth powers of 1e3 leave 1e-16 of 1e12 as rounding.
            assert one == pytest.approx(other, rel=1e-9, abs=1e-1)


@given(ROWS)
def test_every_row_is_counted_once(rows: Rows) -> None:
    p = lay(rows)
    assert p.labelled + p.unpredicted + p.unlabelled + p.pending == p.n == len(rows)
