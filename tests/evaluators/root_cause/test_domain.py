from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, stats
from sklearn.covariance import empirical_covariance
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

from tidegauge.case import Case, case_of
from tidegauge.errors import TooFewRows
from tidegauge_evaluators._copula import log_odds, moments_of, scores_of
from tidegauge_evaluators._domain import Domain, binned, standard_error


def sides(n: int) -> NDArray[np.bool_]:
    return np.arange(n) >= n // 2


def mixed(seed: int, n: int, *, size: int = 1) -> Case:
    """Every kind of column, the same on both sides; blocks of ``size`` alike rows."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    plan = rng.choice(["a", "b", "c"], n).astype(object)
    plan[rng.random(n) < 0.1] = None
    columns: dict[str, Any] = {
        "x": x,
        "gaps": np.where(rng.random(n) < 0.2, np.nan, x + rng.normal(size=n)),
        "plan": plan,
        "fixed": np.ones(n),
        "few": rng.poisson(0.4, n).astype(np.float64),
        "endless": np.where(rng.random(n) < 0.05, np.inf, rng.normal(size=n)),
        "lost": np.full(n, np.nan),
    }
    whole = {name: np.repeat(values, size).tolist() for name, values in columns.items()}
    blocks = None if size == 1 else np.repeat(np.arange(n), size)
    return case_of(whole, sides(n * size), blocks=blocks)


def gaussian(seed: int, n: int, shift: float) -> Case:
    """Two columns correlated by 0.6, the first of which moved."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = 0.6 * x + 0.8 * rng.normal(size=n)
    return case_of({"x": x + shift * sides(n), "y": y}, sides(n))


def truth(distance: float) -> float:
    """Information of an even mixture of two normals so many standard deviations apart."""

    def told(x: float) -> float:
        odds = distance * x - distance**2 / 2
        return float(stats.norm.pdf(x) * (np.log(2) - np.logaddexp(0, odds)))

    return float(integrate.quad(told, -12, 12)[0])


@pytest.mark.slow
@pytest.mark.parametrize(("size", "runs"), [(1, 40), (8, 16)])
def test_sides_that_do_not_differ_are_told_apart_no_more_often_than_promised(
    size: int, runs: int
) -> None:
    asked = []
    for seed in range(runs):
        case = mixed(seed, 240 if size == 1 else 60, size=size)
        domain = Domain(case, rng=np.random.default_rng(seed))
        asked.append(domain.information(case.features))
    # At one in twenty, more come in one set of runs of fifty.
    assert sum(one.z > 1.645 for one in asked) <= stats.binom.isf(0.02, runs, 0.05)
    assert max(one.z for one in asked) < 3
    assert min(one.value for one in asked) > -0.01


def test_what_known_columns_tell_is_not_told_again() -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=3_000) + sides(3_000)
        case = case_of({"x": x, "follows": x + rng.normal(size=3_000)}, sides(3_000))
        domain = Domain(case, rng=rng)
        assert domain.information(["follows"]).z > 5
        assert domain.information(["follows"], given=["x"]).z < 2
        assert abs(domain.information(["follows"], given=["x"]).value) < 0.01


@pytest.mark.parametrize("shift", [0.3, 1.0, 2.0])
def test_the_information_of_moved_normals_is_that_of_the_integral(shift: float) -> None:
    alone, both = [], []
    for seed in range(4):
        domain = Domain(gaussian(100 + seed, 4_000, shift), rng=np.random.default_rng(seed))
        alone.append(domain.information(["x"]))
        both.append(domain.information(["x", "y"]))
    # At equal covariances the sides are apart by the distance of Mahalanobis: d / sqrt(1 - 0.36).
    for found, distance in ((alone, shift), (both, shift / 0.8)):
        mean = np.mean([one.value for one in found])
        error = np.mean([one.error for one in found]) / np.sqrt(len(found))
        assert abs(mean - truth(distance)) < 3 * error
    beside = [b.value - a.value for a, b in zip(alone, both, strict=True)]
    assert np.mean(beside) == pytest.approx(truth(shift / 0.8) - truth(shift), abs=0.012)


