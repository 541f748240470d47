"""How long it takes to say why: attribution of two samples, and the first look from profiles.

Columns are normal, correlated through the first; one column of the current side is stretched. Each
time is wall and CPU of one attribution in this process, imports done.

    python benchmarks/root_cause_speed.py [--rows 50k] [--columns 50]
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from _output import machine, parse_sizes, print_table, short, write_json
from tidegauge.case import case_of
from tidegauge.catalog import explainer
from tidegauge.causes import attribute
from tidegauge.profile import DatasetProfile, Layout


def timed(ask: Callable[[], Any]) -> tuple[float, float]:
    """Wall and CPU seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    ask()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="50k", help="of each side")
    parser.add_argument("--columns", type=int, default=50)
    given = parser.parse_args()
    print(machine())
    lines = []
    for rows in parse_sizes(given.rows):
        rng = np.random.default_rng(0)
        values = rng.normal(size=(2 * rows, given.columns))
        values[:, 1:] += 0.5 * values[:, [0]]
        logit = values[:, :5].sum(axis=1)
        truth = (logit + rng.logistic(size=len(logit)) > 0).astype(float)
        side = np.arange(2 * rows) >= rows
        values[side, 3] = values[side, 3] * 1.3 + 0.2
        columns = {f"x{j:02}": values[:, j] for j in range(given.columns)}
        bare = case_of(columns, side)
        whole = case_of(
            {**columns, "y": truth, "p": 1 / (1 + np.exp(-logit))}, side,
            target="y", scores=("p",), task="classification",
        )  # fmt: skip
        layout = Layout(kinds=dict.fromkeys(columns, "numeric"), features=tuple(columns))
        tables = [pa.table({n: v[side == now] for n, v in columns.items()}) for now in (0, 1)]
        blank = DatasetProfile.freeze(tables[0], layout)
        laid = [blank.lay(table) for table in tables]
        glance = explainer("root_cause.profiles").explain
        for what, ask in (
            ("features only", lambda bare=bare: attribute(bare)),
            ("with labels and scores", lambda whole=whole: attribute(whole)),
            ("profiles only", lambda laid=laid, glance=glance: glance(*laid)),
        ):
            wall, cpu = timed(ask)
            lines.append([short(rows), what, f"{wall:.2f} s", f"{cpu:.2f} s"])
    print_table("time to say why", ["rows a side", "asked", "wall", "CPU"], lines)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory {peak:.2f} GiB")
    write_json("root_cause_speed", {"columns": given.columns, "lines": lines, "peak_gib": peak})


if __name__ == "__main__":
    main()
