"""How good an explanation is, held against what was planted, and shares over many cases."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from _causes_planted import Planted
from tidegauge.case import Case, Variable
from tidegauge.records import Cause, Explanation

RELATED = 0.15
"""Cramer's V from which two columns count as correlated."""
NAMES = 3
"""Causes that a person reads before giving up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """One explanation, marked."""

    track: str
    fault: str
    severity: str
    seed: int
    source: str
    said: str
    rows: int
    contender: str
    basis: str
    """What was shown beside the rows: nothing, an order, a graph."""
    truth: tuple[str, ...]
    named: tuple[tuple[str, ...], ...]
    """Columns of each cause, the first one first."""
    verdict: str
    found: str
    """The verdict that was given."""
    first: float
    """Chance that a column drawn from the first cause is true."""
    third: float
    """The best such chance among the first three causes."""
    reciprocal: float
    """That chance over the rank, at its best."""
    overlap: float
    """F1 of all columns that are named."""
    false: bool
    """Whether something is named though nothing happened."""
    correlate: bool
    """Whether the first cause is a column that only depends on the true one."""
    abstained: bool
    jaccard: float | None
    """Rows that are both in the true segment and in the one named, over those in either."""
    covered: tuple[bool, ...]
    """Whether each interval of a share that is known holds it."""
    seconds: float
    error: str = ""


def mark(
    planted: Planted,
    answer: Explanation | None,
    seconds: float,
    *,
    track: str,
    contender: str,
    basis: str = "",
    error: str = "",
) -> Marked:
    """Hold an explanation against the truth; none at all counts as one that names nothing."""
    ranked = ranking(answer, planted.asks) if answer else ()
    right = frozenset(planted.truth) | frozenset(planted.also)
    chances = [chance(columns, right) for columns in ranked] if planted.truth else []
    found = answer.verdict if answer else "error"
    wrong = bool(chances) and chances[0] == 0.0
    return Marked(
        track=track,
        fault=planted.fault,
        severity=planted.severity,
        seed=planted.seed,
        source=planted.source,
        said=planted.said,
        rows=planted.case.n,
        contender=contender,
        basis=basis,
        truth=planted.truth,
        named=ranked,
        verdict=planted.verdict,
        found=found,
        first=chances[0] if chances else 0.0,
        third=max(chances[:NAMES], default=0.0),
        reciprocal=max((c / i for i, c in enumerate(chances, 1)), default=0.0),
        overlap=set_f1(ranked, planted.truth, planted.also),
        false=not planted.truth
        and (bool(ranked) or found not in ("none", "undetermined", "error")),
        correlate=wrong and related(planted.case, ranked[0], planted.truth),
        abstained=bool(answer and answer.tied),
        jaccard=segment_overlap(planted, answer),
        covered=coverage(planted, answer),
        seconds=seconds,
        error=error,
    )


def ranking(answer: Explanation, asks: str = "drift") -> tuple[tuple[str, ...], ...]:
    """Columns of each cause in order; those of a change of loss where that was asked.

    Who cannot tell names all that are tied as one.
    """
    causes: Sequence[Cause] = answer.causes
    if asks == "loss" and answer.decomposition:
        parts = [part for part in answer.decomposition.parts if part.columns]
        causes = sorted(parts, key=lambda part: -abs(part.share)) or causes
    ranked = tuple(cause.columns or (cause.factor,) for cause in causes)
    return ranked or ((answer.tied,) if answer.tied else ())


def chance(columns: Sequence[str], right: Iterable[str]) -> float:
    """Chance that a column drawn from a group is a true one."""
    return len(set(columns) & set(right)) / len(set(columns)) if columns else 0.0


def set_f1(
    ranked: Sequence[Sequence[str]], truth: Sequence[str], also: Sequence[str] = ()
) -> float:
    """F1 of the columns that are named; those in ``also`` count neither way.

    Examples
    --------
    >>> set_f1([("a",), ("b",)], ("a",))
    0.6666666666666666
    >>> set_f1([], ())
    1.0
    """
    named = {name for columns in ranked for name in columns} - (set(also) - set(truth))
    if not named and not truth:
        return 1.0
    return 2 * len(named & set(truth)) / (len(named) + len(set(truth)))


def related(case: Case, columns: Sequence[str], truth: Sequence[str]) -> bool:
    """Whether a column depends on a true one in the baseline."""
    before = case.only(~case.current)
    return any(
        cramers_v(binned(before[a]), binned(before[b])) > RELATED
        for a in columns
        for b in truth
        if a in before.variables and b in before.variables and a != b
    )


def binned(variable: Variable, bins: int = 6) -> NDArray[np.int64]:
    """Codes of a column: levels, or sixths of a number; missing is a code of its own."""
    values = variable.values
    present = ~np.isnan(values)
    codes = np.zeros(len(values), dtype=np.int64)
    if variable.levels:
        codes[present] = values[present].astype(np.int64) + 1
    elif present.any():
        cuts = np.unique(np.quantile(values[present], np.linspace(0, 1, bins + 1)[1:-1]))
        codes[present] = np.searchsorted(cuts, values[present], side="right") + 1
    return codes


def cramers_v(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Cramer's V without the bias of small samples (Bergsma 2013)."""
    a, b = (np.unique(codes, return_inverse=True)[1] for codes in (first, second))
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)
    (rows, columns), n = table.shape, float(table.sum())
    expected = table.sum(1, keepdims=True) * table.sum(0) / n
    phi = float(((table - expected) ** 2 / expected).sum() / n)
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (n - 1))
    low = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return math.sqrt(phi / low) if low > 0 else 0.0


