"""Profiles of whole logs: columns, outcome, ids, slices and windows, the same in any batches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.profile import (
    CategoricalProfile,
    ClassificationProfile,
    DatasetProfile,
    KeysProfile,
    Layout,
    NumericProfile,
    PresenceProfile,
    TargetLayout,
)
from tidegauge.profile.dataset import family

DAY = 86_400.0
START = 1_704_067_200.0
LAYOUT = Layout(
    kinds={
        "id": "id",
        "at": "datetime",
        "age": "numeric",
        "plan": "categorical",
        "note": "text",
        "tags": "nested",
        "void": "empty",
        "region": "categorical",
        "label": "categorical",
        "chance": "numeric",
    },
    features=("age", "plan", "note", "tags", "void"),
    segments=("region",),
    target=TargetLayout(
        column="label", task="classification", classes=("no", "yes"), arrives_after=DAY
    ),
    scores={"yes": "chance"},
    id="id",
    timestamp="at",
)


def log(n: int, seed: int = 1) -> pa.Table:
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 12, n)
    age[rng.random(n) < 0.05] = np.nan
    label = pa.array(rng.choice(["no", "yes"], n), mask=rng.random(n) < 0.3)
    return pa.table(
        {
            "id": [f"row{i}" for i in rng.integers(0, 10 * n + 1, n)],
            "at": (START + rng.integers(0, int(4 * DAY), n)).astype(np.int64),
            "age": age,
            "plan": pa.array(rng.choice(["a", "b", "c"], n)).dictionary_encode(),
            "note": pa.array(["text"] * n, mask=rng.random(n) < 0.2),
            "tags": [[1, 2]] * n,
            "void": pa.nulls(n),
            "region": rng.choice(["north", "south", ""], n),
            "label": label,
            "chance": rng.random(n),
        }
    )


GRID = DatasetProfile.freeze(log(500), LAYOUT)
WINDOWED = GRID.windowed([START + i * DAY for i in range(4)])


def assert_same(one: DatasetProfile, other: DatasetProfile) -> None:
    assert one.n == other.n
    assert one.types == other.types
    assert set(one.columns) == set(other.columns)
    for name, profile in one.columns.items():
        twin = other.columns[name]
        assert (profile.n, profile.missing) == (twin.n, twin.missing), name
        if isinstance(profile, NumericProfile) and isinstance(twin, NumericProfile):
            np.testing.assert_array_equal(profile.cells, twin.cells)
            assert profile.moments == pytest.approx(twin.moments, rel=1e-9)
        elif isinstance(profile, CategoricalProfile) and isinstance(twin, CategoricalProfile):
            np.testing.assert_array_equal(profile.counts, twin.counts)
    for outcome, twin_outcome in ((one.outcome, other.outcome),):
        assert isinstance(outcome, ClassificationProfile)
        assert isinstance(twin_outcome, ClassificationProfile)
        np.testing.assert_array_equal(outcome.confusion, twin_outcome.confusion)
        found = (outcome.n, outcome.pending, outcome.unlabelled)
        assert found == (twin_outcome.n, twin_outcome.pending, twin_outcome.unlabelled)
    if one.keys or other.keys:
        assert one.keys is not None
        assert other.keys is not None
        assert one.keys.hashes.tolist() == other.keys.hashes.tolist()
    for mine, theirs in ((one.slices, other.slices), (one.windows, other.windows)):
        assert set(mine) == set(theirs)
        for key in mine:
            assert_same(_filled(mine[key]), _filled(theirs[key]))  # type: ignore[index]


def _filled(profile: DatasetProfile) -> DatasetProfile:
    """Give a part that no row fell into the types of one that rows did."""
    from dataclasses import replace

    return replace(profile, types={})


def test_every_column_has_a_profile_of_its_kind() -> None:
    kinds = {name: type(profile) for name, profile in GRID.columns.items()}
    assert kinds == {
        "id": PresenceProfile,
        "at": NumericProfile,
        "age": NumericProfile,
        "plan": CategoricalProfile,
        "note": PresenceProfile,
        "tags": PresenceProfile,
        "void": PresenceProfile,
        "region": CategoricalProfile,
        "label": CategoricalProfile,
        "chance": NumericProfile,
    }
    assert isinstance(GRID.keys, KeysProfile)
    assert isinstance(GRID.outcome, ClassificationProfile)


def test_an_empty_log_is_laid_and_changes_nothing() -> None:
    laid = GRID.lay(log(100))
    empty = GRID.lay(log(100).slice(0, 0))
    assert empty.n == 0
    assert_same(laid.merge(empty), laid)
    assert_same(empty.merge(laid), laid)


def test_one_row_is_laid() -> None:
    laid = WINDOWED.lay(log(1))
    assert laid.n == 1
    assert sum(part.n for part in laid.slices.values()) == 1
    assert sum(part.n for part in laid.windows.values()) == 1


def test_slices_and_windows_hold_their_rows_and_no_others() -> None:
    table = log(400)
    laid = WINDOWED.lay(table)
    regions = table.column("region").to_pylist()
    assert {key: part.n for key, part in laid.slices.items()} == {
        f"region={name}": regions.count(name) for name in ("north", "south", "")
    }
    days = (np.array(table.column("at")) - START) // DAY
    assert [part.n for part in laid.windows.values()] == [int((days == i).sum()) for i in range(4)]
    south = table.filter(pc.equal(table.column("region"), "south"))
    assert_same(_filled(laid.slices["region=south"]), _filled(GRID.coarse().lay(south)))


def test_labels_are_awaited_until_they_are_due() -> None:
    table = log(400)
    missing = table.column("label").null_count
    early = GRID.lay(table, as_of=START).outcome
    late = GRID.lay(table, as_of=START + 6 * DAY).outcome
    assert early is not None
    assert late is not None
    assert (early.pending, early.unlabelled) == (missing, 0)
    assert (late.pending, late.unlabelled) == (0, missing)


def test_an_absent_column_is_absent_and_the_rest_is_counted() -> None:
    laid = GRID.lay(log(50).drop_columns(["age", "region", "label", "id"]))
    assert {"age", "region", "label", "id"}.isdisjoint({*laid.columns, *laid.types})
    assert (laid.n, laid.outcome, laid.keys) == (50, None, None)
    assert laid.columns["plan"].n == 50


def test_a_column_that_was_all_null_in_one_batch_takes_its_type_from_another() -> None:
    table = log(50)
    place = table.column_names.index("age")
    void = table.set_column(place, "age", pa.nulls(50))
    for one, other in ((table, void), (void, table)):
        assert GRID.lay(one).merge(GRID.lay(other)).types["age"] == "number"


def test_threads_count_the_same() -> None:
    with ThreadPoolExecutor(2) as pool:
        assert_same(WINDOWED.lay(log(300), each=pool.map), WINDOWED.lay(log(300)))


def test_sealing_takes_the_range_seen_for_the_valid_one() -> None:
    sealed = GRID.lay(log(500)).sealed()
    whole, part = sealed.columns["age"], sealed.slices["region=north"].columns["age"]
    assert isinstance(whole, NumericProfile)
    assert isinstance(part, NumericProfile)
    assert whole.valid == part.valid == (whole.minimum, whole.maximum)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.decimal128(5, 2), "number"),
        (pa.float16(), "number"),
        (pa.dictionary(pa.int8(), pa.large_string()), "text"),
        (pa.bool_(), "boolean"),
        (pa.timestamp("us", "UTC"), "time"),
        (pa.duration("s"), "time"),
        (pa.null(), "null"),
        (pa.struct([("a", pa.int8())]), "nested"),
        (pa.binary(), "text"),
    ],
)
def test_types_of_one_family_can_be_compared(kind: pa.DataType, expected: str) -> None:
    assert family(kind) == expected


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 200), max_size=5), st.permutations(range(200)))
def test_batches_merge_to_the_profile_of_all_rows_in_any_order(
    cuts: list[int], order: list[int]
) -> None:
    table = log(200, seed=2)
    edges = [0, *sorted(cuts), 200]
    shuffled = table.take(pa.array(order))
    pairs = pairwise(edges)
    parts = [WINDOWED.lay(shuffled.slice(start, stop - start)) for start, stop in pairs]
    assert_same(reduce(DatasetProfile.merge, parts[::-1]), WINDOWED.lay(table))
