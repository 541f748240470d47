"""From rows to a verdict: what is planted is named, and what was not planted is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.case import Case, case_of
from tidegauge.catalog import explainer
from tidegauge.causes import attribute
from tidegauge.errors import TooFewRows
from tidegauge.records import Explanation

N = 1_500
SIDE = np.arange(2 * N) >= N
FACTOR = 0.4536
Columns = dict[str, NDArray[Any]]


def world(seed: int) -> tuple[np.random.Generator, Columns]:
    """Draw rows of both sides from one world: rent follows income, and savings follow both."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(3.9, 0.3, 2 * N)
    rent = income / 3 + rng.normal(0, 1.5, 2 * N)
    saved = 0.5 * income - 0.3 * rent + rng.normal(0, 2, 2 * N)
    return rng, {
        "income": income,
        "age": rng.normal(40, 9, 2 * N),
        "rent": rent,
        "saved": saved,
    }


def logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-values))


def case_with(
    columns: Columns,
    truth: NDArray[np.bool_] | None = None,
    score: NDArray[np.float64] | None = None,
    **roles: Any,
) -> Case:
    """Lay features out, with a truth and a model's score where they are given."""
    answers: Columns = {} if score is None else {"score": score}
    if truth is not None:
        answers["truth"] = np.where(truth, "yes", "no")  # levels are sorted: yes has code 1
        roles |= {"target": "truth", "task": "classification"}
    scores = ("score",) if score is not None else ()
    return case_of({**columns, **answers}, SIDE, features=tuple(columns), scores=scores, **roles)


def test_nothing_planted_is_nothing_found() -> None:
    rng, columns = world(0)
    score = logistic(0.1 * (columns["income"] - 50))
    found = attribute(case_with(columns, rng.random(2 * N) < score, score))
    assert (found.verdict, found.causes, found.tied) == ("none", (), ())
    assert found.because == "No column differs between the sides by more than chance."
    assert found.tests[0].z < 3
    assert (found.n_baseline, found.n_current, found.basis) == (N, N, "rows")


def test_a_unit_fault_is_named_repaired_and_put_right_by_a_stand_in() -> None:
    rng, columns = world(1)
    columns["income"] = 30 + rng.gamma(1.0, 15.0, 2 * N)
    columns["rent"] = columns["income"] / 3 + rng.normal(0, 1.5, 2 * N)

    def model(rows: Mapping[str, Any]) -> NDArray[np.float64]:
        return logistic(0.1 * (rows["income"] - 45) - 0.05 * (rows["age"] - 40))

    truth = rng.random(2 * N) < model(columns)
    columns["income"] = np.where(SIDE, 1.609344 * columns["income"], columns["income"])
    found = attribute(case_with(columns, truth, model(columns)))
    assert found.verdict == "distortion"
    (cause,) = found.causes
    assert cause.factor == "income"
    assert cause.rank_one is not None
    assert cause.rank_one > 0.9
    assert cause.shape is not None
    assert cause.shape.name == "unit"
    assert "1.609" in cause.shape.said
    assert cause.moved == ()
    assert cause.picture is not None
    before, now, repaired = (
        np.array(one)
        for one in (cause.picture.baseline, cause.picture.current, cause.picture.repaired)
    )
    assert abs(repaired - before).sum() < 0.3 * abs(now - before).sum()
    assert cause.restored is not None, found.notes
    assert "stand-in" in cause.restored.asked
    assert cause.restored.share > 0.8
    assert "brings back" in found.because
    asked = attribute(case_with(columns, truth, model(columns)), caller=model).causes[0].restored
    assert asked is not None
    assert asked.share > 0.8
    assert "stand-in" not in asked.asked


def test_a_unit_fault_without_a_model_has_no_repair_to_ask_about() -> None:
    _, columns = world(1)
    columns["income"] = np.where(SIDE, FACTOR * columns["income"], columns["income"])
    (cause,) = attribute(case_with(columns)).causes
    assert (cause.factor, cause.verdict) == ("income", "distortion")
    assert cause.restored is None


def test_a_new_mix_of_truths_is_a_label_shift() -> None:
    rng = np.random.default_rng(2)
    truth = rng.random(2 * N) < np.where(SIDE, 0.6, 0.25)
    features = {
        "a": rng.normal(0, 1, 2 * N) + 1.2 * truth,
        "b": rng.normal(0, 1, 2 * N) - 0.9 * truth,
        "c": rng.normal(0, 1, 2 * N),
    }
    found = attribute(case_with(features, truth))
    assert found.verdict == "label_shift"
    (cause,) = found.causes
    assert (cause.factor, cause.share) == ("truth", 1.0)
    assert set(cause.moved) == {"a", "b"}
    assert re.search(
        r"the share of \w+ went from [67]\d\.\d% to [34]\d\.\d%|2\d\.\d% to [56]\d", cause.because
    )
    assert "each class looks as before" in cause.because


