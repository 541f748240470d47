from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.errors import NotApplicable
from tidegauge_evaluators._agreement import agreement


def test_judges_that_always_say_the_same_one_thing_tell_nothing() -> None:
    found = agreement([0, 0, 0], [0, 0, 0])
    assert math.isnan(found.kappa)
    assert (found.interval, found.share) == (None, 1.0)


def test_a_single_row_is_refused() -> None:
    with pytest.raises(NotApplicable):
        agreement([1], [1])


def test_a_judge_who_never_flags_agrees_often_and_has_no_kappa() -> None:
    found = agreement([1] * 5 + [0] * 95, [0] * 100)
    assert found.share == pytest.approx(0.95)
    assert found.kappa == pytest.approx(0.0, abs=1e-9)
    assert found.prevalences[0] == pytest.approx([0.95, 0.05])
    assert found.prevalences[1] == pytest.approx([1.0, 0.0])


def test_kappa_and_its_error_by_hand() -> None:
    # 40 both yes, 30 both no, 20 and 10 apart: p_o = .7, p_e = .6 * .5 + .4 * .5 = .5.
    found = agreement([1] * 60 + [0] * 40, [1] * 40 + [0] * 20 + [1] * 10 + [0] * 30)
    assert found.kappa == pytest.approx(0.4)
    k, pe = 0.4, 0.5
    diagonal = 0.3 * (1 - (0.4 + 0.5) * (1 - k)) ** 2 + 0.4 * (1 - (0.6 + 0.5) * (1 - k)) ** 2
    # Off the diagonal of cell (i, j), its weight is what i has of the second and j of the first.
    apart = (1 - k) ** 2 * (0.2 * (0.5 + 0.4) ** 2 + 0.1 * (0.5 + 0.6) ** 2)
    error = math.sqrt((diagonal + apart - (k - pe * (1 - k)) ** 2) / 100) / (1 - pe)
    assert found.interval is not None
    assert found.interval.high == pytest.approx(0.4 + 1.959964 * error, abs=1e-6)


@settings(max_examples=30)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60),
    weights=st.sampled_from(["none", "quadratic"]),
)
def test_agrees_with_scikit_learn_and_does_not_mind_who_is_first(
    pairs: list[tuple[int, int]], weights: str
) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    first, second = zip(*pairs, strict=True)
    found = agreement(first, second, weights=weights)  # type: ignore[arg-type]
    back = agreement(second, first, weights=weights)  # type: ignore[arg-type]
    assert found.kappa == pytest.approx(back.kappa, nan_ok=True)
    if math.isnan(found.kappa):
        return
    # scikit-learn measures distance by place among the classes present, we by their values
    known = metrics.cohen_kappa_score(
        first, second, labels=range(4), weights=None if weights == "none" else weights
    )
    assert found.kappa == pytest.approx(known, abs=1e-9)
    assert found.interval is not None
    assert -1.0 <= found.interval.low <= found.kappa + 1e-9
    assert found.kappa - 1e-9 <= found.interval.high <= 1.0


@pytest.mark.parametrize("weights", ["none", "quadratic"])
def test_the_interval_is_as_wide_as_a_bootstrap_says(weights: str) -> None:
    rng = np.random.default_rng(0)
    first = rng.choice(3, 400, p=[0.6, 0.3, 0.1])
    second = np.where(rng.random(400) < 0.7, first, rng.choice(3, 400))
    found = agreement(first, second, weights=weights)  # type: ignore[arg-type]
    drawn = rng.integers(0, 400, (1_000, 400))
    again = [
        agreement(first[rows], second[rows], weights=weights).kappa  # type: ignore[arg-type]
        for rows in drawn
    ]
    assert found.interval is not None
    assert found.interval == pytest.approx(np.quantile(again, [0.025, 0.975]), abs=0.02)


def test_unequal_masses_count_as_repeated_rows_would_and_widen_the_interval() -> None:
    first, second = [1, 1, 0, 0, 1, 0] * 20, [1, 0, 0, 1, 1, 0] * 20
    masses = [3, 1, 1, 1, 1, 1] * 20
    found = agreement(first, second, masses=masses)
    repeated = agreement(first + [1] * 40, second + [1] * 40)
    assert found.kappa == pytest.approx(repeated.kappa)
    assert found.n == pytest.approx(160**2 / (20 * 14))
    assert found.interval is not None
    assert repeated.interval is not None
    assert found.interval.low < repeated.interval.low
