"""Settles runs that were kept and then not settled, for their process was killed in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tidegauge.alerts.settling import settle
from tidegauge.incident import Settled
from tidegauge.store import Store
from tidegauge.store import incident_writing as writing
from tidegauge.suite import Suite

OLDEST = timedelta(days=7)
"""Runs that are older are history, and nobody is told of them any more."""


def catch_up(
    store: Store,
    suite: Suite,
    *,
    but: Sequence[str] = (),
    now: datetime | None = None,
    act: bool = True,
) -> tuple[Settled, ...]:
    """Settle what a killed process left behind, the oldest window first.

    Parameters
    ----------
    store, suite
        The history and the suite.
    but
        Ids of runs that are settled by themselves.
    now
        Moment of settling.
    act
        Whether what follows is noted to be done.
    """
    now = (now or datetime.now(UTC)).astimezone(UTC)
    with writing.spoken(store) as speaker:
        rows = speaker.ask(
            "SELECT r.id FROM runs r LEFT JOIN settled s ON s.run = r.id "
            "WHERE r.suite = :suite AND s.run IS NULL AND r.superseded_by = '' "
            "AND r.created >= :oldest "
            "AND r.created >= (SELECT min(at) FROM settled WHERE suite = :suite) "
            "ORDER BY r.at, r.no",
            suite=suite.name,
            oldest=now - OLDEST,
        )
    left = [id for (id,) in rows if id not in but]
    return tuple(settle(store, suite, store.report(id), now=now, act=act)[0] for id in left)
