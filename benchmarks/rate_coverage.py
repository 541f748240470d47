"""Whether intervals of a rate from a few labels cover at their level, and how wide they are.

A log of 20,000 rows has a cheap score of known quality on every row. In each repeat labels are
drawn, and each method gives its 95 % interval of the rate. Where the score is an AUC, it is the
calibrated probability of the two-normal model; the binary judge finds 75 % of the positives and
2 % of the others.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from _output import machine, print_table, share_interval, write_json
from tidegauge.labelling import draw_sample
from tidegauge.profile import LabelSample
from tidegauge.records import Interval
from tidegauge_evaluators._rates import score_interval
from tidegauge_evaluators._survey import Use, estimate_rate, rate_interval

Floats: TypeAlias = NDArray[np.float64]

ROWS = 20_000
CONFIDENCE = 0.95
Z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
FLOOR = 0.93
"""Coverage that the shipped rule must reach in every cell; Monte Carlo error is allowed for."""
FOUND, FALSE = 0.75, 0.02
"""The binary judge's sensitivity and false positive rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One setting."""

    rate: float
    labels: int
    auc: float
    """Of the cheap score; 0 = the binary judge."""

    @property
    def title(self) -> str:
        """What the row of the table is called."""
        return f"{f'AUC {self.auc:.2f}' if self.auc else 'binary judge'}, {self.rate:.1%}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log drawn from the model: truth and cheap score of every row."""

    truth: Floats
    scores: Floats


def draw_log(cell: Cell, rng: np.random.Generator) -> Log:
    """Draw a log; its rate varies as a binomial share does."""
    truth = (rng.random(ROWS) < cell.rate).astype(np.float64)
    if not cell.auc:
        called = rng.random(ROWS) < np.where(truth > 0, FOUND, FALSE)
        return Log(truth=truth, scores=called.astype(np.float64))
    apart = math.sqrt(2) * NormalDist().inv_cdf(cell.auc)
    x = rng.normal(size=ROWS) + apart * truth
    odds = np.log(cell.rate / (1 - cell.rate)) + apart * x - apart**2 / 2
    return Log(truth=truth, scores=1 / (1 + np.exp(-odds)))


def plain_wilson(log: Log, drawn: NDArray[np.int64]) -> Interval:
    """Wilson's interval of a plain random sample."""
    return score_interval(float(log.truth[drawn].mean()), len(drawn), Z)


def tuned_normal(log: Log, drawn: NDArray[np.int64]) -> Interval:
    """Prediction-powered inference with its weight tuned, normal interval (2311.01453)."""
    y, f, n = log.truth[drawn], log.scores[drawn], len(drawn)
    spread = float(log.scores.var())
    weight = 0.0
    if f.std() > 0:
        weight = float(np.cov(y, f)[0, 1]) / ((1 + n / ROWS) * spread)
    weight = min(1.0, max(0.0, weight))
    value = weight * float(log.scores.mean()) + float((y - weight * f).mean())
    error = math.sqrt(float((y - weight * f).var()) / n + weight**2 * spread / ROWS)
    return Interval(value - Z * error, value + Z * error)


def stratified_normal(sample: LabelSample) -> Interval:
    """Stratified estimate, normal interval."""
    found = estimate_rate(sample)
    half = Z * math.sqrt(found.variance)
    return Interval(found.value - half, found.value + half)


def always_wilson(sample: LabelSample) -> Interval:
    """Stratified estimate, Wilson on the effective number of labels however few were positive."""
    found = estimate_rate(sample)
    return score_interval(found.value, found.effective, Z)


def shipped(use: Use) -> Callable[[LabelSample], Interval]:
    """Give the rule that ships."""
    return lambda sample: rate_interval(estimate_rate(sample, use=use), CONFIDENCE)


