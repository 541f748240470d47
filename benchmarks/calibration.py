"""Whether the false-alarm budget holds where nothing drifts, and whether power rises with rows.

A run draws a baseline and a current log of synthetic columns from the same distributions, all
shapes in one log, and judges it with both presets. The scores of the same run are then judged a
column at a time, as if each were a log of its own, and every measure's p-values are collected.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
import pyarrow as pa

from _output import (
    at_most,
    machine,
    parse_sizes,
    percent,
    print_table,
    share_interval,
    short,
    write_json,
)
from tidegauge import Report, freeze_baseline, run
from tidegauge.catalog import evaluator_names
from tidegauge.judge import Measured, judge
from tidegauge.records import ALARMS, Check, Policy
from tidegauge.suite import Columns, Logs, Source, Suite, parse_checks, preset_checks

PRESETS = ("standard", "sensitive")
BUDGET = Policy().false_alarms
LEVELS_OF_P = (0.05, 0.01, 0.001)
PLENTY = 10_000
"""Rows from which a cell gets a quarter of the repeats."""

Draw = Callable[[int, np.random.Generator], Any]


def _levels(count: int, *, zipf: bool) -> Draw:
    weights = 1 / np.arange(1, count + 1) if zipf else np.ones(count)
    edges = np.cumsum(weights / weights.sum())[:-1]
    names = pa.array([f"level {i}" for i in range(count)])

    def draw(rows: int, rng: np.random.Generator) -> Any:
        codes = np.searchsorted(edges, rng.random(rows)).astype(np.int32)
        return pa.DictionaryArray.from_arrays(pa.array(codes), names)

    return draw


def _mostly_zero(rows: int, rng: np.random.Generator) -> Any:
    return np.where(rng.random(rows) < 0.9, 0.0, rng.exponential(size=rows))


def _with_nulls(rows: int, rng: np.random.Generator) -> Any:
    return pa.array(
        np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)), from_pandas=True
    )


SHAPES: dict[str, Draw] = {
    "normal": lambda rows, rng: rng.normal(size=rows),
    "heavy tails": lambda rows, rng: rng.standard_t(2, rows),
    "lognormal": lambda rows, rng: rng.lognormal(size=rows),
    "ties": lambda rows, rng: rng.integers(0, 10, rows),
    "mostly zero": _mostly_zero,
    "null 10 %": _with_nulls,
    "constant": lambda rows, rng: np.ones(rows),
    "2 levels": _levels(2, zipf=False),
    "10 levels": _levels(10, zipf=False),
    "10 levels zipf": _levels(10, zipf=True),
    "100 levels": _levels(100, zipf=False),
    "100 levels zipf": _levels(100, zipf=True),
    "1000 levels": _levels(1_000, zipf=False),
    "1000 levels zipf": _levels(1_000, zipf=True),
}
"""Column -> how to draw it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A change planted in one column."""

    name: str
    column: str
    plant: Callable[[Any, np.random.Generator], Any]


def _tilted(column: Any, rng: np.random.Generator) -> Any:
    """Move a fifth of the most frequent level's rows to the least frequent one."""
    codes = column.indices.to_numpy().copy()
    codes[(codes == 0) & (rng.random(len(codes)) < 0.2)] = len(column.dictionary) - 1
    return pa.DictionaryArray.from_arrays(pa.array(codes), column.dictionary)


def _emptied(column: Any, rng: np.random.Generator) -> Any:
    return pa.array(np.where(rng.random(len(column)) < 0.03, np.nan, column), from_pandas=True)


