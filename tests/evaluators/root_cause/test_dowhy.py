from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from tidegauge.case import Case, case_of
from tidegauge.errors import MissingExtraError, NotApplicable, TooFewRows
from tidegauge_evaluators.root_cause.dowhy import dowhy


def shop(rng: np.random.Generator, n: int = 300) -> Case:
    """Visits rise by 2, sales are half of them; some visits are not known."""
    side = np.arange(2 * n) >= n
    visits = rng.normal(10.0, 1.0, size=2 * n) + 2.0 * side
    sales = 0.5 * visits + 0.2 * rng.normal(size=2 * n)
    visits[:10] = np.nan
    return case_of({"visits": visits, "sales": sales}, side, order=(("visits",), ("sales",)))


def test_a_column_outside_the_order_is_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(NotApplicable, match="no column"):
        dowhy(shop(rng), of="profit", rng=rng)


def test_rows_with_gaps_do_not_count() -> None:
    rng = np.random.default_rng(0)
    case = shop(rng, n=35)
    with pytest.raises(TooFewRows, match="without a gap"):
        dowhy(case, of="sales", rng=rng)


@pytest.mark.skipif(importlib.util.find_spec("dowhy") is not None, reason="dowhy is installed")
def test_a_missing_library_names_its_extra() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(MissingExtraError, match=r"tidegauge\[causal\]"):
        dowhy(shop(rng), of="sales", rng=rng)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the library's own
@pytest.mark.parametrize("method", ["distribution_change", "distribution_change_robust"])
def test_the_cause_of_a_rise_is_told_with_what_was_left_out(method: str) -> None:
    pytest.importorskip("dowhy")
    rng = np.random.default_rng(1)
    state = np.random.get_state()[1][0]  # type: ignore[index]
    found = dowhy(shop(rng), of="sales", rng=rng, method=method)  # type: ignore[arg-type]
    assert found.parts[0].factor == "visits"
    assert found.parts[0].share == pytest.approx(1.0, abs=0.15)
    assert "10 rows with a gap were left out" in found.assumes
    assert np.random.get_state()[1][0] == state  # type: ignore[index]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the library's own
def test_a_functional_becomes_a_node_after_all_others() -> None:
    pytest.importorskip("dowhy")
    rng = np.random.default_rng(2)
    case = shop(rng)
    profit = 3.0 * case["sales"].values - 1.0
    found = dowhy(case, profit, of="profit", rng=rng, method="distribution_change_robust")
    assert {part.factor for part in found.parts} == {"visits", "sales", "profit"}
    assert found.parts[0].factor == "visits"
