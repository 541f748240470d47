"""Who names the cause: drift with one planted in it, in rows whose truth is known.

Track A draws rows from random structural models, track B takes rows of real tables, track C repeats
published setups. Every contender sees the same cases. A hit is fractional: a group of two columns
of which one is the cause is half a hit. Constants are chosen on seeds from 1,000 on (``--tune``);
the figures reported come from seeds below.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from _causes_changes import Unsuitable
from _causes_peers import contenders, graph_readers
from _causes_planted import FAULTS, SEVERITIES, TUNING, Planted, Severity
from _causes_printing import (
    grouped,
    print_contenders,
    print_doses,
    print_errors,
    print_false,
    print_faults,
    print_misses,
    print_published,
    print_verdicts,
)
from _causes_published import PUBLISHED
from _causes_scores import Marked, is_visible, mark
from _causes_summary import summary
from _output import machine, parse_sizes, write_json

ORDERED = ("F7", "F8", "F16")
"""Faults that track A asks about a second time, with the true order shown."""
NEEDS_MODEL = "KS x importance"
OURS = ("tidegauge mechanisms",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is run."""

    seeds: int
    rows: tuple[int, ...]
    """Of each side."""
    every_severity: bool
    """Of each seed; otherwise they take turns."""
    quiet: tuple[int, ...] = ()
    """More rows of each side for track A's cases in which nothing is planted."""
    published: Mapping[str, int]
    """Setup -> cases."""


