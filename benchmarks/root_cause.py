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
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

from _causes_changes import Unsuitable
from _causes_peers import contenders
from _causes_planted import FAULTS, SEVERITIES, TUNING, Planted, Severity
from _causes_scores import Marked, Summary, confusion, f1_of, macro_f1, mark, summary
from _output import machine, parse_sizes, print_table, short, write_json

ORDERED = ("F7", "F8", "F16")
"""Faults that track A asks about a second time, with the true order shown."""
ROWS = 5_000
SEEDS = {"quick": 3, "default": 9, "full": 50}
FULL_ROWS = (500, 5_000, 100_000)
TARGETS: Mapping[tuple[str, str], float] = {
    **{(fault, ""): 0.95 for fault in ("F1", "F2", "F3", "F4", "F5", "F6")},
    ("F8", ""): 0.90, ("F7", "order"): 0.95, ("F16", "order"): 0.95,
}  # fmt: skip
"""Fault and what was shown -> hit@1 to reach."""
FALSE = 0.05
MACRO_F1 = 0.85


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
    marks = [asked(planted, name, job.track) for name in job.asked]
    if job.track == "A" and job.fault in ORDERED:
        marks += [
            asked(planted.ordered(), name, job.track, basis="order")
            for name in job.asked
            if name == "tidegauge"
        ]
    return marks


def plant(job: Job) -> Planted:
    """Plant a case of a track; tables take turns, and one that cannot have the fault passes."""
    if job.track == "A":
        import _causes_sems

        return _causes_sems.planted(job.fault, job.severity, seed=job.seed, rows=job.rows)
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


def asked(planted: Planted, name: str, track: str, *, basis: str = "") -> Marked:
    """Ask one contender; what breaks counts as naming nothing, and is told."""
    start = time.perf_counter()
    answer, error = None, ""
    try:
        answer = contenders()[name](planted, planted.seed)
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}"
    seconds = time.perf_counter() - start
    return mark(planted, answer, seconds, track=track, contender=name, basis=basis, error=error)


def jobs_of(options: argparse.Namespace) -> list[Job]:
    """List the cases: each seed has one severity in turn, or all of them at full size."""
    first = TUNING if options.tune else 0
    sizes = FULL_ROWS if options.size == "full" and not options.rows else options.rows or (ROWS,)
    folder = options.data / "tabular"
    jobs = []
    for i in range(options.seeds or SEEDS[options.size]):
        turn = SEVERITIES if options.size == "full" else (SEVERITIES[i % len(SEVERITIES)],)
        for fault in options.faults:
            for severity in options.severities or turn:
                for rows in sizes:
                    jobs += [
                        Job(track=track, fault=fault, severity=severity, seed=first + i, rows=rows,
                            folder=folder if folder.is_dir() else None, asked=options.contenders,
                            table=options.table)
                        for track in options.tracks if track in "AB"
                    ]  # fmt: skip
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


def grouped(marks: Iterable[Marked], *fields: str) -> dict[tuple[str, ...], list[Marked]]:
    """Sort cases by some of their fields."""
    groups: dict[tuple[str, ...], list[Marked]] = defaultdict(list)
    for one in marks:
        groups[tuple(str(getattr(one, field)) for field in fields)].append(one)
    return dict(groups)


def print_faults(marks: Sequence[Marked], contender: str) -> None:
    """Print the figures of one contender, a line for each fault and track."""
    rows = []
    groups = grouped(marks, "fault", "basis", "track")
    for (fault, basis, track), some in sorted(groups.items(), key=place):
        if some[0].truth:
            s = summary(some)
            rows.append(
                (fault, FAULTS[fault].said[:44], basis, track, str(s.runs), interval(s),
                 share(s.hit_3), f"{s.reciprocal:.2f}", f"{s.overlap:.2f}", share(s.silent),
                 share(s.correlate), share(s.verdict), share(s.abstained),
                 "-" if s.jaccard is None else f"{s.jaccard:.2f}", f"{s.seconds:.2f}",
                 target(fault, basis, s))
            )  # fmt: skip
    head = ("fault", "", "shown", "track", "runs", "hit@1 (95 %)", "hit@3", "MRR", "set F1",
            "silent", "correlate 1st", "verdict", "abstains", "Jaccard", "s", "target")  # fmt: skip
    if rows:
        print_table(f"{contender}: is the cause named first?", head, rows)


def place(item: tuple[tuple[str, ...], object]) -> tuple[int, tuple[str, ...]]:
    """Sort faults by number."""
    return list(FAULTS).index(item[0][0]) if item[0][0] in FAULTS else 99, item[0][1:]


def interval(s: Summary) -> str:
    """Write a share with its interval."""
    return f"{share(s.hit_1)} ({100 * s.low:.0f}-{100 * s.high:.0f})"


def share(value: float) -> str:
    """Write a share in percent."""
    return f"{100 * value:.0f} %"


def target(fault: str, basis: str, s: Summary) -> str:
    """State the target of a line, and whether it is met."""
    bound = TARGETS.get((fault, basis))
    if bound is None:
        return ""
    word = "met" if s.hit_1 >= bound else "met within error" if s.high >= bound else "MISSED"
    return f">= {share(bound)}: {word}"


