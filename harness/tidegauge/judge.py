"""From scores and limits to verdicts: the only place that decides.

Two gates. The effect must pass its limit by its interval's near bound, not by the point; and
the evidence must survive the run's false-alarm budget. So few rows cannot raise an alarm by
noise, and many rows cannot make a trifle significant.

The budget is spent by the weighted procedure of Benjamini & Hochberg (Genovese, Roeder &
Wasserman 2006, Biometrika 93). Half of it goes to all rows, half to slices where there are any;
within each, every column gets the same share, whatever the number of checks on it. A check on
which neither side holds anything to test takes nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from tidegauge.errors import CannotMeasure, TooFewRows
from tidegauge.records import (
    ALARMS,
    Card,
    Check,
    Interval,
    Limit,
    Policy,
    Result,
    Score,
    Severity,
    Verdict,
)
from tidegauge.wording import amount, chance, counted, listed, number, span

ORDER: tuple[Severity, ...] = ("critical", "warn", "info")
CHANGES = ("drop", "rise")
KNOWN = 0.9
"""Share of rows that the baseline has the like of, below which an estimate's verdict says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A check on a column of a slice, measured or not, before judgement."""

    check: Check
    card: Card
    column: str = ""
    role: str = ""
    slice: str = ""
    score: Score | None = None
    problem: Exception | None = None
    """Why there is no score."""
    skipped: str = ""
    """Why it was not tried."""
    limits: tuple[Limit, ...] | None = None
    """Bounds that hold here in place of the check's: calibrated ones, for this very window."""
    chance: float | None = None
    """Probability of so far a score in an unchanged window, by the baseline's own windows."""
    remark: str = ""
    """What to say of the limits: why none is calibrated."""

    @property
    def bounds(self) -> tuple[Limit, ...]:
        """The limits that it is judged by; a calibrated one only once its bound is known."""
        if self.limits is not None:
            return self.limits
        return tuple(limit for limit in self.check.limits if limit.versus != "calibrated")

    @property
    def subject(self) -> str:
        """The column, or what is measured, with its slice."""
        what = f"{self.column}: {self.card.title}" if self.column else self.card.title
        return f"{what} in {self.slice}" if self.slice else what


def judge(
    measured: Sequence[Measured],
    policy: Policy,
    earlier: Mapping[tuple[str, str, str], int] | None = None,
) -> list[Verdict]:
    """Decide on every measurement of a run together.

    Parameters
    ----------
    measured
        All of them: the budget is shared.
    policy
        Budget and confidence.
    earlier
        Check, column and slice -> windows in a row before this one that were beyond the limit;
        ``None`` = nobody knows.

    Returns
    -------
    One verdict each, in the same order.
    """
    adjusted = adjusted_p_values(measured, policy)
    return [
        _assuming(one, _persisting(one, _verdict(one, p, policy), earlier))
        for one, p in zip(measured, adjusted, strict=True)
    ]


def results_of(
    measured: Sequence[Measured],
    policy: Policy,
    earlier: Mapping[tuple[str, str, str], int] | None = None,
) -> list[Result]:
    """Decide as ``judge`` does, and give each measurement with its verdict and its limits."""
    return [
        Result(
            check=one.check.id,
            evaluator=one.check.evaluator,
            column=one.column,
            role=one.role,
            slice=one.slice,
            score=one.score,
            verdict=verdict,
            limits=one.limits or (),
        )
        for one, verdict in zip(measured, judge(measured, policy, earlier), strict=True)
    ]


def _persisting(
    one: Measured, verdict: Verdict, earlier: Mapping[tuple[str, str, str], int] | None
) -> Verdict:
    """Count the windows beyond the limit; fewer than the check asks for are shown, no alarm."""
    if verdict.outcome not in ALARMS:
        return verdict
    streak = 1 + (earlier or {}).get((one.check.id, one.column, one.slice), 0)
    needed = one.check.persist
    if needed <= 1:
        return replace(verdict, streak=streak)
    if streak >= needed:
        because = f"{verdict.because}; beyond the limit in {streak} windows in a row"
        return replace(verdict, streak=streak, because=because)
    unknown = ", and earlier windows are not known" if earlier is None else ""
    because = f"{verdict.because}; beyond the limit in {streak} of {needed} windows{unknown}"
    return replace(verdict, outcome="info", streak=streak, because=because)


