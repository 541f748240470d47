"""Size and speed of a history: a year of hourly runs, 100k results, 10k runs, kills."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from _history_kills import killed
from _output import Spread, machine, print_table, write_json
from tidegauge.operating import alert
from tidegauge.records import Interval, Report, Result
from tidegauge.running import Ran, perform
from tidegauge.store import Store, keeping, open_store, packed
from tidegauge.suite import parse_suite

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
YEAR = 365 * 24
SUITE = parse_suite("""
suite: year
logs: {baseline: {path: before.parquet}, current: {path: now.parquet}}
columns:
  {id: id, timestamp: at, target: target, prediction: prediction, score: score, latency: latency,
   features: [f0, f1, f2, f3, f4, f5, f6, f7, region, channel]}
explain: {on: never}
""")


def log(rows: int, seed: int, start: datetime) -> pa.Table:
    """Seventeen columns of a credit model: 8 numeric features of four shapes, 2 categorical."""
    rng = np.random.default_rng(seed)
    shapes: list[Callable[[], Any]] = [
        lambda: rng.normal(50, 10, rows),
        lambda: rng.lognormal(3, 1, rows),
        lambda: rng.integers(0, 80, rows).astype(float),
        lambda: rng.gamma(2, 3, rows).round(2),
    ]
    table: dict[str, Any] = {f"f{i}": shapes[i % 4]() for i in range(8)}
    table["region"] = rng.choice(["north", "south", "east", "west"], rows)
    table["channel"] = rng.choice(list("abcdefgh"), rows)
    chance = 1 / (1 + np.exp(-(table["f0"] - 50) / 10))
    table["score"] = chance
    table["target"] = (rng.random(rows) < chance).astype(int)
    table["prediction"] = (chance > 0.5).astype(int)
    table["latency"] = rng.lognormal(4, 0.5, rows)
    table["id"] = np.arange(rows) + seed * 10**7
    table["at"] = pa.array([start + HOUR * i / rows for i in range(rows)])
    return pa.table(table)


def hourly(rows: int, runs: int) -> Iterator[tuple[Ran, float]]:
    """Really run a suite hour by hour; each run with the seconds that it took."""
    suite = SUITE
    before = log(20_000, 0, START - 24 * HOUR)
    for n in range(runs):
        begun = time.perf_counter()
        start = START + n * HOUR
        ran = perform(suite, current=log(rows, n + 1, start), baseline=before)
        window = f"{start.isoformat()}/{(start + HOUR).isoformat()}"
        side = replace(ran.report.current, window=window)
        yield replace(ran, report=replace(ran.report, current=side)), time.perf_counter() - begun


def year(rows: int, runs: int, folder: Path) -> dict[str, Any]:
    """Keep so many hourly runs, and project a year from what the second half of them took.

    Alerts keep what they know beside them, for 100 days: as if for all time, so a little too much.
    """
    place = folder / f"year{rows}.db"
    store = open_store(place)
    seconds, sizes, results = [], [], 0
    for ran, _ in hourly(rows, runs):
        begun = time.perf_counter()
        store.save(ran.report, profile=ran.profile, baseline=ran.reference.profile)
        seconds.append(time.perf_counter() - begun)
        alert(SUITE, store, (ran.report,), now=START + (len(seconds) + 1) * HOUR, act=False)
        results = len(ran.report.results)
        if len(seconds) in (runs // 2, runs):
            store.shrink()
            sizes.append(place.stat().st_size)
    each = (sizes[1] - sizes[0]) / (runs - runs // 2)
    begun = time.perf_counter()
    done = store.prune(keep_profiles=HOUR, now=START + (runs + 48) * HOUR)
    store.shrink()
    store.close()
    return {
        "rows an hour": rows,
        "results a run": results,
        "runs": runs,
        "save": Spread.of(seconds).text(3),
        "bytes a run": each,
        "first run": sizes[0] - each * (runs // 2),
        "year": sizes[0] + each * (YEAR - runs // 2),
        "bytes a run, days added up": (place.stat().st_size - sizes[0] + each * (runs // 2)) / runs,
        "adding up": time.perf_counter() - begun,
        "profiles added up": done.profiles,
    }


def filled(folder: Path, runs: int, results: int) -> Store:
    """Make a history of so many runs of one suite, with so many results each; values wander."""
    (first,) = (ran for ran, _ in hourly(300, 1))
    some = [one for one in first.report.results if one.score]
    wanted = [
        replace(some[i % len(some)], column=f"column {i // len(some)} {some[i % len(some)].column}")
        for i in range(results)
    ]
    store = open_store(folder / f"filled{runs}x{results}.db")
    rng = np.random.default_rng(0)
    # One transaction, and the quickest compression: filling is not what is timed.
    with store.speaking() as speaker, mock.patch.object(packed, "LEVEL", 1):
        for n in range(runs):
            keeping.keep(speaker, wandered(first.report, wanted, rng, n))
    return store


def wandered(report: Report, results: list[Result], rng: np.random.Generator, n: int) -> Report:
    """Make the report of another hour, its values a little different."""
    start = START + n * HOUR
    moved = []
    for one in results:
        assert one.score is not None
        value = float(abs(rng.normal(0.05, 0.02)))
        span = Interval(value / 2, value * 2)
        moved.append(replace(one, score=replace(one.score, value=value, interval=span)))
    return replace(
        report,
        run_id=f"{n:012x}",
        columns=(),
        results=tuple(moved),
        current=replace(report.current, window=f"{start.isoformat()}/{(start + HOUR).isoformat()}"),
    )


def queries(store: Store, results: int, runs: int) -> dict[str, Spread]:
    """Time what pages and commands ask, in milliseconds of CPU: it is all in one thread."""
    latest = store.runs("year", limit=1)[0]
    first = store.report("year@latest").results[0]
    asked: dict[str, Callable[[], object]] = {
        "suites at a glance": store.suites,
        "50 runs of a suite": lambda: store.runs("year", limit=50),
        f"all {runs:,} runs of a suite": lambda: store.runs("year", limit=None),
        "one result over time": lambda: store.series(
            "year", check=first.check, column=first.column
        ),
        f"every result of the last {min(runs, 100)} runs": lambda: store.series(
            "year", slice=None, since=latest.at - min(runs, 100) * HOUR
        ),
        f"every result there is, {results * runs:,}": lambda: store.series("year", slice=None),
        "a report": lambda: store.report("year@latest"),
        "streaks": lambda: store.streaks("year", before=latest.at),
    }
    found = {}
    for name, ask in asked.items():
        ask()
        taken = []
        for _ in range(7):
            begun = time.process_time()
            ask()
            taken.append(1_000 * (time.process_time() - begun))
        found[name] = Spread.of(taken)
    return found


def start_up(folder: Path, pairs: int) -> dict[str, Spread]:
    """CPU and wall seconds of `tidegauge run` on a small log, kept and not kept, in turn."""
    rng = np.random.default_rng(0)
    for name in ("before", "now"):
        columns = {"income": rng.normal(50, 10, 2_000), "region": rng.choice(["n", "s"], 2_000)}
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    (folder / "small.yaml").write_text(
        "suite: small\nlogs: {baseline: {path: before.parquet}, current: {path: now.parquet}}\n"
    )
    command = [sys.executable, "-c", "from tidegauge.cli import main; main()", "run", "small.yaml"]
    figures: dict[str, list[float]] = {}
    for _ in range(pairs + 1):
        for name, more in (("not kept", ["--no-history"]), ("kept", [])):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            begun = time.perf_counter()
            subprocess.run([*command, "-q", *more], cwd=folder, check=True)
            wall, after = (
                time.perf_counter() - begun,
                resource.getrusage(resource.RUSAGE_CHILDREN),
            )
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            figures.setdefault(f"{name}, wall s", []).append(wall)
            figures.setdefault(f"{name}, CPU s", []).append(cpu)
    return {name: Spread.of(taken[1:]) for name, taken in figures.items()}  # the first makes tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=48, help="hourly runs to project a year from")
    parser.add_argument("--kills", type=int, default=100, help="rounds to kill; 0 = none")
    parser.add_argument("--pairs", type=int, default=7, help="pairs of small runs to time")
    parser.add_argument("--only-kills", action="store_true")
    chosen = parser.parse_args()
    print(machine())
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        if not chosen.only_kills:
            figures["year"] = years = [year(n, chosen.runs, folder) for n in (500, 5_000, 100_000)]
            print_table(
                "a year of hourly runs, 17 columns (target: under 300 MB)",
                ["rows an hour", "results", "save, s", "kB a run", "first run, kB", "year, MB",
                 "kB a run, days added up"],
                [
                    [f"{y['rows an hour']:,}", str(y["results a run"]), y["save"],
                     f"{y['bytes a run'] / 1e3:.1f}", f"{y['first run'] / 1e3:.0f}",
                     f"{y['year'] / 1e6:.0f}", f"{y['bytes a run, days added up'] / 1e3:.1f}"]
                    for y in years
                ],
            )  # fmt: skip
            for runs, results in ((2_000, 50), (200, 500), (10_000, 10)):
                store = filled(folder, runs, results)
                found = queries(store, results, runs)
                store.close()
                figures[f"queries {runs} x {results}"] = {k: v.text(1) for k, v in found.items()}
                print_table(
                    f"{runs:,} runs of {results} results (target: pages under 300 ms)",
                    ["asked", "CPU ms"],
                    [[name, spread.text(1)] for name, spread in found.items()],
                )
            started = start_up(folder, chosen.pairs)
            figures["start-up"] = {name: spread.text() for name, spread in started.items()}
            print_table(
                "tidegauge run, 2,000 rows", ["", "s"], [[k, v.text()] for k, v in started.items()]
            )
    if chosen.kills:
        figures["kills"] = found_killed = killed(chosen.kills)
        print_table("killed rounds", ["", ""], [[k, str(v)] for k, v in found_killed.items()])
    write_json("history", figures)


if __name__ == "__main__":
    main()
