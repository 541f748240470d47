"""Forgets what is older than a policy says: runs whole, profiles by adding them up to days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from tidegauge.store import packed
from tidegauge.store.speaking import Speaker

OLD_RUNS = """
SELECT count(*) FROM runs WHERE at < :before AND (:suite = '' OR suite = :suite)
"""
SINGLE = """
SELECT runs.suite, runs.no, runs.at, runs.window_start, runs.superseded_by, profiles.grid,
  profiles.baseline, profiles.windows
FROM profiles JOIN runs ON runs.no = profiles.run
WHERE runs.at <= :before AND (:suite = '' OR runs.suite = :suite)
ORDER BY runs.suite, runs.at, runs.no
"""
UNUSED = """
DELETE FROM parts WHERE digest NOT IN (SELECT model FROM reports)
  AND digest NOT IN (SELECT grid FROM profiles)
  AND digest NOT IN (SELECT baseline FROM profiles WHERE baseline IS NOT NULL)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was forgotten."""

    runs: int = 0
    """Runs, with their results, causes, reports and profiles."""
    profiles: int = 0
    """Profiles that no longer stand by themselves."""
    days: int = 0
    """Days that they were added up to."""


def prune(
    speaker: Speaker,
    *,
    suite: str = "",
    keep: timedelta | None,
    keep_profiles: timedelta | None,
    now: datetime,
) -> Pruned:
    """Forget the runs of one suite, or of all, that are older than said.

    Parameters
    ----------
    keep
        Runs whose window ended longer ago go, with all that hangs on them; ``None`` = none.
    keep_profiles
        Profiles of windows that ended longer ago are added up to days in UTC, each kept with
        the last run of its day; ``None`` = none.
    """
    runs = _drop_runs(speaker, suite, now - keep) if keep else 0
    gone = days = 0
    if keep_profiles:
        gone, days = _add_up(speaker, suite, _midnight(now - keep_profiles))
    if runs or gone:
        speaker.tell(UNUSED, [{}])
    return Pruned(runs=runs, profiles=gone, days=days)


def _drop_runs(speaker: Speaker, suite: str, before: datetime) -> int:
    ((count,),) = speaker.ask(OLD_RUNS, suite=suite, before=before)
    if count:
        speaker.tell(
            "DELETE FROM runs WHERE at < :before AND (:suite = '' OR suite = :suite)",
            [{"suite": suite, "before": before}],
        )
    return int(count)


def _add_up(speaker: Speaker, suite: str, before: datetime) -> tuple[int, int]:
    gone = days = 0
    for _, group in groupby(_profiles(speaker, suite, before), key=_day):
        rows = list(group)
        counting = [row for row in rows if not row["superseded_by"]]
        # A day that was added up holds its windows as they were; a later revision stays beside it.
        for _, same in groupby(sorted(counting, key=_grid), key=_grid):
            alike = sorted(same, key=lambda row: (row["at"], row["no"]))
            if len(alike) > 1 and all(row["windows"] == 1 for row in alike):
                _merge(speaker, alike)
                gone, days = gone + len(alike) - 1, days + 1
        stale = [row for row in rows if row["superseded_by"]]
        _drop(speaker, [row["no"] for row in stale])
        gone += len(stale)
    return gone, days


def _merge(speaker: Speaker, rows: Sequence[dict[str, Any]]) -> None:
    """Add profiles up, and keep the sum with the last of their runs."""
    total = packed.merged(speaker, rows[0]["grid"], [row["no"] for row in rows])
    last = rows[-1]
    _drop(speaker, [row["no"] for row in rows[:-1]])
    speaker.tell(
        "UPDATE profiles SET codec = :codec, body = :body, windows = :windows WHERE run = :run",
        [{**total, "windows": sum(row["windows"] for row in rows), "run": last["no"]}],
    )


def _drop(speaker: Speaker, numbers: Sequence[int]) -> None:
    if numbers:
        speaker.tell("DELETE FROM profiles WHERE run = :run", [{"run": no} for no in numbers])


def _profiles(speaker: Speaker, suite: str, before: datetime) -> Iterator[dict[str, Any]]:
    """Profiles old enough, without the days that were added up before."""
    names = ["suite", "no", "at", "window_start", "superseded_by", "grid", "baseline", "windows"]
    for row in speaker.ask(SINGLE, suite=suite, before=before):
        yield dict(zip(names, row, strict=True))


def _day(row: dict[str, Any]) -> tuple[str, str]:
    """Suite, and the day in which a run's window begins."""
    moment = row["window_start"] or row["at"]
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return row["suite"], moment.astimezone(UTC).date().isoformat()


def _grid(row: dict[str, Any]) -> tuple[str, str]:
    return row["grid"], row["baseline"] or ""


def _midnight(moment: datetime) -> datetime:
    """Round down to whole days, so that no day is added up before it is over."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