def test_what_a_category_tells_is_what_its_table_tells() -> None:
    rng = np.random.default_rng(5)
    now = sides(6_000)
    shares = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
    level = (rng.random((6_000, 1)) > shares[now.astype(int)].cumsum(axis=1)).sum(axis=1)
    domain = Domain(case_of({"plan": np.array(list("abcd"))[level].tolist()}, now), rng=rng)
    found = domain.information(["plan"])
    middle = shares.mean(axis=0)
    assert abs(found.value - (shares * np.log(shares / middle)).sum() / 2) < 3 * found.error


def test_the_smaller_a_shift_the_more_rows_it_takes_and_few_are_enough() -> None:
    seen = {
        (n, shift): Domain(gaussian(1, n, shift), rng=np.random.default_rng(1))
        .information(["x", "y"])
        .z
        for n in (200, 3_200)
        for shift in (0.25, 0.5, 1.0)
    }
    for shift in (0.25, 0.5, 1.0):
        assert seen[200, shift] < seen[3_200, shift]
    for n in (200, 3_200):
        assert seen[n, 0.25] < seen[n, 0.5] < seen[n, 1.0]
    assert seen[200, 1.0] > 3
    assert seen[3_200, 0.25] > 3


def test_both_sides_count_the_same_however_many_rows_they_have() -> None:
    rng = np.random.default_rng(2)
    now = np.arange(5_000) >= 4_000
    case = case_of({"x": rng.normal(size=5_000) + now, "other": rng.normal(size=5_000)}, now)
    domain = Domain(case, rng=rng)
    assert domain.weights[now].sum() == pytest.approx(domain.weights[~now].sum())
    assert domain.weights.mean() == pytest.approx(1.0)
    found = domain.information(["x"])
    assert abs(found.value - truth(1.0)) < 3 * found.error
    assert domain.losses([]) == pytest.approx(np.full(5_000, np.log(2)))
    assert np.abs(domain.log_odds(["other"])).max() < 0.3, "no prior odds in them"


def test_rows_that_count_twice_are_rows_that_are_there_twice() -> None:
    case = gaussian(3, 3_200, 1.0)
    heavy = np.where(case["y"].values > 0, 2.0, 1.0)
    weighed = replace(case, weights=heavy)
    twice = case.only(np.repeat(np.arange(case.n), heavy.astype(int)))
    found = [Domain(c, rng=np.random.default_rng(0)).information(["x"]) for c in (weighed, twice)]
    assert found[0].value == pytest.approx(found[1].value, abs=0.006)


def test_log_odds_are_those_that_rows_bear_out() -> None:
    rng = np.random.default_rng(4)
    now = np.arange(8_000) >= 5_000
    x = rng.normal(size=8_000) + now
    domain = Domain(case_of({"x": x}, now), rng=rng)
    odds = domain.log_odds(["x"])
    assert np.corrcoef(odds, x - 0.5)[0, 1] > 0.98  # the true log odds of balanced sides
    assert np.abs(odds - (x - 0.5))[np.abs(x - 0.5) < 2].mean() < 0.2
    chance = 1 / (1 + np.exp(-odds))
    for low in np.arange(0.1, 0.9, 0.2):
        inside = (chance >= low) & (chance < low + 0.2)
        share = np.average(now[inside], weights=domain.weights[inside])
        assert share == pytest.approx(chance[inside].mean(), abs=0.04)
    weights = np.exp(odds[~now])
    assert np.average(x[~now], weights=weights) == pytest.approx(x[now].mean(), abs=0.12)


def test_a_difference_that_leaves_no_doubt_is_sure_and_finite() -> None:
    now = sides(200)
    for values in (
        now.astype(np.float64),
        np.where(now, np.nan, 1.0),
        np.where(now, np.inf, -np.inf),
    ):
        found = Domain(case_of({"x": values}, now), rng=np.random.default_rng(0)).information(["x"])
        assert found.value == pytest.approx(np.log(2), abs=0.01)
        assert 50 < found.z < 200


