"""Different rows made comparable: another mix is no difference between models, a model is."""

from __future__ import annotations

import numpy as np
import pytest

from tidegauge.case import case_of
from tidegauge.errors import TooFewRows
from tidegauge_evaluators._overlap import effective
from tidegauge_evaluators.comparison.reweighted import Shared, reweighted


def shifted(n: int, gap: float, shift: float, seed: int = 0) -> tuple[Shared, np.ndarray]:
    rng = np.random.default_rng(seed)
    side = np.arange(2 * n) >= n
    x = rng.normal(size=2 * n) + shift * side
    loss = x + 0.3 * x**2 + gap * side + rng.normal(size=2 * n)
    case = case_of({"x": x, "other": rng.normal(size=2 * n)}, side)
    return reweighted(case, {"loss": loss}, rng=rng), loss


def test_a_harder_mix_is_no_worse_model() -> None:
    shared, loss = shifted(1_500, 0.0, 0.8)
    then, now, found = shared.contrast("loss", np.ones(3_000, bool))
    assert loss[1_500:].mean() - loss[:1_500].mean() > 0.9
    assert abs(found.change) < 3 * found.error
    assert now - then == pytest.approx(found.change)


def test_a_worse_model_is_found_under_an_easier_mix() -> None:
    shared, loss = shifted(1_500, 0.6, -0.8)
    _, _, found = shared.contrast("loss", np.ones(3_000, bool))
    assert loss[1_500:].mean() < loss[:1_500].mean()
    assert found.interval is not None
    assert found.interval.low > 0.3


def test_it_says_what_the_weights_cost() -> None:
    near, _ = shifted(1_000, 0.0, 0.0)
    far, _ = shifted(1_000, 0.0, 2.0)
    assert near.mix.effective_baseline > 950 > 800 > far.mix.effective_baseline
    assert near.mix.overlap > 0.99 > far.mix.overlap
    assert far.mix.drift.z > 10 > abs(near.mix.drift.z)
    assert far.mix.columns[0][0] == "x"


def test_rows_without_a_number_are_passed_over() -> None:
    rng = np.random.default_rng(5)
    side = np.arange(2_000) >= 1_000
    loss = rng.normal(size=2_000)
    loss[::2] = np.nan
    shared = reweighted(case_of({"x": rng.normal(size=2_000)}, side), {"loss": loss}, rng=rng)
    then, now, found = shared.contrast("loss", np.ones(2_000, bool))
    assert then == pytest.approx(np.nanmean(loss[:1_000]), abs=0.1)
    assert now == pytest.approx(np.nanmean(loss[1_000:]), abs=0.1)
    assert found.error == pytest.approx(np.sqrt(2 / 500), rel=0.15)


def test_segments_with_too_few_rows_are_refused() -> None:
    shared, _ = shifted(500, 0.0, 0.0)
    with pytest.raises(TooFewRows, match="needs 60 rows"):
        shared.contrast("loss", np.arange(1_000) % 20 == 0)


def test_equal_weights_lose_nothing() -> None:
    assert effective(np.full(9, 3.0)) == 1.0