SIZES = {
    "quick": Size(seeds=1, rows=(1_000,), every_severity=False,
                  published={"supply chain": 1, "backdoor": 1, "copula": 2}),
    "default": Size(seeds=6, rows=(2_000,), every_severity=False,
                    published={"supply chain": 5, "backdoor": 9, "copula": 16}),
    "full": Size(seeds=50, rows=(500, 5_000, 100_000), every_severity=True,
                 quiet=(1_000_000,),
                 published={"supply chain": 50, "backdoor": 90, "copula": 320}),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One case to plant, and who is asked about it."""

    track: str
    fault: str
    severity: Severity
    seed: int
    rows: int
    folder: Path | None
    asked: tuple[str, ...]
    table: str = ""
    """Ask about this table only."""


def run_job(job: Job) -> list[Marked]:
    """Plant a case and ask everybody; nothing where no source can have the fault."""
    try:
        planted = plant(job)
    except Unsuitable:
        return []
    visible = is_visible(planted)
    if planted.number is not None:
        names = [name for name in graph_readers() if mean_of_column(planted) or name in OURS]
        return [asked(planted, name, job, visible, basis="graph") for name in names]
    names = [n for n in job.asked if planted.case.prediction or n != NEEDS_MODEL]
    marks = [asked(planted, name, job, visible) for name in names]
    if job.track == "A" and job.fault in ORDERED and "tidegauge" in job.asked:
        marks.append(asked(planted.ordered(), "tidegauge", job, visible, basis="order"))
    return marks


def mean_of_column(planted: Planted) -> bool:
    """Whether what is to be explained is a column, which is all that others can explain."""
    return planted.of in planted.case.variables


def plant(job: Job) -> Planted:
    """Plant a case of a track; tables take turns, and one that cannot have the fault passes."""
    if job.track == "A":
        import _causes_sems

        return _causes_sems.planted(job.fault, job.severity, seed=job.seed, rows=job.rows)
    if job.track == "C":
        from _causes_published import published

        return published(job.fault, seed=job.seed)
    import _causes_tables

    names = (job.table,) if job.table else _causes_tables.table_names(job.folder)
    for turn in range(len(names)):
        name = names[(job.seed + turn) % len(names)]
        try:
            return _causes_tables.planted(
                job.fault, job.severity, seed=job.seed, name=name, folder=job.folder, rows=job.rows
            )
        except Unsuitable:
            continue
    raise Unsuitable(f"no table can have {job.fault}")


def asked(planted: Planted, name: str, job: Job, visible: bool, *, basis: str = "") -> Marked:
    """Ask one contender; what breaks counts as naming nothing, and is told."""
    start = time.perf_counter()
    answer, error = None, ""
    try:
        answer = {**contenders(), **graph_readers()}[name](planted, planted.seed)
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}"
    seconds = time.perf_counter() - start
    return mark(
        planted, answer, seconds, track=job.track, contender=name, rows=job.rows, basis=basis,
        error=error, visible=visible,
    )  # fmt: skip


def jobs_of(options: argparse.Namespace) -> list[Job]:
    """List the cases: each seed has one severity in turn, or all of them at full size."""
    size = SIZES[options.size]
    folder = options.data / "tabular"
    first = TUNING if options.tune else 0
    plain = Job(track="", fault="", severity="medium", seed=first, rows=0,
                folder=folder if folder.is_dir() else None, asked=options.contenders,
                table=options.table)  # fmt: skip
    jobs = []
    for i in range(options.seeds or size.seeds):
        turn = (SEVERITIES[(i + 1) % len(SEVERITIES)],)
        for severity in options.severities or (SEVERITIES if size.every_severity else turn):
            one = replace(plain, seed=first + i, severity=severity)
            jobs += [
                replace(one, track=track, fault=fault, rows=rows)
                for fault in options.faults
                for rows in options.rows or size.rows
                for track in options.tracks
                if track in "AB" and fault in FAULTS
            ]
        if "A" in options.tracks and "F17" in options.faults and not options.rows:
            jobs += [replace(plain, track="A", fault="F17", severity="subtle", seed=first + i,
                             rows=rows) for rows in size.quiet]  # fmt: skip
    setups = [name for name in PUBLISHED if "C" in options.tracks and name in options.faults]
    for name in setups:
        runs = size.published[name]
        jobs += [
            replace(plain, track="C", fault=name, seed=first + i)
            for i in range(min(runs, options.seeds) if options.seeds else runs)
        ]
    return jobs


def everything(jobs: Sequence[Job], workers: int) -> list[Marked]:
    """Run all jobs, as many at a time as there are workers."""
    marks: list[Marked] = []
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[threads] = "1"  # read by each worker when it starts
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for done, some in enumerate(pool.map(run_job, jobs, chunksize=4), 1):
            marks += some
            if sys.stderr.isatty():
                print(f"\r{done} of {len(jobs)} cases", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return marks


def figures(marks: Sequence[Marked]) -> Iterator[dict[str, object]]:
    """Sum up each cell for the JSON file."""
    fields = ("contender", "track", "fault", "basis", "severity")
    for key, some in sorted(grouped(marks, *fields).items()):
        yield {**dict(zip(fields, key, strict=True)), **asdict(summary(some))}


def default_data() -> Path:
    """Find the folder with shared data beside the checkout, where there is one."""
    return Path(__file__).parents[2] / "shared" / "data"


def listed(words: str) -> tuple[str, ...]:
    """Split at commas."""
    return tuple(word.strip() for word in words.split(",") if word.strip())


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data(), help="holds tabular/*.parquet")
    parser.add_argument("--size", choices=tuple(SIZES), default="default")
    parser.add_argument("--full", dest="size", action="store_const", const="full",
                        help="50 seeds a cell, every severity, 500, 5k and 100k rows")  # fmt: skip
    parser.add_argument("--faults", type=listed, default=(*FAULTS, *PUBLISHED), help="F1,F6,copula")
    parser.add_argument("--tracks", type=listed, default=("A", "B", "C"), help="A,B,C")
    parser.add_argument("--severities", type=listed, default=(), help="of every seed: subtle,gross")
    parser.add_argument("--seeds", type=int, default=0, help="cases of each fault and track")
    parser.add_argument("--rows", type=parse_sizes, default=[], help="of each side: 500,5k")
    parser.add_argument("--table", default="", help="track B on this table only")
    parser.add_argument("--contenders", type=listed, default=(), help="tidegauge,KS")
    parser.add_argument("--tune", action="store_true", help=f"seeds from {TUNING} on")
    parser.add_argument("--misses", action="store_true", help="list every case that was missed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    if options.seeds > TUNING:
        parser.error(f"seeds from {TUNING} on are for tuning: at most {TUNING} cases")
    options.contenders = options.contenders or tuple(contenders())
    return options


def main() -> None:
    options = parsed()
    if not (options.data / "tabular").is_dir():
        print(f"{options.data}/tabular: no such folder (--data); track B has bundled tables only")
    print(machine())
    start = time.perf_counter()
    marks = everything(jobs_of(options), options.jobs)
    names = options.contenders
    leader = names[0]
    others = [one for one in marks if one.track == "C"]
    marks = [one for one in marks if one.track != "C"]
    print_faults([one for one in marks if one.contender == leader], leader)
    print_doses(marks, leader)
    print_contenders(marks, names)
    print_false(marks, names)
    print_published(others)
    score = print_verdicts(marks, leader)
    if options.misses:
        print_misses(marks, leader)
    marks += others
    print_errors(marks)
    print(f"\n{len(marks)} answers in {time.perf_counter() - start:.0f} s")
    report = {"options": {k: str(v) for k, v in vars(options).items()}, "macro_f1": score,
              "figures": list(figures(marks))}  # fmt: skip
    write_json("root_cause", report)


if __name__ == "__main__":
    main()