PLAIN: dict[str, Callable[[Log, NDArray[np.int64]], Interval]] = {
    "plain sample, Wilson": plain_wilson,
    "PPI++, normal": tuned_normal,
}
STRATIFIED: dict[str, Callable[[LabelSample], Interval]] = {
    "strata, normal": stratified_normal,
    "strata, Wilson": always_wilson,
    "shipped rule": shipped("strata"),
    "shipped, difference": shipped("difference"),
    "shipped, tuned": shipped("tuned"),
}
METHODS = (*PLAIN, *STRATIFIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How a method did."""

    covered: int
    repeats: int
    width: float
    """Mean, cut to between 0 and 1."""
    empty: int
    """Intervals of no width."""
    below: int
    """Intervals that ended below the rate."""

    @property
    def share(self) -> float:
        """Share of the intervals that held the rate."""
        return self.covered / self.repeats


def measure(cell: Cell, repeats: int, seed: int) -> dict[str, Coverage]:
    """Repeat one setting."""
    rng = np.random.default_rng([seed, cell.labels, round(1e6 * cell.rate), round(100 * cell.auc)])
    found: dict[str, list[Interval]] = {name: [] for name in METHODS}
    for _ in range(repeats):
        log = draw_log(cell, rng)
        plain = rng.choice(ROWS, cell.labels, replace=False)
        drawn = draw_sample(log.scores, n=cell.labels, seed=int(rng.integers(2**32)))
        sample = replace(drawn.sample, labels=log.truth[drawn.rows])
        for name, interval in PLAIN.items():
            found[name].append(interval(log, plain))
        for name, of_sample in STRATIFIED.items():
            found[name].append(of_sample(sample))
    return {name: _coverage(intervals, cell.rate) for name, intervals in found.items()}


def _coverage(intervals: Sequence[Interval], rate: float) -> Coverage:
    low, high = np.asarray(intervals).T
    return Coverage(
        covered=int(((low <= rate) & (rate <= high)).sum()),
        repeats=len(intervals),
        width=float((np.minimum(high, 1.0) - np.maximum(low, 0.0)).mean()),
        empty=int((high <= low).sum()),
        below=int((high < rate).sum()),
    )


def cells(labels: Sequence[int], rates: Sequence[float], aucs: Sequence[float]) -> list[Cell]:
    """Every setting: scores of each quality, then the binary judge at the rarer rates."""
    found = [Cell(rate=r, labels=n, auc=a) for a in aucs for n in labels for r in rates]
    return found + [Cell(rate=r, labels=n, auc=0.0) for n in (100, *labels) for r in rates[:2]]


def _verdict(covered: Coverage) -> str:
    if covered.share >= FLOOR:
        return "met"
    high = share_interval(covered.covered, covered.repeats)[1]
    return "met within error" if high >= FLOOR else "MISSED"


def _rows(done: Mapping[Cell, Mapping[str, Coverage]]) -> list[list[str]]:
    return [
        [
            cell.title,
            str(cell.labels),
            *(f"{found[name].share:.3f} ({found[name].width:.3f})" for name in METHODS),
            _verdict(found["shipped rule"]),
        ]
        for cell, found in done.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2_000)
    parser.add_argument("--labels", default="200,500")
    parser.add_argument("--rates", default="0.01,0.02,0.05,0.2")
    parser.add_argument("--aucs", default="0.95,0.80")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    start = time.perf_counter()
    wanted = cells(
        [int(word) for word in given.labels.split(",")],
        [float(word) for word in given.rates.split(",")],
        [float(word) for word in given.aucs.split(",")],
    )
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool:
        tasks = [pool.submit(measure, cell, given.repeats, given.seed) for cell in wanted]
        done = {cell: task.result() for cell, task in zip(wanted, tasks, strict=True)}
    print(machine())
    print_table(
        f"Coverage at 95 % (mean width), {given.repeats:,} repeats; target {FLOOR:.0%} or more",
        ["score, rate", "labels", *METHODS, "target"],
        _rows(done),
    )
    error = math.sqrt(CONFIDENCE * (1 - CONFIDENCE) / given.repeats)
    print(f"Monte Carlo error {error:.3f}; {time.perf_counter() - start:.0f} s")
    figures = [
        {**asdict(cell), "methods": {name: asdict(one) for name, one in found.items()}}
        for cell, found in done.items()
    ]
    write_json("rate_coverage", {"rows": ROWS, "repeats": given.repeats, "cells": figures})


if __name__ == "__main__":
    main()
