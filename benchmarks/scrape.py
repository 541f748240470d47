"""How long Prometheus waits for /metrics: the first scrape after a start, and those that follow."""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

import tidegauge
from _output import Spread, machine, print_table, write_json
from tidegauge.publishing import prometheus
from tidegauge.records import Report
from tidegauge.store import open_store

SUITES, DAYS, COLUMNS, REPEATS = 20, 30, 60, 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suites", type=int, default=SUITES)
    parser.add_argument("--days", type=int, default=DAYS)
    wanted = parser.parse_args()
    report = made()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "history.db")
        for suite in range(wanted.suites):
            for day in range(wanted.days):
                store.save(of_day(report, f"suite-{suite}", day))
        first, page = timed(store)
        later = Spread.of([timed(store)[0] for _ in range(REPEATS)])
        lines = sum(not line.startswith(b"#") for line in page.splitlines())
        store.close()
    runs = wanted.suites * wanted.days
    figures = {
        "suites": wanted.suites,
        "runs": runs,
        "results": runs * len(report.results),
        "lines": lines,
        "first_ms": round(first, 1),
        "next_ms": round(later.median, 1),
    }
    print(machine())
    row = [*(f"{figures[name]:,}" for name in list(figures)[:4]), f"{first:.0f} ms"]
    head = ["suites", "runs", "results kept", "lines of the page", "first scrape", "next scrapes"]
    print_table("A scrape of /metrics", head, [[*row, f"{later.text(0)} ms"]])
    write_json("scrape", figures)


def made() -> Report:
    rng = np.random.default_rng(0)
    columns = {f"x{at}": rng.normal(size=2_000) for at in range(COLUMNS)}
    moved = {name: values + (at < 3) for at, (name, values) in enumerate(columns.items())}
    return tidegauge.check(moved, columns)


def of_day(report: Report, suite: str, day: int) -> Report:
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=day)
    return replace(
        report,
        suite=suite,
        run_id=f"{suite}-{day}",
        created=end.isoformat(),
        current=replace(
            report.current, window=f"{(end - timedelta(days=1)).isoformat()}/{end.isoformat()}"
        ),
    )


def timed(store: Any) -> tuple[float, bytes]:
    start = time.perf_counter()
    page = prometheus.metrics(store)
    return (time.perf_counter() - start) * 1_000, page


if __name__ == "__main__":
    main()
