"""How often models that are alike are told apart, and how often a loss at the margin passes.

The settings and tables are those of ``benchmarks/comparison.py``, on fewer runs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
RUNS = 100
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def benchmarks() -> None:
    if str(BENCHMARKS) not in sys.path:
        sys.path.append(str(BENCHMARKS))


def settings() -> list[str]:
    sys.path.append(str(BENCHMARKS))
    from comparison import SETTINGS

    return list(SETTINGS)


def at_most(hits: int, share: float, runs: int = RUNS) -> bool:
    """Whether so many hits are no more than chance makes of a share, one test in 2,000 failing."""
    return bool(binom.sf(hits - 1, runs, share) > 5e-4)


@pytest.mark.parametrize("name", settings())
def test_models_that_are_alike_are_told_apart_as_seldom_as_stated(name: str) -> None:
    from comparison import SETTINGS, contrast

    method, drawn = SETTINGS[name]
    rng = np.random.default_rng(11)
    found = [contrast(drawn(rng, 0.0), method) for _ in range(RUNS)]
    hits = sum(one.p_value is not None and one.p_value <= 0.05 for one in found)
    assert at_most(hits, 0.05)
    missed = sum(
        one.interval is None or not one.interval.low <= 0 <= one.interval.high for one in found
    )
    assert at_most(missed, 0.05)


@pytest.mark.parametrize("name", [n for n in settings() if not n.startswith("AUC")])
def test_a_loss_at_the_margin_passes_as_seldom_as_stated(name: str) -> None:
    from comparison import GAPS, SETTINGS, contrast

    method, drawn = SETTINGS[name]
    margin, rng = GAPS[method], np.random.default_rng(12)
    found = [contrast(drawn(rng, margin), method).interval for _ in range(RUNS)]
    assert at_most(sum(one is not None and one.high < margin for one in found), 0.025)


@pytest.mark.parametrize("correlation", [0.3, 0.6, 0.9])
def test_pairs_show_more_than_two_samples_do(correlation: float) -> None:
    from _comparison_models import mean
    from comparison import contrast

    drawn, rng = mean(300, "normal", correlation), np.random.default_rng(13)
    hits = {"means": 0, "unpaired": 0}
    for _ in range(150):
        rows = drawn(rng, 0.12)
        for method in hits:
            hits[method] += (contrast(rows, method).p_value or 1.0) <= 0.05
    assert hits["means"] > hits["unpaired"] + 10 * correlation


def test_another_mix_of_rows_is_told_apart_as_seldom_as_stated() -> None:
    from tidegauge.case import case_of
    from tidegauge_evaluators.comparison.reweighted import reweighted

    runs, hits = 6, 0
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        side = np.arange(800) >= 400
        x = rng.normal(size=800) + 0.7 * side
        loss = x + rng.normal(size=800)
        shared = reweighted(case_of({"x": x}, side), {"loss": loss}, rng=rng)
        hits += (shared.contrast("loss", np.ones(800, bool))[2].p_value or 1.0) <= 0.05
    assert at_most(hits, 0.05, runs)
