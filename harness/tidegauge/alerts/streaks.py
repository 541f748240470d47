"""How many windows in a row were beyond a limit, as the history knows it.

A window that is missing, or in which the check could not be judged, tells nothing: it neither
counts nor ends a streak. After more than ``GAP`` such windows in a row the streak has ended: what
was beyond its limit a week ago is no longer in a row with today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from tidegauge.logs import parse_window
from tidegauge.records import Outcome
from tidegauge.store import Store
from tidegauge.store.incident_writing import moment, spoken
from tidegauge.store.speaking import Speaker
from tidegauge.suite import Suite

Subject = tuple[str, str, str]
"""Check, column and slice."""
Told = Mapping[Subject, bool | None]
"""Whether it was beyond its limit; ``None`` = nobody knows."""
GAP = 2
"""Windows in a row that may tell nothing."""
DEEPEST = 1_000
"""Windows looked back at: as many as a check may ask for."""
UNKNOWN: tuple[Outcome, ...] = ("inconclusive", "not_applicable", "skipped", "error")


def streaks_before(
    speaker: Speaker, suite: str, *, window: tuple[datetime, datetime] | None, now: datetime
) -> dict[Subject, int]:
    """Count, for each check, column and slice, the windows in a row that were beyond the limit.

    Parameters
    ----------
    speaker, suite
        The history, and the suite's name.
    window
        Start and end of the window that is to be judged; it does not count itself, so that a
        second run of it finds the same. ``None`` where the suite reads all rows.
    now
        Moment of judging, where there is no window.
    """
    length = window[1] - window[0] if window else None
    expected = window[0] if window else None
    counted: dict[Subject, int] = {}
    blind: dict[Subject, int] = {}
    ended: set[Subject] = set()
    for depth, (at, told) in enumerate(_windows(speaker, suite, window[1] if window else now)):
        missing = _missing(expected, at, length)
        if missing > GAP:
            break
        live = {*told, *counted, *blind} - ended if depth == 0 else {*counted, *blind} - ended
        for key in live:
            if told.get(key) is None:
                blind[key] = blind.get(key, 0) + missing + 1
            elif told[key] and blind.get(key, 0) + missing <= GAP:
                counted[key] = counted.get(key, 0) + 1
                blind[key] = 0
            else:
                ended.add(key)
            if blind.get(key, 0) > GAP:
                ended.add(key)
        if not live - ended:
            break
        expected = at - length if length else None
    return {key: n for key, n in counted.items() if n}


def _missing(expected: datetime | None, at: datetime, length: timedelta | None) -> int:
    """Count the windows between where the next one should end and where it does."""
    if expected is None or length is None or at >= expected:
        return 0
    return round((expected - at) / length)


def _windows(speaker: Speaker, suite: str, before: datetime) -> Iterator[tuple[datetime, Told]]:
    """Tell, the newest window first, what was beyond its limit."""
    rows = speaker.ask(
        "SELECT no, at FROM runs WHERE suite = :suite AND at < :before AND superseded_by = '' "
        "ORDER BY at DESC, no DESC LIMIT :most",
        suite=suite,
        before=before,
        most=DEEPEST,
    )
    last = None
    for no, at in rows:
        if at == last:  # the same window over other rows, by --current or --baseline
            continue
        last = at
        found = speaker.ask(
            'SELECT s."check", s."column", s.slice, r.outcome, r.broke FROM results r '
            "JOIN subjects s ON s.no = r.subject WHERE r.run = :run",
            run=no,
        )
        known = moment(at)
        assert known is not None
        yield (
            known,
            {
                (check, column, slice_): None if outcome in UNKNOWN else bool(broke)
                for check, column, slice_, outcome, broke in found
            },
        )


def earlier(store: Store, suite: Suite, *, window: str | None, now: datetime) -> dict[Subject, int]:
    """Tell the judge what the history knows of the windows before the one it is to judge.

    Parameters
    ----------
    store, suite
        The history and the suite.
    window
        As ``tidegauge.run`` takes it; by default the suite's latest whole window.
    now
        Moment of judging.
    """
    span = parse_window(window, suite.logs.current.window, now=now)
    with spoken(store) as speaker:
        ends = (span.start, span.end) if span else None
        return streaks_before(speaker, suite.name, window=ends, now=now)
