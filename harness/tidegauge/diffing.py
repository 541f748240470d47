"""Two reports of a suite, finding by finding: what began, what ended, what moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tidegauge.records import ALARMS, Card, Outcome, Report, Result, Score
from tidegauge.wording import amount, counted

Change = Literal["began", "worse", "ended", "better", "moved", "new", "gone", "same"]
"""An alarm that was none before; a worse outcome; an alarm that is none any more; a better
outcome; the same outcome, but a value beyond both intervals; judged only after; judged only
before; nothing to tell."""
ORDER: tuple[Change, ...] = ("began", "worse", "ended", "better", "moved", "new", "gone", "same")
WORST: tuple[Outcome, ...] = ("critical", "error", "warn", "inconclusive", "info", "pass")
SILENT = ("not_applicable", "skipped")
EQUAL = 1e-9
"""Relative difference below which a value without an interval is the same number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A check on a column of a slice, in both reports."""

    check: str
    column: str = ""
    slice: str = ""
    change: Change
    before: Score | None = None
    after: Score | None = None
    outcome_before: Outcome | None = None
    """``None`` where it was not asked."""
    outcome_after: Outcome | None = None
    because: str
    """What changed, in one sentence with both numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What changed from one report to another."""

    suite: str
    before: str
    """Id of the run."""
    after: str
    window_before: str = ""
    window_after: str = ""
    because: str
    """The whole of it in one sentence."""
    changed: tuple[Changed, ...]
    """In the order of ``ORDER``; those that are the same are left out."""
    counts: Mapping[Change, int] = field(default_factory=dict)
    causes_begun: tuple[str, ...] = ()
    """Factors that explain the later run's alarms and did not explain the earlier one's."""
    causes_ended: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader must know: another baseline, other limits, another release."""


def differences(before: Report, after: Report) -> Differences:
    """Lay two reports side by side, what asks for attention first.

    A value has moved when the two confidence intervals do not touch, or, where it has none, when
    it is another number.
    """
    old = {(r.check, r.column, r.slice): r for r in before.results}
    new = {(r.check, r.column, r.slice): r for r in after.results}
    cards = {**before.cards, **after.cards}
    found = [_changed(old.get(key), new.get(key), cards) for key in {**new, **old}]
    found.sort(key=lambda one: (ORDER.index(one.change), _rank(one.outcome_after)))
    counts = Counter(one.change for one in found)
    was, now = _factors(before), _factors(after)
    return Differences(
        suite=after.suite,
        before=before.run_id,
        after=after.run_id,
        window_before=before.current.window,
        window_after=after.current.window,
        because=_sentence(counts, before, after),
        changed=tuple(one for one in found if one.change != "same"),
        counts=counts,
        causes_begun=tuple(name for name in now if name not in was),
        causes_ended=tuple(name for name in was if name not in now),
        notes=tuple(_notes(before, after)),
    )


def moved(before: Score, after: Score) -> bool:
    """Whether a value lies beyond what both scores leave open.

    Examples
    --------
    >>> from tidegauge.records import Interval
    >>> low = Score(value=1.0, interval=Interval(0.5, 1.5), n_baseline=9, n_current=9)
    >>> high = Score(value=2.0, interval=Interval(1.6, 2.4), n_baseline=9, n_current=9)
    >>> near = Score(value=1.4, interval=Interval(0.9, 1.9), n_baseline=9, n_current=9)
    >>> moved(low, high), moved(low, near)
    (True, False)
    """
    if before.interval and after.interval:
        return (
            before.interval.high < after.interval.low or after.interval.high < before.interval.low
        )
    apart = abs(after.value - before.value)
    return apart > EQUAL * max(abs(before.value), abs(after.value))


def _changed(old: Result | None, new: Result | None, cards: Mapping[str, Card]) -> Changed:
    told = new or old
    assert told is not None
    change = _change(old, new)
    return Changed(
        check=told.check,
        column=told.column,
        slice=told.slice,
        change=change,
        before=old.score if old else None,
        after=new.score if new else None,
        outcome_before=old.verdict.outcome if old else None,
        outcome_after=new.verdict.outcome if new else None,
        because=_because(told, change, old, new, cards.get(told.evaluator)),
    )


def _change(old: Result | None, new: Result | None) -> Change:
    was = old.verdict.outcome if old and old.verdict.outcome not in SILENT else None
    now = new.verdict.outcome if new and new.verdict.outcome not in SILENT else None
    if was is None and now is None:
        return "same"
    if now in ALARMS and was not in ALARMS:
        return "began"
    if was is None or now is None:
        return "new" if was is None else "gone"
    if was in ALARMS and now not in ALARMS:
        return "ended" if now in ("pass", "info") else "better"
    if was != now:
        return "worse" if _rank(now) < _rank(was) else "better"
    scores = old.score if old else None, new.score if new else None
    if scores[0] is None or scores[1] is None:
        return "same"
    return "moved" if moved(scores[0], scores[1]) else "same"


def _rank(outcome: Outcome | None) -> int:
    return WORST.index(outcome) if outcome in WORST else len(WORST)


def _because(
    told: Result, change: Change, old: Result | None, new: Result | None, card: Card | None
) -> str:
    """Say what changed: subject, both values with their intervals, both outcomes."""
    if change in ("new", "gone", "same") or card is None:
        return told.verdict.because
    assert new is not None
    where = f"{told.column} in {told.slice}" if told.column and told.slice else ""
    where = where or told.column or told.slice
    subject = f"{where}: {card.title}" if where else card.title
    values = f"{_value(old, card)}, then {_value(new, card)}"
    was = old.verdict.outcome if old else "not judged"
    now = new.verdict.outcome
    return f"{subject} {values}; {was}" + (f", then {now}" if was != now else " both times")


def _value(result: Result | None, card: Card) -> str:
    if result is None or result.score is None:
        return "not measured"
    said = amount(result.score.value, card.unit)
    span = result.score.interval
    if span is None:
        return said
    return f"{said} ({amount(span.low, card.unit)} to {amount(span.high, card.unit)})"


def _sentence(counts: Counter[Change], before: Report, after: Report) -> str:
    words: dict[Change, tuple[str, str]] = {
        "began": ("new alarm", ""),
        "worse": ("worse verdict", ""),
        "ended": ("ended alarm", ""),
        "better": ("better verdict", ""),
        "moved": ("score", " moved beyond both intervals"),
        "new": ("result", " only after"),
        "gone": ("result", " only before"),
    }
    said = [
        counted(counts[change], noun) + rest
        for change, (noun, rest) in words.items()
        if counts[change]
    ]
    outcome = (
        f"{before.outcome}, then {after.outcome}"
        if before.outcome != after.outcome
        else f"{after.outcome} both times"
    )
    return f"{outcome}: {', '.join(said) or 'nothing changed'}; {counts['same']:,} the same."


def _factors(report: Report) -> tuple[str, ...]:
    sought = (one for one in report.explanations if one.basis != "profiles")
    return tuple(dict.fromkeys(cause.factor for one in sought for cause in one.causes))


def _notes(before: Report, after: Report) -> Iterator[str]:
    if before.suite != after.suite:
        yield f"These are runs of two suites: {before.suite} and {after.suite}."
    if before.baseline.digest != after.baseline.digest:
        yield "They were held against different baselines, so a change may be the baseline's."
    if before.checks != after.checks:
        yield "The suite's checks or limits were changed between them."
    versions = before.versions.get("tidegauge", ""), after.versions.get("tidegauge", "")
    if versions[0] != versions[1]:
        yield f"They were made by tidegauge {versions[0]} and {versions[1]}."
