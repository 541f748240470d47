from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from tidegauge.profile import DatasetProfile, Layout
from tidegauge.records import Cause, Kind
from tidegauge_evaluators.root_cause.profiles import _counts, _information, profiles

KINDS: dict[str, Kind] = {
    "income": "numeric",
    "age": "numeric",
    "spend": "numeric",
    "visits": "numeric",
    "plan": "categorical",
    "flag": "boolean",
}
Rows = dict[str, Any]


def rows(seed: int, n: int = 2_000) -> Rows:
    rng = np.random.default_rng(seed)
    return {
        "income": rng.lognormal(10, 0.5, n),
        "age": rng.normal(40, 10, n),
        "spend": np.where(rng.random(n) < 0.5, 0.0, rng.lognormal(size=n)),
        "visits": rng.poisson(2, n).astype(np.float64),
        "plan": rng.choice(["free", "team", "paid"], n, p=[0.6, 0.3, 0.1]).tolist(),
        "flag": (rng.random(n) < 0.2).tolist(),
    }


def laid(before: Rows, now: Rows) -> tuple[DatasetProfile, DatasetProfile]:
    layout = Layout(kinds={name: KINDS[name] for name in before}, features=tuple(before))
    tables = [
        pa.table({k: pa.array(v, from_pandas=True) for k, v in one.items()})
        for one in (before, now)
    ]
    blank = DatasetProfile.freeze(tables[0], layout)
    return blank.lay(tables[0]), blank.lay(tables[1])


def found(before: Rows, now: Rows) -> tuple[Cause, ...]:
    return profiles(*laid(before, now))


@pytest.mark.parametrize("n", [100, 2_000])
def test_without_a_change_nothing_is_named(n: int) -> None:
    named = [len(found(rows(seed, n), rows(1_000 + seed, n))) for seed in range(60)]
    # 360 columns at a chance of one in two thousand each.
    assert sum(named) <= 2


def test_the_same_rows_are_no_change() -> None:
    assert found(rows(0), rows(0)) == ()


def test_columns_are_ranked_by_what_they_tell_and_shares_add_up() -> None:
    now = rows(1)
    now["age"] = now["age"] + 15
    now["income"] = now["income"] * np.exp(np.random.default_rng(0).normal(0.3, 0.2, 2_000))
    now["flag"] = [not one for one in now["flag"]]
    causes = found(rows(0), now)
    assert [cause.factor for cause in causes] == ["age", "flag", "income"]
    assert sum(cause.share for cause in causes) == pytest.approx(1)
    assert [cause.share for cause in causes] == sorted((c.share for c in causes), reverse=True)
    assert all(cause.verdict == "undetermined" for cause in causes)
    assert all(cause.columns == (cause.factor,) for cause in causes)
    assert all(cause.shape is None for cause in causes)


def test_another_unit_is_one_factor_on_all_quartiles() -> None:
    now = rows(1)
    now["income"] = now["income"] * 0.4536
    now["age"] = now["age"] + 12
    shapes = {cause.factor: cause.shape for cause in found(rows(1), now)}
    assert shapes["income"] is not None
    assert shapes["income"].name == "unit"
    assert shapes["income"].params["factor"] == pytest.approx(0.4536, rel=0.01)
    assert "times 0.45" in shapes["income"].said
    assert shapes["age"] is None, "an offset is no factor"


def test_lost_values_are_named() -> None:
    now = rows(1)
    lost = np.random.default_rng(0).random(2_000) < 0.12
    now["age"] = np.where(lost, np.nan, now["age"])
    (cause,) = found(rows(0), now)
    assert cause.factor == "age"
    assert cause.shape is not None
    assert cause.shape.name == "nulls"
    assert cause.shape.said == f"{lost.mean():.1%} more values are missing"
    assert cause.shape.said in cause.because


def test_a_level_that_was_never_there_is_named() -> None:
    now = rows(1)
    renamed = np.random.default_rng(0).random(2_000) < 0.1
    now["plan"] = np.where(renamed, "trial", now["plan"]).tolist()
    (cause,) = found(rows(0), now)
    assert cause.factor == "plan"
    assert cause.shape is not None
    assert cause.shape.name == "new_level"
    assert '"trial"' in cause.shape.said
    assert f"{renamed.mean():.1%}" in cause.shape.said


