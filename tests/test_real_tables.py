"""Whole runs over real tables: the first part is the baseline, later parts are windows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tidegauge
from tidegauge.records import Report

TABLES: dict[str, dict[str, Any]] = {
    "elec2": {"target": "target", "ignore": ["t", "date", "class"]},
    "bike_sharing_hour": {"target": "cnt", "ignore": ["instant", "dteday", "yr", "mnth", "season"]},
    "adult": {"target": "target", "ignore": ["class"]},
    "credit_default_taiwan": {"target": "target", "id": "ID", "ignore": ["default"]},
    "telco_churn": {"target": "target", "id": "customerID", "ignore": ["Churn"]},
    "flights_2001q1": {"target": "target", "timestamp": "timestamp"},
    "car_loan_synthetic": {
        "target": {"column": "repaid", "positive": 1},
        "prediction": "y_pred",
        "score": "y_pred_proba",
        "timestamp": "timestamp",
        "id": "id",
        "ignore": ["period"],
    },
}


def read(folder: Path, name: str) -> pa.Table:
    return pq.read_table(folder / f"{name}.parquet")


def shuffled(table: pa.Table, seed: int) -> pa.Table:
    return table.take(pa.array(np.random.default_rng(seed).permutation(table.num_rows)))


def alarmed(report: Report) -> set[str]:
    return {result.column for result in report.alarms}


@pytest.mark.parametrize("preset", ["standard", "sensitive"])
@pytest.mark.parametrize("name", TABLES)
def test_shuffled_rows_raise_no_alarm(shared_tables: Path, name: str, preset: str) -> None:
    table = shuffled(read(shared_tables, name), seed=1)
    half = table.num_rows // 2
    report = tidegauge.check(
        table.slice(half, 5_000), table.slice(0, half), preset=preset, columns=TABLES[name]
    )
    assert report.outcome == "pass", [r.verdict.because for r in report.alarms]


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_answered_for(shared_tables: Path, name: str) -> None:
    table = read(shared_tables, name)
    third = table.num_rows // 3
    report = tidegauge.check(table.slice(third), table.slice(0, third), columns=TABLES[name])
    expected = set(table.column_names) - set(TABLES[name].get("ignore", ()))
    assert {column.name for column in report.columns} == expected
    assert not [r for r in report.results if r.verdict.outcome == "error"]
    features = {c.name for c in report.columns if c.role == "feature"}
    judged = {r.column for r in report.results if r.verdict.outcome != "not_applicable"}
    assert features <= judged


def test_the_market_that_opened_is_found(shared_tables: Path) -> None:
    """Until May 1997 three columns of the electricity data were constant; then trade began."""
    table = read(shared_tables, "elec2")
    report = tidegauge.check(
        table.slice(20_000, 5_000), table.slice(0, 15_000), columns=TABLES["elec2"]
    )
    assert report.outcome == "critical"
    assert {"vicprice", "vicdemand", "transfer"} <= alarmed(report)
    assert "period" not in alarmed(report)


def test_growth_of_rentals_is_found_in_the_target(shared_tables: Path) -> None:
    table = read(shared_tables, "bike_sharing_hour")
    year = table.num_rows // 2
    report = tidegauge.check(
        table.slice(year), table.slice(0, year), columns=TABLES["bike_sharing_hour"]
    )
    assert "cnt" in alarmed(report)
    assert {"hr", "weekday", "workingday"}.isdisjoint(alarmed(report))


def test_a_model_that_lost_accuracy_is_found_by_the_sensitive_preset(shared_tables: Path) -> None:
    table = read(shared_tables, "car_loan_synthetic")
    columns = TABLES["car_loan_synthetic"]
    before, same, later = (table.slice(start, 20_000) for start in (0, 30_000, 80_000))
    calm = tidegauge.check(same, before, preset="sensitive", columns=columns)
    moved = tidegauge.check(later, before, preset="sensitive", columns=columns)
    found = {r.evaluator: r for r in moved.results if not r.column}
    assert found["performance.accuracy"].verdict.outcome == "warn"
    score = found["performance.accuracy"].score
    assert score is not None
    assert score.baseline == pytest.approx(0.944, abs=0.005)
    assert score.value == pytest.approx(0.920, abs=0.005)
    calm_accuracy = next(r for r in calm.results if r.evaluator == "performance.accuracy")
    assert calm_accuracy.verdict.outcome == "pass"


def test_windows_of_a_log_show_when_it_began(shared_tables: Path, tmp_path: Path) -> None:
    table = read(shared_tables, "car_loan_synthetic")
    rows = table.slice(0, 20_000)
    broken = table.slice(20_000, 6_000)
    income = broken["debt_to_income_ratio"].to_numpy()
    income = np.where(np.arange(6_000) < 3_000, income, income * 100)
    place = broken.column_names.index("debt_to_income_ratio")
    broken = broken.set_column(place, "debt_to_income_ratio", pa.array(income))
    report = tidegauge.check(broken, rows, columns=TABLES["car_loan_synthetic"])
    found = next(r for r in report.alarms if r.evaluator == "drift.psi")
    assert found.column == "debt_to_income_ratio"
    values = [point.value for point in found.series]
    assert len(values) >= 4
    assert max(values[: len(values) // 3]) < 0.2 < min(values[-len(values) // 3 :])
