"""What follows from an event: one delivery for each action that waits for it, once.

Deliveries are written in the transaction of the event, under a key made of incident, event and
action. Whoever decides the same again, after a kill or beside another process, finds them there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tidegauge.incident import Delivery, Event, Incident, Message
from tidegauge.store import incident_writing as writing
from tidegauge.store.speaking import Speaker
from tidegauge.suite import Suite
from tidegauge.suite.acts import Action, Investigate, Rule, Start

TELLING = ("opened", "reopened", "escalated", "repeated")
"""Events that people are told of; ``found`` only sets off what waits for certain findings."""


def route(
    speaker: Speaker,
    suite: Suite,
    events: Sequence[Event],
    incidents: Mapping[str, Incident],
    *,
    now: datetime,
    act: bool = True,
) -> tuple[Delivery, ...]:
    """Decide what follows from events, and note it to be done.

    Parameters
    ----------
    speaker
        The transaction of the events.
    suite
        Its actions are asked.
    events, incidents
        What happened, and to what.
    now
        When it is decided.
    act
        Whether it is noted; else it is only told.

    Returns
    -------
    What is to be done, or would be; nothing that was noted before.
    """
    found = []
    for event in events:
        incident = incidents.get(event.incident) or writing.one(speaker, event.incident)
        if incident is None:
            continue
        findings = writing.findings_of(speaker, incident.id)
        for action in suite.actions:
            chosen = _asked(action.on, event, incident, findings, suite)
            if chosen is None:
                continue
            delivery = _delivery(action, event, incident, now)
            if isinstance(action.does, Start):
                delivery = _cooled(speaker, suite, action.does, delivery, now)
            message = _message(delivery, event, incident, chosen)
            if not act or writing.add_delivery(speaker, delivery, message, due=now):
                found.append(delivery)
    return tuple(found)


def _asked(
    rule: Rule,
    event: Event,
    incident: Incident,
    findings: Sequence[Mapping[str, Any]],
    suite: Suite,
) -> Sequence[Mapping[str, Any]] | None:
    """Give the findings that an action is about; ``None`` where it does not wait for this."""
    if event.what == "resolved":
        return findings if "resolved" in rule.occasions and not rule.picks else None
    if incident.sort != "finding":
        asked = "missing" in rule.occasions or "critical" in rule.occasions
        return () if event.what in TELLING and asked and not _picky(rule) else None
    if not _picky(rule):
        told = event.what in TELLING and event.severity in rule.occasions
        return findings if told else None
    if event.what not in (*TELLING, "found", "rejudged") or incident.state == "resolved":
        return None
    chosen = [one for one in findings if _fits(rule, one, suite)]
    return chosen or None


def _picky(rule: Rule) -> bool:
    """Whether a rule waits for certain findings, and is therefore done once."""
    return rule.picks or rule.windows > 1


def _fits(rule: Rule, finding: Mapping[str, Any], suite: Suite) -> bool:
    check = str(finding["check"])
    evaluator = check.partition("@")[0].partition(":")[0]
    return (
        finding["outcome"] in rule.occasions
        and rule.check in ("", check, evaluator)
        and rule.role in ("", finding["role"])
        and rule.column in ("", finding["column"])
        and (not rule.critical_feature or finding["column"] in suite.columns.critical)
        and int(finding["streak"]) >= rule.windows
    )


def _delivery(action: Action, event: Event, incident: Incident, now: datetime) -> Delivery:
    if _picky(action.on):  # once while it lasts, and again when it gets worse or comes back
        once = isinstance(action.does, Start | Investigate)
        lead = (incident.id, incident.reopened, *(() if once else (incident.severity,)))
    else:
        lead = (incident.id, event.id)
    return Delivery(
        key=_key(*lead, action.name),
        suite=incident.suite,
        incident=incident.id,
        event=event.id,
        action=action.name,
        kind=action.kind,
        created=now.isoformat(timespec="seconds"),
    )


def _key(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()[:32]


def _cooled(
    speaker: Speaker, suite: Suite, start: Start, delivery: Delivery, now: datetime
) -> Delivery:
    """Drop what would pull a trigger again too soon, and say so."""
    trigger = suite.triggers.get(start.trigger)
    if trigger is None:
        return delivery
    same = {
        action.name
        for action in suite.actions
        if isinstance(action.does, Start) and action.does.trigger == start.trigger
    }
    rows = speaker.ask(
        "SELECT action, created, key FROM deliveries WHERE suite = :suite AND kind = 'trigger' "
        "AND state <> 'dropped' AND created > :since ORDER BY created DESC",
        suite=suite.name,
        since=now - trigger.cooldown,
    )
    last = next((at for name, at, key in rows if name in same and key != delivery.key), None)
    if last is None:
        return delivery
    again = writing.iso((writing.moment(last) or now) + trigger.cooldown)
    said = f"{start.trigger} was started at {writing.iso(last)}, and may be again from {again}"
    # Under a key of its own: what lasts longer than the cooldown still starts it then.
    return replace(delivery, key=_key(delivery.key, again), state="dropped", problem=said)


def _message(
    delivery: Delivery, event: Event, incident: Incident, findings: Sequence[Mapping[str, Any]]
) -> Message:
    return Message(
        key=delivery.key,
        suite=incident.suite,
        event=event.what,
        severity=incident.severity,
        incident=incident.id,
        title=incident.title,
        because=event.text or incident.because,
        findings=tuple(findings[:20]),
        causes=(incident.cause,) if incident.cause else (),
        run=event.run,
        window=event.window,
        owner=incident.owner,
        at=datetime.fromisoformat(event.at).astimezone(UTC).isoformat(timespec="seconds"),
        by=event.by,
    )


def message_of(text: str) -> Message:
    """Read a message back as it was noted."""
    kept = json.loads(text)
    return Message(**{**kept, "findings": tuple(kept["findings"]), "causes": tuple(kept["causes"])})
