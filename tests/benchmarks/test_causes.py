"""Planted causes are what they say they are, and marks are what was earned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from _causes_changes import ANYWHERE, Unsuitable
from _causes_distortions import ON, distorted
from _causes_models import Change, draw, random_model
from _causes_peers import ks_rank, psi_rank
from _causes_planted import FAULTS, SEVERITIES, TARGET, Planted, Severity, generator
from _causes_published import (
    CHAIN_CHANGE,
    CHAIN_PARTS,
    KNOWN,
    backdoor,
    copula,
    sensors,
    supply_chain,
)
from _causes_scores import Marked, chance, is_visible, mark, rows_where, set_f1
from _causes_sems import OWN, planted
from _causes_summary import confusion, macro_f1, summary, wilson
from _causes_tables import planted as planted_in_table
from _causes_tables import production, table
from root_cause import Job, run_job
from tidegauge.case import Variable, case_of
from tidegauge.records import Cause, Explanation

ROWS = 400


def in_model(fault: str, severity: Severity = "gross", seed: int = 0, rows: int = ROWS) -> Planted:
    return planted(fault, severity, seed=seed, rows=rows, nodes=10)


def sides(found: Planted, name: str) -> tuple[np.ndarray, np.ndarray]:
    case = found.case
    return case[name].values[~case.current], case[name].values[case.current]


def answered(*factors: str, verdict: str = "covariate") -> Explanation:
    causes = tuple(
        Cause(factor=f, columns=tuple(f.split("+")), share=1, because="") for f in factors
    )
    return Explanation(of="drift", verdict=verdict, because="", causes=causes)  # type: ignore[arg-type]


def marked(found: Planted, answer: Explanation | None) -> Marked:
    return mark(found, answer, 1.0, track="A", contender="x")


def test_nothing_planted_is_nothing_planted() -> None:
    found = in_model("F17", rows=4_000)
    assert found.truth == ()
    assert found.verdict == "none"
    assert ks_rank(found, 0).causes == ()


def test_every_fault_has_a_plant_and_a_dose_for_each_severity() -> None:
    assert set(FAULTS) == set(ANYWHERE) | set(OWN)
    assert all(len(fault.doses) == len(SEVERITIES) for fault in FAULTS.values())


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_cases_repeat_and_name_columns_that_are_there(fault: str) -> None:
    first, second = in_model(fault), in_model(fault)
    assert first.said == second.said
    assert first.truth == second.truth
    for name in first.case.variables:
        np.testing.assert_array_equal(first.case[name].values, second.case[name].values)
    assert set(first.truth) <= set(first.case.variables)
    assert bool(first.truth) == (fault != "F17")


def test_a_fault_of_measurement_touches_one_column_of_the_current_log() -> None:
    values = np.random.default_rng(0).normal(5, 2, 1_000)
    column, other = Variable(name="a", values=values), Variable(name="b", values=values[::-1])
    for fault in ON:
        if fault != "F4":
            after, _ = distorted(fault, "gross", column, other, np.random.default_rng(1))
            assert not np.array_equal(after, values, equal_nan=True)
    np.testing.assert_array_equal(column.values, values)


def test_a_null_burst_has_its_share_and_follows_the_other_column() -> None:
    values = np.arange(100_000.0)
    column, by = Variable(name="a", values=values), Variable(name="b", values=values)
    shares = {}
    for severity in SEVERITIES:
        after, _ = distorted("F2", severity, column, by, np.random.default_rng(0))
        shares[severity] = np.isnan(after).mean()
        assert np.isnan(after[50_000:]).mean() > 2 * np.isnan(after[:50_000]).mean()
    assert shares == pytest.approx({"subtle": 0.02, "medium": 0.10, "gross": 0.30}, abs=0.005)


def test_shuffled_rows_keep_the_values_and_lose_the_neighbours() -> None:
    values = np.random.default_rng(0).normal(size=5_000)
    column = Variable(name="a", values=values)
    after, _ = distorted("F6", "gross", column, column, np.random.default_rng(1))
    np.testing.assert_array_equal(np.sort(after), np.sort(values))
    assert abs(np.corrcoef(after, values)[0, 1]) < 0.05


def test_categories_are_swapped_merged_or_all_renamed() -> None:
    codes = np.repeat([0.0, 1.0, 2.0, 3.0], [500, 300, 150, 50])
    column = Variable(name="plan", values=codes, levels=("a", "b", "c", "d"))
    rng = np.random.default_rng(0)
    swapped, merged, renamed = (distorted("F4", s, column, column, rng)[0] for s in SEVERITIES)
    assert np.bincount(swapped.astype(int)).tolist() == [500, 300, 50, 150]
    assert np.bincount(merged.astype(int)).tolist() == [800, 0, 150, 50]
    assert not np.any(renamed == codes)


def test_a_root_that_shifts_takes_its_descendants_along_and_nothing_else() -> None:
    model, _ = random_model(np.random.default_rng(3), 10)
    root = next(i for i, n in enumerate(model.nodes) if not n.parents and model.children(i))
    before, now = (
        draw(model, 20_000, np.random.default_rng(0), c) for c in ({}, {root: Change(shift=1.0)})
    )
    moved = {i for i in range(10) if not np.array_equal(before.latent[i], now.latent[i])}
    assert moved == {root} | model.descendants(root)


def test_the_true_order_puts_causes_before_effects() -> None:
    found = in_model("F7")
    tier = {name: i for i, tier in enumerate(found.order) for name in tier}
    assert found.parents is not None
    assert all(tier[a] < tier[name] for name, above in found.parents.items() for a in above)
    assert found.case.order == ()
    assert found.ordered().case.order == found.order


def test_more_of_a_label_leaves_what_is_true_of_each_label() -> None:
    found = in_model("F10", rows=4_000)
    before, now = sides(found, TARGET)
    odds = [np.mean(x) / (1 - np.mean(x)) for x in (before, now)]
    ratio = odds[1] / odds[0]
    assert max(ratio, 1 / ratio) == pytest.approx(5, rel=0.25)


def test_a_fault_inside_a_segment_leaves_the_rest_alone() -> None:
    for seed in range(3):
        found = in_model("F12", seed=seed)
        assert found.inside is not None
        assert 0.03 < found.inside.mean() < 0.6
        if found.verdict == "distortion":
            assert rows_where(found.case, found.segment) is not None


def test_rows_that_train_the_model_are_in_no_log() -> None:
    served, unseen = production(None, "breast_cancer")
    whole = table(None, "breast_cancer")
    assert len(unseen) == whole.rows - whole.rows // 3
    found = planted_in_table("F17", "subtle", seed=0, name="breast_cancer")
    assert found.case.n <= len(unseen)
    assert len(served.names) == 30


@pytest.mark.parametrize("fault", [f for f in FAULTS if f != "F7"])
def test_tables_that_come_along_have_the_fault_or_say_that_they_cannot(fault: str) -> None:
    for name in ("digits", "diabetes"):
        try:
            found = planted_in_table(fault, "gross", seed=1, name=name)
        except Unsuitable:
            continue
        assert bool(found.truth) == (fault != "F17")


def test_the_supply_chain_changes_by_its_closed_form() -> None:
    found = supply_chain(seed=0, rows=200_000)
    before, now = sides(found, "received")
    assert now.mean() - before.mean() == pytest.approx(CHAIN_CHANGE, abs=0.05)
    demand, confirmed = (sides(found, name) for name in ("demand", "confirmed"))
    assert demand[1].mean() - demand[0].mean() == pytest.approx(2.0, abs=0.02)
    assert confirmed[1].mean() / confirmed[0].mean() == pytest.approx(4.0, rel=0.02)
    assert sum(CHAIN_PARTS.values()) == CHAIN_CHANGE
    assert found.shares["demand"] == 0.5


def test_the_backdoor_raises_the_loss_by_what_was_measured_elsewhere() -> None:
    losses = []
    for seed in (0, 2, 4):
        found = backdoor(seed=seed, rows=20_000, q=0.1, mu=3.0)
        assert found.number is not None
        now = found.number[found.case.current].mean()
        losses.append(now - found.number[~found.case.current].mean())
    assert np.mean(losses) == pytest.approx(0.45, abs=0.03)


@pytest.mark.parametrize("graph", ["complete", "grid", "cycle", "random"])
def test_sensors_know_as_much_of_the_middle_one_as_asked(graph: str) -> None:
    for known in KNOWN:
        covariance = sensors(graph, known)
        middle, rest = 12, [i for i in range(25) if i != 12]
        log = [np.linalg.slogdet(covariance[np.ix_(c, c)])[1] for c in ([middle], rest)]
        assert 0.5 * (sum(log) - np.linalg.slogdet(covariance)[1]) == pytest.approx(known, abs=1e-6)


def test_shuffled_sensors_keep_their_marginals() -> None:
    found = copula(seed=0, graph="grid", known=0.2, attacked=True)
    assert found.verdict == "misaligned"
    assert ks_rank(found, 0).causes == ()


def test_a_group_is_worth_the_chance_of_drawing_the_cause() -> None:
    assert chance(("a", "b"), {"a"}) == 0.5
    found = replace(in_model("F1"), truth=("a",))
    assert marked(found, answered("b", "a+c")).first == 0
    assert marked(found, answered("b", "a+c")).third == 0.5
    assert marked(found, answered("b", "a+c")).reciprocal == 0.25


def test_naming_anything_where_nothing_happened_is_false() -> None:
    found = in_model("F17")
    one = marked(found, answered("x00"))
    none = marked(found, answered(verdict="none"))
    assert one.false
    assert not none.false
    assert none.overlap == 1.0


def test_a_column_beside_the_cause_neither_helps_nor_hurts() -> None:
    found = in_model("F9")
    alone = marked(found, answered(TARGET))
    both = marked(found, answered(TARGET, *found.truth))
    assert alone.first == 0
    assert both.first == 1
    assert both.overlap == 1


def test_no_answer_is_a_miss_and_its_error_is_kept() -> None:
    one = mark(in_model("F1"), None, 1.0, track="A", contender="x", error="ValueError: no")
    total = summary([one])
    assert (total.hit_1, total.silent, total.errors) == (0.0, 1.0, 1)


def test_rules_are_read_back_as_rows() -> None:
    case = case_of({"a b": [1.0, 2.0, 3.0], "c": ["x", "y", "x"]}, np.array([0, 1, 1], bool))
    rows = rows_where(case, "a b below 3,000 and c = x")
    assert rows is not None
    assert rows.tolist() == [True, False, True]
    assert rows_where(case, "somewhere else") is None


def test_set_f1_lets_a_stand_in_count_once() -> None:
    assert set_f1([("x",)], ("a",), ("x",)) == 1.0
    assert set_f1([("a",), ("x",)], ("a",), ("x",)) == 1.0
    assert set_f1([("b",)], ("a",)) == 0.0


def test_wilson_intervals_agree_with_scipy() -> None:
    from scipy.stats import binomtest

    for hits, n in ((0, 9), (5, 9), (48, 50)):
        exact = binomtest(hits, n).proportion_ci(method="wilson")
        assert wilson(hits, n) == pytest.approx((exact.low, exact.high), abs=1e-3)


def test_macro_f1_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(0)
    words = np.array(["none", "concept", "covariate"])
    true, given = words[rng.integers(3, size=60)], words[rng.integers(3, size=60)]
    found = in_model("F17")
    marks = [
        replace(marked(found, None), verdict=str(a), found=str(b))
        for a, b in zip(true, given, strict=True)
    ]
    assert macro_f1(confusion(marks)) == pytest.approx(f1_score(true, given, average="macro"))


def test_rankings_find_an_obvious_column() -> None:
    found = in_model("F1")
    assert psi_rank(found, 0).causes[0].columns == found.truth


def test_a_job_is_marked_once_for_each_contender() -> None:
    job = Job(track="A", fault="F1", severity="gross", seed=0, rows=ROWS, folder=Path("/nowhere"),
              asked=("KS", "PSI"))  # fmt: skip
    assert [one.contender for one in run_job(job)] == ["KS", "PSI"]
    assert all(not one.error for one in run_job(job))


def test_generators_differ_by_every_word() -> None:
    drawn = {float(generator(1, *w).random()) for w in (("A", "F12"), ("A", "F21"), ("B", "F12"))}
    assert len(drawn) == 3


def test_one_who_knows_the_cause_sees_a_gross_fault_and_no_fault_where_there_is_none() -> None:
    assert is_visible(in_model("F6", rows=2_000))
    quiet = [replace(in_model("F17", seed=seed), truth=("x00",)) for seed in range(6)]
    assert sum(map(is_visible, quiet)) <= 1
