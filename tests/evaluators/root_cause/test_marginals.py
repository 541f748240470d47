from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from tidegauge.case import Case, case_of
from tidegauge_evaluators._domain import Domain
from tidegauge_evaluators._marginals import evidence, marginals

Draw = Callable[[np.random.Generator, int], Any]


def sides(n: int) -> NDArray[np.bool_]:
    return np.arange(n) >= n // 2


def chance(case: Case, name: str = "x") -> float:
    """Read evidence, in standard errors, back as a two-sided p-value."""
    found = evidence(Domain(case, rng=np.random.default_rng(0)), [name])[name]
    return float(stats.norm.sf(found))


def zero_inflated(rng: np.random.Generator, n: int) -> Any:
    return np.where(rng.random(n) < 0.6, 0.0, rng.lognormal(size=n))


def gappy(rng: np.random.Generator, n: int) -> Any:
    return np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n))


DRAWS: dict[str, Draw] = {
    "continuous": lambda rng, n: rng.normal(size=n),
    "heavy tails": lambda rng, n: rng.standard_cauchy(n),
    "ties": lambda rng, n: rng.normal(size=n).round(1),
    "zeros": zero_inflated,
    "gaps": gappy,
    "counts": lambda rng, n: rng.poisson(1.5, n).astype(float),
    "few levels": lambda rng, n: rng.choice(["a", "b", "c"], n, p=[0.7, 0.25, 0.05]).tolist(),
    "many levels": lambda rng, n: [f"l{i}" for i in rng.zipf(1.6, n) % 97],
    "rare flag": lambda rng, n: (rng.random(n) < 0.01).astype(float),
}


@pytest.mark.parametrize("kind", DRAWS)
@pytest.mark.parametrize("n", [100, 600])
def test_false_alarms_are_at_most_nominal(kind: str, n: int) -> None:
    found = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        found.append(chance(case_of({"x": DRAWS[kind](rng, n)}, sides(n))))
    p_values = np.array(found)
    for level in (0.01, 0.05, 0.2):
        # One kind of column in a thousand is above by chance.
        assert np.count_nonzero(p_values <= level) <= stats.binom.isf(1e-3, 120, level)


def test_unequal_sides_and_blocks_raise_no_false_alarm_either() -> None:
    found = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        blocks = np.repeat(np.arange(120), 5)
        x = np.repeat(rng.normal(size=120), 5)
        found.append(chance(case_of({"x": x}, blocks >= 100, blocks=blocks)))
    assert np.count_nonzero(np.array(found) <= 0.05) <= stats.binom.isf(1e-3, 120, 0.05)


