"""Findings under the causes that explain them, so that one cause is one incident."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tidegauge.records import ALARMS, Cause, Explanation, Result

OUTPUTS = ("prediction", "score")
SERVED = ("serving", "covariate", "distortion", "misaligned", "undetermined")
"""Verdicts by which a model's answers move too."""


def key_of(result: Result) -> str:
    """Name a finding: ``check|column|slice``."""
    return f"{result.check}|{result.column}|{result.slice}"


def grouped(explanation: Explanation, results: Iterable[Result]) -> Explanation:
    """Put each alarm under the cause that explains it.

    An alarm on a cause's own column is its own; one on a column that moved because of it, too. What
    moved in the model's answers, or in how well it does, goes to the first cause that can do that.
    """
    alarms = [one for one in results if one.verdict.outcome in ALARMS]
    found: dict[int, list[str]] = {}
    for alarm in alarms:
        place = _explained_by(alarm, explanation.causes)
        if place is not None:
            found.setdefault(place, []).append(key_of(alarm))
    causes = tuple(
        replace(cause, results=tuple(found.get(place, ())))
        for place, cause in enumerate(explanation.causes)
    )
    return replace(explanation, causes=causes)


def _explained_by(alarm: Result, causes: Sequence[Cause]) -> int | None:
    for place, cause in enumerate(causes):
        if alarm.column and alarm.column in cause.columns:
            return place
    for place, cause in enumerate(causes):
        if alarm.column and alarm.column in cause.moved:
            return place
    if alarm.role in OUTPUTS:
        return next((i for i, cause in enumerate(causes) if cause.verdict in SERVED), None)
    outcome = not alarm.column or alarm.role == "target"
    return 0 if outcome and causes and _is_performance(alarm) else None


def _is_performance(alarm: Result) -> bool:
    return alarm.evaluator.partition(".")[0] == "performance"
