"""How good an explanation is, held against what was planted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from _causes_planted import PREDICTION, SCORE, Planted
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
    """Asked for on each side; a small table has fewer."""
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
    visible: bool
    """Whether who knows the true columns could see that something is the matter with them."""
    false: bool
    """Whether something is named though nothing happened."""
    correlate: bool
    """Whether the first cause is a column that only depends on the true one."""
    abstained: bool
    jaccard: float | None
    """Rows that are both in the true segment and in the one named, over those in either."""
    covered: tuple[bool, ...]
    """Whether each interval of a share that is known holds it."""
    off: float | None
    """Largest distance of a share from the known one."""
    seconds: float
    error: str = ""


def mark(
    planted: Planted,
    answer: Explanation | None,
    seconds: float,
    *,
    track: str,
    contender: str,
    rows: int = 0,
    visible: bool = True,
    basis: str = "",
    error: str = "",
) -> Marked:
    """Hold an explanation against the truth; none at all counts as one that names nothing."""
    ranked = ranking(answer, planted) if answer else ()
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
        rows=rows,
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
        visible=visible,
        false=not planted.truth
        and (bool(ranked) or found not in ("none", "undetermined", "error")),
        correlate=wrong and related(planted.case, ranked[0], planted.truth),
        abstained=bool(answer and answer.tied),
        jaccard=segment_overlap(planted, answer),
        covered=coverage(planted, answer),
        off=furthest(planted, answer),
        seconds=seconds,
        error=error,
    )


def ranking(answer: Explanation, planted: Planted) -> tuple[tuple[str, ...], ...]:
    """Columns of each cause in order; those of a change of loss where that was asked.

    Who cannot tell names all that are tied as one. A model's score and its decision are one thing.
    """
    causes: Sequence[Cause] = answer.causes
    if planted.asks == "loss" and answer.decomposition:
        parts = [part for part in answer.decomposition.parts if part.columns]
        causes = sorted(parts, key=lambda part: -abs(part.share)) or causes
    named = [cause.columns or (cause.factor,) for cause in causes]
    if not named and answer.tied:
        named = [answer.tied]
    neither = set(planted.beside) - set(planted.truth)
    ranked = []
    for columns in named:
        one = dict.fromkeys(PREDICTION if name == SCORE else name for name in columns)
        if left := tuple(name for name in one if name not in neither):
            ranked.append(left)
    return tuple(ranked)


def chance(columns: Sequence[str], right: Iterable[str]) -> float:
    """Chance that a column drawn from a group is a true one."""
    return len(set(columns) & set(right)) / len(set(columns)) if columns else 0.0


def set_f1(
    ranked: Sequence[Sequence[str]], truth: Sequence[str], also: Sequence[str] = ()
) -> float:
    """F1 of the columns that are named; one in ``also`` stands for a true one that is not.

    Examples
    --------
    >>> set_f1([("a",), ("b",)], ("a",))
    0.6666666666666666
    >>> set_f1([], ())
    1.0
    """
    named = {name for columns in ranked for name in columns}
    if not named and not truth:
        return 1.0
    hits = len(named & set(truth))
    if not hits and named & set(also):
        hits = 1
    wrong = len(named - set(truth) - set(also))
    return 2 * hits / (hits + wrong + max(len(set(truth)), hits))


def related(case: Case, columns: Sequence[str], truth: Sequence[str]) -> bool:
    """Whether a column depends on a true one in the baseline."""
    before = case.only(~case.current)
    return any(
        cramers_v(binned(before[a]), binned(before[b])) > RELATED
        for a in columns
        for b in truth
        if a in before.variables and b in before.variables and a != b
    )


def is_visible(planted: Planted, level: float = 0.01) -> bool:
    """Whether one who knows the cause could see it: a ceiling for all who do not.

    The sides are compared over the values that a true column often has, and over the cells that it
    forms with any other column, by chi-square, corrected for their number (Bonferroni).
    """
    case = planted.case
    codes = {name: binned(one) for name, one in case.variables.items()}
    true = [name for name in planted.truth if name in codes]
    tests = [often(case[name]) for name in true]
    tests += [codes[a] * (codes[b].max() + 1) + codes[b] for a in true for b in codes]
    return any(differs(cells, case.current) * len(tests) < level for cells in tests)


def often(variable: Variable, share: float = 0.002) -> NDArray[np.int64]:
    """Codes of the values that at least a share of the rows have; 0 for all others."""
    values, places, counts = np.unique(variable.values, return_inverse=True, return_counts=True)
    frequent = counts >= share * len(variable.values)
    codes = np.where(frequent, np.arange(1, len(values) + 1), 0)
    return np.asarray(codes[places], dtype=np.int64)


def differs(cells: NDArray[np.int64], current: NDArray[np.bool_]) -> float:
    """Compare the shares of cells between the sides; return a p-value, rare cells put together."""
    from scipy.special import chdtrc

    cells = np.unique(cells, return_inverse=True)[1]
    counts = np.array(
        [np.bincount(cells[s], minlength=cells.max() + 1) for s in (~current, current)]
    )
    rare = counts.sum(0) < 10
    table = np.column_stack([counts[:, ~rare], counts[:, rare].sum(1)])
    table = table[:, table.sum(0) > 0]
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return float(chdtrc(table.shape[1] - 1, statistic)) if table.shape[1] > 1 else 1.0


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


def known_shares(planted: Planted, answer: Explanation | None) -> list[tuple[Cause, float]]:
    """Parts of a change, each with the share that it truly has."""
    if not planted.shares or answer is None or answer.decomposition is None:
        return []
    found = []
    for part in answer.decomposition.parts:
        name = part.columns[0] if len(part.columns) == 1 else part.factor
        if part.verdict in planted.shares:
            found.append((part, planted.shares[part.verdict]))
        elif planted.number is not None:
            found.append((part, planted.shares.get(name, 0.0)))
    return found


def coverage(planted: Planted, answer: Explanation | None) -> tuple[bool, ...]:
    """Whether the interval of each share that is known holds it."""
    return tuple(
        part.interval.low <= truth <= part.interval.high
        for part, truth in known_shares(planted, answer)
        if part.interval
    )


def furthest(planted: Planted, answer: Explanation | None) -> float | None:
    """Largest distance of a share from the truth, where a mean is explained."""
    if planted.number is None or answer is None or answer.decomposition is None:
        return None
    given = {part.columns[0] if part.columns else part.factor: part.share
             for part in answer.decomposition.parts}  # fmt: skip
    return max(abs(given.get(n, 0.0) - planted.shares.get(n, 0.0))
               for n in {*given, *planted.shares})  # fmt: skip