def test_one_class_or_few_rows_are_refused() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    for now in (np.zeros(200, bool), np.ones(200, bool), np.arange(200) >= 171):
        with pytest.raises(TooFewRows):
            Domain(case_of({"x": x}, now), rng=rng)
    with pytest.raises(TooFewRows):
        Domain(case_of({"x": x[:3]}, np.arange(3) > 0), rng=rng)
    with pytest.raises(TooFewRows):  # rows that do not count
        Domain(case_of({"x": x}, sides(200), weights=1.0 - sides(200)), rng=rng)
    with pytest.raises(TooFewRows):
        Domain(case_of({"x": x}, sides(200), blocks=sides(200).astype(np.int64)), rng=rng)


@pytest.mark.parametrize("n", [80, 3_200])
def test_two_blocks_on_each_side_are_never_dealt_so_that_a_side_is_unknown(n: int) -> None:
    case = gaussian(6, n, 1.0)
    few = case_of({"x": case["x"].values}, case.current, blocks=np.arange(n) // (n // 4))
    for seed in range(2):
        domain = Domain(few, rng=np.random.default_rng(seed))
        assert np.isfinite(domain.information(["x"]).value)
        for block in range(4):
            assert len(set(domain.folds[few.blocks == block])) == 1


HOSTILE: dict[str, Any] = {
    "lost": np.full(80, np.nan),
    "one value": np.where(np.arange(80) == 7, 1.0, np.nan),
    "one level": ["a" if i == 7 else None for i in range(80)],
    "nothing": [None] * 80,
    "both infinities": np.where(np.arange(80) % 3 > 0, np.inf, -np.inf),
    "one infinity": np.full(80, np.inf),
    "some infinities": np.where(np.arange(80) % 9 == 0, -np.inf, np.arange(80) % 7),
    "new": np.where(sides(80), np.arange(80.0), np.nan),
    "gone": np.where(sides(80), np.nan, np.arange(80.0)),
    "huge": np.linspace(-1, 1, 80) * 1e308,
    "tiny": np.linspace(-1, 1, 80) * 5e-320,
    "fixed": np.ones(80),
    "apart": np.where(sides(80), "now", "then").tolist(),
    "each another": [f"id {i}" for i in range(80)],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_raises_whatever_a_column_holds(name: str) -> None:
    case = case_of({name: HOSTILE[name], "x": np.sin(np.arange(80.0))}, sides(80))
    domain = Domain(case, rng=np.random.default_rng(0))
    found = domain.information([name, "x"])
    assert np.isfinite(found.rows).all()
    assert np.isfinite(found.z)
    assert all(np.isfinite(one) for one in domain.leaning([name, "x"]).values())
    alone = Domain(case_of({name: HOSTILE[name]}, sides(80)), rng=np.random.default_rng(0))
    assert np.isfinite(alone.log_odds([name])).all()
    if name not in ("new", "gone", "apart", "huge", "tiny"):
        assert alone.information([name]).z < 3


def test_a_case_without_columns_or_with_moments_alone_is_answered() -> None:
    days = np.arange(80).astype("datetime64[D]")
    domain = Domain(case_of({"day": days}, sides(80)), rng=np.random.default_rng(0))
    assert domain.information(["day"]).value > 0.3
    bare = Domain(case_of({}, sides(80)), rng=np.random.default_rng(0))
    assert bare.information([]).value == 0.0


def test_bins_keep_order_atoms_missing_values_and_both_infinities_apart() -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(size=900), np.full(80, 0.5), [np.nan, np.inf, -np.inf]])
    codes = binned(case_of({"x": values}, np.arange(983) >= 500)["x"])
    finite = codes[:980]
    order = np.argsort(values[:980], kind="stable")
    assert (np.diff(finite[order]) >= 0).all()
    assert set(np.flatnonzero(codes == codes[950])) == set(range(900, 980))
    assert np.isnan(codes[980])
    assert codes[982] < finite.min()
    assert codes[981] > finite.max()


