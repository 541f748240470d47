from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from tidegauge.case import Case, case_of
from tidegauge_evaluators._dependence import Turned, turned, weakened
from tidegauge_evaluators._domain import Domain


def sides(n: int) -> NDArray[np.bool_]:
    return np.arange(n) >= n // 2


def compared(case: Case) -> Turned:
    return turned(Domain(case, rng=np.random.default_rng(0)), case.features)


def chain(seed: int, n: int) -> dict[str, Any]:
    """Five columns of every kind, each made from the one before."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    b = a + rng.standard_t(3, n)
    c = np.exp(0.5 * b).round(1)
    d = np.where(rng.random(n) < 0.2, np.nan, np.log(c + 1) + rng.normal(size=n))
    level = np.digitize(b + rng.normal(size=n), [-3, 0, 2])
    return {"a": a, "b": b, "c": c, "d": d, "plan": np.array(list("wxyz"))[level].tolist()}


@pytest.mark.parametrize(("n", "now"), [(300, 150), (1_200, 200)])
def test_false_alarms_are_at_most_nominal(n: int, now: int) -> None:
    chances = []
    for seed in range(150):
        case = case_of(chain(seed, n), np.arange(n) >= n - now)
        chances.append(compared(case).chance(case.features))
    for level in (0.01, 0.05, 0.2):
        assert np.count_nonzero(np.array(chances) <= level) <= stats.binom.isf(1e-3, 150, level)


def test_rows_of_one_block_count_as_one() -> None:
    chances = []
    for seed in range(60):
        columns = {n: np.repeat(v, 6).tolist() for n, v in chain(seed, 200).items()}
        blocks = np.repeat(np.arange(200), 6)
        case = case_of(columns, blocks >= 100, blocks=blocks)
        chances.append(compared(case).chance(case.features))
    assert np.count_nonzero(np.array(chances) <= 0.05) <= stats.binom.isf(1e-3, 60, 0.05)


@pytest.mark.parametrize("column", ["a", "b", "c", "plan"])
def test_the_column_with_shuffled_rows_takes_part_in_most_changes(column: str) -> None:
    for seed in range(5):
        columns = {name: np.asarray(values, object) for name, values in chain(seed, 3_000).items()}
        rng = np.random.default_rng(seed)
        struck = 1_500 + np.flatnonzero(rng.random(1_500) < 0.4)
        columns[column][struck] = columns[column][rng.permutation(struck)]
        case = case_of({name: values.tolist() for name, values in columns.items()}, sides(3_000))
        found, names = compared(case), case.features
        others = [set(names) - {name} for name in names]
        amounts = found.amounts([{name} for name in names], others, rng, 200)
        assert found.chance(names) < 1e-4
        assert found.chance([name for name in names if name != column]) > 1e-3
        assert names[int(np.argmax(amounts[0]))] == column
        first = np.argmax(amounts[1:], axis=1) == names.index(column)
        assert first.mean() > 0.7


def test_errors_are_those_of_normal_theory_where_rows_are_normal() -> None:
    r, n, z = 0.6, 4_000, []
    for seed in range(200):
        x, y = np.random.default_rng(seed).multivariate_normal([0, 0], [[1, r], [r, 1]], n).T
        z.append(compared(case_of({"x": x, "y": y}, sides(n))).z[0, 1])
    assert np.mean(z) == pytest.approx(0, abs=0.25)
    assert np.std(z) == pytest.approx(1, abs=0.15)
    halved = np.where(sides(n), r / 2, r)
    x, noise = np.random.default_rng(1).normal(size=(2, n))
    moved = compared(case_of({"x": x, "y": halved * x + np.sqrt(1 - halved**2) * noise}, sides(n)))
    theory = (r / 2 - r) / np.sqrt(((1 - r**2) ** 2 + (1 - (r / 2) ** 2) ** 2) / (n / 2))
    assert moved.z[0, 1] == pytest.approx(theory, abs=3)


def test_what_is_one_by_its_making_or_rests_on_few_rows_is_not_compared() -> None:
    n = 600
    x = np.random.default_rng(0).normal(size=n)
    rare = np.isin(np.arange(n), [3, 400, 500, 599]).astype(float)
    case = case_of({"x": x, "double": 2 * x, "rare": rare, "lost": np.full(n, np.nan)}, sides(n))
    found = compared(case)
    assert found.chance(["x", "double"]) > 0.5
    assert not found.z[2].any()
    assert found.chance(["lost"]) == 1.0
    assert found.amount(case.features) == 0.0


def test_mixed_up_rows_weaken_all_correlations_alike_and_another_effect_does_not() -> None:
    """Chances that all shrank alike are uniform after a shuffle, though columns go together."""
    shares, even, otherwise = [], [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = 3_000
        common = rng.normal(size=n)
        columns = {f"x{i}": common + 0.3 * rng.normal(size=n) for i in range(5)}
        columns["own"] = rng.normal(size=n)
        columns["y"] = common + columns["own"] + rng.normal(size=n)
        names = [name for name in columns if name != "y"]
        struck = 1_500 + np.flatnonzero(rng.random(1_500) < 0.3)
        mixed = {**columns, "y": columns["y"].copy()}
        mixed["y"][struck] = mixed["y"][rng.permutation(struck)]
        one = weakened(Domain(case_of(mixed, sides(n)), rng=rng), "y", names)
        assert one is not None
        shares.append((one.share - 0.3) / one.error)
        even.append(one.p_value)
        moved = {**columns, "y": columns["y"] - 0.4 * columns["own"] * sides(n)}
        other = weakened(Domain(case_of(moved, sides(n)), rng=rng), "y", names)
        assert other is not None
        otherwise.append(other.p_value)
    assert abs(np.mean(shares)) < 0.5
    assert np.std(shares) == pytest.approx(1, abs=0.35)
    assert np.count_nonzero(np.array(even) < 0.05) <= stats.binom.isf(1e-3, 60, 0.05)
    assert np.median(even) == pytest.approx(0.5, abs=0.25)
    assert np.median(otherwise) < 1e-4
