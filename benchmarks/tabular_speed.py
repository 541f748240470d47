"""How fast, how large, how linear: whole processes of ``tidegauge run`` on 50 columns.

Every drift and quality measure is asked for, against a stored baseline, with HTML and JSON
written. Beside it, in turn on the same machine: a loop of textbook tests, and a plain script
that only reads and sorts. This program imports nothing heavy itself, because a child's peak
memory is never reported below its parent's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from _output import Spread, machine, parse_sizes, print_table, short, write_json

HERE = Path(__file__).parent
TIDEGAUGE = Path(sys.executable).with_name("tidegauge")
REFERENCE_ROWS = 1_000_000
LOOP_UNTIL = 1_000_000
"""Most rows for which the textbook loop is worth waiting for."""
SORT_FROM = 1_000_000
LARGE = 10_000_000
LARGE_RUNS = 3
LIMITS = {10_000: 0.8, 1_000_000: 1.5}
"""Rows -> seconds that the whole command may take on two idle cores."""
LOOP_LEAST, SORT_MOST, MEMORY_MOST = 8.0, 1.5, 1_500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What one whole process took."""

    wall: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """A command at one size, measured several times."""

    rows: int
    command: str
    wall: Spread
    cpu: Spread
    peak_mb: Spread
    ratio: Spread | None = None
    """Wall time over that of ``tidegauge run`` in the same round."""


def environment() -> dict[str, str]:
    """Let Python keep compiled modules, as pip does for whatever it installs."""
    return {key: os.environ[key] for key in os.environ if key != "PYTHONDONTWRITEBYTECODE"}


def run_once(command: Sequence[str], folder: Path) -> Process:
    """Run a command to its end; exit code 1 is a verdict, not a failure."""
    with tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, cwd=folder, env=environment()
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read()
        if process.returncode not in (0, 1) or "Traceback" in said:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{said}")
    return Process(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak_mb=usage.ru_maxrss / 1024)


def in_turn(
    commands: Sequence[Sequence[str]], folder: Path, runs: int, warm_up: int = 1
) -> list[list[Process]]:
    """Run commands A B A B ..., so that a busy moment meets both; first rounds do not count."""
    rounds = [[run_once(command, folder) for command in commands] for _ in range(runs + warm_up)]
    return [[one[i] for one in rounds[warm_up:]] for i in range(len(commands))]


def measured_names() -> list[str]:
    """Every drift and quality measure that is installed."""
    listed = subprocess.run([TIDEGAUGE, "evaluators"], capture_output=True, text=True, check=True)
    names = [line.split()[0] for line in listed.stdout.splitlines()]
    return [name for name in names if name.startswith(("drift.", "quality."))]


def write_suite(folder: Path, rows: int, names: Sequence[str]) -> None:
    checks = "\n".join(f"  - {name}: {{warn: any}}" for name in names)
    text = f"""suite: speed
preset: none
logs:
  baseline: {{baseline: reference.tgb}}
  current: {{path: current.parquet}}
checks:
{checks}
"""
    (folder / "suite.yaml").write_text(text)


def prepare(cache: Path, rows: int, names: Sequence[str]) -> Path:
    """Write data, suite and baseline for one size, unless the cache has them."""
    folder = cache / short(rows)
    folder.mkdir(parents=True, exist_ok=True)
    write_suite(folder, rows, names)
    sides = {"reference": (min(rows, REFERENCE_ROWS), 1), "current": (rows, 2)}
    for name, (count, seed) in sides.items():
        path = folder / f"{name}.parquet"
        if not path.exists():
            make = [sys.executable, str(HERE / "_speed_data.py"), str(path), str(count), str(seed)]
            subprocess.run(make, check=True)
    freeze = [str(TIDEGAUGE), "baseline", "suite.yaml", "--from", "reference.parquet"]
    took = run_once(freeze, folder)
    print(f"baseline of {short(sides['reference'][0])} rows frozen in {took.wall:.2f} s")
    return folder


def time_size(folder: Path, rows: int, runs: int) -> list[Timing]:
    """Time a run and whatever it is compared with at this size."""
    commands = {"tidegauge run": [str(TIDEGAUGE), "run", "suite.yaml", "--format", "html,json"]}
    if rows <= LOOP_UNTIL:
        script = str(HERE / "_scipy_loop.py")
        commands["scipy loop"] = [sys.executable, script, "reference.parquet", "current.parquet"]
    if rows >= SORT_FROM and rows <= LARGE:
        commands["read and sort"] = [
            sys.executable, str(HERE / "_sort_columns.py"), "current.parquet"
        ]  # fmt: skip
    found = in_turn(
        list(commands.values()), folder, min(runs, LARGE_RUNS) if rows >= LARGE else runs
    )
    ours = found[0]
    return [
        Timing(
            rows=rows,
            command=name,
            wall=Spread.of([one.wall for one in processes]),
            cpu=Spread.of([one.cpu for one in processes]),
            peak_mb=Spread.of([one.peak_mb for one in processes]),
            ratio=Spread.of([b.wall / a.wall for a, b in zip(ours, processes, strict=True)])
            if processes is not ours
            else None,
        )
        for name, processes in zip(commands, found, strict=True)
    ]