@pytest.mark.filterwarnings("error")
def test_a_flag_that_few_rows_of_few_blocks_have_has_a_chance() -> None:
    x = (np.arange(600) == 599).astype(float)
    case = case_of({"x": x}, sides(600), blocks=np.arange(600) // 100)
    assert 0.2 < chance(case) <= 0.5


@pytest.mark.parametrize(
    "changed", [lambda x: x + 0.1, lambda x: x + 0.3, lambda x: 1.1 * x, lambda x: 1.3 * x]
)
def test_a_change_is_seen_as_well_as_by_the_best_of_two_tests(changed: Any) -> None:
    """Four times the smaller chance, for four tests are made; bins and ties cost a little."""
    above = []
    for seed in range(20):
        x, y = np.random.default_rng(seed).normal(size=(2, 1_000))
        y = changed(y)
        gap = stats.ks_2samp(x, y, method="asymp").pvalue
        location, spread = stats.mannwhitneyu(x, y), stats.mood(x, y)
        lepage = stats.chi2.sf(
            sum(stats.norm.isf(one.pvalue / 2) ** 2 for one in (location, spread)), 2
        )
        ours = chance(case_of({"x": np.append(x, y)}, sides(2_000)))
        above.append(np.log10(ours) - np.log10(min(0.5, 4 * min(gap, lepage))))
    assert abs(np.median(above)) < 0.1
    assert -1 < min(above) <= max(above) < 1


@pytest.mark.parametrize("share", [0.3, 0.35, 0.4, 0.5])
def test_a_flag_has_the_chance_that_chi_square_gives_it(share: float) -> None:
    """Twice theirs: there are two levels."""
    rng = np.random.default_rng(int(100 * share))
    flag = np.where(rng.random(2_000) < np.where(sides(2_000), share, 0.3), "yes", "no")
    table = stats.contingency.crosstab(flag, sides(2_000)).count
    theirs = stats.chi2_contingency(table, correction=True).pvalue
    ours = chance(case_of({"x": flag.tolist()}, sides(2_000)))
    assert np.log10(ours) == pytest.approx(np.log10(min(0.5, 2 * theirs)), abs=0.02)


def test_a_sentinel_in_one_row_of_a_hundred_is_found() -> None:
    missed = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x = rng.normal(50, 10, 4_000)
        x[2_000 + rng.permutation(2_000)[:20]] = (50.0, -1.0, 999.0)[seed % 3]
        domain = Domain(case_of({"x": x, "same": rng.normal(size=4_000)}, sides(4_000)), rng=rng)
        shown = evidence(domain, ["x", "same"])
        missed += shown["x"] < 3.5
        assert shown["same"] < 3
        assert marginals(domain, ["x"])["x"].z > 2
    assert missed == 0


def test_small_shifts_of_the_whole_are_found() -> None:
    for seed in range(10):
        x = np.random.default_rng(seed).normal(size=6_000)
        assert chance(case_of({"x": x + 0.2 * sides(6_000)}, sides(6_000))) < 1e-4
        gone = np.where(sides(6_000) & (np.arange(6_000) % 60 == 0), np.nan, x)
        assert chance(case_of({"x": gone}, sides(6_000))) < 1e-4


def test_columns_that_are_the_same_on_both_sides_tell_about_nothing() -> None:
    told = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        case = case_of({kind: draw(rng, 400) for kind, draw in DRAWS.items()}, sides(400))
        told += [one.value for one in marginals(Domain(case, rng=rng), case.features).values()]
    assert np.mean(told) < 0.001
    assert np.quantile(told, 0.99) < 0.015


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
def test_a_moved_normal_tells_what_its_histogram_tells(shift: float) -> None:
    values = []
    for seed in range(5):
        x = np.random.default_rng(seed).normal(size=6_000) + shift * sides(6_000)
        domain = Domain(case_of({"x": x}, sides(6_000)), rng=np.random.default_rng(seed))
        values.append(marginals(domain, ["x"])["x"])
    grid = np.linspace(-9, 9, 20_001)
    pair = stats.norm.pdf(grid), stats.norm.pdf(grid - shift)
    middle = (pair[0] + pair[1]) / 2
    truth = sum(np.trapezoid(p * np.log(p / middle), grid) for p in pair) / 2
    error = np.mean([one.error for one in values]) / np.sqrt(len(values))
    mean = np.mean([one.value for one in values])
    assert truth - 0.06 * truth - 2 * error < mean < truth + 2 * error  # bins lose a little


@pytest.mark.parametrize(
    ("values", "differs"),
    [
        (np.full(80, np.nan), False),
        (np.ones(80), False),
        (np.where(np.arange(80) % 2, np.inf, -np.inf), False),
        ([None] * 80, False),
        (["a"] * 80, False),
        (np.where(np.arange(80) == 3, 1.0, np.nan), False),
        (np.where(sides(80), np.nan, 1.0), True),
        (np.where(sides(80), np.inf, -np.inf), True),
    ],
)
def test_hostile_columns_are_answered(values: Any, differs: bool) -> None:
    domain = Domain(case_of({"x": values}, sides(80)), rng=np.random.default_rng(0))
    shown, told = evidence(domain, ["x"])["x"], marginals(domain, ["x"])["x"]
    assert np.isfinite(told.z)
    assert (shown > 5) == (told.z > 5) == differs
