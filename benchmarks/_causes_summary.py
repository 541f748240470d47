"""Shares over many marked explanations, with intervals, and verdicts against each other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from _causes_scores import Marked


def wilson(hits: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Interval of a share at 95 % (Wilson 1927).

    Examples
    --------
    >>> [round(end, 2) for end in wilson(10, 10)]
    [0.72, 1.0]
    """
    if not n:
        return 0.0, 1.0
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Figures of one contender over many cases."""

    runs: int
    hit_1: float
    low: float
    high: float
    """Wilson interval of ``hit_1``, or of ``false`` where nothing happened."""
    hit_3: float
    reciprocal: float
    overlap: float
    visible: float
    """Share of cases in which one who knows the cause could see it."""
    hit_1_visible: float | None
    """``hit_1`` among those."""
    exact: float
    """Share of cases in which the columns named are those that are true."""
    silent: float
    """Share of cases in which nothing is named though something happened."""
    correlate: float
    false: float
    verdict: float
    """Share of cases with the right verdict."""
    abstained: float
    hit_1_answered: float | None
    """``hit_1`` where it did not abstain."""
    jaccard: float | None
    covered: float | None
    off: float | None
    """Mean over cases of the largest distance of a share from the known one."""
    seconds: float
    """Median."""
    errors: int


def summary(marks: Sequence[Marked]) -> Summary:
    """Average over cases."""
    n = len(marks)
    planted = bool(marks) and bool(marks[0].truth)
    hits = sum(m.first for m in marks)
    false = sum(m.false for m in marks)
    low, high = wilson(hits if planted else false, n)
    answered = [m.first for m in marks if not m.abstained]
    jaccards = [m.jaccard for m in marks if m.jaccard is not None]
    seen = [m.first for m in marks if m.visible]
    offs = [m.off for m in marks if m.off is not None]
    covered = [held for m in marks for held in m.covered]
    return Summary(
        runs=n,
        hit_1=hits / n if n else math.nan,
        low=low,
        high=high,
        hit_3=mean(m.third for m in marks),
        reciprocal=mean(m.reciprocal for m in marks),
        overlap=mean(m.overlap for m in marks),
        visible=mean(m.visible for m in marks),
        hit_1_visible=mean(seen) if seen else None,
        exact=mean(m.overlap == 1.0 for m in marks),
        silent=mean(bool(m.truth) and not m.named for m in marks),
        correlate=mean(m.correlate for m in marks),
        false=false / n if n else math.nan,
        verdict=mean(m.verdict == m.found for m in marks),
        abstained=mean(m.abstained for m in marks),
        hit_1_answered=mean(answered) if answered else None,
        jaccard=mean(jaccards) if jaccards else None,
        covered=mean(covered) if covered else None,
        off=mean(offs) if offs else None,
        seconds=float(np.median([m.seconds for m in marks])) if marks else math.nan,
        errors=sum(bool(m.error) for m in marks),
    )


def mean(figures: Iterable[float]) -> float:
    """Average; NaN of nothing."""
    listed = [float(figure) for figure in figures]
    return sum(listed) / len(listed) if listed else math.nan


def confusion(marks: Iterable[Marked]) -> dict[str, dict[str, int]]:
    """Count verdicts: true one -> given one -> cases."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in marks:
        counts[one.verdict][one.found] += 1
    return {verdict: dict(found) for verdict, found in counts.items()}


def macro_f1(counts: Mapping[str, Mapping[str, int]]) -> float:
    """F1 of each true verdict, averaged; verdicts that are never true have none.

    Examples
    --------
    >>> macro_f1({"none": {"none": 4}, "concept": {"concept": 1, "none": 1}})
    0.7777777777777777
    """
    return mean(f1_of(counts, verdict) for verdict in counts)


def f1_of(counts: Mapping[str, Mapping[str, int]], verdict: str) -> float:
    """F1 of one verdict."""
    right = counts[verdict].get(verdict, 0)
    given = sum(found.get(verdict, 0) for found in counts.values())
    return 2 * right / (given + sum(counts[verdict].values()))