def start_up(runs: int) -> list[Timing]:
    """Time what a person waits for before anything is read."""
    commands = {
        "tidegauge --version": [str(TIDEGAUGE), "--version"],
        "tidegauge --help": [str(TIDEGAUGE), "--help"],
        "import tidegauge": [sys.executable, "-c", "import tidegauge"],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    found = in_turn(list(commands.values()), HERE, runs, warm_up=2)
    return [
        Timing(
            rows=0,
            command=name,
            wall=Spread.of([one.wall for one in processes]),
            cpu=Spread.of([one.cpu for one in processes]),
            peak_mb=Spread.of([one.peak_mb for one in processes]),
        )
        for name, processes in zip(commands, found, strict=True)
    ]


def target_of(timing: Timing) -> str:
    """State the target of a figure, and whether it is met."""
    wall, cpu = timing.wall.median, timing.cpu.median
    starts = {"tidegauge --version": 0.15, "tidegauge --help": 0.25, "import tidegauge": 0.15}
    if timing.command in starts:
        most = starts[timing.command]
        return f"cpu < {most} s: {met(cpu < most)}"
    if timing.command == "tidegauge run":
        said = []
        if timing.rows in LIMITS:
            said.append(f"wall < {LIMITS[timing.rows]} s: {met(wall < LIMITS[timing.rows])}")
        if timing.rows > LARGE:
            peak = timing.peak_mb.median
            said.append(f"peak < {MEMORY_MOST:.0f} MB: {met(peak < MEMORY_MOST)}")
        return "; ".join(said)
    if timing.ratio and timing.command == "scipy loop" and timing.rows == LOOP_UNTIL:
        return f">= {LOOP_LEAST:g} x ours: {met(timing.ratio.median >= LOOP_LEAST)}"
    if timing.ratio and timing.command == "read and sort" and timing.rows == LARGE:
        ours = 1 / timing.ratio.median
        return f"ours <= {SORT_MOST} x this, is {ours:.2f}: {met(ours <= SORT_MOST)}"
    return ""


def met(holds: bool) -> str:
    return "met" if holds else "MISSED"


def print_fit(timings: Sequence[Timing]) -> dict[str, float]:
    """Fit a line through time over rows; R2 near 1 says that the time grows linearly."""
    ours = [one for one in timings if one.command == "tidegauge run"]
    if len(ours) < 3:
        return {}
    rows, seconds = [float(one.rows) for one in ours], [one.wall.median for one in ours]
    line = statistics.linear_regression(rows, seconds)
    r2 = statistics.correlation(rows, seconds) ** 2
    print(
        f"\ntime over rows: {line.intercept:.2f} s + {line.slope * 1e6:.3f} s per million rows, "
        f"R2 {r2:.4f}"
    )
    return {"intercept": line.intercept, "seconds_per_row": line.slope, "r2": r2}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=parse_sizes, default=parse_sizes("10k,100k,1M"))
    parser.add_argument("--full", action="store_true", help="10M and 20M rows too; 12 GB of disk")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each command")
    parser.add_argument("--cache", type=Path, default=HERE / ".cache", help="folder for the data")
    parser.add_argument("--keep", action="store_true", help="keep files of 10M rows and more")
    options = parser.parse_args()
    sizes = [*options.sizes, *([LARGE, 2 * LARGE] if options.full else [])]
    print(machine())
    names = measured_names()
    print(f"{len(names)} measures: {', '.join(names)}")
    timings = start_up(2 * options.runs)
    for rows in sizes:
        folder = prepare(options.cache.resolve(), rows, names)
        timings += time_size(folder, rows, options.runs)
        if rows >= LARGE and not options.keep:
            shutil.rmtree(folder)
    head = ("rows", "command", "wall s", "cpu s", "peak MB", "x ours", "target")
    lines = [
        (
            short(one.rows) if one.rows else "-",
            one.command,
            one.wall.text(),
            one.cpu.text(),
            f"{one.peak_mb.median:.0f}",
            one.ratio.text(1) if one.ratio else "",
            target_of(one),
        )
        for one in timings
    ]
    print_table("Whole processes, median (least-most)", head, lines)
    fit = print_fit(timings)
    figures = [{**asdict(one), "target": target_of(one)} for one in timings]
    write_json("tabular_speed", {"measures": names, "timings": figures, "fit": fit})


if __name__ == "__main__":
    main()
