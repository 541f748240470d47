"""A small suite with its logs, a history of made-up runs, and clients of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from tidegauge.comparing import compare
from tidegauge.comparison import Comparison
from tidegauge.records import Report
from tidegauge.running import run
from tidegauge.serving.running import assemble
from tidegauge.serving.settings import settle
from tidegauge.store import Store, open_store
from tidegauge.store.comparisons import keep_comparison
from tidegauge.suite import load_suite

HOSTILE = "</script><img src=x onerror=alert(1)>"
SUITE = """
suite: NAME
SCHEDULE
logs:
  baseline: {path: before.parquet}
  current: {path: after.parquet, window: 1d}
columns: {timestamp: at}
preset: none
checks:
  - drift.psi: {on: features, warn: 0.1, critical: 0.2}
  - quality.missing_rate: {on: features, critical: 0.2}
explain: {on: never}
"""


def write_suite(folder: Path, name: str = "credit", schedule: str = "") -> Path:
    """Write a suite over two days of rows before now, the second one drifted."""
    rng = np.random.default_rng(3)
    folder.mkdir(parents=True, exist_ok=True)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for file, shift in (("before", 0.0), ("after", 2.0)):
        hours = [midnight - timedelta(hours=i % 48 + 1) for i in range(480)]
        table = {"at": pa.array(hours), "income": rng.normal(50 + 10 * shift, 10, 480)}
        pq.write_table(pa.table(table), folder / f"{file}.parquet")
    path = folder / f"{name}.yaml"
    path.write_text(SUITE.replace("NAME", name).replace("SCHEDULE", schedule), "utf-8")
    return path


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A real report of a drifted day, its sentences hostile."""
    path = write_suite(tmp_path_factory.mktemp("suite"))
    report = run(load_suite(path))
    assert report.outcome == "critical"
    return replace(report, because=f"{report.because} {HOSTILE}")


@pytest.fixture(scope="session")
def remade(sample: Report) -> Callable[..., Report]:
    """Make a further run of the sample's suite over another day."""

    def make(day: int, suite: str = "credit", **changes: object) -> Report:
        end = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day)
        window = f"{(end - timedelta(days=1)).isoformat()}/{end.isoformat()}"
        return replace(
            sample,
            suite=suite,
            run_id=f"{suite[:4]}{day:08x}",
            created=(end + timedelta(hours=6)).isoformat(),
            current=replace(sample.current, window=window),
            **changes,  # type: ignore[arg-type]
        )

    return make


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = open_store(tmp_path / "history.db")
    yield one
    one.close()


Open = Callable[..., TestClient]


@pytest.fixture(scope="session")
def compared() -> Comparison:
    """A candidate that costs more, its sentences hostile."""
    cost = np.random.default_rng(5).gamma(2.0, 0.01, 200)
    logs = [{"id": np.arange(200), "cost_usd": cost * times} for times in (1.5, 1.0)]
    found = compare(*logs, id="id", metrics=["cost_usd"])
    assert found.outcome == "critical"
    return replace(found, comparison_id="gate0001", because=f"{found.because} {HOSTILE}")


@pytest.fixture(scope="session")
def filled(
    tmp_path_factory: pytest.TempPathFactory, remade: Callable[..., Report], compared: Comparison
) -> Iterator[Store]:
    """A history of three runs of one suite, one of another and a comparison, to be read only."""
    store = open_store(tmp_path_factory.mktemp("history") / "history.db")
    for day in (1, 2, 3):
        store.save(remade(day))
    store.save(remade(3, "support", outcome="pass"))
    keep_comparison(store, compared)
    yield store
    store.close()


@pytest.fixture(scope="session")
def suites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one suite."""
    return write_suite(tmp_path_factory.mktemp("suites")).parent


@pytest.fixture
def opened(opening: Callable[[], Iterator[Open]]) -> Iterator[Open]:
    """Open servers in this process, over that history unless another is given."""
    yield from opening()


@pytest.fixture(scope="session")
def client(opening: Callable[[], Iterator[Open]]) -> Iterator[TestClient]:
    """A browser at an open server that all share, to look only."""
    for opened in opening():
        yield opened()


@pytest.fixture(scope="session")
def opening(filled: Store, suites: Path) -> Callable[[], Iterator[Open]]:
    """What ``opened`` and ``client`` are made of."""
    return partial(_opening, filled, suites)


def _opening(filled: Store, suites: Path) -> Iterator[Open]:
    with ExitStack() as stack:

        def opening(store: Store = filled, **said: object) -> TestClient:
            said = {"suites": (suites,), "schedule": False, **said}
            token = said.pop("token", "")
            settings = replace(settle(**said), token=str(token))  # type: ignore[arg-type]
            whole = assemble(settings, store)
            client = TestClient(
                whole.app, base_url="http://127.0.0.1:8642", raise_server_exceptions=False,
                follow_redirects=False, client=("127.0.0.1", 5000),
            )  # fmt: skip
            client.headers["accept"] = "text/html"
            return stack.enter_context(client)

        yield opening


@pytest.fixture(scope="session")
def made() -> Callable[..., Path]:
    """Write a suite with its logs into a folder."""
    return write_suite