def print_contenders(marks: Sequence[Marked], names: Sequence[str]) -> None:
    """Print hit@1 of everybody beside each other."""
    plain = [one for one in marks if not one.basis and one.truth]
    rows = []
    for (fault, track), some in sorted(grouped(plain, "fault", "track").items(), key=place):
        by = grouped(some, "contender")
        cells = [share(summary(by[(name,)]).hit_1) if (name,) in by else "-" for name in names]
        rows.append((fault, FAULTS[fault].said[:44], track, *cells))
    if rows:
        print_table(
            "hit@1 of everybody, nothing shown but rows", ("fault", "", "track", *names), rows
        )


def print_doses(marks: Sequence[Marked], contender: str) -> None:
    """Print hit@1 by severity and rows."""
    rows = []
    some = [one for one in marks if one.truth and one.contender == contender]
    for (fault, basis, rows_, track), cell in sorted(
        grouped(some, "fault", "basis", "rows", "track").items(), key=place
    ):
        by = grouped(cell, "severity")
        cells = [share(summary(by[(s,)]).hit_1) if (s,) in by else "-" for s in SEVERITIES]
        rows.append((fault, basis, track, short(int(rows_)), *cells))
    if rows and len({row[3] for row in rows}) < 8:
        print_table(f"{contender}: hit@1 by severity",
                    ("fault", "shown", "track", "rows", *SEVERITIES), rows)  # fmt: skip


def print_false(marks: Sequence[Marked], names: Sequence[str]) -> None:
    """Print how often something is named though nothing happened."""
    quiet = [one for one in marks if not one.truth]
    rows = []
    for name in names:
        for (track, kind), some in sorted(
            grouped([o for o in quiet if o.contender == name], "track", "said").items()
        ):
            s = summary(some)
            word = ""
            if name == "tidegauge":
                word = (
                    "met" if s.false <= FALSE else "MISSED" if s.low > FALSE else "met within error"
                )
            rate = f"{share(s.false)} ({100 * s.low:.0f}-{100 * s.high:.0f})"
            rows.append((name, track, kind, str(s.runs), rate, word))
    if rows:
        head = ("contender", "track", "what differs", "runs", "names a cause (95 %)", "<= 5 %")
        print_table("Something is named though nothing happened", head, rows)


def print_verdicts(marks: Sequence[Marked], contender: str) -> float:
    """Print true verdicts against those that were given; return their macro-F1."""
    counts = confusion(one for one in marks if one.contender == contender and one.basis == "")
    given = sorted({found for row in counts.values() for found in row})
    rows = [
        (verdict, *(str(row.get(found, 0)) for found in given), f"{f1_of(counts, verdict):.2f}")
        for verdict, row in sorted(counts.items())
    ]
    score = macro_f1(counts)
    print_table(f"{contender}: true verdict (lines) and the one given; macro-F1 {score:.2f}, "
                f"target {MACRO_F1}", ("", *given, "F1"), rows)  # fmt: skip
    return score


def print_errors(marks: Sequence[Marked]) -> None:
    """Say what broke."""
    broken = grouped([one for one in marks if one.error], "contender", "error")
    rows = [(name, error[:110], str(len(some)), f"{some[0].track} {some[0].fault} "
             f"{some[0].severity} seed {some[0].seed} {some[0].source}")
            for (name, error), some in sorted(broken.items())]  # fmt: skip
    if rows:
        print_table("What broke", ("contender", "because", "runs", "for example"), rows[:20])


def print_misses(marks: Sequence[Marked], contender: str) -> None:
    """List the cases in which the cause was not first."""
    rows = [
        (m.track, m.fault, m.basis, m.severity, str(m.seed), m.source[:30], m.said[:60],
         " > ".join("+".join(c) for c in m.named[:3])[:60], m.found)
        for m in marks
        if m.contender == contender and (m.first < 0.5 if m.truth else m.false)
    ]  # fmt: skip
    if rows:
        head = (
            "track",
            "fault",
            "shown",
            "severity",
            "seed",
            "source",
            "planted",
            "named",
            "verdict",
        )
        print_table(f"{contender}: where the cause was not first", head, rows)


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
    parser.add_argument("--size", choices=tuple(SEEDS), default="default")
    parser.add_argument("--full", dest="size", action="store_const", const="full",
                        help="50 seeds a cell, every severity, 500, 5k and 100k rows")  # fmt: skip
    parser.add_argument("--faults", type=listed, default=tuple(FAULTS), help="F1,F6")
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
    print_faults([one for one in marks if one.contender == leader], leader)
    print_doses(marks, leader)
    print_contenders(marks, names)
    print_false(marks, names)
    score = print_verdicts(marks, leader)
    if options.misses:
        print_misses(marks, leader)
    print_errors(marks)
    print(f"\n{len(marks)} answers in {time.perf_counter() - start:.0f} s")
    report = {"options": {k: str(v) for k, v in vars(options).items()}, "macro_f1": score,
              "figures": list(figures(marks))}  # fmt: skip
    write_json("root_cause", report)


if __name__ == "__main__":
    main()
