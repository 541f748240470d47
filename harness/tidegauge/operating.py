"""One round of a suite: run it, keep it, tell whom it concerns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegauge.arrival import judge_arrived, keep_predictions, rejudge, with_track_record
from tidegauge.calibration.remembered import remembered
from tidegauge.errors import HistoryError
from tidegauge.freezing import Progress, untold
from tidegauge.incident import Delivery, Incident
from tidegauge.records import Report
from tidegauge.running import perform
from tidegauge.suite import Suite, load_suite
from tidegauge.wording import length

if TYPE_CHECKING:
    from tidegauge.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Operated:
    """What a round came to."""

    report: Report
    kept: bool = False
    """Whether the history holds it."""
    incidents: tuple[Incident, ...] = ()
    """Incidents that it opened, changed or closed."""
    deliveries: tuple[Delivery, ...] = ()
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
    act: bool = True,
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
    act
        Whether the suite's actions are carried out; else it is only told what would be.

    Raises
    ------
    TidegaugeError
        When the suite could not be run. A run that could not be kept says so in ``trouble``.
    """
    suite = suite if isinstance(suite, Suite) else load_suite(suite)
    earlier = _earlier(suite, store, window, now)
    ran = perform(
        suite,
        window=window,
        current=current,
        baseline=baseline,
        now=now,
        progress=progress,
        earlier=earlier,
        past=partial(remembered, store) if store else None,
    )
    if store is None:
        return Operated(report=ran.report, unpublished=_published(suite, (ran.report,)))
    progress("history", 0, None)
    try:
        keep_predictions(store, ran)
        report = foretelling(suite, with_track_record(ran.report, store))
        report = replace(report, notes=(*report.notes, *_too_old(suite, report, now)))
        store.save(report, profile=ran.profile, baseline=ran.reference.profile)
        forget(suite, store, now=now)
    except HistoryError as error:  # a report that took minutes is not lost with a full disk
        return Operated(report=ran.report, trouble=str(error))
    rejudged = rejudge(
        suite.name, store, ran.late, reference=ran.reference, now=now, progress=progress
    )
    alerted = alert(suite, store, (*rejudged, report), now=now, progress=progress, act=act)
    return Operated(
        report=replace(report, notes=(*report.notes, *alerted.notes)),
        kept=True,
        incidents=alerted.incidents,
        deliveries=alerted.deliveries,
        trouble=alerted.trouble,
        rejudged=rejudged,
        unpublished=_published(suite, (*rejudged, report)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerted:
    """What alerts made of a round."""

    incidents: tuple[Incident, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    notes: tuple[str, ...] = ()
    trouble: str = ""


def alert(
    suite: Suite,
    store: Store,
    reports: Iterable[Report],
    *,
    now: datetime | None = None,
    progress: Progress = untold,
    act: bool = True,
) -> Alerted:
    """Take the findings of kept runs into incidents, and carry out what follows."""
    from tidegauge.alerts import catch_up, deliver, settle

    progress("alerts", 0, None)
    incidents: dict[str, Incident] = {}
    todo: list[Delivery] = []
    notes: dict[str, None] = {}
    try:
        reports = tuple(reports)
        catch_up(store, suite, but=[one.run_id for one in reports], now=now, act=act)
        for report in reports:
            settled, follows = settle(store, suite, report, now=now, act=act)
            incidents |= {one.id: one for one in settled.incidents}
            notes |= dict.fromkeys(settled.notes)
            todo += follows
        done = deliver(store, suite, now=now, progress=progress) if act else tuple(todo)
    except HistoryError as error:
        return Alerted(trouble=str(error))
    failed = [one for one in done if one.state in ("failed", "dropped")]
    notes |= {f"action {one.action} was not carried out: {one.problem}": None for one in failed}
    return Alerted(incidents=tuple(incidents.values()), deliveries=done, notes=tuple(notes))


def take_labels(
    suite: Suite, store: Store, *, now: datetime | None = None, act: bool = True
) -> tuple[tuple[Report, ...], Alerted]:
    """Judge kept windows again by labels that have arrived since, and act on what they show.

    Returns
    -------
    The new reports, the oldest window first, and what alerts made of them; its ``trouble`` says
    what could not be published as well.

    Raises
    ------
    TidegaugeError
        When the labels cannot be read or joined.
    """
    rejudged = judge_arrived(suite, store, now=now or datetime.now(UTC))
    alerted = alert(suite, store, rejudged, now=now, act=act)
    trouble = filter(None, [alerted.trouble, *_published(suite, rejudged)])
    return rejudged, replace(alerted, trouble="; ".join(trouble))


def watch(suite: Suite, store: Store, *, now: datetime | None = None, act: bool = True) -> Alerted:
    """Miss windows that did not come, settle runs that a killed process left, send what is due.

    Meant to be called every few minutes, by ``tidegauge serve`` or by cron.
    """
    from tidegauge.alerts import catch_up, check_arrivals, deliver

    left = catch_up(store, suite, now=now, act=act)
    missed, todo = check_arrivals(store, suite, now=now, act=act)
    done = deliver(store, suite, now=now) if act else todo
    incidents = {one.id: one for settled in (*left, missed) for one in settled.incidents}
    notes = dict.fromkeys(note for settled in (*left, missed) for note in settled.notes)
    return Alerted(incidents=tuple(incidents.values()), deliveries=done, notes=tuple(notes))


def foretelling(suite: Suite, report: Report) -> Report:
    """Add to a report how many false pages a year to expect."""
    from tidegauge.alerts import foretold

    said = foretold(suite)
    return replace(report, notes=(*report.notes, said)) if said else report


def _earlier(
    suite: Suite, store: Store | None, window: str | None, now: datetime | None
) -> dict[tuple[str, str, str], int] | None:
    """Tell what the history knows of earlier windows; ``None`` where there is none."""
    if store is None:
        return None
    from tidegauge.alerts import earlier

    try:
        return earlier(store, suite, window=window, now=now or datetime.now(UTC))
    except HistoryError:  # a full disk must not cost the report; it is told when the run is kept
        return None


def forget(suite: Suite, store: Store, *, now: datetime | None = None) -> None:
    """Forget what is older than the suite's policy says."""
    policy = suite.history
    if policy.keep or policy.keep_profiles:
        store.prune(suite.name, keep=policy.keep, keep_profiles=policy.keep_profiles, now=now)


def _too_old(suite: Suite, report: Report, now: datetime | None) -> tuple[str, ...]:
    """Say that the history's policy forgets a run at once, since its window is so long ago."""
    _, _, end = report.current.window.partition("/")
    keep = suite.history.keep
    if keep is None or not end:
        return ()
    if datetime.fromisoformat(end) >= (now or datetime.now(UTC)).astimezone(UTC) - keep:
        return ()
    return (
        f"not kept: the window ended over {length(keep)} ago, and older runs are forgotten "
        "(history: keep in the suite)",
    )


def _published(suite: Suite, reports: Iterable[Report]) -> tuple[str, ...]:
    """Publish runs where the suite asks for it; give what could not be."""
    if not suite.actions:
        return ()
    from tidegauge.publishing.always import publish_run

    return tuple(problem for report in reports for problem in publish_run(suite, report))
