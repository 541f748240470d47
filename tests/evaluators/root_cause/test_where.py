from __future__ import annotations

import numpy as np
import pytest

from tidegauge.case import Case, case_of
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge_evaluators.root_cause.where import where

N = 4_000


def logged(seed: int = 0) -> Case:
    rng = np.random.default_rng(seed)
    columns = {
        "source": rng.choice(["web", "mobile", "tablet"], N),
        "hour": rng.integers(0, 24, N).astype(float),
        "amount": np.exp(rng.normal(3, 1, N)),
    }
    return case_of(columns, np.arange(N) >= N // 2)


def faulty(case: Case, rows: np.ndarray, rate: float = 0.3, before: float = 0.0) -> np.ndarray:
    draw = np.random.default_rng(9).random(N)
    return (draw < rate * (rows & case.current)) | (draw > 1 - before)


def test_a_fault_that_is_everywhere_is_confined_to_nothing() -> None:
    case = logged()
    for rate in (0.02, 0.5, 1.0):
        everywhere = faulty(case, np.ones(N, bool), rate)
        assert where(case, "amount", everywhere, rng=np.random.default_rng(0)) is None


def test_no_fault_is_confined_to_nothing() -> None:
    case = logged()
    assert where(case, "amount", np.zeros(N), rng=np.random.default_rng(0)) is None


def test_what_is_more_frequent_somewhere_is_not_confined_there() -> None:
    case = logged()
    mobile = np.array(case["source"].texts) == "mobile"
    suspicion = faulty(case, mobile, 0.3) | faulty(case, ~mobile, 0.1)
    assert where(case, "amount", suspicion, rng=np.random.default_rng(0)) is None


@pytest.mark.parametrize("before", [0.0, 0.05])
def test_the_only_source_of_a_fault_is_named(before: float) -> None:
    case = logged()
    mobile = np.array(case["source"].texts) == "mobile"
    found = where(case, "amount", faulty(case, mobile, 0.3, before), rng=np.random.default_rng(0))
    assert found is not None
    assert (found.where, found.columns) == ("source = mobile", ("source",))
    assert found.interval is not None
    assert found.interval.low < 0.3 < found.interval.high
    assert found.share > 0.85


def test_current_rows_alone_are_enough() -> None:
    case = logged()
    mobile = np.array(case["source"].texts) == "mobile"
    suspicion = faulty(case, mobile)[case.current]
    found = where(case, "amount", suspicion, rng=np.random.default_rng(0))
    assert found is not None
    assert (found.where, found.share) == ("source = mobile", 1.0)


def test_two_sources_and_a_source_at_some_hours_are_named() -> None:
    case = logged()
    source, hour = np.array(case["source"].texts), case["hour"].values
    two = where(case, "amount", faulty(case, source != "web"), rng=np.random.default_rng(0))
    assert two is not None
    assert set(two.where.split(" or ")) == {"source = mobile", "source = tablet"}
    night = (source == "mobile") & (hour < 6)
    found = where(case, "amount", faulty(case, night, 0.6), rng=np.random.default_rng(0))
    assert found is not None
    assert found.where == "source = mobile and hour at most 5"


def test_no_rule_is_about_the_column_itself() -> None:
    case = logged()
    high = case["amount"].values > 40
    assert where(case, "amount", faulty(case, high), rng=np.random.default_rng(0)) is None
    found = where(case, "", faulty(case, high), rng=np.random.default_rng(0))
    assert found is not None
    assert found.where.startswith("amount at least ")


def test_few_rows_and_wrong_shapes_are_refused() -> None:
    case = logged()
    with pytest.raises(TooFewRows):
        where(case, "amount", np.full(N, np.nan), rng=np.random.default_rng(0))
    with pytest.raises(NotApplicable):
        where(case, "amount", np.zeros(3), rng=np.random.default_rng(0))