def segment_overlap(planted: Planted, answer: Explanation | None) -> float | None:
    """Jaccard index of the true rows and those of the first segment that is named."""
    if planted.inside is None or answer is None:
        return None
    places = [cause.where for cause in answer.causes if cause.where] + list(answer.segments)
    if not places:
        return 0.0
    named = rows_where(planted.case, places[0].where)
    if named is None:
        return 0.0
    either = (named | planted.inside).sum()
    return float((named & planted.inside).sum() / either) if either else 0.0


def rows_where(case: Case, rule: str) -> NDArray[np.bool_] | None:
    """Read a rule such as "region = north and income below 30,000"; ``None`` = not understood.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> case = case_of({"x": [1.0, 2.0, 3.0], "y": ["a", "b", "a"]}, np.array([0, 1, 1]))
    >>> rows_where(case, "y = a and x at least 2")
    array([False, False,  True])
    """
    inside = np.ones(case.n, dtype=bool)
    for part in rule.split(" and "):
        rows = _rows_of(case, part.strip())
        if rows is None:
            return None
        inside &= rows
    return inside


def _rows_of(case: Case, part: str) -> NDArray[np.bool_] | None:
    names = [name for name in case.variables if part.startswith(f"{name} ")]
    if not names:
        return None
    variable = case[max(names, key=len)]
    rest = part[len(variable.name) :].strip()
    values = variable.values
    if rest == "is missing":
        return np.isnan(values)
    for sign in ("at least", "at most", "below", "above", ">=", "<=", "<", ">", "="):
        if rest.startswith(f"{sign} "):
            return _compared(variable, sign, rest[len(sign) :].strip())
    return None


def _compared(variable: Variable, sign: str, word: str) -> NDArray[np.bool_] | None:
    values = variable.values
    if variable.levels:
        if sign != "=" or word not in variable.levels:
            return None
        return np.asarray(values == variable.levels.index(word))
    try:
        bound = float(word.replace(",", ""))
    except ValueError:
        return None
    compare = {
        "at least": np.greater_equal, ">=": np.greater_equal, "at most": np.less_equal,
        "<=": np.less_equal, "below": np.less, "<": np.less, "above": np.greater, ">": np.greater,
        "=": np.equal,
    }[sign]  # fmt: skip
    return np.asarray(compare(values, bound))


def coverage(planted: Planted, answer: Explanation | None) -> tuple[bool, ...]:
    """Whether the interval of each share that is known holds it."""
    if not planted.shares or answer is None or answer.decomposition is None:
        return ()
    held = []
    for part in answer.decomposition.parts:
        names = {part.factor, part.verdict, *part.columns} & set(planted.shares)
        if names and part.interval:
            truth = planted.shares[min(names)]
            held.append(part.interval.low <= truth <= part.interval.high)
    return tuple(held)


def wilson(hits: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Interval of a share at 95 % (Wilson 1927).

    Examples
    --------
    >>> wilson(10, 10)
    (0.72, 1.0)
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
    covered = [held for m in marks for held in m.covered]
    return Summary(
        runs=n,
        hit_1=hits / n if n else math.nan,
        low=low,
        high=high,
        hit_3=mean(m.third for m in marks),
        reciprocal=mean(m.reciprocal for m in marks),
        overlap=mean(m.overlap for m in marks),
        silent=mean(bool(m.truth) and not m.named for m in marks),
        correlate=mean(m.correlate for m in marks),
        false=false / n if n else math.nan,
        verdict=mean(m.verdict == m.found for m in marks),
        abstained=mean(m.abstained for m in marks),
        hit_1_answered=mean(answered) if answered else None,
        jaccard=mean(jaccards) if jaccards else None,
        covered=mean(covered) if covered else None,
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
    0.7777777777777778
    """
    return mean(f1_of(counts, verdict) for verdict in counts)


def f1_of(counts: Mapping[str, Mapping[str, int]], verdict: str) -> float:
    """F1 of one verdict."""
    right = counts[verdict].get(verdict, 0)
    given = sum(found.get(verdict, 0) for found in counts.values())
    return 2 * right / (given + sum(counts[verdict].values()))
