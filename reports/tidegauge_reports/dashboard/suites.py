"""Suites at a glance: what needs a person first, then one row a suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidegauge.views import IncidentLine, PageContext, SuitesView, SuiteTile
from tidegauge_reports import _words as words
from tidegauge_reports.dashboard import _times as times
from tidegauge_reports.dashboard._shell import counted, shell
from tidegauge_reports.dashboard._strips import strip

_HEADLINES = {
    "critical": ("is critical", "are critical"),
    "error": ("could not run", "could not run"),
    "warn": ("warns", "warn"),
    "inconclusive": ("had too few rows to say", "had too few rows to say"),
}


def render(view: SuitesView, *, page: PageContext) -> str:
    """Write the page that the dashboard opens with."""
    tone, headline = lead(view.totals)
    return shell(
        "suites.html.j2",
        page=page,
        title=headline,
        here="suites",
        of_suite="",
        view=view,
        tone=tone,
        headline=headline,
        quiet=_quiet(view.totals, tone),
        open_ones=sorted(view.incidents, key=_urgency),
        rows=[_row(tile) for tile in view.tiles],
        told={line.cause for line in view.incidents},
    )


def lead(totals: Mapping[str, int]) -> tuple[str, str]:
    """Say the worst first, and of how many suites it is true.

    Examples
    --------
    >>> lead({"critical": 1, "pass": 2})
    ('critical', '1 of 3 suites is critical')
    >>> lead({"pass": 3})
    ('pass', 'All 3 suites pass')
    """
    every = sum(totals.values())
    for outcome, (one, many) in _HEADLINES.items():
        n = totals.get(outcome, 0)
        if n:
            told = one if n == 1 else many
            who = f"{n:,} of {every:,} suites" if every > 1 else "The suite"
            return outcome, f"{who} {told}"
    ran = totals.get("pass", 0)
    if not ran:
        return "skipped", "Nothing has run yet"
    if ran < every:
        return "pass", f"{ran:,} of {every:,} suites {'passes' if ran == 1 else 'pass'}"
    return "pass", "The suite passes" if every == 1 else f"All {every:,} suites pass"


def _urgency(line: IncidentLine) -> tuple[int, int]:
    """Put the worst first, and of equals the one with most behind it."""
    return ("critical", "warn", "info").index(line.severity), -line.findings


def _quiet(totals: Mapping[str, int], tone: str) -> str:
    """Count what the headline left out."""
    told = {"warn": "warning", "pass": "passing", "none": "never run", "error": "not able to run"}
    parts = [
        f"{n:,} {told.get(outcome, words.outcome(outcome))}"
        for outcome in ("critical", "error", "warn", "inconclusive", "pass", "none")
        if (n := totals.get(outcome, 0)) and outcome != tone
    ]
    return f"{words.listed(parts)}." if parts else ""


def _row(tile: SuiteTile) -> dict[str, Any]:
    newest = tile.newest
    outcome = newest.outcome if newest else "skipped"
    return {
        "tile": tile,
        "outcome": outcome,
        "told": words.outcome(outcome) if newest else "never run",
        "strip": strip([(tick.outcome, _named(tick.at, tick.windows)) for tick in tile.strip]),
        "changed": tile.since and newest is not None and tile.since != newest.at,
    }


def _named(at: str, windows: int) -> str:
    return times.ending(at) + (f" ({counted(windows, 'window')}, the worst)" if windows > 1 else "")