def adjusted_p_values(measured: Sequence[Measured], policy: Policy) -> list[float | None]:
    """Adjust each p-value for all others; at most the budget = the evidence stands."""
    evidence = [_evidence(one, policy) for one in measured]
    tested = [i for i, p in enumerate(evidence) if p is not None]
    weights = budget_weights([(measured[i].slice, measured[i].column) for i in tested])
    weighted = [min(1.0, (evidence[i] or 0.0) / w) for i, w in zip(tested, weights, strict=True)]
    ascending = sorted(range(len(tested)), key=lambda k: weighted[k])
    adjusted: list[float | None] = [None] * len(measured)
    least = 1.0
    for rank in range(len(ascending), 0, -1):
        k = ascending[rank - 1]
        least = min(least, weighted[k] * len(tested) / rank)
        adjusted[tested[k]] = least
    return adjusted


def budget_weights(units: Sequence[tuple[str, str]]) -> list[float]:
    """Weights of mean one by slice and column: equal shares for columns, half for slices."""
    tests = Counter(units)
    whole = sum(1 for part, _ in tests if not part)
    parts = len(tests) - whole
    halves = 0.5 if whole and parts else 1.0
    return [
        len(units) * halves / ((parts if part else whole) * tests[part, column])
        for part, column in units
    ]


def _evidence(one: Measured, policy: Policy) -> float | None:
    """Probability of what was measured if nothing were wrong; None where there is no test."""
    score = one.score
    if score is None or not one.bounds:
        return None
    if one.chance is not None:
        return one.chance
    bounds = [limit.bound for limit in one.bounds if limit.versus == "value"]
    if not bounds or len(bounds) < len(one.bounds) or _is_distance(score):
        return score.p_value
    if score.interval is None:
        return None
    mildest = max(bounds) if one.card.better == "higher" else min(bounds)
    return _p_beyond(score, mildest, one.card, policy)


def _is_distance(score: Score) -> bool:
    """Whether the value itself is the change, as a drift statistic is."""
    return score.p_value is not None and score.change is None


def _p_beyond(score: Score, bound: float, card: Card, policy: Policy) -> float:
    """One-sided p-value of "the bound holds", from the interval's half that faces the bound."""
    low, high = score.interval or Interval(score.value, score.value)
    half = high - score.value if card.better == "higher" else score.value - low
    beyond = bound - score.value if card.better == "higher" else score.value - bound
    if half <= 0:
        return 1.0 if beyond <= 0 else 0.5
    normal = NormalDist()
    z = normal.inv_cdf(0.5 + policy.confidence / 2)
    return math.erfc(z * beyond / half / math.sqrt(2)) / 2


def _verdict(one: Measured, adjusted: float | None, policy: Policy) -> Verdict:
    if one.skipped:
        return Verdict(outcome="skipped", because=f"{one.subject}: {one.skipped}")
    if one.score is None:
        return _without_score(one)
    if not one.bounds:
        because = _sentence(one, None, "within", policy)
        return Verdict(outcome="info", because=because)
    stands = adjusted is None or adjusted <= policy.false_alarms
    limits = sorted(one.bounds, key=lambda limit: ORDER.index(limit.severity))
    beyond: Limit | None = None
    for limit in limits:
        point, near = _passed(one.score, limit, one.card)
        if near and stands:
            because = _sentence(one, limit, "beyond", policy)
            return Verdict(
                outcome=limit.severity, because=because, limit=limit, adjusted_p=adjusted
            )
        beyond = beyond or (limit if point else None)
    if adjusted is not None and stands and one.score.p_value is not None and not beyond:
        because = _sentence(one, limits[-1], "within", policy)
        return Verdict(outcome="info", because=f"{because}, but changed", adjusted_p=adjusted)
    suspicious = adjusted is not None and (_evidence(one, policy) or 0.0) <= 0.05
    if beyond and beyond.versus != "any" and suspicious:
        because = _sentence(one, beyond, "unshown", policy)
        return Verdict(outcome="inconclusive", because=because, adjusted_p=adjusted)
    word = "chance" if beyond else "within"
    because = _sentence(one, beyond or limits[-1], word, policy)
    return Verdict(outcome="pass", because=because, adjusted_p=adjusted)


def _without_score(one: Measured) -> Verdict:
    problem = one.problem
    if isinstance(problem, TooFewRows):
        return Verdict(outcome="inconclusive", because=f"{one.subject} {problem.message}")
    if isinstance(problem, CannotMeasure):
        return Verdict(outcome="not_applicable", because=f"{one.subject}: {problem.message}")
    said = f"{type(problem).__name__}: {problem}"
    return Verdict(outcome="error", because=f"{one.subject}: {one.check.evaluator} failed, {said}")


