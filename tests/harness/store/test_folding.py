"""A profile keeps its counts to the last row, and its sums to a fraction of a cell."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import HistoryError
from tidegauge.measuring import Bench, measure
from tidegauge.profile import CategoricalProfile, DatasetProfile, NumericProfile, PresenceProfile
from tidegauge.records import Policy
from tidegauge.running import Ran
from tidegauge.store.folding import STEPS, blank_of, fold, unfold, unfold_grid
from tidegauge.store.likening import differ, same_as
from tidegauge.suite import parse_suite

texts = st.text(alphabet='ab,1"\\{}é', max_size=60)


@pytest.fixture(scope="module")
def folded(ran: Ran) -> tuple[DatasetProfile, DatasetProfile]:
    grid = blank_of(ran.reference.profile)
    return unfold(fold(ran.profile, grid), grid), ran.profile


def same(mine: Any, yours: Any, but: tuple[str, ...]) -> None:
    for field in fields(mine):
        if field.name in but:
            continue
        one, other = getattr(mine, field.name), getattr(yours, field.name)
        if isinstance(one, np.ndarray):
            assert np.array_equal(one, other), field.name
            assert one.dtype == other.dtype
        elif field.name == "heavy":
            same(one, other, ())
        else:
            assert one == other, field.name


def test_counts_come_back_exactly(folded: tuple[DatasetProfile, DatasetProfile]) -> None:
    mine, yours = folded
    assert set(mine.columns) == set(yours.columns)
    assert (mine.n, mine.layout, mine.types) == (yours.n, yours.layout, yours.types)
    for part, whole in ((mine, yours), *((mine.slices[k], yours.slices[k]) for k in yours.slices)):
        for name, column in whole.columns.items():
            same(part.columns[name], column, but=("sums",))


def test_sums_come_back_to_a_fraction_of_the_cell(
    folded: tuple[DatasetProfile, DatasetProfile],
) -> None:
    mine, yours = (one.columns["income"] for one in folded)
    assert isinstance(mine, NumericProfile)
    assert isinstance(yours, NumericProfile)
    rows = yours.cells[2:-1:2]
    room = np.diff(yours.cuts) / (2 * STEPS) * rows
    assert (np.abs(mine.sums - yours.sums)[1:-1] <= room + 1e-9).all()
    assert mine.sums[0] == yours.sums[0]
    assert mine.sums[-1] == yours.sums[-1]


def test_measures_read_a_kept_profile_as_the_one_it_was(ran: Ran) -> None:
    grid = blank_of(ran.reference.profile)
    checks = parse_suite(
        "suite: all\nlogs: {baseline: {path: a}, current: {path: b}}\npreset: sensitive\n"
        "checks: [drift.wasserstein, drift.kolmogorov_smirnov, drift.jensen_shannon]"
    ).checks
    bench = Bench(baseline=ran.reference.profile, current=ran.profile, policy=Policy(), as_of=0.0)
    again = replace(
        bench,
        baseline=unfold(fold(bench.baseline, grid), grid),
        current=unfold(fold(bench.current, grid), grid),
    )
    compared = 0
    for one, two in zip(measure(checks, bench), measure(checks, again), strict=True):
        assert (one.score is None) == (two.score is None)
        if one.score and two.score:
            close = 1e-3 if one.check.evaluator == "drift.wasserstein" else 1e-9
            assert two.score.value == pytest.approx(one.score.value, rel=close), one.subject
            compared += 1
    assert compared > 30


def test_a_kept_profile_still_adds_up(ran: Ran) -> None:
    grid = blank_of(ran.reference.profile)
    back = unfold(fold(ran.profile, grid), grid)
    both = back.merge(back)
    column, single = both.columns["income"], ran.profile.columns["income"]
    assert isinstance(column, NumericProfile)
    assert isinstance(single, NumericProfile)
    assert np.array_equal(column.upto, 2 * single.upto)
    assert both.n == 2 * ran.profile.n


def test_a_grid_is_folded_by_itself(ran: Ran) -> None:
    grid = blank_of(ran.reference.profile)
    assert fold(unfold_grid(fold(grid, None)), None) == fold(grid, None)


def test_what_is_hard_to_write_comes_back() -> None:
    table = pa.table({
        "x": pa.array([1e308, -1e308, float("inf"), float("nan"), None, 5e-324, 0.0]),
        "y": pa.array(["a", 'quote"', "é", "a,b", None, "", "\x1b[0m"]),
    })  # fmt: skip
    columns: dict[str, NumericProfile | CategoricalProfile | PresenceProfile] = {
        "x": NumericProfile.freeze(table["x"]), "y": CategoricalProfile.freeze(["a"]),
    }  # fmt: skip
    from tidegauge.profile import Layout

    frozen = DatasetProfile(layout=Layout(kinds={"x": "numeric", "y": "categorical"}),
                            columns=columns)  # fmt: skip
    grid = blank_of(frozen)
    laid = grid.lay(table)
    back = unfold(fold(laid, grid), grid)
    for name in columns:
        same(back.columns[name], laid.columns[name], but=("sums", "moments"))


def test_damage_is_told_in_words(ran: Ran) -> None:
    grid = blank_of(ran.reference.profile)
    body = fold(ran.profile, grid)
    for wrong in (
        body[: len(body) // 2],
        b"\0" * 40,
        body.replace(b"NumericProfile", b"os.system__nope"),
    ):
        with pytest.raises(HistoryError, match="damaged"):
            unfold(wrong, grid)


@given(texts, texts)
def test_a_text_is_put_together_from_its_difference(text: str, model: str) -> None:
    assert same_as(differ(text, model), model) == text


def test_a_text_much_like_another_takes_little() -> None:
    model = ",".join(f'"key{n}":{n * 7}' for n in range(2_000))
    text = model.replace('"key7":49', '"key7":50').replace('"key9":63,', "")
    assert len(differ(text, model)) < 100
