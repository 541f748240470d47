"""Findings under what they have in common, so that one cause is one incident."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidegauge.causes.incidents import key_of
from tidegauge.records import ALARMS, Cause, Mechanism, Report, Result, Severity
from tidegauge.suite import Suite
from tidegauge.suite.acts import DEFAULT_OWNER, Owner
from tidegauge.wording import counted, listed

TOGETHER = 3
"""Columns without a known cause that are incidents of their own; more are one incident."""

SAID: Mapping[Mechanism, str] = {
    "none": "no change", "covariate": "other inputs come in", "distortion": "altered on the way",
    "misaligned": "rows mixed up", "label_shift": "another mix of outcomes",
    "concept": "same inputs, other outcomes", "serving": "model or serving changed",
    "undetermined": "changed, the cause cannot be told",
}  # fmt: skip
"""What became of a factor, in the words of a title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Alarms that belong together."""

    results: tuple[Result, ...]
    """Worst first."""
    cause: Cause | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """``check|column|slice`` of each."""
        return tuple(key_of(result) for result in self.results)

    @property
    def severity(self) -> Severity:
        """The worst of them."""
        return worst(result.verdict.outcome for result in self.results)


def worst(outcomes: Iterable[str]) -> Severity:
    """Give the worse severity of alarms."""
    return "critical" if "critical" in set(outcomes) else "warn"


def grouped(report: Report, results: Sequence[Result]) -> tuple[Group, ...]:
    """Put results under the cause that explains them, else under their column or check.

    Only causes that were sought in rows count: what marginal profiles show is every column that
    moved, and no cause of it. Where more than a few columns changed and nothing explains them, they
    are one incident as well: a broken join is not forty pages.
    """
    left = {key_of(result): result for result in results}
    groups = []
    for explanation in report.explanations:
        for cause in explanation.causes if explanation.basis != "profiles" else ():
            held = [left.pop(key) for key in cause.results if key in left]
            if held:
                groups.append(Group(results=tuple(held), cause=cause))
    by_subject: dict[tuple[str, str], list[Result]] = {}
    for result in left.values():
        subject = ("column", result.column) if result.column else ("check", result.check)
        by_subject.setdefault(subject, []).append(result)
    columns = [held for (kind, _), held in by_subject.items() if kind == "column"]
    rest = [held for (kind, _), held in by_subject.items() if kind != "column"]
    if len(columns) > TOGETHER:
        columns = [[result for held in columns for result in held]]
    return (*groups, *(Group(results=tuple(held)) for held in (*columns, *rest)))


def title_of(group: Group, report: Report) -> str:
    """Say in one line what is wrong."""
    n = f" ({counted(len(group.results), 'finding')})" if len(group.results) > 1 else ""
    cause = group.cause
    if cause is not None:
        said = cause.shape.said if cause.shape else SAID[cause.verdict]
        return f"{cause.factor}: {said}{n}"
    columns = list(dict.fromkeys(r.column for r in group.results if r.column))
    if len(columns) > 1:
        return f"{counted(len(columns), 'column')} changed together: {listed(columns)}"
    first = group.results[0]
    card = report.cards.get(first.evaluator)
    what = card.title if card else first.evaluator
    where = " in ".join(part for part in (first.column, first.slice) if part)
    return f"{where}: {what}{n}" if where else f"{what}{n}"


def because_of(group: Group) -> str:
    """Give the reason with its numbers: the cause's, then the worst finding's."""
    said = [group.cause.because] if group.cause else []
    return "; ".join([*said, group.results[0].verdict.because])


def owners_of(keys: Iterable[str], suite: Suite) -> tuple[Owner, ...]:
    """Find who looks after findings: by column, by check, by evaluator; else the default."""
    found: dict[str, Owner] = {}
    for key in keys:
        check, column, _ = key.split("|", 2)
        evaluator = check.partition("@")[0].partition(":")[0]
        for name in (column, check, evaluator):
            if name in suite.owners:
                found.setdefault(name, suite.owners[name])
                break
    if not found and DEFAULT_OWNER in suite.owners:
        return (suite.owners[DEFAULT_OWNER],)
    return tuple(found.values())


def told_of(result: Result) -> Mapping[str, Any]:
    """Give a finding as a timeline and a message hold it."""
    return {
        "check": result.check,
        "column": result.column,
        "slice": result.slice,
        "role": result.role,
        "outcome": result.verdict.outcome,
        "value": result.score.value if result.score else None,
        "streak": result.verdict.streak,
        "because": result.verdict.because,
    }


def alarms_of(report: Report) -> tuple[Result, ...]:
    """List the results that ask for attention, worst first."""
    return tuple(r for r in report.results if r.verdict.outcome in ALARMS)
