"""Explanations of two frames: what they say, and what they can be told beforehand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import tidegauge
from tidegauge.errors import TidegaugeError, TooFewRows
from tidegauge.records import Explanation

N = 1_500
FACTOR = 0.4536


def rows(seed: int, n: int = N) -> pd.DataFrame:
    """Draw rows of a world in which rent follows income."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(3.9, 0.3, n)
    return pd.DataFrame(
        {
            "income": income,
            "age": rng.normal(40, 9, n),
            "rent": income / 3 + rng.normal(0, 1.5, n),
        }
    )


def converted(seed: int, n: int = N) -> pd.DataFrame:
    """Draw rows whose income was changed on the way."""
    return rows(seed, n).assign(income=lambda frame: FACTOR * frame["income"])


def chain(seed: int, shift: float) -> dict[str, NDArray[np.float64]]:
    """Draw a cause and what follows from it."""
    rng = np.random.default_rng(seed)
    root = rng.normal(shift, 1, N)
    return {"effect": root + rng.normal(0, 0.7, N), "root": root, "alone": rng.normal(0, 1, N)}


@pytest.fixture(scope="module")
def found() -> Explanation:
    """Explain two frames of pandas."""
    return tidegauge.explain(converted(1), rows(0))


def test_a_cause_has_its_factor_verdict_share_interval_rank_and_reason(
    found: Explanation,
) -> None:
    assert found.verdict == "distortion"
    (cause,) = found.causes
    assert (cause.factor, cause.verdict) == ("income", "distortion")
    assert cause.low is not None
    assert cause.high is not None
    assert cause.rank_one is not None
    assert cause.low <= cause.share <= cause.high
    assert 0.5 < cause.share <= 1.0
    assert 0.9 <= cause.rank_one <= 1.0
    assert cause.because.startswith("income: its values were changed on the way")
    assert (found.n_baseline, found.n_current) == (N, N)


def test_an_explanation_is_plain_json(found: Explanation) -> None:
    plain = found.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["causes"][0]["factor"] == "income"
    assert found._repr_html_().startswith("<")


def test_mappings_say_the_same_as_frames_and_a_seed_gives_one_answer(found: Explanation) -> None:
    before, now = (
        {name: frame[name].to_numpy() for name in frame} for frame in (rows(0), converted(1))
    )
    again = tidegauge.explain(now, before).to_dict()
    assert again | {"seconds": 0} == found.to_dict() | {"seconds": 0}


def test_two_samples_of_one_world_have_no_cause() -> None:
    same = tidegauge.explain(rows(2), rows(3))
    assert (same.verdict, same.causes) == ("none", ())


@pytest.mark.parametrize(
    ("known", "basis"),
    [
        ({"order": [["root", "alone"], "effect"]}, "order"),
        ({"graph": [("root", "effect")]}, "graph"),
    ],
)
def test_an_order_or_a_graph_names_the_root(known: dict[str, Any], basis: str) -> None:
    found = tidegauge.explain(chain(1, 0.8), chain(0, 0.0), **known)
    assert (found.basis, found.order_source) == (basis, "given")
    assert [cause.factor for cause in found.causes] == ["root"]
    assert found.causes[0].moved == ("effect",)
    assert found.order == ((("root", "alone"), ("effect",)) if basis == "order" else ())


def skewed(seed: int, shift: float) -> dict[str, NDArray[np.float64]]:
    """Draw a cause and what follows from it, whose noise tells which is which."""
    rng = np.random.default_rng(seed)
    root = shift + rng.exponential(size=N)
    return {"effect": root + rng.uniform(-1, 1, N), "root": root}


def test_the_baseline_suggests_an_order_where_one_is_asked_for() -> None:
    pytest.importorskip("causallearn")
    found = tidegauge.explain(skewed(1, 0.8), skewed(0, 0.0), order="suggest")
    assert (found.basis, found.order_source) == ("order", "suggested by the data")
    assert found.order == (("root",), ("effect",))
    assert [cause.factor for cause in found.causes] == ["root"]
    assert any("suggested by DirectLiNGAM" in note for note in found.notes)


def test_a_suggestion_beside_a_given_order_is_refused() -> None:
    with pytest.raises(TidegaugeError, match="not both"):
        tidegauge.explain(skewed(1, 0), skewed(0, 0), order="suggest", graph=[("root", "effect")])


def test_dowhy_needs_an_order_and_a_number_to_divide() -> None:
    with pytest.raises(TidegaugeError, match="none is given"):
        tidegauge.explain(skewed(1, 0), skewed(0, 0), dowhy=True)
    with pytest.raises(TidegaugeError, match="there is no loss"):
        tidegauge.explain(skewed(1, 0), skewed(0, 0), order=["root", "effect"], dowhy=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the library's own
def test_dowhy_says_beside_ours_what_it_makes_of_the_loss() -> None:
    pytest.importorskip("dowhy")  # pins scipy below what we are tested with
    before, now = skewed(0, 0.0), skewed(1, 0.8)
    for side in (before, now):
        side["truth"], side["answer"] = 2 * side["effect"], side["root"]
    roles = {"target": "truth", "prediction": "answer"}
    order = [["root"], ["effect"], ["truth"]]
    found = tidegauge.explain(now, before, columns=roles, order=order, dowhy=True)
    (said,) = [note for note in found.notes if note.startswith("dowhy.gcm")]
    assert "divides the change of squared error" in said
    assert "root" in said


def test_a_model_is_asked_what_a_repair_brings_back() -> None:
    asked: list[list[str]] = []

    def model(columns: Mapping[str, Any]) -> NDArray[np.float64]:
        asked.append(sorted(columns))
        income = np.asarray(columns["income"], dtype=np.float64)
        return np.asarray(1 / (1 + np.exp(-0.1 * (income - 50))))

    before, now, rng = rows(0), rows(1), np.random.default_rng(2)
    for frame in (before, now):
        frame["paid"] = np.where(rng.random(N) < model(dict(frame)), "yes", "no")
    now["income"] *= FACTOR
    for frame in (before, now):
        frame["score"] = model(dict(frame))
    asked.clear()
    roles = {
        "features": ["income", "age", "rent"],
        "target": {"column": "paid", "positive": "yes"},
        "score": "score",
    }
    found = tidegauge.explain(now, before, columns=roles, model=model)
    assert asked
    assert set(map(tuple, asked)) == {("age", "income", "rent")}
    restored = found.causes[0].restored
    assert restored is not None, found.notes
    assert restored.asked.startswith("the model")
    assert restored.share > 0.8


def test_no_more_rows_are_read_than_wanted() -> None:
    found = tidegauge.explain(rows(2), rows(3), rows=200)
    assert found.n_baseline <= 200
    assert found.n_current <= 200


def test_few_rows_and_unreadable_sides_are_refused_in_words() -> None:
    with pytest.raises(TooFewRows):
        tidegauge.explain(rows(0, 20), rows(1, 20))
    with pytest.raises(TidegaugeError):
        tidegauge.explain("gone.csv", rows(1, 20))