def _passed(score: Score, limit: Limit, card: Card) -> tuple[bool, bool]:
    """Whether the point, and whether the near bound of the interval, is beyond the limit."""
    if limit.versus == "any":
        changed = score.value != (score.baseline or 0.0)
        return changed, changed
    if limit.versus == "calibrated":
        out = score.value < limit.bound if card.better == "higher" else score.value > limit.bound
        out = out or (limit.floor is not None and score.value < limit.floor)
        return out, out
    if limit.versus == "value":
        low, high = score.interval or Interval(score.value, score.value)
        if card.better == "higher":
            return score.value < limit.bound, high < limit.bound
        return score.value > limit.bound, low > limit.bound
    if score.baseline is None:
        return False, False
    bound = limit.bound * abs(score.baseline) if limit.share else limit.bound
    moved = score.value - score.baseline
    low, high = score.change or Interval(moved, moved)
    if limit.versus == "drop":
        return moved < -bound, high < -bound
    return moved > bound, low > bound


def _assuming(one: Measured, verdict: Verdict) -> Verdict:
    """Say of an estimate how far it may be off, and what it rests on."""
    score, card = one.score, one.card
    if score is None or score.interval is None or not card.assumes:
        return verdict
    said = f"{span(score.interval, card)} expected, which assumes {card.assumes}"
    shared = float(score.details.get("support overlap", 1.0))
    if shared < KNOWN:
        said = f"{said}; the baseline knows the like of only {100 * shared:.0f} % of the rows"
    return replace(verdict, because=f"{verdict.because}; {said}")


def _sentence(one: Measured, limit: Limit | None, how: str, policy: Policy) -> str:
    """State subject, value, limit and evidence."""
    score, card = one.score, one.card
    assert score is not None
    said = _found(one, score, precise=how != "within")
    if limit is None:
        return f"{said}, {one.remark or 'no limit set'}"
    p = score.p_value if score.p_value is not None else _evidence(one, policy)
    p = p if one.chance is None else _evidence(one, policy)
    odds = f"; p {chance(p)} if nothing had changed" if p is not None else ""
    if limit.versus == "any":
        if how == "beyond":
            return f"{said}, changed{_chiefly(one, score)}{odds}"
        return f"{said}, no change that the evidence supports{odds}"
    bound = _bound(limit, card)
    if how == "within":
        return f"{said}, {_allowed(limit, card)} {bound} allowed{_remark(one)}"
    rows = counted(score.n_current, "row")
    shown = {
        "beyond": _chiefly(one, score),
        "chance": f", no more than chance makes of {rows}",
        "unshown": f", not shown by {rows}{_reach(score, limit, card)}",
    }
    side = _side(limit, card)
    if limit.floor is not None and score.value < limit.floor:
        side, bound = "is below", amount(limit.floor, card.unit)
    origin = f", {limit.source}" if limit.versus == "calibrated" else ""
    return f"{said} {side} {bound}{origin}{shown[how]}{odds}{_remark(one)}"


def _remark(one: Measured) -> str:
    return f" ({one.remark})" if one.remark else ""


def _found(one: Measured, score: Score, *, precise: bool) -> str:
    """State subject and value, beside the baseline's or with its interval."""
    card = one.card
    where = f"{one.column} in {one.slice}" if one.column and one.slice else one.column or one.slice
    said = f"{card.title} {amount(score.value, card.unit)}"
    said = f"{where}: {said}" if where else said
    if score.baseline is not None:
        return f"{said} (baseline {amount(score.baseline, card.unit)})"
    if score.interval and precise:
        return f"{said} ({span(score.interval, card)})"
    return said


def _chiefly(one: Measured, score: Score) -> str:
    """Name what contributed most: a bin, a level, a fault, columns of another type."""
    if not one.column and "dataset" not in one.card.reads:
        return ""
    labels = [part.label for part in score.parts if part.contribution > 0]
    return f", chiefly {listed(labels if not one.column else labels[:1])}" if labels else ""


def _side(limit: Limit, card: Card) -> str:
    if limit.versus == "drop":
        return "fell by more than"
    if limit.versus == "rise":
        return "rose by more than"
    return "is below" if card.better == "higher" else "is above"


def _allowed(limit: Limit, card: Card) -> str:
    if limit.versus in CHANGES:
        return "a fall of at most" if limit.versus == "drop" else "a rise of at most"
    if limit.floor is not None:
        return f"{amount(limit.floor, card.unit)} to"
    return "at least" if card.better == "higher" else "at most"


def _bound(limit: Limit, card: Card) -> str:
    if limit.share:
        bound = f"{number(100 * limit.bound)} % of the baseline's"
    elif limit.versus in CHANGES and card.unit.startswith("share"):
        bound = f"{number(100 * limit.bound)} points"
    else:
        bound = amount(limit.bound, card.unit)
    return bound


def _reach(score: Score, limit: Limit, card: Card) -> str:
    if limit.versus == "value" and score.interval:
        return f": anywhere from {span(score.interval, card)}"
    if score.change:
        return f": a change anywhere from {span(score.change, card)}"
    return ""