def test_a_changed_effect_on_the_truth_names_the_feature_and_divides_the_loss() -> None:
    rng, columns = world(3)
    income, age = 0.05 * (columns["income"] - 50), 0.15 * (columns["age"] - 40)
    truth = rng.random(2 * N) < logistic(income + np.where(SIDE, -age, age))
    found = attribute(case_with(columns, truth, logistic(income + age)))
    assert found.verdict == "concept"
    assert found.causes[0].factor == "truth given age"
    assert found.causes[0].columns == ("age",)
    assert "chiefly by age" in found.causes[0].because
    assert found.decomposition is not None
    shares = {part.factor: part.share for part in found.decomposition.parts}
    assert shares["concept shift"] > 0.8


def test_a_truth_that_changed_in_one_segment_is_named_by_where_the_loss_rose() -> None:
    """As many truths turned from yes to no as back: by no column alone they differ."""
    rng, columns = world(3)
    score = logistic(0.3 * (columns["income"] - np.median(columns["income"])))
    truth = rng.random(2 * N) < score
    turned = SIDE & (columns["age"] > 45) & (rng.random(2 * N) < 0.4)
    found = attribute(case_with(columns, truth ^ turned, score))
    (cause,) = found.causes
    assert (found.verdict, cause.columns) == ("concept", ("age",))
    assert cause.where is not None
    assert cause.where.where.startswith("age at least 45")
    assert "above what the baseline lets expect" in cause.because
    assert "only where age at least 45" in found.because
    assert cause.picture is not None
    assert (cause.picture.of, cause.onset) == ("mean log loss", None)


def test_another_model_at_equal_inputs_is_a_change_of_serving() -> None:
    rng, columns = world(4)
    score = logistic(0.1 * (columns["income"] - 50) + rng.normal(0, 0.05, 2 * N))
    found = attribute(case_with(columns, score=np.where(SIDE, score**2, score)))
    assert found.verdict == "serving"
    assert [cause.factor for cause in found.causes] == ["score"]


def test_the_model_itself_is_asked_whether_it_still_answers_as_logged() -> None:
    _, columns = world(4)

    def model(rows: Mapping[str, Any]) -> NDArray[np.float64]:
        return logistic(0.1 * (rows["income"] - 50))

    score = model(columns)
    found = attribute(case_with(columns, score=np.where(SIDE, score**2, score)), caller=model)
    assert found.verdict == "serving"
    said = found.causes[0].because
    assert "equal to the logged scores on 100% of 500 rows of the baseline" in said
    assert re.search(r"and now equal to the logged scores on 0\.?\d*% of 500 rows", said)


def test_a_shift_that_nothing_hangs_on_is_left_undetermined() -> None:
    rng, columns = world(5)
    columns["sensor"] = rng.normal(0, 1, 2 * N) + 0.8 * SIDE
    found = attribute(case_with(columns))
    assert found.verdict == "undetermined"
    assert [cause.factor for cause in found.causes] == ["sensor"]
    assert "cannot tell a change of the world from a fault" in found.causes[0].because


def test_rows_in_another_order_are_named_though_trees_see_too_little() -> None:
    rng, columns = world(5)
    columns |= {f"noise {i}": rng.normal(size=2 * N) for i in range(12)}
    part = np.flatnonzero(SIDE & (rng.random(2 * N) < 0.2))
    columns["saved"][part] = columns["saved"][rng.permutation(part)]
    found = attribute(case_with(columns))
    assert found.tests[0].z < 3, "else this shows nothing"
    (cause,) = found.causes
    assert (found.verdict, cause.columns) == ("misaligned", ("saved",))
    assert re.search(
        r"its correlations with other columns are all [12]\d\.?\d? % weaker", cause.because
    )
    assert cause.interval is not None
    assert 0.5 < cause.interval.low < cause.share <= cause.interval.high <= 1


def test_what_others_followed_was_no_fault_however_well_its_repair_foretells() -> None:
    rng = np.random.default_rng(0)
    root = rng.exponential(size=2 * N) + 0.8 * SIDE
    effect = root + rng.uniform(-1, 1, 2 * N)
    columns = {"effect": effect, "root": root, "truth": 2 * effect}
    case = case_of(columns, SIDE, features=("effect", "root"), target="truth", task="regression")
    found = attribute(case)
    assert (found.verdict, [cause.factor for cause in found.causes]) == ("covariate", ["root"])
    assert found.causes[0].moved == ("effect",)


@pytest.fixture(scope="module")
def chain() -> Columns:
    """Draw a chain of columns whose first moved, and one that stands alone."""
    rng = np.random.default_rng(6)
    first = rng.normal(0, 1, 2 * N) + SIDE
    second = first + rng.normal(0, 1, 2 * N)
    third = second + rng.normal(0, 1, 2 * N)
    return {"last": third, "middle": second, "root": first, "alone": rng.normal(0, 1, 2 * N)}


