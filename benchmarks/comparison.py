"""How often a comparison of two models calls what is alike different, and what it can show.

Size at nominal for every test, coverage, power beside the unpaired test, non-inferiority at its
margin. Run: python benchmarks/comparison.py [--repeats 2000] [--only size,power,...]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping

import numpy as np

from _comparison_models import Drawn, Rows, area, grouped, mean, share, uneven
from _output import percent, print_table, write_json
from tidegauge.comparison import Contrast
from tidegauge_evaluators.comparison.apart import apart
from tidegauge_evaluators.comparison.areas import areas
from tidegauge_evaluators.comparison.means import means
from tidegauge_evaluators.comparison.shares import shares

PARTS = ("size", "power", "coverage", "margin", "drawn", "mix")


def contrast(rows: Rows, method: str) -> Contrast:
    """Hold both models against each other by one method."""
    if rows.truth is not None:
        before, now = rows.before[:, None], rows.now[:, None]
        return areas(rows.truth[:, None], before, now, groups=rows.groups)
    if method == "unpaired":
        return apart(rows.before, rows.now)
    held = shares if method == "shares" else means
    return held(rows.before, rows.now, groups=rows.groups)


SETTINGS: Mapping[str, tuple[str, Drawn]] = {
    "share 5 %, 2,000 rows": ("shares", share(2_000, 0.05)),
    "share 1 %, 300 rows (rare)": ("shares", share(300, 0.01)),
    "share 20 %, 50 rows": ("shares", share(50, 0.2)),
    "share 10 %, 200 groups of 5": ("shares", share(1_000, 0.1, groups=grouped(1_000, 5))),
    "share 10 %, uneven groups": ("shares", share(1_000, 0.1, groups=uneven(1_000))),
    "share 2 %, 60 groups of 5": ("shares", share(300, 0.02, groups=grouped(300, 5))),
    "mean, normal, 30 rows": ("means", mean(30, "normal")),
    "mean, normal, 2,000 rows": ("means", mean(2_000, "normal")),
    "mean, lognormal, 100 rows": ("means", mean(100, "lognormal")),
    "mean, counts with ties, 100 rows": ("means", mean(100, "count")),
    "mean, 20 groups of 10": ("means", mean(200, "normal", groups=grouped(200, 10))),
    "mean, uneven groups": ("means", mean(600, "normal", groups=uneven(600))),
    "AUC, 200 rows": ("areas", area(200)),
    "AUC, 2,000 rows": ("areas", area(2_000)),
    "AUC, ties, 400 rows": ("areas", area(400, ties=True)),
    "AUC, 100 groups of 5": ("areas", area(500, groups=grouped(500, 5))),
}
GAPS = {"shares": 0.04, "means": 0.2, "areas": 0.05}
"""True differences at which coverage is looked at."""


def size(repeats: int) -> list[list[str]]:
    """How often models that are alike are told apart at 5 %."""
    rows = []
    for name, (method, drawn) in SETTINGS.items():
        rng = np.random.default_rng(1)
        found = [contrast(drawn(rng, 0.0), method) for _ in range(repeats)]
        hits = sum(one.p_value is not None and one.p_value <= 0.05 for one in found)
        rows.append([name, found[0].method, percent(hits, repeats, interval=True)])
    return rows


def coverage(repeats: int) -> list[list[str]]:
    """How often the interval holds the true difference, where there is one."""
    rows = []
    for name, (method, drawn) in SETTINGS.items():
        gap = GAPS[method]
        rng = np.random.default_rng(2)
        truth = _truth(drawn, gap)
        found = [contrast(drawn(rng, gap), method).interval for _ in range(repeats)]
        held = sum(one is not None and one.low <= truth <= one.high for one in found)
        rows.append([name, f"{truth:.3f}", percent(held, repeats, interval=True)])
    return rows


def _truth(drawn: Drawn, gap: float) -> float:
    """Take the true difference; of areas of rounded scores it is found by drawing."""
    rng = np.random.default_rng(3)
    first = drawn(rng, gap)
    if first.truth is None or not np.allclose(first.before * 2 % 1, 0):
        return gap
    return float(np.mean([contrast(drawn(rng, gap), "areas").change for _ in range(4_000)]))


def power(repeats: int) -> list[list[str]]:
    """How often a planted difference is shown, with pairs and without."""
    rows = []
    for correlation in (0.0, 0.3, 0.6, 0.9):
        for kind in ("accuracy", "mean loss"):
            drawn = (
                share(1_000, 0.15, correlation)
                if kind == "accuracy"
                else mean(300, "normal", correlation)
            )
            gap = 0.03 if kind == "accuracy" else 0.12
            rng = np.random.default_rng(4)
            hits = {"paired": 0, "unpaired": 0}
            for _ in range(repeats):
                found = drawn(rng, gap)
                paired = contrast(found, "shares" if kind == "accuracy" else "means")
                hits["paired"] += bool((paired.p_value or 1.0) <= 0.05)
                hits["unpaired"] += bool((contrast(found, "unpaired").p_value or 1.0) <= 0.05)
            rows.append(
                [kind, f"{correlation:g}", *(percent(hit, repeats) for hit in hits.values())]
            )
    return rows


def margin(repeats: int) -> list[list[str]]:
    """How often a loss exactly at the margin is let pass: 2.5 % by design."""
    rows = []
    for name, (method, drawn) in SETTINGS.items():
        gap = -GAPS[method] if method == "areas" else GAPS[method]
        rng = np.random.default_rng(5)
        truth = abs(_truth(drawn, gap))
        passed = 0
        for _ in range(repeats):
            around = contrast(drawn(rng, gap), method).interval
            assert around is not None
            passed += (-around.low if method == "areas" else around.high) < truth
        rows.append([name, percent(passed, repeats, interval=True)])
    return rows


def drawn(repeats: int) -> list[list[str]]:
    """Size and coverage of what is told by drawing rows anew, through the whole command."""
    from _comparison_logs import alike

    return [
        [name, percent(hits, n, interval=True)]
        for name, hits, n in alike(max(repeats // 20, 20), paired=True)
    ]


def mix(repeats: int) -> list[list[str]]:
    """Size on different rows, adjusted and not, where the candidate was asked harder rows."""
    from _comparison_logs import alike

    return [
        [name, percent(hits, n, interval=True)]
        for name, hits, n in alike(max(repeats // 20, 20), paired=False)
    ]


HEADS: Mapping[str, tuple[str, tuple[str, ...], Callable[[int], list[list[str]]]]] = {
    "size": ("Told apart at 5 % though alike", ("setting", "method", "told apart"), size),
    "coverage": ("95 % intervals", ("setting", "true difference", "held by"), coverage),
    "power": (
        "A planted difference shown at 5 %",
        ("metric", "correlation", "paired", "unpaired"),
        power,
    ),
    "margin": ("A loss exactly at the margin let pass (2.5 %)", ("setting", "passed"), margin),
    "drawn": ("Whole comparisons, same rows, alike at 5 %", ("metric", "told apart"), drawn),
    "mix": ("Whole comparisons, other rows, alike at 5 %", ("metric", "told apart"), mix),
}


def main() -> None:
    """Print the tables asked for and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2_000)
    parser.add_argument("--only", default=",".join(PARTS), help=", ".join(PARTS))
    asked = parser.parse_args()
    figures: dict[str, object] = {"repeats": asked.repeats}
    for part in asked.only.split(","):
        title, head, work = HEADS[part]
        start = time.perf_counter()
        rows = work(asked.repeats)
        print_table(f"{title} ({time.perf_counter() - start:.0f} s)", head, rows)
        figures[part] = [dict(zip(head, row, strict=True)) for row in rows]
    write_json("comparison", figures)


if __name__ == "__main__":
    main()
