"""One round of a suite: run it, keep it, tell whom it concerns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegauge.arrival import keep_predictions, rejudge, with_track_record
from tidegauge.errors import HistoryError
from tidegauge.freezing import Progress, untold
from tidegauge.records import Report
from tidegauge.running import perform
from tidegauge.suite import Suite, load_suite

if TYPE_CHECKING:
    from tidegauge.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Operated:
    """What a round came to."""

    report: Report
    kept: bool = False
    """Whether the history holds it."""
    incidents: tuple[Any, ...] = ()
    """Incidents that it opened, changed or closed."""
    deliveries: tuple[Any, ...] = ()
    """What was sent to whom, and whether it arrived."""
    rejudged: tuple[Report, ...] = ()
    """Earlier windows judged anew, since their labels arrived."""
    trouble: str = ""
    """Why the history does not hold it, although it should; nobody was told of it then."""
    unpublished: tuple[str, ...] = ()
    """What could not be published, one sentence each."""


def operate(
    suite: str | Path | Suite,
    store: Store | None,
    *,
    window: str | None = None,
    current: Any = None,
    baseline: Any = None,
    now: datetime | None = None,
    progress: Progress = untold,
) -> Operated:
    """Run a suite over a window, keep the run, and act on what was found.

    Each step is a call below, in this order; a step that needs the history is passed over where
    there is none. The run is kept before anybody is told of it, so that whoever is told can look
    it up, and a round that is killed and begun again tells nobody twice.

    Parameters
    ----------
    suite
        Path of a suite file, or a loaded suite.
    store
        Where runs are kept; ``None`` = nowhere.
    window, current, baseline, now, progress
        As ``tidegauge.run`` takes them.

    Raises
    ------
    TidegaugeError
        When the suite could not be run. A run that could not be kept says so in ``trouble``.
    """
    suite = suite if isinstance(suite, Suite) else load_suite(suite)
    ran = perform(
        suite, window=window, current=current, baseline=baseline, now=now, progress=progress
    )
    if store is None:
        return Operated(report=ran.report, unpublished=_published(suite, (ran.report,)))
    progress("history", 0, None)
    try:
        keep_predictions(store, ran)
        report = with_track_record(ran.report, store)
        store.save(report, profile=ran.profile, baseline=ran.reference.profile)
        forget(suite, store, now=now)
    except HistoryError as error:  # a report that took minutes is not lost with a full disk
        return Operated(report=ran.report, trouble=str(error))
    rejudged = rejudge(suite.name, store, ran.late, now=now, progress=progress)
    # Alerts take their turn here.
    return Operated(
        report=report,
        kept=True,
        rejudged=rejudged,
        unpublished=_published(suite, (*rejudged, report)),
    )


def forget(suite: Suite, store: Store, *, now: datetime | None = None) -> None:
    """Forget what is older than the suite's policy says."""
    policy = suite.history
    if policy.keep or policy.keep_profiles:
        store.prune(suite.name, keep=policy.keep, keep_profiles=policy.keep_profiles, now=now)


def _published(suite: Suite, reports: Iterable[Report]) -> tuple[str, ...]:
    """Publish runs where the suite asks for it; give what could not be."""
    if not suite.actions:
        return ()
    from tidegauge.publishing.always import publish_run

    return tuple(problem for report in reports for problem in publish_run(suite, report))
