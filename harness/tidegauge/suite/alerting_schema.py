"""The JSON Schema of ``alerts``, ``actions``, ``triggers`` and ``owners``."""

from __future__ import annotations

from typing import Any, get_args

from tidegauge.records import Role
from tidegauge.suite.actions import DEEDS, MLFLOW_KEYS, OCCASIONS, RULE_KEYS, TRIGGER_KEYS
from tidegauge.suite.actions import KEYS as ACTION_KEYS
from tidegauge.suite.alerts import KEYS as ALERT_KEYS
from tidegauge.suite.owners import KEYS as OWNER_KEYS
from tidegauge.suite.starters import (
    AIRFLOW_KEYS,
    COMMAND_KEYS,
    LONGEST,
    STARTERS,
    WEBHOOK_KEYS,
)

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
TEXTS: Schema = {"type": "array", "items": TEXT, "minItems": 1}
PLACES: Schema = {"anyOf": [TEXT, TEXTS]}
NAMED: Schema = {"type": "object", "additionalProperties": TEXT}
LENGTH: Schema = {"type": "string", "pattern": r"^\s*\d{1,6}\s*[mhdw]\s*$"}
WINDOWS: Schema = {"type": "integer", "minimum": 1, "maximum": 1_000}
SECONDS: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST}
FLAG: Schema = {"type": "boolean"}


def alerts() -> Schema:
    """Build the part for ``alerts``."""
    parts: dict[str, Schema] = {
        "false_pages": {
            "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"enum": ["off", False]}]
        },
        "resolve_after": WINDOWS,
        "reopen_within": LENGTH,
        "cooldown": LENGTH,
        "expect": LENGTH,
    }
    return _mapping(parts, ALERT_KEYS)


def owners() -> Schema:
    """Build the part for ``owners``."""
    owner = _mapping({"name": TEXT, "notify": PLACES}, OWNER_KEYS)
    return {"type": "object", "additionalProperties": {"anyOf": [TEXT, TEXTS, owner]}}


def triggers() -> Schema:
    """Build the part for ``triggers``."""
    starters = _starters()
    choices = [
        _mapping({word: starters[word], "cooldown": LENGTH}, TRIGGER_KEYS, required=[word])
        for word in STARTERS
    ]
    return {"type": "object", "additionalProperties": {"oneOf": choices}}


def actions() -> Schema:
    """Build the part for ``actions``."""
    occasion: Schema = {"enum": list(OCCASIONS)}
    occasions: Schema = {"anyOf": [occasion, {"type": "array", "items": occasion, "minItems": 1}]}
    rule: dict[str, Schema] = {
        "severity": occasions,
        "check": TEXT,
        "role": {"enum": list(get_args(Role))},
        "column": {"type": ["string", "integer"]},
        "critical_feature": FLAG,
        "for": WINDOWS,
    }
    on: Schema = {"anyOf": [*occasions["anyOf"], _mapping(rule, RULE_KEYS)]}
    starters = _starters()
    mlflow = _mapping(dict.fromkeys(MLFLOW_KEYS, TEXT), MLFLOW_KEYS)
    deeds: dict[str, Schema] = {
        "notify": PLACES,
        "webhook": starters["webhook"],
        "command": starters["command"],
        "run": TEXT,
        "explain": {"const": True},
        "mlflow": {"anyOf": [{"const": True}, mlflow]},
    }
    choices = [
        _mapping({"name": TEXT, "on": on, word: deeds[word]}, ACTION_KEYS, required=["on", word])
        for word in DEEDS
    ]
    return {"type": "array", "items": {"oneOf": choices}}


def _starters() -> dict[str, Schema]:
    webhook: dict[str, Schema] = {
        "url": TEXT,
        "secret": TEXT,
        "headers": NAMED,
        "timeout": SECONDS,
        "attempts": {"type": "integer", "minimum": 1, "maximum": 10},
    }
    arguments: Schema = {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1}
    command: dict[str, Schema] = {"arguments": arguments, "timeout": SECONDS, "environment": NAMED}
    airflow: dict[str, Schema] = {
        "url": TEXT,
        "dag": TEXT,
        "token": TEXT,
        "api": {"enum": ["v2", "v1"]},
    }
    return {
        "webhook": {"anyOf": [TEXT, _mapping(webhook, WEBHOOK_KEYS, required=["url"])]},
        "command": {"anyOf": [arguments, _mapping(command, COMMAND_KEYS, required=["arguments"])]},
        "airflow": _mapping(airflow, AIRFLOW_KEYS, required=["url", "dag"]),
    }


def _mapping(parts: dict[str, Schema], says: Any, *, required: list[str] | None = None) -> Schema:
    properties = {key: {**part, "description": says[key]} for key, part in parts.items()}
    found: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**found, "required": required} if required else found
