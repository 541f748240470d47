"""A kept run is judged again without its logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegauge.errors import HistoryError
from tidegauge.operating import operate
from tidegauge.rejudging import rejudged
from tidegauge.running import perform
from tidegauge.store import Store, open_store
from tidegauge.suite import Suite, parse_suite

SUITE = """
suite: income
logs: {baseline: {path: a.parquet}, current: {path: b.parquet}}
columns: {features: [income], segments: [region], id: id}
explain: {on: never}
preset: none
checks:
"""


def suite(*checks: str) -> Suite:
    return parse_suite(SUITE + "".join(f"  - {check}\n" for check in checks))


def rows(shift: float, seed: int) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    income, regions = rng.normal(50 + shift, 10, 2_000), rng.choice(["n", "s"], 2_000)
    return {"income": income, "region": regions, "id": np.arange(2_000)}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "history.db")


STRICT = suite("drift.psi: {critical: 0.2}")
GIVEN: dict[str, Any] = {"current": rows(6, 1), "baseline": rows(0, 0)}


def test_the_same_suite_gives_the_same_verdicts(store: Store) -> None:
    done = operate(STRICT, store, **GIVEN)
    again = rejudged(store, done.report.run_id, STRICT)
    assert again.results == done.report.results
    assert (again.outcome, again.because) == (done.report.outcome, done.report.because)
    assert again.run_id != done.report.run_id
    assert done.report.run_id in again.notes[-1]


def test_other_limits_judge_the_scores_that_are_there(store: Store) -> None:
    done = operate(STRICT, store, **GIVEN)
    again = rejudged(store, "income@latest", suite("drift.psi: {critical: 9}"))
    assert (done.report.outcome, again.outcome) == ("critical", "pass")
    assert [r.score for r in again.results] == [r.score for r in done.report.results]


def test_a_check_that_the_run_did_not_have_is_measured_from_profiles(store: Store) -> None:
    operate(STRICT, store, **GIVEN)
    wanted = suite(
        "drift.kolmogorov_smirnov: {warn: any}", "drift.wasserstein", "quality.missing_rate"
    )
    again = rejudged(store, "income@latest", wanted)
    fresh = perform(wanted, **GIVEN).report
    for one, other in zip(again.results, fresh.results, strict=True):
        assert (one.check, one.column, one.slice) == (other.check, other.column, other.slice)
        assert one.verdict.outcome == other.verdict.outcome
        if one.score and other.score:
            assert one.score.value == pytest.approx(other.score.value, rel=1e-3)


def test_a_run_kept_without_profiles_cannot_be_judged_again(store: Store) -> None:
    run = store.save(perform(STRICT, **GIVEN).report)
    with pytest.raises(HistoryError, match="no profile"):
        rejudged(store, run, STRICT)