@pytest.mark.parametrize(
    ("known", "basis"),
    [
        ({"order": (("alone", "root"), ("middle",), ("last",))}, "order"),
        ({"parents": {"root": (), "middle": ("root",), "last": ("middle",)}}, "graph"),
    ],
)
def test_along_an_order_the_root_is_named_and_what_followed_is_listed(
    chain: Columns, known: dict[str, Any], basis: str
) -> None:
    found = attribute(case_of(chain, SIDE, **known))
    assert (found.basis, found.verdict) == (basis, "covariate")
    (cause,) = found.causes
    assert cause.factor == "root"
    assert sorted(cause.moved) == ["last", "middle"]


def test_a_number_of_each_row_is_divided_among_mechanisms(chain: Columns) -> None:
    order = (("alone", "root"), ("middle",), ("last",))
    found = attribute(case_of(chain, SIDE, order=order), chain["last"], of="last")
    assert found.of == "last"
    assert found.decomposition is not None
    change = found.decomposition.current - found.decomposition.baseline
    assert change == pytest.approx(chain["last"][SIDE].mean() - chain["last"][~SIDE].mean())
    assert found.decomposition.parts[0].factor == "root"
    assert found.decomposition.parts[0].share == pytest.approx(1, abs=0.2)


def mostly_missing(rng: np.random.Generator, columns: Columns) -> None:
    columns["income"][rng.random(2 * N) < 0.7] = np.nan
    columns["gone"] = np.full(2 * N, np.nan)
    columns["gone now"] = np.where(SIDE, np.nan, 1.0)


def disjoint(rng: np.random.Generator, columns: Columns) -> None:
    words = np.where(SIDE, "new", "old").astype(object)
    words[rng.random(2 * N) < 0.1] = None
    columns["plan"] = words
    columns["flag"] = rng.random(2 * N) < 0.5


def constant(rng: np.random.Generator, columns: Columns) -> None:
    columns["one"] = np.ones(2 * N)
    columns["one word"] = np.full(2 * N, "a")
    columns["stuck"] = np.where(SIDE, 40.0, columns["age"])
    columns["endless"] = np.where(rng.random(2 * N) < 0.01, np.inf, columns["age"])


def twins(rng: np.random.Generator, columns: Columns) -> None:
    columns["income"] = columns["income"] * np.where(SIDE, 1.3, 1.0)
    columns["copy"] = columns["income"].copy()


@pytest.mark.parametrize("spoil", [mostly_missing, disjoint, constant, twins])
def test_spoilt_columns_never_stop_it(
    spoil: Callable[[np.random.Generator, Columns], None],
) -> None:
    rng, columns = world(7)
    spoil(rng, columns)
    score = logistic(0.05 * (columns["age"] - 40))
    truth = rng.random(2 * N) < score
    score[rng.random(2 * N) < 0.1] = np.nan
    case = case_with(columns, truth, score).only(np.r_[0:600, N : N + 600])
    found = attribute(case)
    assert isinstance(found, Explanation)
    assert found.because
    assert found.verdict != "none"
    assert np.isfinite([cause.share for cause in found.causes]).all()


@pytest.mark.parametrize("code", [0.0, np.nan])
def test_truths_that_are_all_alike_or_all_missing_stop_nothing(code: float) -> None:
    rng, columns = world(8)
    score = logistic(0.05 * (columns["age"] - 40))
    case = case_with(columns, rng.random(2 * N) < score, score)
    found = attribute(case.with_values("truth", np.full(2 * N, code)))
    assert found.verdict == "none"


def test_a_stand_in_learns_beside_a_column_that_only_one_side_fills() -> None:
    rng, columns = world(9)
    score = logistic(0.1 * (columns["age"] - 40))
    columns["filled since"] = np.where(SIDE, 1.0, np.nan)
    model = explainer("root_cause.stand_in").explain(case_with(columns, score=score), rng=rng)
    told = np.asarray(model(columns)).reshape(2 * N, -1)[:, -1]
    assert np.corrcoef(told, score)[0, 1] > 0.98


def test_few_rows_are_refused_in_words() -> None:
    side = np.arange(50) >= 25
    with pytest.raises(TooFewRows):
        attribute(case_of({"x": np.arange(50.0)}, side))


def test_one_seed_gives_one_answer(chain: Columns) -> None:
    once, again, other = (attribute(case_of(chain, SIDE), seed=seed) for seed in (3, 3, 4))
    plain, same = (
        {key: value for key, value in one.to_dict().items() if key != "seconds"}
        for one in (once, again)
    )
    assert plain == same
    assert other.verdict == once.verdict
