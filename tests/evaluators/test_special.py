"""Our special functions against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from tidegauge_evaluators._special import (
    beta_cdf,
    beta_quantile,
    gamma_quantile,
    student_quantile,
    student_sf,
)

RNG = np.random.default_rng(0)
SHAPES = [0.5, 1.0, 3.0, 20.0, 411.0, 9_000.0, 999_990.0]
TAILS = [1e-9, 0.0005, 0.025, 0.3, 0.5, 0.8, 0.975, 1 - 1e-6]


@pytest.mark.parametrize("a", SHAPES)
@pytest.mark.parametrize("b", SHAPES)
def test_the_incomplete_beta_agrees(a: float, b: float) -> None:
    for x in special.betaincinv(a, b, RNG.random(8)):
        assert beta_cdf(a, b, float(x)) == pytest.approx(special.betainc(a, b, x), rel=1e-8)


@pytest.mark.parametrize("a", SHAPES)
@pytest.mark.parametrize("b", SHAPES)
def test_beta_quantiles_agree(a: float, b: float) -> None:
    for p in TAILS:
        expected = special.betaincinv(a, b, p)
        assert beta_quantile(a, b, p) == pytest.approx(expected, rel=1e-7, abs=1e-30)


@pytest.mark.parametrize("shape", [1.0, 2.5, 40.0, 10_000.0, 1e6])
def test_gamma_quantiles_agree(shape: float) -> None:
    for p in TAILS[1:]:
        assert gamma_quantile(shape, p) == pytest.approx(special.gammaincinv(shape, p), rel=1e-7)


@pytest.mark.parametrize("df", [1.0, 2.0, 9.5, 300.0, 1e6, np.inf])
def test_student_tails_and_quantiles_agree(df: float) -> None:
    for t in (-3.0, 0.0, 0.4, 2.0, 7.0):
        assert student_sf(t, df) == pytest.approx(stats.t.sf(t, df), rel=1e-7)
    for p in (0.001, 0.3, 0.5, 0.975, 0.9999):
        assert student_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-6, abs=1e-7)
