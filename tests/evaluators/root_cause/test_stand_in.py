"""A stand-in answers like the model where that can be seen, and is refused where it cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.case import Case, case_of
from tidegauge.errors import CannotMeasure, ModelError, NotApplicable, TooFewRows
from tidegauge_evaluators._questions import ask, columns_of
from tidegauge_evaluators.root_cause.stand_in import stand_in

Numbers = NDArray[np.float64]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def logged(rows: int = 1_500, *, shift: float = 0.0, **other: Any) -> dict[str, Any]:
    """Columns of both sides; the score is that of a logistic model on them."""
    draws = rng()
    x, z = draws.normal(size=2 * rows), draws.normal(size=2 * rows)
    plan = draws.choice(["free", "paid", "team"], 2 * rows)
    x = x + shift * (np.arange(2 * rows) >= rows)
    score = 1 / (1 + np.exp(-(x + z * (plan == "paid"))))
    return {"x": x, "z": z, "plan": plan, "p": score, **other}


def case(columns: dict[str, Any], **roles: Any) -> Case:
    rows = len(columns["x"])
    return case_of(columns, np.arange(rows) >= rows // 2, **{"scores": ("p",), **roles})


class TestSilence:
    def test_a_side_off_the_baselines_support_is_refused(self) -> None:
        with pytest.raises(NotApplicable, match=r"on the current rows, where inputs are new"):
            stand_in(case(logged(shift=6.0)), rng=rng())

    def test_scores_that_the_columns_do_not_tell_are_refused(self) -> None:
        columns = logged()
        columns["p"] = rng(7).uniform(size=len(columns["p"]))
        with pytest.raises(NotApplicable, match="not faithful on the baseline") as raised:
            stand_in(case(columns), rng=rng())
        assert "0.85 is needed" in raised.value.message
        assert "name the model itself" in raised.value.hint

    def test_the_gate_is_the_callers(self) -> None:
        columns = logged(600)
        columns["p"] = np.clip(columns["p"] + 0.1 * rng(7).normal(size=len(columns["p"])), 0, 1)
        with pytest.raises(NotApplicable):
            stand_in(case(columns), rng=rng())
        found = stand_in(case(columns), rng=rng(), gate=0.5)
        assert 0.5 < min(found.baseline, found.current) < 0.95

    def test_nothing_logged_is_refused(self) -> None:
        with pytest.raises(NotApplicable, match="no answers of the model are logged"):
            stand_in(case(logged(), scores=()), rng=rng())

    def test_answers_that_never_differ_are_refused(self) -> None:
        columns = logged()
        with pytest.raises(NotApplicable, match="never differ"):
            stand_in(case({**columns, "p": np.full(len(columns["x"]), 0.5)}), rng=rng())

    def test_no_feature_is_refused(self) -> None:
        with pytest.raises(NotApplicable, match="no feature"):
            stand_in(case(logged(), features=()), rng=rng())

    def test_few_answers_are_refused(self) -> None:
        columns = logged(300)
        now = np.arange(600) >= 300
        columns["p"] = np.where(now & (np.arange(600) < 550), np.nan, columns["p"])
        with pytest.raises(TooFewRows, match="50 now"):
            stand_in(case(columns), rng=rng())

    def test_missing_columns_end_in_a_refusal_or_an_answer(self) -> None:
        columns = logged(400)
        for name in ("x", "z", "p"):
            gone = {**columns, name: np.full(800, np.nan)}
            with pytest.raises(CannotMeasure):
                stand_in(case(gone), rng=rng())


class TestLikeness:
    def test_it_foretells_scores_on_both_sides(self) -> None:
        one = case(logged(shift=0.3))
        found = stand_in(one, rng=rng())
        assert min(found.baseline, found.current) > 0.95
        assert found.said.startswith("a stand-in (R2 0.9")
        assert found.columns == ("x", "z", "plan")
        rows = np.arange(one.n)
        answers = found(columns_of(one, rows))
        assert answers.shape == (one.n, 2)
        assert np.corrcoef(answers[:, 1], one["p"].values)[0, 1] > 0.97
        np.testing.assert_allclose(answers.sum(axis=1), 1)
        np.testing.assert_array_equal(ask(one, found, rows).numbers, answers)

    def test_fidelity_is_r2_on_rows_it_has_not_seen(self) -> None:
        from sklearn.metrics import r2_score

        one = case(logged())
        found = stand_in(one, rng=rng())
        now = np.flatnonzero(one.current)
        answers = found(columns_of(one, now))[:, 1]
        assert found.current == pytest.approx(r2_score(one["p"].values[now], answers))

    def test_it_stands_in_for_a_real_model(self) -> None:
        from sklearn.datasets import make_classification
        from sklearn.ensemble import GradientBoostingClassifier

        table, truth = make_classification(9_000, 8, n_informative=5, random_state=0)
        fitted = GradientBoostingClassifier(n_estimators=40, random_state=0)
        scores = fitted.fit(table[:3_000], truth[:3_000]).predict_proba(table[3_000:])[:, 1]
        columns = {f"x{i}": values for i, values in enumerate(table[3_000:].T)}
        one = case_of(
            {**columns, "y": truth[3_000:].astype(float), "p": scores}, np.arange(6_000) >= 3_000,
            target="y", scores=("p",), task="classification",
        )  # fmt: skip
        found = stand_in(one, rng=rng())
        assert min(found.baseline, found.current) > 0.95
        assert found.classes == ("0", "1")

    def test_predicted_numbers(self) -> None:
        columns = logged()
        columns["guess"] = 3 * columns["x"] + columns["z"]
        one = case(columns, scores=(), prediction="guess", task="regression", features=("x", "z"))
        found = stand_in(one, rng=rng())
        assert found.kind == "predictions"
        answers = found(columns_of(one, np.arange(10)))
        assert answers.shape == (10,)
        np.testing.assert_allclose(answers, columns["guess"][:10], atol=1.5)

    def test_decisions(self) -> None:
        columns = logged()
        columns["d"] = np.where(columns["p"] > 0.6, "yes", "no")
        columns["y"] = columns["d"]
        roles: dict[str, Any] = {"scores": (), "prediction": "d", "features": ("x", "z", "plan")}
        one = case(columns, target="y", task="classification", **roles)
        found = stand_in(one, rng=rng(), gate=0.9)
        assert found.kind == "decisions"
        assert "agreement" in found.said
        answers = found(columns_of(one, np.arange(one.n)))
        assert np.mean(answers.argmax(axis=1) == one["d"].values) > 0.95
        bare = {name: values for name, values in columns.items() if name != "y"}
        assert stand_in(case(bare, **roles), rng=rng(), gate=0.9).classes == ("no", "yes")

    def test_many_classes(self) -> None:
        columns = logged(2_000)
        odds = np.column_stack([columns["x"], columns["z"], np.zeros(4_000)])
        chances = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
        named = {name: chances[:, i] for i, name in enumerate("abc")}
        columns["y"] = np.asarray(list("abc"))[chances.argmax(axis=1)]
        one = case(
            {**columns, **named},
            target="y", scores=("a", "b", "c"), task="classification", features=("x", "z"),
        )  # fmt: skip
        found = stand_in(one, rng=rng())
        assert found.classes == ("a", "b", "c")
        answers = found(columns_of(one, np.arange(100)))
        assert np.abs(answers - chances[:100]).mean() < 0.05

    def test_the_same_seed_learns_the_same(self) -> None:
        one = case(logged(400))
        rows = columns_of(one, np.arange(50))
        first, second = (stand_in(one, rng=rng(3), gate=0.5)(rows) for _ in range(2))
        np.testing.assert_array_equal(first, second)


def test_what_it_does_not_know_counts_as_missing() -> None:
    found = stand_in(case(logged()), rng=rng())
    strange = {"x": np.zeros(3), "z": np.ones(3), "plan": np.asarray(["new", None, "paid"], object)}
    answers = found(strange)
    assert np.isfinite(answers).all()
    np.testing.assert_array_equal(answers[0], answers[1])
    with pytest.raises(ModelError, match="takes z, plan, which is not there"):
        found({"x": np.zeros(3)})


def test_instants_are_read_as_they_were_learned() -> None:
    columns = logged()
    day = np.datetime64("2026-01-01", "us") + (columns["x"] * 1e11).astype("m8[us]")
    one = case({"x": columns["z"], "day": day, "p": columns["p"]}, features=("x", "day"))
    found = stand_in(one, rng=rng(), gate=0.3)
    rows = np.arange(20)
    np.testing.assert_array_equal(
        found(columns_of(one, rows)),
        found.foretell(np.column_stack([one["x"].values[:20], one["day"].values[:20]])),
    )