SHIFTS = (
    Shift(name="mean +0.2 sd", column="normal", plant=lambda x, rng: x + 0.2),
    Shift(name="mean +0.5 sd", column="normal", plant=lambda x, rng: x + 0.5),
    Shift(name="sd x1.25", column="normal", plant=lambda x, rng: x * 1.25),
    Shift(name="location +0.2", column="heavy tails", plant=lambda x, rng: x + 0.2),
    Shift(name="scale x1.2", column="lognormal", plant=lambda x, rng: x * 1.2),
    Shift(name="zeros up by 3 %", column="mostly zero",
          plant=lambda x, rng: np.where(rng.random(len(x)) < 0.3, 0.0, x)),
    Shift(name="a level tilted", column="10 levels zipf", plant=_tilted),
    Shift(name="null +3 %", column="lognormal", plant=_emptied),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One pair of sizes."""

    rows: int
    baseline_rows: int
    with_shifts: bool
    """Whether power is measured, too; against the largest baseline only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one run showed."""

    cell: Cell
    alarms: Mapping[str, tuple[str, ...]]
    """Preset -> "measure column" of each alarm, nothing planted."""
    alone: Mapping[str, tuple[str, ...]]
    """Preset -> columns that alarm when judged alone."""
    p_values: tuple[tuple[str, str, float], ...]
    """Measure, column, p-value."""
    power: tuple[tuple[str, str, bool], ...]
    """Shift, preset, whether its column alarms."""
    failed: tuple[str, ...]
    seconds: float


def suite_of(checks: Sequence[Check], seed: int) -> Suite:
    """Build a suite that reads frames; kinds are given, so that few rows cannot change them."""
    kinds: dict[str, Any] = {
        name: "categorical" if "level" in name else "numeric" for name in SHAPES
    }
    return Suite(
        name="calibration",
        logs=Logs(baseline=Source(), current=Source()),
        columns=Columns(kinds=kinds, features=tuple(SHAPES)),
        checks=tuple(checks),
        policy=Policy(seed=seed),
    )


def all_checks() -> tuple[Check, ...]:
    """Collect every drift and quality measure, judged on any change."""
    names = [name for name in evaluator_names() if name.startswith(("drift.", "quality."))]
    return parse_checks([{name: {"warn": "any"}} for name in names])


def run_once(job: tuple[Cell, int]) -> Found:
    """Draw both sides, judge them, then judge each planted shift."""
    cell, seed = job
    start = time.perf_counter()
    rng = np.random.default_rng([seed, cell.rows, cell.baseline_rows])
    before = {name: draw(cell.baseline_rows, rng) for name, draw in SHAPES.items()}
    now = {name: draw(cell.rows, rng) for name, draw in SHAPES.items()}
    suites = {preset: suite_of(preset_checks(preset), seed) for preset in PRESETS}
    everything = suite_of(all_checks(), seed)
    baseline = freeze_baseline(everything, source=pa.table(before))
    current = pa.table(now)
    reports = {p: run(suite, current=current, baseline=baseline) for p, suite in suites.items()}
    full = run(everything, current=current, baseline=baseline)
    power = []
    for shift in SHIFTS if cell.with_shifts else ():
        struck = pa.table({**now, shift.column: shift.plant(now[shift.column], rng)})
        for preset, suite in suites.items():
            report = run(suite, current=struck, baseline=baseline)
            power.append((shift.name, preset, any(r.column == shift.column for r in report.alarms)))
    return Found(
        cell=cell,
        alarms={
            preset: tuple(f"{r.evaluator} {r.column}" for r in report.alarms)
            for preset, report in reports.items()
        },
        alone={preset: tuple(alone(report)) for preset, report in reports.items()},
        p_values=tuple(
            (r.evaluator, r.column, r.score.p_value)
            for r in full.results
            if r.score and r.score.p_value is not None
        ),
        power=tuple(power),
        failed=tuple(
            r.verdict.because
            for report in (full, *reports.values())
            for r in report.results
            if r.verdict.outcome == "error"
        ),
        seconds=time.perf_counter() - start,
    )


def alone(report: Report) -> Iterator[str]:
    """Judge each column's scores apart from all others; give the columns that alarm."""
    checks = {check.id: check for check in report.checks}
    by_column: dict[str, list[Measured]] = defaultdict(list)
    for one in report.results:
        if one.column and one.score:
            by_column[one.column].append(
                Measured(
                    check=checks[one.check],
                    card=report.cards[one.evaluator],
                    column=one.column,
                    score=one.score,
                )
            )
    for column, measured in by_column.items():
        if any(verdict.outcome in ALARMS for verdict in judge(measured, report.policy)):
            yield column


def print_budget(found: Sequence[Found], cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Print the share of runs with any alarm, for whole logs and for the worst column alone."""
    rows, figures = [], []
    for cell in cells:
        here = [one for one in found if one.cell == cell]
        for preset in PRESETS:
            hits = sum(bool(one.alarms[preset]) for one in here)
            single = Counter(name for one in here for name in one.alone[preset])
            worst, most = single.most_common(1)[0] if single else ("-", 0)
            low, high = share_interval(hits, len(here))
            rows.append(
                (
                    f"{cell.baseline_rows:,}",
                    f"{cell.rows:,}",
                    preset,
                    percent(hits, len(here), interval=True),
                    f"{percent(most, len(here))} {worst}",
                    str(len(here)),
                    f"<= 5 %: {at_most(BUDGET, hits, len(here))}",
                )
            )
            figures.append(
                {"baseline_rows": cell.baseline_rows, "rows": cell.rows, "preset": preset,
                 "runs": len(here), "alarmed": hits, "low": low, "high": high,
                 "alone": dict(single)}
            )  # fmt: skip
    head = ("baseline", "current", "preset", "any alarm (95 % interval)", "worst column alone",
            "runs", "target")  # fmt: skip
    print_table("Runs with any alarm although nothing changed", head, rows)
    return figures


def print_pooled(found: Sequence[Found]) -> None:
    """Print the share over all cells, and each column's alone, where intervals are narrow."""
    for preset in PRESETS:
        hits = sum(bool(one.alarms[preset]) for one in found)
        print(f"{preset}, all sizes: {percent(hits, len(found), interval=True)} of {len(found)}")
    single = {p: Counter(name for one in found for name in one.alone[p]) for p in PRESETS}
    rows = [
        (name, *(percent(single[p][name], len(found), interval=True) for p in PRESETS))
        for name in SHAPES
    ]
    print_table("Each column judged alone, all sizes together", ("column", *PRESETS), rows)


def print_p_values(found: Sequence[Found]) -> list[dict[str, Any]]:
    """Print how often each measure's p-value is at most .05, .01, .001, and its worst case."""
    by: dict[str, dict[tuple[str, Cell], list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in found:
        for measure, column, p in one.p_values:
            by[measure][column, one.cell].append(p)
    rows, figures = [], []
    for measure, groups in sorted(by.items()):
        pooled = np.concatenate([np.array(ps) for ps in groups.values()])
        shares = [float((pooled <= level).mean()) for level in LEVELS_OF_P]
        (column, cell), worst = max(groups.items(), key=lambda kv: np.mean(np.array(kv[1]) <= 0.05))
        hits = int((np.array(worst) <= 0.05).sum())
        low, _ = share_interval(hits, len(worst), 1 - 0.05 / len(groups))
        where = f"{column}, {cell.baseline_rows:,} against {cell.rows:,}"
        rows.append(
            (
                measure,
                *(f"{100 * share:.2f} %" for share in shares),
                f"{percent(hits, len(worst))} {where}" + (" (too many)" if low > 0.05 else ""),
                f"{len(pooled):,}",
            )
        )
        figures.append({"measure": measure, "shares": shares, "n": len(pooled),
                        "worst": where, "worst_share": hits / len(worst)})  # fmt: skip
    head = (
        "measure",
        "p <= 0.05",
        "p <= 0.01",
        "p <= 0.001",
        "worst case of p <= 0.05",
        "p-values",
    )
    print_table("p-values although nothing changed, all columns and sizes", head, rows)
    return figures


def print_power(found: Sequence[Found]) -> list[dict[str, Any]]:
    """Print power by current rows, against the largest baseline."""
    largest = max(one.cell.baseline_rows for one in found)
    sizes = sorted({one.cell.rows for one in found})
    rows, figures = [], []
    for shift in SHIFTS:
        for preset in PRESETS:
            shares = []
            for size in sizes:
                here = [x for x in found if x.cell.with_shifts and x.cell.rows == size]
                hits = [hit for one in here for name, p, hit in one.power
                        if (name, p) == (shift.name, preset)]  # fmt: skip
                shares.append(sum(hits) / max(1, len(hits)))
            rising = all(b >= a - 0.05 for a, b in itertools.pairwise(shares))
            cells = [f"{100 * share:.0f} %" for share in shares]
            rows.append(
                (f"{shift.name} ({shift.column})", preset, *cells, "yes" if rising else "NO")
            )
            figures.append({"shift": shift.name, "preset": preset, "sizes": sizes, "power": shares})
    head = ("shift (column)", "preset", *(f"{short(size)} rows" for size in sizes), "rises")
    print_table(f"Power against a baseline of {largest:,} rows", head, rows)
    return figures


def print_reasons(found: Sequence[Found]) -> None:
    reasons = Counter(
        (preset, by, one.cell.baseline_rows, one.cell.rows)
        for one in found
        for preset, alarms in one.alarms.items()
        for by in alarms
    )
    rows = [(p, by, f"{b:,}", f"{n:,}", str(k)) for (p, by, b, n), k in reasons.most_common(15)]
    if rows:
        head = ("preset", "measure, column", "baseline", "current", "runs")
        print_table("What raised the false alarms", head, rows)
    broken = {why for one in found for why in one.failed}
    if broken:
        print_table("Checks that broke", ("because",), [(why,) for why in sorted(broken)[:15]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=parse_sizes, default=parse_sizes("50,200,1k,10k,100k"))
    parser.add_argument("--baselines", type=parse_sizes, default=parse_sizes("500,5k,100k"))
    parser.add_argument("--repeats", type=int, default=40, help="runs of each pair of sizes")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(machine())
    start = time.perf_counter()
    cells = [
        Cell(rows=n, baseline_rows=b, with_shifts=b == max(options.baselines))
        for b in options.baselines
        for n in options.sizes
    ]
    jobs = [
        (cell, options.seed + i)
        for cell in cells
        for i in range(options.repeats // (4 if cell.rows > PLENTY else 1))
    ]
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        found = list(pool.map(run_once, jobs, chunksize=4))
    budget = print_budget(found, cells)
    print_pooled(found)
    p_values = print_p_values(found)
    power = print_power(found)
    print_reasons(found)
    print(f"\n{len(jobs)} runs in {time.perf_counter() - start:.0f} s")
    write_json(
        "calibration",
        {"repeats": options.repeats, "budget": budget, "p_values": p_values, "power": power},
    )


if __name__ == "__main__":
    main()
