"""Two runs of a suite, finding by finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from tidegauge.errors import TidegaugeError
from tidegauge.records import Report, Result
from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.lines import rank, run_line, sought
from tidegauge.views import Change, Difference, DiffView, RunLine

CHOICES = 100
ORDER: tuple[Change, ...] = ("worse", "better", "new", "gone", "moved", "same")
MOVED = 1e-9
"""Relative change of a value below which it is the same number, computed twice."""
JUDGED = ("pass", "info", "warn", "critical", "error", "inconclusive")


def diff_view(
    desk: Desk, *, suite: str = "", before: str = "", after: str = "", show: str = "changed"
) -> DiffView:
    """Compare two runs; without them, offer runs to choose from."""
    suites = tuple(row.name for row in desk.store.suites())
    wide: Literal["changed", "all"] = "all" if show == "all" else "changed"
    try:
        rows = [desk.store.run(one) if one else None for one in (before, after)]
    except TidegaugeError as error:
        return DiffView(suites=suites, suite=suite, choices=_choices(desk, suite), show=wide,
                        trouble=f"{error.message}.")  # fmt: skip
    first, second = rows
    named = second or first
    suite = suite or (named.suite if named else "")
    shown = DiffView(
        suites=suites,
        suite=suite,
        choices=_choices(desk, suite),
        before=run_line(first) if first else None,
        after=run_line(second) if second else None,
        show=wide,
    )
    if first is None or second is None:
        return shown
    old, new = desk.report(first.id), desk.report(second.id)
    found = differences(old, new)
    counts: Counter[str] = Counter(one.change for one in found)
    return replace(
        shown,
        because=_sentence(counts, old, new),
        differences=tuple(one for one in found if wide == "all" or one.change != "same"),
        counts=counts,
        causes_before=sought(old),
        causes_after=sought(new),
        notes=tuple(_notes(old, new)),
    )


def differences(old: Report, new: Report) -> tuple[Difference, ...]:
    """Lay the findings of two reports side by side, what got worse first."""
    before = {(r.check, r.column, r.slice): r for r in old.results}
    after = {(r.check, r.column, r.slice): r for r in new.results}
    cards = {**old.cards, **new.cards}
    found = []
    for key in {**after, **before}:
        a, b = before.get(key), after.get(key)
        told = b or a
        assert told is not None
        card = cards.get(told.evaluator)
        found.append(
            Difference(
                check=told.check,
                column=told.column,
                slice=told.slice,
                title=card.title if card else "",
                unit=card.unit if card else "",
                better=card.better if card else "none",
                change=_change(a, b),
                before=_value(a),
                after=_value(b),
                outcome_before=a.verdict.outcome if a else None,
                outcome_after=b.verdict.outcome if b else None,
                because=told.verdict.because,
            )
        )
    found.sort(key=lambda one: (ORDER.index(one.change), rank(one.outcome_after or "")))
    return tuple(found)


def _choices(desk: Desk, suite: str) -> tuple[RunLine, ...]:
    rows = desk.store.runs(suite or None, limit=CHOICES)
    return tuple(run_line(row) for row in rows)


def _change(a: Result | None, b: Result | None) -> Change:
    if a is None or b is None:
        return "new" if a is None else "gone"
    was, now = a.verdict.outcome, b.verdict.outcome
    if was != now and was in JUDGED and now in JUDGED:
        return "worse" if rank(now) < rank(was) else "better"
    if was != now:
        return "new" if now in JUDGED else "gone" if was in JUDGED else "same"
    x, y = _value(a), _value(b)
    if x is None or y is None:
        return "same" if x == y else "moved"
    return "moved" if abs(x - y) > MOVED * max(abs(x), abs(y)) else "same"


def _value(result: Result | None) -> float | None:
    return result.score.value if result and result.score else None


def _sentence(counts: Counter[str], old: Report, new: Report) -> str:
    said = [f"{counts[word]:,} {word}" for word in ORDER if counts[word] and word != "same"]
    if not said:
        return "Nothing differs."
    outcome = f"{old.outcome}, then {new.outcome}" if old.outcome != new.outcome else new.outcome
    return f"Outcome: {outcome}. Findings: {', '.join(said)}, {counts['same']:,} the same."


def _notes(old: Report, new: Report) -> Iterator[str]:
    if old.suite != new.suite:
        yield f"These are runs of two suites: {old.suite} and {new.suite}."
    if old.baseline.digest != new.baseline.digest:
        yield "They were held against different baselines, so a change may be the baseline's."
    if old.checks != new.checks:
        yield "The suite's checks or limits were changed between them."
    versions = old.versions.get("tidegauge", ""), new.versions.get("tidegauge", "")
    if versions[0] != versions[1]:
        yield f"They were made by tidegauge {versions[0]} and {versions[1]}."
