"""Does what was noted to be done: takes it, does it, and writes down how it went.

A delivery is taken for a stretch of time before it is begun. Whoever is killed meanwhile leaves it
taken, and when that time is over the next round does it again under the same key: a webhook's
receiver, a command or Airflow know it as a repeat. What fails is tried again in later rounds, each
after a longer wait, and dropped after ``ROUNDS``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tidegauge.alerts.actions import doing, texts_of
from tidegauge.alerts.filling import secrets_in, without
from tidegauge.alerts.routing import message_of, route
from tidegauge.errors import TidegaugeError
from tidegauge.incident import Delivering, Delivery, Message
from tidegauge.store import Store
from tidegauge.store import incident_writing as writing
from tidegauge.store.speaking import Speaker
from tidegauge.suite import Suite
from tidegauge.suite.acts import Action, Airflow, Command, Deed, Investigate, Start, Webhook

if TYPE_CHECKING:
    from tidegauge.freezing import Progress

ROUNDS = 12
"""Rounds in which a delivery is tried before it is given up."""
BUDGET = 120.0
"""Seconds of a round after which nothing more is begun."""
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
SPARE = timedelta(seconds=30)
"""What a deed is given beside the time that it may take by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A delivery that this process does."""

    delivery: Delivery
    message: Message
    action: Action


def deliver(
    store: Store, suite: Suite, *, now: datetime | None = None, progress: Progress | None = None
) -> tuple[Delivery, ...]:
    """Do what is due of a suite's actions.

    Parameters
    ----------
    store
        The history.
    suite
        Its actions say how; what people did since the last round is routed first.
    now
        Moment of the round.
    progress
        Told of each delivery.

    Returns
    -------
    What was tried, and how it went.
    """
    _route_people(store, suite, now)
    done = []
    begun = time.monotonic()
    while time.monotonic() - begun < BUDGET:
        taken = _take(store, suite, _moment(now))
        if taken is None:
            break
        if isinstance(taken, Delivery):
            done.append(taken)
            continue
        if progress is not None:
            progress(f"{taken.delivery.kind} {taken.action.name}", 0, None)
        problem = attempt(taken.action.does, taken.message, suite, store)
        done.append(_written(store, taken.delivery, problem, _moment(now)))
    return tuple(done)


def attempt(deed: Deed, message: Message, suite: Suite, store: Store) -> str:
    """Do a deed; give what went wrong, without secrets, or nothing."""
    try:
        doing(deed)(deed, message, suite, store)
    except TidegaugeError as error:
        problem = error.message
    except Exception as error:  # a service's library may raise anything, and the rest must go on
        problem = f"{type(error).__name__}: {error}"
    else:
        return ""
    return without(problem, secrets_in(texts_of(deed, suite))) or "failed without a reason"


def clock() -> datetime:
    """Tell the time by which others believe that a process was killed; a round's may be another."""
    return datetime.now(UTC)


def _moment(now: datetime | None) -> datetime:
    return (now or datetime.now(UTC)).astimezone(UTC)


def _route_people(store: Store, suite: Suite, now: datetime | None) -> None:
    """Decide what follows from what people did: they may not know the suite, this round does."""
    with writing.spoken(store) as speaker:
        events = writing.unrouted(speaker, suite.name)
        route(speaker, suite, events, {}, now=_moment(now))
        writing.mark_routed(speaker, events)


def _take(store: Store, suite: Suite, now: datetime) -> Taken | Delivery | None:
    """Take the oldest delivery that is due, or drop it where the suite no longer knows how."""
    actions = {action.name: action for action in suite.actions}
    with writing.spoken(store) as speaker:
        rows = speaker.ask(
            "SELECT key, suite, incident, event, action, kind, state, attempts, created, at, "
            "problem, message FROM deliveries WHERE suite = :suite "
            "AND (state IN ('pending', 'failed') AND due <= :now "
            "OR state = 'sending' AND due <= :clock) ORDER BY event, key LIMIT 1",
            suite=suite.name,
            now=now,
            clock=clock(),
        )
        if not rows:
            return None
        row = rows[0]
        found = Delivery(
            key=row[0], suite=row[1], incident=row[2], event=row[3], action=row[4], kind=row[5],
            state=row[6], attempts=row[7], created=writing.iso(row[8]), at=writing.iso(row[9]),
            problem=row[10],
        )  # fmt: skip
        action = actions.get(found.action)
        if action is None:
            return _set(speaker, found, "dropped", "the suite has no such action any more", now)
        tried = replace(found, attempts=found.attempts + 1, state="sending")
        speaker.tell(
            "UPDATE deliveries SET state = 'sending', attempts = :attempts, at = :at, due = :due "
            "WHERE key = :key",
            [{"attempts": tried.attempts, "at": now, "due": clock() + _lease(action.does, suite),
              "key": found.key}],
        )  # fmt: skip
    return Taken(delivery=tried, message=message_of(row[11]), action=action)


def _lease(deed: Deed, suite: Suite) -> timedelta:
    """How long a deed may take before others believe that its process was killed."""
    match deed:
        case Webhook():
            return deed.attempts * (deed.timeout + SPARE)
        case Command():
            return deed.timeout + SPARE
        case Start():
            trigger = suite.triggers.get(deed.trigger)
            return _lease(trigger.does, suite) if trigger else SPARE
        case Investigate():
            return timedelta(minutes=15)
        case Airflow():
            return timedelta(minutes=2)
    return timedelta(minutes=2)


def _written(store: Store, delivery: Delivery, problem: str, now: datetime) -> Delivery:
    state: Delivering = "delivered" if not problem else "failed"
    if problem and delivery.attempts >= ROUNDS:
        state = "dropped"
        problem = f"given up after {ROUNDS} rounds: {problem}"
    with writing.spoken(store) as speaker:
        return _set(speaker, delivery, state, problem, now)


def _set(
    speaker: Speaker, delivery: Delivery, state: Delivering, problem: str, now: datetime
) -> Delivery:
    wait = min(FIRST_WAIT * 2 ** max(delivery.attempts - 1, 0), LONGEST_WAIT)
    done = replace(delivery, state=state, problem=problem, at=now.isoformat(timespec="seconds"))
    # A process that took too long must not undo what another has delivered meanwhile.
    speaker.tell(
        "UPDATE deliveries SET state = :state, problem = :problem, at = :at, due = :due "
        "WHERE key = :key AND state <> 'delivered'",
        [{"state": state, "problem": problem, "at": now, "due": now + wait, "key": done.key}],
    )
    return done


def trial_message(suite: Suite, now: datetime | None = None) -> Message:
    """Make the message that tries a suite's actions out."""
    at = _moment(now).isoformat(timespec="seconds")
    return Message(
        key=f"test-{_moment(now):%Y%m%d%H%M%S%f}",
        suite=suite.name,
        event="opened",
        severity="info",
        incident="00000000",
        title="a test of this suite's actions",
        because=f"Somebody ran: tidegauge incidents test-actions {suite.path or 'SUITE'}",
        at=at,
        test=True,
    )


def try_out(store: Store, suite: Suite, actions: Sequence[Action]) -> tuple[tuple[str, str], ...]:
    """Do actions once with a message marked as a test; name and problem of each."""
    message = trial_message(suite)
    return tuple((one.name, attempt(one.does, message, suite, store)) for one in actions)
