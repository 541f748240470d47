"""False pages in a year without any change, and how soon a change is paged, by rule.

    python benchmarks/false_pages.py [--quick] [--world NAME] [--years N]

Forty columns with one check each; a score is a standard normal number of standard errors, and its
limit lies ``room`` of them away from no change. A year of daily or hourly windows without a change
is simulated many times, its windows independent or not; then a change of one column.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from _output import machine, print_table, write_json
from tidegauge.alerts.paging import APART, ENOUGH, MOST, SHIFTS, paging
from tidegauge.incident import Paging
from tidegauge.suite import parse_suite

Array = NDArray[np.float64]
Found = NDArray[np.bool_]
COLUMNS, ACCEPTED, RATE = 40, 2.0, 0.05
UNTIL = 60
"""Windows after a change that are looked at."""
AT_ONCE = 20
"""Years that are held in memory together."""
WORDS = {"1d": "daily", "1h": "hourly"}
SUITE = """
suite: s
logs: {{baseline: {{path: a.csv}}, current: {{path: b.csv, window: {window}}}}}
alerts: {{false_pages: 2}}
"""
WORLDS: dict[str, dict[str, float]] = {
    "independent": {},
    "columns correlated 0.5": {"columns": 0.5},
    "autocorrelated 0.6": {"time": 0.6},
    "autocorrelated 0.9": {"time": 0.9},
    "baseline of 9 windows": {"baseline": 0.1},
    "baseline of 1 window": {"baseline": 0.5},
}


def scores(
    rng: np.random.Generator,
    windows: int,
    years: int,
    *,
    columns: float = 0.0,
    time: float = 0.0,
    baseline: float = 0.0,
) -> Array:
    """Draw scores without a change, (windows, years, columns), each of variance 1."""
    z = rng.standard_normal((windows, years, COLUMNS))
    if columns:
        common = rng.standard_normal((windows, years, 1))
        z = np.sqrt(1 - columns) * z + np.sqrt(columns) * common
    for t in range(1, windows) if time else ():
        z[t] = time * z[t - 1] + np.sqrt(1 - time**2) * z[t]
    if baseline:  # what one baseline has by chance goes into every window
        shared = rng.standard_normal((1, years, COLUMNS))
        z = np.sqrt(1 - baseline) * z + np.sqrt(baseline) * shared
    return z


def adjusted(p: Array) -> Array:
    """Adjust within each window, over the last axis, by Benjamini & Hochberg."""
    order = np.argsort(p, axis=-1)
    scaled = np.take_along_axis(p, order, -1) * p.shape[-1] / np.arange(1, p.shape[-1] + 1)
    least = np.minimum.accumulate(scaled[..., ::-1], axis=-1)[..., ::-1]
    found = np.empty_like(p)
    np.put_along_axis(found, order, least, -1)
    return found


def detected(z: Array, past: Array, alone: Found, needed: float) -> Found:
    """Page where windows together show it, or one alone does: ``tidegauge.alerts.evidence``."""
    shifts = np.array(SHIFTS)[:, None, None]
    totals, pages = np.zeros((len(SHIFTS), *z.shape[1:])), np.zeros(z.shape, dtype=bool)
    windows, beyond = np.zeros(z.shape[1:]), np.zeros(z.shape[1:])
    for t in range(len(z)):
        gained = np.exp(shifts * np.minimum(z[t], MOST) - shifts**2 / 2)
        totals = np.minimum((totals + 1) * gained, ENOUGH)
        goes_on = totals.max(axis=0) >= 1
        windows = np.where(goes_on, windows + 1, 1)
        beyond = np.where(goes_on, beyond + past[t], past[t])
        shown = (beyond / windows >= 1.96 / np.sqrt(windows)) & (past[t] > 0)
        pages[t] = (totals.max(axis=0) >= needed * len(SHIFTS)) & shown | alone[t]
        totals[:, pages[t]] = 0.0
    return pages


def naive(z: Array, past: Array, needed: float) -> Found:
    """Page by the same detector with nothing granted to what windows have in common."""
    return detected(z, past, np.zeros(z.shape, dtype=bool), needed)


def rules(z: Array, room: float, shared: float, accepted: Paging) -> dict[str, Found]:
    """Say for each rule which windows and columns of which year page, shape as ``z``."""
    level, threshold, runs = accepted.level, accepted.threshold, accepted.runs
    assert level is not None
    assert threshold is not None
    assert runs is not None
    changed = 2 * ndtr(-np.abs(z))
    q, past = adjusted(changed), z - room
    beyond = past > 1.96
    told = np.where(z > 0, -ndtri(np.maximum(changed, 1e-300)), -3.0)
    granted = APART + 2 * np.sqrt(shared)
    needed = COLUMNS * threshold
    discovered = np.column_stack([lord(one, 0.05) for one in q.min(axis=-1).T])
    return {
        "each run by BH": (q <= RATE) & beyond,
        "Bonferroni over the year": (changed <= ACCEPTED / runs / COLUMNS) & beyond,
        "BH at the year's level": (q <= ACCEPTED / runs) & beyond,
        "LORD++ at 0.05": discovered[:, :, None] & (q <= RATE) & beyond,
        "e-detector, nothing granted": naive(told, past, needed / 2),
        "tidegauge": detected(told - granted, past, (q <= level) & beyond, needed),
    }  # fmt: skip


def lord(p: Array, alpha: float) -> Found:
    """Online control of the false discovery rate (Ramdas et al. 2017): which windows discover."""
    n = np.arange(1, len(p) + 1)
    gamma = np.log(np.maximum(n, 2)) / (n * np.exp(np.sqrt(np.log(n))))
    gamma /= gamma.sum()
    found, hits = np.zeros(len(p), dtype=bool), list[int]()
    for t in range(len(p)):
        level = alpha / 2 * gamma[t]
        for k, hit in enumerate(hits):
            level += (alpha / 2 if k == 0 else alpha) * gamma[t - hit - 1]
        if p[t] <= level:
            found[t] = True
            hits.append(t)
    return found


def false_pages(window: str, room: float, world: str, years: int) -> dict[str, float]:
    """Count windows of a year that page although nothing changed, on average over years."""
    accepted = paging(parse_suite(SUITE.format(window=window)))
    shared = WORLDS[world].get("baseline", 0.0)
    rng, counts = np.random.default_rng(0), dict[str, int]()
    for first in range(0, years, AT_ONCE):
        some = min(AT_ONCE, years - first)
        z = scores(rng, int(accepted.runs or 0), some, **WORLDS[world])
        for rule, pages in rules(z, room, shared, accepted).items():
            counts[rule] = counts.get(rule, 0) + int(pages.any(axis=-1).sum())
    return {rule: count / years for rule, count in counts.items()}


def delays(window: str, room: float, beyond: float, years: int, *, until: int) -> dict[str, str]:
    """Windows from a change to its page: the median, and the share found within ``until``.

    The change comes at the middle of the year, so that rules with a memory have one.
    """
    accepted = paging(parse_suite(SUITE.format(window=window)))
    start = 180 if window == "1d" else 720
    z = scores(np.random.default_rng(10_000), start + until, years)
    z[start:, :, 0] += room + beyond
    told = {}
    for rule, found in rules(z, room, 0.0, accepted).items():
        after = found[start:, :, 0]
        values = np.where(after.any(axis=0), after.argmax(axis=0) + 1.0, np.inf)
        share, median = np.mean(np.isfinite(values)), np.median(values)
        told[rule] = f"{median:.0f}" if np.isfinite(median) else "-"
        told[rule] += f" ({100 * share:.0f} %)"
    return told


def main() -> None:
    """Print both tables and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the years")
    parser.add_argument("--world", choices=[*WORLDS], help="one only, and no delays")
    parser.add_argument("--years", type=int, default=20, help="of hours; of days ten times as many")
    asked = parser.parse_args()
    less = 10 if asked.quick else 1
    print(f"{machine()}; {COLUMNS} columns, {ACCEPTED:g} false pages a year accepted")
    quiet: dict[str, dict[str, float]] = {}
    for window, years in (("1d", 10 * asked.years // less), ("1h", max(2, asked.years // less))):
        for room in (0.0, 1.65, 3.0):
            for world in [asked.world] if asked.world else WORLDS:
                label = f"{WORDS[window]}, room {room:g}, {world}"
                quiet[label] = false_pages(window, room, world, years)
    rows = [[label, *(f"{value:.2f}" for value in row.values())] for label, row in quiet.items()]
    head = ["", *next(iter(quiet.values()))]
    print_table("False pages a year without a change", head, rows)
    found: dict[str, dict[str, str]] = {}
    for window in () if asked.world else WORDS:
        for beyond in (0.5, 1.0, 1.5, 2.0, 3.0, 4.0):
            for room in (0.0, 2.0):
                label = f"{WORDS[window]}, room {room:g}, {beyond:g} beyond the limit"
                found[label] = delays(window, room, beyond, 200 // less, until=UNTIL)
    if found:
        title = f"Windows from a change to its page, median (share within {UNTIL})"
        print_table(title, head, [[label, *row.values()] for label, row in found.items()])
    write_json("false_pages", {"false_pages": quiet, "delays": found})


if __name__ == "__main__":
    main()
