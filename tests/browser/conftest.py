"""A real server on loopback over a month of runs, and a real browser to look at it with."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidegauge.operating import alert
from tidegauge.records import Report
from tidegauge.running import run
from tidegauge.store import open_store
from tidegauge.store.incidents import incidents
from tidegauge.suite import Suite, load_suite

HOSTILE = "</script><img src=x onerror=alert(1)>\u202e" + "w" * 300
DAYS = 30
SUITE = """
suite: credit-default
logs:
  baseline: {path: before.parquet}
  current: {path: now.parquet, window: 1d}
columns: {timestamp: at, segments: [channel]}
preset: none
checks:
  - drift.psi: {on: features, warn: 0.1, critical: 0.2}
  - quality.missing_rate: {on: features, critical: 0.2}
  - service.latency_p95: {on: latency_ms, critical: 400}
"""
COMMAND = [sys.executable, "-c", "from tidegauge.cli import main; main()", "serve", "--port", "0"]


@dataclass(kw_only=True)
class Site:
    """Where the server is, and what is on it."""

    url: str
    incident: str
    run: str
    earlier: str
    complaints: list[str] = field(default_factory=list)


def write_rows(path: Path, *, wrong: bool) -> None:
    """Write two days of rows before today, of a world in which nothing, or one column, changed."""
    rng = np.random.default_rng(5)
    n = 600
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    ratio = rng.lognormal(-1, 0.5, n)
    table = {
        "at": pa.array([midnight - timedelta(hours=place % 48 + 1) for place in range(n)]),
        "debt_ratio": ratio * 100 if wrong else ratio,
        "income": rng.normal(50, 10, n),
        "channel": rng.choice(["web", "partner"], n),
        "latency_ms": rng.gamma(4, 30, n),
    }
    pq.write_table(pa.table(table), path)


def remade(report: Report, day: int) -> Report:
    """Make a run of another day of it."""
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    end -= timedelta(days=day)
    window = f"{(end - timedelta(days=1)).isoformat()}/{end.isoformat()}"
    return replace(
        report,
        run_id=f"{day:012x}",
        created=(end + timedelta(minutes=3)).isoformat(),
        current=replace(report.current, window=window),
    )


def fill(folder: Path) -> tuple[Suite, str]:
    """Keep a month of calm days, then two on which a column came in the wrong unit."""
    (folder / "credit.yaml").write_text(SUITE, "utf-8")
    quick = SUITE.replace("credit-default", "churn") + "explain: {on: never}\n"
    (folder / "churn.yaml").write_text(quick, "utf-8")  # for runs that are started from a page
    suite = load_suite(folder / "credit.yaml")
    write_rows(folder / "before.parquet", wrong=False)
    write_rows(folder / "now.parquet", wrong=False)
    calm = run(suite)
    write_rows(folder / "now.parquet", wrong=True)
    wrong = run(suite)
    assert (calm.outcome, wrong.outcome) == ("pass", "critical")
    wrong = replace(wrong, because=f"{wrong.because} {HOSTILE}")
    with closing(open_store(folder / "history.db")) as store:
        for day in range(DAYS, 0, -1):
            store.save(remade(wrong if day <= 2 else calm, day))
        for day in range(8, 0, -1):
            store.save(replace(remade(calm, day), suite="churn", run_id=f"c{day:011x}"))
        for day in (2, 1):
            alert(suite, store, [remade(wrong, day)], act=False)
        found = incidents(store)
    return suite, found[0].id


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Run the command until it is left, and end it."""
    process = subprocess.Popen(
        [*COMMAND, "--history", str(folder / "history.db"), "--no-schedule", str(folder)],
        stderr=subprocess.PIPE, text=True, cwd=folder,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line + process.stderr.read()
        yield found[0]
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


# Not for the whole session: while the browser is open, no test beside could run a loop of its own.
@pytest.fixture(scope="module")
def site(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    folder = tmp_path_factory.mktemp("site")
    _, incident = fill(folder)
    with serving(folder) as url:
        yield Site(url=url, incident=incident, run=f"{1:012x}", earlier=f"{3:012x}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window: the machine's own, or the one that playwright brought."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    own = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
    with playwright.sync_playwright() as running:
        if own is None and not Path(running.chromium.executable_path).exists():
            pytest.skip("no Chromium on this machine to open pages with")
        found = running.chromium.launch(
            executable_path=own,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        yield found
        found.close()


Open = Callable[..., Any]


@pytest.fixture
def opened(browser: Any, site: Site) -> Iterator[Open]:
    """Open tabs; what the console, a policy or a stray request complains of fails the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def opening(path: str = "/", **settings: Any) -> Any:
        context = browser.new_context(base_url=site.url, **settings)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda told: complaints.extend(_loud(told.type, told.text)))
        tab.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        tab.on("request", lambda asked: complaints.extend(_stray(asked.url, site.url)))
        answer = tab.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        return tab

    yield opening
    for context in contexts:
        context.close()
    assert not complaints


def _loud(kind: str, text: str) -> list[str]:
    """Errors, warnings and broken policies; advice to authors of forms is none of them."""
    return [] if kind in ("verbose", "debug") else [f"{kind}: {text}"]


def _stray(url: str, home: str) -> list[str]:
    return [] if url.startswith((home, "data:")) else [f"asked for {url}"]
