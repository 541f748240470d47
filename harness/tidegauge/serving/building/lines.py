"""Rows of the history as the small records that several pages show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar, cast

from tidegauge.records import ALARMS, Cause, Report
from tidegauge.store import RunRow
from tidegauge.store.tracks import Brief
from tidegauge.views import RunLine, RunOutcome, Tick

Row = TypeVar("Row")

WORST: tuple[str, ...] = (
    "critical", "error", "warn", "inconclusive", "info", "pass", "skipped", "not_applicable",
)  # fmt: skip
"""Outcomes, the worst first."""
RANK = {outcome: place for place, outcome in enumerate(WORST)}
UNDOCUMENTED = len(WORST)


def iso(moment: datetime | None) -> str:
    """Write a moment in UTC, to the second; nothing for none."""
    return "" if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")


def rank(outcome: str) -> int:
    """Say how bad an outcome is: 0 is the worst."""
    return RANK.get(outcome, UNDOCUMENTED)


def run_line(row: RunRow) -> RunLine:
    """Show a run in a list."""
    return RunLine(
        id=row.id,
        suite=row.suite,
        at=iso(row.at),
        window=row.window,
        created=iso(row.created),
        outcome=cast(RunOutcome, row.outcome),
        because=row.because,
        alarms=sum(row.counts.get(outcome, 0) for outcome in ALARMS),
        rows=row.n_current,
        model_version=row.model_version,
        revision=row.revision,
        superseded=bool(row.superseded_by),
    )


def ticks(runs: Sequence[Brief], most: int) -> tuple[Tick, ...]:
    """Show runs, the oldest first, as marks.

    Where there are more than ``most``, neighbours share one, which shows the worst of them.
    """
    found = []
    for group in groups(runs, most):
        worst = min(group, key=lambda row: rank(row.outcome))
        found.append(
            Tick(
                at=group[-1].stamp,
                outcome=cast(RunOutcome, worst.outcome),
                run=worst.id,
                windows=len(group),
            )
        )
    return tuple(found)


def groups(rows: Sequence[Row], most: int) -> Iterable[Sequence[Row]]:
    """Cut a sequence into at most ``most`` neighbourhoods of about the same size.

    Examples
    --------
    >>> [list(group) for group in groups(range(5), 2)]
    [[0, 1], [2, 3, 4]]
    """
    n = len(rows)
    parts = min(n, most)
    ends = [n * (i + 1) // parts for i in range(parts)]
    return (rows[a:b] for a, b in zip([0, *ends], ends, strict=False))


def sought(report: Report) -> tuple[Cause, ...]:
    """Causes that rows were read for, and not only profiles."""
    return tuple(
        cause for one in report.explanations if one.basis != "profiles" for cause in one.causes
    )
