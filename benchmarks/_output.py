"""Tables on the terminal, JSON under results/, and the machine in words."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
UNITS = {"k": 1_000, "M": 1_000_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Median of repeated figures, with the smallest and the largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        """Summarise figures."""
        return cls(median=statistics.median(figures), low=min(figures), high=max(figures))

    def text(self, digits: int = 2) -> str:
        """Write median (low-high)."""
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}-{self.high:.{digits}f})"


def machine() -> str:
    """Describe what the figures were taken on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "pyarrow"))
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB memory, "
        f"Python {platform.python_version()}, {packages}; load {os.getloadavg()[0]:.1f}, "
        f"a million additions in {pace():.3f} s"
    )


def pace() -> float:
    """Time a million additions, in seconds, to compare one moment or machine with another."""
    taken = []
    for _ in range(5):
        start, total = time.perf_counter(), 0
        for i in range(1_000_000):
            total += i
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table whose columns are as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    print(f"\n{title}")
    for row in (head, ["-" * width for width in widths], *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip(), flush=True)


def write_json(name: str, figures: dict[str, Any]) -> None:
    """Write figures under results/ with the machine and the moment."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    made = datetime.now(UTC).isoformat(timespec="seconds")
    path.write_text(json.dumps({"made": made, "machine": machine(), **figures}, indent=1))
    print(f"\nwritten: {path}")


def parse_sizes(listed: str) -> list[int]:
    """Read "10k,1M" as numbers of rows."""
    return [
        int(float(word[:-1]) * UNITS[word[-1]]) if word[-1] in UNITS else int(word)
        for word in listed.split(",")
    ]


def short(rows: int) -> str:
    """Write a number of rows as 10k or 1M."""
    for unit, size in reversed(UNITS.items()):
        if rows >= size:
            return f"{rows / size:g}{unit}"
    return str(rows)


def share_interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact binomial interval of a share (Clopper & Pearson 1934)."""
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = float(betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - tail)) if hits < n else 1.0
    return low, high


def percent(hits: int, n: int, *, interval: bool = False) -> str:
    """Write a share of runs in percent; "-" where there were none."""
    if not n:
        return "-"
    said = f"{100 * hits / n:.1f} %" if n > 200 else f"{100 * hits / n:.0f} %"
    if not interval:
        return said
    low, high = share_interval(hits, n)
    return f"{said} ({100 * low:.1f}-{100 * high:.1f})"


def at_most(share: float, hits: int, n: int) -> str:
    """Say whether a share of runs keeps to a bound, as far as so many runs can tell."""
    if hits <= share * n:
        return "met"
    return "MISSED" if share_interval(hits, n)[0] > share else "met within error"
