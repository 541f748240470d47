"""The ``actions`` and ``triggers`` of a suite: what is done when, as far as it is written."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args

from tidegauge.catalog import nearest
from tidegauge.records import Check, Role
from tidegauge.suite.acts import (
    Action,
    Deed,
    Investigate,
    Notify,
    Occasion,
    Publish,
    Rule,
    Start,
    Trigger,
)
from tidegauge.suite.document import Node, shown
from tidegauge.suite.owners import read_places, secret_text
from tidegauge.suite.starters import STARTERS, read_starter
from tidegauge.suite.values import (
    choice,
    entries,
    flag,
    items,
    length,
    mapping,
    name,
    text,
    windows,
)

KEYS = {
    "name": "What to call it in the store; made from the rest where it is not said.",
    "on": "What sets it off: critical, warn, resolved, missing, a list of them, or a mapping; "
    "always for mlflow.",
    "notify": "Tell people: an apprise URL, or a list.",
    "webhook": "Post JSON: a URL, or {url, secret, headers, timeout, attempts}.",
    "command": "Start a program: a list of its arguments, or {arguments, timeout, environment}.",
    "run": "Pull a trigger that the suite defines, such as retrain.",
    "explain": "true: look for the causes in the rows and tell the owners what was found.",
    "mlflow": "Mark it in MLflow: true, or {tracking_uri, experiment}.",
}
DEEDS = ("notify", "webhook", "command", "run", "explain", "mlflow")
RULE_KEYS = {
    "severity": "critical, warn, resolved, missing, or a list of them (default critical and warn).",
    "check": "Id of a check, or its evaluator: drift.psi.",
    "role": "Role of the column: prediction.",
    "column": "Name of the column.",
    "critical_feature": "true: only columns that columns.critical names.",
    "for": "Windows in a row that the finding must have been beyond its limit.",
}
TRIGGER_KEYS = {
    "command": KEYS["command"],
    "webhook": KEYS["webhook"],
    "airflow": "Start a run of a DAG: {url, dag, token}.",
    "cooldown": "Time before it can be started again (default 7d).",
}
MLFLOW_KEYS = {
    "tracking_uri": "Where MLflow keeps its runs.",
    "experiment": "Name of the experiment.",
}
OCCASIONS: tuple[Occasion, ...] = get_args(Occasion)
EXAMPLE = '[{on: critical, notify: "${ALERT_URL}"}]'


def read_actions(
    node: Node,
    folder: Path,
    *,
    checks: Collection[Check],
    triggers: Collection[str],
    critical: Collection[str],
) -> tuple[Action, ...]:
    """Read actions.

    Parameters
    ----------
    node
        The list.
    folder
        Where commands are started.
    checks
        Those of the suite, which rules may name.
    triggers
        Names that ``run`` may ask for.
    critical
        Columns that ``columns.critical`` names.
    """
    found: dict[str, Action] = {}
    for item in items(node, EXAMPLE):
        action = _action(item, folder, triggers)
        if action is None:
            continue
        _refuse_unknown(action.on, item, checks, critical)
        if action.name in found:
            item.complain(
                f'found a second action "{shown(action.name)}"; allowed: each once',
                "remove one of the two, or give them names",
            )
        found[action.name] = action
    return tuple(found.values())


def read_triggers(node: Node, folder: Path) -> dict[str, Trigger]:
    """Read what ``run`` can start, by name."""
    found = {}
    for key, item in mapping(node, "{retrain: {command: [python, retrain.py]}}").items():
        parts = entries(item, TRIGGER_KEYS, "{command: [python, retrain.py], cooldown: 7d}")
        chosen = [word for word in STARTERS if word in parts]
        if len(chosen) != 1:
            if isinstance(item.value, dict):
                item.complain(
                    f"found {len(chosen)} things to start; allowed: one of {', '.join(STARTERS)}"
                )
            continue
        does = read_starter(chosen[0], parts[chosen[0]], folder)
        wait = length(parts["cooldown"]) if "cooldown" in parts else None
        default = Trigger(name=key, does=does)
        found[key] = replace(default, cooldown=wait or default.cooldown)
    return found


def _action(node: Node, folder: Path, triggers: Collection[str]) -> Action | None:
    found = entries(node, KEYS, '{on: critical, notify: "${ALERT_URL}"}')
    if not isinstance(node.value, dict):
        return None
    chosen = [word for word in DEEDS if word in found]
    if "on" not in found:
        node.complain('found no key "on"; needed: what sets it off', KEYS["on"])
        return None
    if len(chosen) != 1:
        node.complain(
            f"found {len(chosen)} things to do; allowed: one of {', '.join(DEEDS)}",
            "write an item of its own for each",
        )
        return None
    does = _deed(chosen[0], found[chosen[0]], folder, triggers)
    if does is None:
        return None
    rule = _rule(found["on"])
    if "always" in rule.occasions and not isinstance(does, Publish):
        found["on"].complain(
            f'found "always" for {chosen[0]}; allowed: for mlflow, which keeps every run',
            "write on: [critical, warn]",
        )
    given = text(found["name"], "a name") if "name" in found else ""
    return Action(name=given or f"{chosen[0]}-{_digest(node)}", on=rule, does=does)


def _deed(word: str, node: Node, folder: Path, triggers: Collection[str]) -> Deed | None:
    match word:
        case "notify":
            return Notify(places=read_places(node))
        case "run":
            return _start(node, triggers)
        case "explain":
            if not flag(node):
                node.wrong("true")
            return Investigate()
        case "mlflow":
            settings = (
                {
                    key: secret_text(item, "a text")
                    for key, item in entries(node, MLFLOW_KEYS, "{experiment: credit}").items()
                }
                if isinstance(node.value, dict)
                else {}
            )
            if not settings and not flag(node):
                node.wrong("true, or a mapping of tracking_uri and experiment")
            return Publish(settings=settings)
    return read_starter(word, node, folder)


def _start(node: Node, triggers: Collection[str]) -> Start | None:
    wanted = text(node, "the name of a trigger")
    if wanted and wanted not in triggers:
        node.complain(
            f'found "{shown(wanted)}", and no trigger of this name; '
            f"allowed: {', '.join(triggers) or 'none, for the suite has no triggers'}",
            f"define it: triggers: {{{shown(wanted)}: {{command: [python, retrain.py]}}}}",
        )
        return None
    return Start(trigger=wanted)


def _rule(node: Node) -> Rule:
    if not isinstance(node.value, dict):
        return Rule(occasions=_occasions(node))
    found = entries(node, RULE_KEYS, "{check: drift.psi, role: prediction, for: 3}")
    role = choice(found["role"], get_args(Role)) if "role" in found else ""
    return Rule(
        occasions=_occasions(found["severity"]) if "severity" in found else Rule().occasions,
        check=text(found["check"], "the id of a check") if "check" in found else "",
        role=role,
        column=name(found["column"]) if "column" in found else "",
        critical_feature=flag(found["critical_feature"]) if "critical_feature" in found else False,
        windows=windows(found["for"]) if "for" in found else 1,
    )


def _occasions(node: Node) -> tuple[Occasion, ...]:
    listed = node.value if isinstance(node.value, tuple) else (node,)
    if not listed:
        node.wrong(", ".join(OCCASIONS))
    return cast(tuple[Occasion, ...], tuple(dict.fromkeys(choice(i, OCCASIONS) for i in listed)))


def _refuse_unknown(
    rule: Rule, node: Node, checks: Collection[Check], critical: Collection[str]
) -> None:
    known = dict.fromkeys(word for one in checks for word in (one.id, one.evaluator))
    place = node.value["on"] if isinstance(node.value, dict) else node
    if rule.check and checks and rule.check not in known:
        place.complain(
            f'found the check "{shown(rule.check)}", which the suite does not have',
            nearest(rule.check, known),
        )
    if rule.critical_feature and not critical:
        place.complain(
            "found critical_feature, and the suite does not say which features are critical",
            "name them: columns: {critical: [income]}",
        )


def _digest(node: Node) -> str:
    """Name an action by what it says, so that the name outlives a change of its place."""
    return hashlib.sha256(repr(_written(node)).encode()).hexdigest()[:8]


def _written(node: Node) -> Any:
    if isinstance(node.value, Mapping):
        return {key: _written(item) for key, item in sorted(node.value.items())}
    if isinstance(node.value, tuple):
        return [_written(item) for item in node.value]
    return node.value