def plugged_in(before: Any, now: Any) -> float:
    """Divergence of Jensen and Shannon of raw values, cell by cell, less its expected bias."""
    levels = np.unique(np.concatenate([before, now]))
    shares = np.array([[np.mean(side == level) for level in levels] for side in (before, now)])
    middle = shares.mean(axis=0)
    ratio = np.divide(shares, middle, out=np.ones_like(shares), where=shares > 0)
    bias = (len(levels) - 1) * (1 / len(before) + 1 / len(now)) / 8
    return float((shares * np.log(ratio)).sum() / 2 - bias)


def information(before: Rows, now: Rows, name: str) -> tuple[float, float]:
    sides = laid({name: before[name]}, {name: now[name]})
    counts = _counts(sides[0].columns[name], sides[1].columns[name])
    assert counts is not None
    assert counts.sum(axis=1).tolist() == [len(before[name]), len(now[name])]
    return _information(counts)


def test_the_information_of_levels_is_that_of_raw_rows() -> None:
    before, now = rows(0), rows(1, 3_000)
    now["plan"] = np.where(np.arange(3_000) % 4 == 0, "paid", now["plan"]).tolist()
    value, z = information(before, now, "plan")
    assert value == pytest.approx(plugged_in(np.array(before["plan"]), np.array(now["plan"])))
    assert z > 10


def test_the_information_of_numbers_is_that_of_raw_rows_in_the_same_cells() -> None:
    before, now = rows(0), rows(1)
    now["age"] = now["age"] + 4
    value, _ = information(before, now, "age")
    edges = np.quantile(before["age"], np.linspace(0, 1, 33)[1:-1])
    cells = [np.searchsorted(edges, one["age"]) for one in (before, now)]
    assert value == pytest.approx(plugged_in(*cells), rel=0.05)


def test_how_sure_it_is_is_the_chance_of_chi_square() -> None:
    before, now = rows(0), rows(1)
    now["plan"] = np.where(np.arange(2_000) % 16 == 0, "paid", now["plan"]).tolist()
    table = [
        [one["plan"].count(level) for level in ("free", "team", "paid")] for one in (before, now)
    ]
    theirs = stats.chi2_contingency(table, correction=False).pvalue
    assert 1e-20 < theirs < 1e-3
    assert information(before, now, "plan")[1] == pytest.approx(stats.norm.isf(theirs))


def test_information_without_a_change_is_zero_on_average() -> None:
    told = np.array([information(rows(s, 500), rows(900 + s, 500), "age") for s in range(80)])
    error = told[:, 0].std() / np.sqrt(len(told))
    assert abs(told[:, 0].mean()) < 3 * error + 1e-3
    for level in (0.05, 0.2):  # more false alarms come in one set of runs of a thousand
        alarms = np.count_nonzero(told[:, 1] > stats.norm.isf(level))
        assert alarms <= stats.binom.isf(1e-3, len(told), level)


def test_at_most_eight_are_named() -> None:
    rng = np.random.default_rng(0)
    before = {f"c{i}": rng.normal(size=400) for i in range(12)}
    now = {name: values + 1 for name, values in before.items()}
    layout = Layout(kinds=dict.fromkeys(before, "numeric"), features=tuple(before))
    blank = DatasetProfile.freeze(pa.table(before), layout)
    causes = profiles(blank.lay(pa.table(before)), blank.lay(pa.table(now)))
    assert len(causes) == 8
    assert sum(cause.share for cause in causes) < 0.75, "those not named have their shares"


@pytest.mark.parametrize("n", [0, 1, 29])
def test_few_rows_say_nothing(n: int) -> None:
    now = {name: values[:n] for name, values in rows(1).items()}
    now["age"] = now["age"] + 50
    assert found(rows(0), now) == ()


def test_hostile_columns_are_answered() -> None:
    before, now = rows(0, 200), rows(1, 200)
    now["income"] = np.full(200, np.nan)
    now["age"] = np.where(np.arange(200) % 2 == 0, np.inf, -np.inf)
    now["spend"] = np.zeros(200)
    now["plan"] = [None] * 200
    causes = found(before, now)
    assert {cause.factor for cause in causes} >= {"income", "age", "plan"}
    assert all(np.isfinite(cause.share) for cause in causes)
    before["income"] = np.full(200, np.nan)
    before["age"] = np.ones(200)
    assert found(before, before) == ()
    assert found(before, now) is not None