def test_blocks_have_the_error_of_a_mean_over_blocks() -> None:
    rng = np.random.default_rng(8)
    rows, blocks = rng.normal(size=600), np.repeat(np.arange(60), 10)
    assert standard_error(rows, None) == pytest.approx(stats.sem(rows))
    means = rows.reshape(60, 10).mean(axis=1)
    assert standard_error(rows, blocks) == pytest.approx(stats.sem(means))
    assert standard_error(np.repeat(means, 10), blocks) > 2 * stats.sem(np.repeat(means, 10))


def test_same_seed_same_answer_and_inputs_stay() -> None:
    case = mixed(3, 200)
    before = {name: one.values.copy() for name, one in case.variables.items()}
    found = [
        Domain(case, rng=np.random.default_rng(1)).information(case.features).rows for _ in "ab"
    ]
    np.testing.assert_array_equal(found[0], found[1])
    for name, values in before.items():
        np.testing.assert_array_equal(values, case[name].values)


def test_a_column_taken_beside_changes_no_other_answer() -> None:
    case = gaussian(7, 800, 1.0)
    domain = Domain(case, rng=np.random.default_rng(0))
    before = domain.information(["x"]).value
    wider = domain.beside("side", case.current.astype(np.float64))
    assert wider.information(["side"], given=["x"]).value > 0.4
    assert wider.information(["x"]).value == before
    assert "side" not in domain.case.variables


def test_normal_scores_are_ranks_laid_over_a_normal() -> None:
    values = np.random.default_rng(0).lognormal(size=500)
    scores = scores_of(case_of({"x": values}, sides(500)), "x")
    expected = stats.norm.ppf(stats.rankdata(values) / 501)
    np.testing.assert_allclose(scores[:, 0], expected, atol=1e-9)
    gaps = np.where(np.arange(500) % 5 == 0, np.nan, values)
    scores = scores_of(case_of({"x": gaps}, sides(500)), "x")
    assert scores.shape == (500, 2)
    assert (scores[::5, 0] == 0).all()
    assert np.corrcoef(scores[:, 1], np.isnan(gaps))[0, 1] == pytest.approx(1.0)


def test_normal_scores_that_differ_by_chance_give_even_odds() -> None:
    even = []
    for seed in range(40):
        scores = np.random.default_rng(seed).normal(size=(400, 2))
        moments = moments_of(scores, sides(400), np.ones(400))
        even.append(not log_odds(scores, moments, [0, 1]).any())
    # Five entries, each let through beyond 2.5 errors by one in eighty: 0.94 of the runs are even.
    assert sum(even) >= 34


def test_normal_scores_that_differ_have_the_odds_of_a_quadratic_discriminant() -> None:
    rng = np.random.default_rng(1)
    now = sides(4_000)
    before = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 2_000)
    after = rng.multivariate_normal([1, -1], [[2, -0.6], [-0.6, 0.5]], 2_000)
    scores = np.vstack([before, after])
    moments = moments_of(scores, now, np.ones(4_000))
    for side, rows in enumerate((before, after)):
        np.testing.assert_allclose(moments.mean[side], rows.mean(axis=0), atol=1e-9)
        np.testing.assert_allclose(moments.covariance[side], empirical_covariance(rows), atol=1e-9)
    other = QuadraticDiscriminantAnalysis().fit(scores, now).decision_function(scores)
    np.testing.assert_allclose(log_odds(scores, moments, [0, 1]), other, rtol=0.01, atol=0.02)
    assert not log_odds(scores, moments, []).any()


def test_columns_that_are_the_same_leave_odds_finite() -> None:
    x = np.random.default_rng(2).normal(size=400) + 2 * sides(400)
    scores = np.column_stack([x, x, x])
    odds = log_odds(scores, moments_of(scores, sides(400), np.ones(400)), [0, 1, 2])
    assert np.isfinite(odds).all()
    assert np.corrcoef(odds, x)[0, 1] > 0.9
