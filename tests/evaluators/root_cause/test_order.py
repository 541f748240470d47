from __future__ import annotations

import numpy as np
import pytest

from tidegauge.case import Case, case_of
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge_evaluators.root_cause.order import _matrix, _tiers, order


def fork(rng: np.random.Generator, n: int = 800) -> Case:
    """a -> b -> c with noise that is not normal, a copy of a, and what cannot be placed."""
    a = rng.exponential(size=2 * n)
    b = 1.5 * a + rng.uniform(-1, 1, size=2 * n)
    c = -b + rng.exponential(size=2 * n)
    columns = {
        "c": c,
        "b": b,
        "a": a,
        "copy": 2.0 * a + 1.0,
        "constant": np.ones(2 * n),
        "sparse": np.where(rng.random(2 * n) < 0.5, np.nan, a),
        "city": rng.choice(["x", "y", "z"], 2 * n),
    }
    return case_of(columns, np.arange(2 * n) >= n)


def test_what_cannot_be_placed_is_left_out() -> None:
    case = fork(np.random.default_rng(0))
    names, matrix = _matrix(case, case.features, np.random.default_rng(0))
    assert names == ["c", "b", "a"]
    assert matrix.shape == (800, 3)
    assert matrix.std(axis=0) == pytest.approx(1.0)


def test_too_little_is_refused_before_anything_is_installed() -> None:
    case = fork(np.random.default_rng(0), n=60)
    with pytest.raises(TooFewRows):
        order(case, rng=np.random.default_rng(0))
    with pytest.raises(NotApplicable):
        order(fork(np.random.default_rng(0)), rng=np.random.default_rng(0), names=["a", "city"])


def test_a_column_comes_right_after_the_last_of_its_causes() -> None:
    edges = np.zeros((4, 4), bool)
    edges[0, 1] = edges[1, 2] = edges[0, 3] = True
    assert _tiers(["a", "b", "c", "d"], edges) == (("a",), ("b", "d"), ("c",))


def test_direct_lingam_finds_the_order_of_a_chain() -> None:
    pytest.importorskip("causallearn")
    found = order(fork(np.random.default_rng(1)), rng=np.random.default_rng(0))
    assert found.tiers == (("a",), ("b",), ("c",))
    assert found.left_out == ("copy", "constant", "sparse", "city")
    assert "confirm it" in found.note


@pytest.mark.filterwarnings("ignore")  # the library's own
def test_pc_finds_a_collider_and_says_what_it_chose_freely() -> None:
    pytest.importorskip("causallearn")
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 2_000))
    columns = {"c": a + b + rng.normal(size=2_000), "a": a, "b": b}
    case = case_of(columns, np.arange(2_000) >= 1_000)
    found = order(case, rng=rng, method="pc")
    assert found.tiers == (("a", "b"), ("c",))
    assert "; 0 of its directions are a free choice" in found.note
