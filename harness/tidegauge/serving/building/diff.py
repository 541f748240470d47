"""Two runs of a suite, finding by finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from tidegauge import diffing
from tidegauge.errors import TidegaugeError
from tidegauge.records import Card, Report
from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.lines import run_line, sought
from tidegauge.views import Change, Difference, DiffView, RunLine

CHOICES = 100
WORDS: Mapping[diffing.Change, Change] = {
    "began": "worse", "worse": "worse", "ended": "better", "better": "better", "moved": "moved",
    "new": "new", "gone": "gone", "same": "same",
}  # fmt: skip
"""What the page calls a change: that an alarm began or ended is told by both outcomes."""


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
    return _filled(shown, desk.report(first.id), desk.report(second.id))


def _filled(shown: DiffView, old: Report, new: Report) -> DiffView:
    found = diffing.differences(old, new)
    counts: Counter[str] = Counter()
    for word, n in found.counts.items():
        counts[WORDS[word]] += n
    cards = {**old.cards, **new.cards}
    evaluators = {check.id: check.evaluator for check in (*old.checks, *new.checks)}
    changed = [_difference(one, cards.get(evaluators[one.check])) for one in found.changed]
    if shown.show == "all":
        changed += _same(found, old, new, cards)
    return replace(
        shown,
        because=found.because,
        differences=tuple(changed),
        counts=counts,
        causes_before=sought(old),
        causes_after=sought(new),
        notes=found.notes,
    )


def _choices(desk: Desk, suite: str) -> tuple[RunLine, ...]:
    rows = desk.store.runs(suite or None, limit=CHOICES)
    return tuple(run_line(row) for row in rows)


def _difference(one: diffing.Changed, card: Card | None) -> Difference:
    return Difference(
        check=one.check,
        column=one.column,
        slice=one.slice,
        title=card.title if card else "",
        unit=card.unit if card else "",
        better=card.better if card else "none",
        change=WORDS[one.change],
        before=one.before.value if one.before else None,
        after=one.after.value if one.after else None,
        outcome_before=one.outcome_before,
        outcome_after=one.outcome_after,
        because=one.because,
    )


def _same(
    found: diffing.Differences, old: Report, new: Report, cards: Mapping[str, Card]
) -> Iterator[Difference]:
    """Lay out what the two have in common."""
    told = {(one.check, one.column, one.slice) for one in found.changed}
    before = {(one.check, one.column, one.slice): one for one in old.results}
    for one in new.results:
        key = (one.check, one.column, one.slice)
        was = before.get(key)
        if key in told or was is None:
            continue
        same = diffing.Changed(
            check=one.check,
            column=one.column,
            slice=one.slice,
            change="same",
            before=was.score,
            after=one.score,
            outcome_before=was.verdict.outcome,
            outcome_after=one.verdict.outcome,
            because=one.verdict.because,
        )
        yield _difference(same, cards.get(one.evaluator))
