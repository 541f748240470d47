"""Two rules that every suite of a model in production needs, over real logs day by day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from tests.harness.alerts.conftest import Heard

from tidegauge.cli import cli
from tidegauge.store import incidents, open_store

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
SUITE = """
suite: credit
logs:
  baseline: {path: baseline.parquet}
  current: {path: "logs/{date}.parquet", window: 1d}
columns:
  timestamp: scored_at
  prediction: decision
  critical: [income]
checks:
  - drift.psi: {on: features, critical: 0.2}
  - drift.psi: {on: prediction, critical: 0.2}
explain: {on: [warn]}  # only the investigation looks for causes
owners:
  income: "json://127.0.0.1:%d/income"
  default: "json://127.0.0.1:%d/default"
triggers:
  retrain: {command: [sh, -c, "echo trained >> trained.txt"], cooldown: 7d}
actions:
  - {on: {check: drift.psi, severity: critical, critical_feature: true}, explain: true}
  - {on: {check: drift.psi, role: prediction, for: 3}, run: retrain}
"""


def rows(place: Path, start: datetime, n: int, drifted: str = "") -> None:
    """Write a log in which some columns may have drifted."""
    rng = np.random.default_rng(int(start.timestamp()))
    table = {
        "scored_at": pa.array([start + timedelta(seconds=i) for i in range(n)]),
        "income": rng.lognormal(10 + ("income" in drifted), 0.5, n),
        "age": rng.normal(40 + 10 * ("age" in drifted), 10, n),
        "decision": np.where(rng.random(n) < 0.5 + 0.35 * ("decision" in drifted), "yes", "no"),
    }
    place.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table(table), place)


def test_both_rules_do_what_they_say(
    tmp_path: Path, server: Callable[[], Heard], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PSI over 0.2 on a critical feature is investigated and its owner told; three days train."""
    owner, others = server(), server()
    monkeypatch.chdir(tmp_path)
    Path("suite.yaml").write_text(SUITE % (owner.port, others.port))
    rows(Path("baseline.parquet"), FIRST - timedelta(days=30), 1_000)

    def day(n: int, drifted: str) -> int:
        start = FIRST + timedelta(days=n)
        rows(Path(f"logs/{start:%Y-%m-%d}.parquet"), start, 250, drifted)
        words = ["run", "suite.yaml", "--window", f"{start:%Y-%m-%d}", "--history", "history.db",
                 "--format", "json"]  # fmt: skip
        done = CliRunner().invoke(cli, words, standalone_mode=False)
        assert done.exception is None, done.output
        trained = Path("trained.txt")
        return len(trained.read_text().split()) if trained.exists() else 0

    assert [day(0, "age and decision"), day(1, "decision")] == [0, 0]
    assert owner.requests == []
    assert day(2, "income") == 0  # and no prediction drift: three days begin anew
    (told,) = owner.bodies()
    assert "Investigation:" in told["message"]
    assert "income" in told["message"]
    assert others.requests == []
    assert [day(n, "decision") for n in range(3, 7)] == [0, 0, 1, 1]
    assert len(owner.requests) == 1
    store = open_store("history.db")
    (income,) = [one for one in incidents.incidents(store) if "income" in one.title]
    assert [e.what for e in incidents.events(store, income.id)][:2] == ["opened", "investigated"]
    store.close()
