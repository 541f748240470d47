"""Whether embedding drift is found where it is, and nowhere else: false alarms and power.

    python benchmarks/embedding_calibration.py --data FOLDER [--repeats 400] [--only power]

Real texts encoded by the packaged MiniLM. Without drift: rows of one set, dealt to both sides by
chance. With drift: a share of the current rows is of a topic that the baseline does not have.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # processes are what runs side by side

import numpy as np

from _encoded_texts import SETS, Encoded, encoded
from _output import at_most, percent, print_table, write_json
from tidegauge.catalog import evaluator
from tidegauge_evaluators._power import effective_rows

MEASURES = ("mmd", "classifier_auc", "centroid_distance", "frechet_distance", "topics")
LEVELS = (0.05, 0.01, 0.001)
PAIRS = (
    (25, 25), (50, 50), (100, 100), (100, 1_000), (500, 500), (1_000, 200), (2_000, 2_000),
    (5_000, 5_000),
)  # fmt: skip
"""Rows of both sides without drift."""
PLANTED = ((200, 200), (500, 500), (2_000, 500), (2_000, 2_000))
MIXED_IN = (0.05, 0.1, 0.2)
TOPICAL = ("clinc150", "banking77")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One pair of sizes of one set."""

    name: str
    rows: tuple[int, int]
    mixed_in: float = 0.0
    permutations: int = 999


def sides(data: Encoded, cell: Cell, rng: np.random.Generator) -> Any:
    """Deal rows to both sides, with a foreign topic among the current ones if asked for."""
    n, m = cell.rows
    if not cell.mixed_in:
        order = rng.permutation(len(data.texts))
        return data.sample(order[:n]), data.sample(order[n : n + m])
    foreign = round(cell.mixed_in * m)
    names, counts = np.unique(data.topics, return_counts=True)
    topic = rng.choice(names[counts >= foreign])
    own = rng.permutation(np.flatnonzero(data.topics != topic))
    new = rng.permutation(np.flatnonzero(data.topics == topic))[:foreign]
    current = np.concatenate([own[n : n + m - foreign], new])
    return data.sample(own[:n]), data.sample(current)


def measured(folder: Path, cell: Cell, repeat: int) -> dict[str, tuple[float, float]]:
    """Value and p-value of every measure on one draw, and the p-value within like texts."""
    rng = np.random.default_rng([repeat, *cell.rows, round(1_000 * cell.mixed_in)])
    baseline, current = sides(encoded(folder, cell.name), cell, rng)
    found: dict[str, tuple[float, float]] = {}
    for name in MEASURES:
        measure = evaluator(f"embedding.{name}").measure
        score = measure(baseline, current, rng=rng, permutations=cell.permutations)
        found[name] = (score.value, 1.0 if score.p_value is None else score.p_value)
        if "p-value within like texts" in score.details:
            within = float(score.details["p-value within like texts"])
            found[f"{name} within like texts"] = (score.value, within)
    return found


def cells(only: str, most: int) -> Iterator[Cell]:
    """All cells, those without drift first."""
    for name, (_, rows) in SETS.items():
        if only != "power":
            fitting = [pair for pair in PAIRS if sum(pair) <= rows and max(pair) <= most]
            yield from (
                Cell(name=name, rows=pair, permutations=999 if sum(pair) <= 200 else 199)
                for pair in fitting
            )
        if only != "alarms" and name in TOPICAL:
            for pair in PLANTED:
                for share in MIXED_IN:
                    if max(pair) <= most and (name != "banking77" or share * pair[1] <= 100):
                        yield Cell(name=name, rows=pair, mixed_in=share, permutations=199)


