"""The demo's logs: the same rows every time, and only the incident differs."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tidegauge
from tidegauge.demo import support, write_demo
from tidegauge.demo.credit import INCIDENT, SCHEMA, SUITE, draw

SUITES = Path(__file__).parents[2] / "suites"
UNTOUCHED = ("region", "income", "age", "loan_amount", "term_months", "score_bureau")


@pytest.fixture(scope="module")
def logs() -> tuple[pa.Table, pa.Table]:
    return draw()


def same(one: pa.Table, other: pa.Table) -> None:
    assert one.schema.equals(other.schema)
    for name in one.column_names:
        if pa.types.is_floating(one.schema.field(name).type):
            # Rounded logarithms may fall to the other side on another processor.
            np.testing.assert_allclose(one[name].to_numpy(), other[name].to_numpy(), atol=0.11)
        else:
            assert one[name].equals(other[name]), name


def test_the_shipped_logs_are_those_that_the_demo_writes(logs: tuple[pa.Table, pa.Table]) -> None:
    same(pq.read_table(SUITES / "data" / "baseline.parquet"), logs[0])
    same(pq.read_table(SUITES / "data" / "logs" / "2026-03-02.parquet"), logs[1])


def test_the_shipped_suite_is_the_one_that_the_demo_writes() -> None:
    assert (SUITES / "credit.yaml").read_text(encoding="utf-8") == SUITE
    assert (SUITES / "support.yaml").read_text(encoding="utf-8") == support.SUITE


def test_the_shipped_conversations_are_those_that_the_demo_writes() -> None:
    for day, table in zip(support.ROWS, support.draw(), strict=True):
        same(pq.read_table(SUITES / "data" / "support" / f"{day}.parquet"), table)


def test_only_the_incident_sets_the_conversations_apart() -> None:
    before, now = (table.to_pandas() for table in support.draw())
    asked = now["asked_at"].dt.hour * 3_600 + now["asked_at"].dt.minute * 60
    calm = now[asked < support.INCIDENT]
    assert set(before["model_version"]) == set(calm["model_version"]) == {"1.4"}
    assert set(now["model_version"]) == {"1.4", "1.5"}
    assert "stove" in " ".join(now["prompt"])
    assert "stove" not in " ".join(before["prompt"])


def test_the_shipped_logs_are_small() -> None:
    assert sum(file.stat().st_size for file in SUITES.rglob("*.parquet")) < 400_000


def test_another_seed_draws_other_rows(logs: tuple[pa.Table, pa.Table]) -> None:
    assert not draw(1)[0]["income"].equals(logs[0]["income"])


def test_the_demo_can_be_written_twice(tmp_path: Path) -> None:
    first = write_demo(tmp_path / "new" / "folder")
    assert write_demo(tmp_path / "new" / "folder") == first
    assert pq.read_schema(tmp_path / "new" / "folder" / "data" / "baseline.parquet") == SCHEMA


def test_nothing_is_out_of_the_ordinary_before_the_incident(
    logs: tuple[pa.Table, pa.Table],
) -> None:
    current = logs[1].to_pandas()
    before = current[current["scored_at"].dt.tz_localize(None) < INCIDENT]
    assert before["debt_ratio"].max() < 3
    assert "gig" not in set(before["employment"])
    assert before["latency_ms"].quantile(0.95) < 120


def test_the_incident_strikes_partners_only(logs: tuple[pa.Table, pa.Table]) -> None:
    current = logs[1].to_pandas()
    struck = (current["scored_at"].dt.tz_localize(None) >= INCIDENT) & (
        current["channel"] == "partner"
    )
    assert current.loc[struck, "debt_ratio"].median() > 20
    assert current.loc[struck, "decision"].astype(float).mean() > 0.9
    assert set(current.loc[current["employment"] == "gig", "channel"]) == {"partner"}
    assert current.loc[~struck, "debt_ratio"].max() < 3
    assert current.loc[~struck, "decision"].astype(float).mean() < 0.2


@pytest.mark.parametrize("name", UNTOUCHED)
def test_columns_the_incident_leaves_alone_keep_their_mean(
    logs: tuple[pa.Table, pa.Table], name: str
) -> None:
    before, after = (log.to_pandas()[name] for log in logs)
    if name == "region":
        before, after = (side.eq("north").astype(float) for side in (before, after))
    error = np.hypot(before.std() / np.sqrt(len(before)), after.std() / np.sqrt(len(after)))
    assert abs(before.mean() - after.mean()) < 3 * error


@pytest.mark.parametrize("preset", ["standard", "sensitive"])
def test_the_suite_names_the_incident_and_nothing_else(preset: str) -> None:
    report = tidegauge.run(tidegauge.load_suite(SUITES / "credit.yaml", preset=preset))
    alarms = {(one.evaluator.partition(".")[0], one.column) for one in report.alarms}
    assert alarms == {
        ("quality", "debt_ratio"), ("drift", "debt_ratio"), ("drift", "probability"),
        ("drift", "decision"), ("quality", "employment"), ("drift", "employment"),
        ("service", "latency_ms"), ("performance", ""),
    }  # fmt: skip
    assert {one.slice for one in report.alarms} == {"", "channel=partner"}


def test_the_suite_fails_a_release_on_the_incident() -> None:
    report = tidegauge.run(SUITES / "credit.yaml")
    assert report.outcome == "critical"
    assert report.results[0].column == "debt_ratio"