def repeats_of(cell: Cell, repeats: int) -> int:
    """Fewer repeats for large samples and for power, whose figures need less precision."""
    size = sum(cell.rows)
    shrunk = repeats // (1 if size <= 300 else 2 if size <= 1_500 else 8 if size <= 5_000 else 20)
    return max(4, shrunk // (4 if cell.mixed_in and size <= 1_500 else 1))


def report(found: Mapping[Cell, list[dict[str, tuple[float, float]]]]) -> dict[str, Any]:
    """Print both tables."""
    figures: dict[str, Any] = {}
    still: dict[tuple[str, tuple[int, int]], list[float]] = defaultdict(list)
    power: dict[tuple[str, str, tuple[int, int], float], list[float]] = defaultdict(list)
    for cell, draws in found.items():
        for draw in draws:
            for name, (_, p_value) in draw.items():
                if cell.mixed_in:
                    power[cell.name, name, cell.rows, cell.mixed_in].append(p_value)
                else:
                    still[name, cell.rows].append(p_value)
    rows = []
    for (name, pair), p_values in sorted(still.items()):
        alarms = [sum(p <= level for p in p_values) for level in LEVELS]
        said = [percent(alarm, len(p_values), interval=True) for alarm in alarms]
        met = at_most(LEVELS[0], alarms[0], len(p_values))
        rows.append([name, f"{pair[0]}+{pair[1]}", str(len(p_values)), *said, met])
        figures[f"false alarms, {name}, {pair[0]}+{pair[1]}"] = {
            "runs": len(p_values),
            **{f"p <= {level}": alarm for level, alarm in zip(LEVELS, alarms, strict=True)},
        }
    head = ["measure", "rows", "runs", *(f"p <= {level}" for level in LEVELS), "5 % kept"]
    if rows:
        print_table("Without drift: runs with a p-value so small", head, rows)
    rows = []
    for (data, name, pair, share), p_values in sorted(power.items()):
        hits = sum(p <= 0.05 for p in p_values)
        scaled = share * effective_rows(*pair) ** 0.5
        rows.append([data, name, f"{pair[0]}+{pair[1]}", f"{share:.0%}", f"{scaled:.2f}",
                     percent(hits, len(p_values), interval=True)])  # fmt: skip
        figures[f"power, {data}, {name}, {pair[0]}+{pair[1]}, {share}"] = [hits, len(p_values)]
    head = ["texts", "measure", "rows", "foreign", "share x sqrt(n m / (n + m))", "found at 5 %"]
    if rows:
        print_table("With a foreign topic among the current rows", head, rows)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside, help="folder that holds text/*.gz")
    parser.add_argument("--repeats", type=int, default=400, help="runs of the smallest cells")
    parser.add_argument("--most", type=int, default=5_000, help="rows of the largest side")
    parser.add_argument("--only", choices=("alarms", "power", ""), default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    folder = asked.data / "text" if (asked.data / "text").is_dir() else asked.data
    if not all((folder / f"{name}.jsonl.gz").is_file() for name in SETS):
        print(f"no texts in {folder}: name their folder by --data; nothing was measured")
        return
    for name in SETS:
        encoded(folder, name)  # before processes would do it twice
    start = time.perf_counter()
    jobs = [
        (c, i) for c in cells(asked.only, asked.most) for i in range(repeats_of(c, asked.repeats))
    ]
    found: dict[Cell, list[dict[str, tuple[float, float]]]] = defaultdict(list)
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
        futures = [(cell, pool.submit(measured, folder, cell, i)) for cell, i in jobs]
        for place, (cell, future) in enumerate(futures):
            found[cell].append(future.result())
            if place + 1 == len(futures) or futures[place + 1][0] != cell:
                spent = time.perf_counter() - start
                print(f"{spent:6.0f} s  {cell.name} {cell.rows} {cell.mixed_in:.0%}", flush=True)
    figures = report(found)
    print(f"\n{len(jobs)} draws in {time.perf_counter() - start:.0f} s")
    write_json("embedding_calibration", {"repeats": asked.repeats, "figures": figures})


if __name__ == "__main__":
    main()
