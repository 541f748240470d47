"""The JSON Schema of suite files, built from the same tables that the readers use."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Mapping
from dataclasses import asdict
from inspect import Parameter
from typing import Any, get_args

from tidegauge.catalog import evaluator, evaluator_names, is_scorer, scorer
from tidegauge.records import ALARMS, LimitsOf, ModelChange, Policy
from tidegauge.suite import KEYS, NAME_PATTERN, POLICY_KEYS, Explain
from tidegauge.suite import alerting_schema as alerting
from tidegauge.suite.causes import KEYS as CAUSES_KEYS
from tidegauge.suite.checks import KEYS as CHECK_KEYS
from tidegauge.suite.checks import PRESETS
from tidegauge.suite.columns import KEYS as COLUMN_KEYS
from tidegauge.suite.columns import KINDS, TARGET_KEYS, VALID_KEYS
from tidegauge.suite.compare import KEYS as COMPARE_KEYS
from tidegauge.suite.compare import ROWS, SEGMENTS, WAYS
from tidegauge.suite.explaining import ALONE, FEWEST, LISTS, MODEL_KEYS
from tidegauge.suite.explaining import KEYS as EXPLAIN_KEYS
from tidegauge.suite.history import KEYS as HISTORY_KEYS
from tidegauge.suite.late import KEYS as LATE_KEYS
from tidegauge.suite.limits import CHANGES
from tidegauge.suite.moving import KEYS as MOVING_KEYS
from tidegauge.suite.moving import MOST, PLACES, SEASONS, SKIPPED
from tidegauge.suite.params import alternatives
from tidegauge.suite.schedule import KEYS as SCHEDULE_KEYS
from tidegauge.suite.scorers import KEYS as SCORER_KEYS
from tidegauge.suite.sources import FORMATS, LABELS, OPTIONS, SIDES
from tidegauge.suite.sources import KEYS as SOURCE_KEYS

Schema = dict[str, Any]

NAME: Schema = {"type": ["string", "integer"], "minLength": 1}
NAMES: Schema = {"type": "array", "items": NAME, "uniqueItems": True}
TEXT: Schema = {"type": "string", "minLength": 1}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
LENGTH: Schema = {"type": "string", "pattern": r"^\s*\d{1,6}\s*[mhdw]\s*$"}
SHARE: Schema = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
PERCENTAGE: Schema = {"type": "string", "pattern": r"^\s*\+?(\d+(\.\d*)?|\.\d+)\s*%\s*$"}
CHANGE: Schema = {"anyOf": [{"type": "number", "minimum": 0}, PERCENTAGE]}
JSON_TYPES = {
    "int": "integer", "float": "number", "bool": "boolean", "str": "string", "None": "null",
    "[int]": "array", "[float]": "array", "[str]": "array",
}  # fmt: skip


def build() -> Schema:
    """Build the whole schema; every evaluator is loaded for its parameters."""
    scorers = [name for name in evaluator_names() if _adds_columns(name)]
    measures = [name for name in evaluator_names() if name not in scorers]
    policy = {
        "false_alarms": SHARE,
        "confidence": SHARE,
        "seed": {"type": "integer", "minimum": 0},
        "limits": {"enum": list(get_args(LimitsOf))},
        "model_change": {"enum": list(get_args(ModelChange))},
    }
    parts = {
        "suite": {**TEXT, "pattern": f"^{NAME_PATTERN}$"},
        "schedule": _schedule(),
        "preset": {"enum": list(PRESETS)},
        "logs": _logs(),
        "columns": _columns(),
        "scorers": {"type": "array", "items": _named(scorers, _scorer)},
        "labels": TEXT,
        "allow_download": FLAG,
        "checks": {"type": "array", "items": _named(measures, _tool)},
        "policy": _mapping(policy, POLICY_KEYS, defaults=asdict(Policy())),
        "explain": _explain(),
        "causes": _causes(),
        "compare": _compare(),
        "alerts": alerting.alerts(),
        "actions": alerting.actions(),
        "triggers": alerting.triggers(),
        "owners": alerting.owners(),
        "history": _mapping({"place": TEXT, "keep": LENGTH, "keep_profiles": LENGTH}, HISTORY_KEYS),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tidegauge suite",
        **_mapping(parts, KEYS, required=["suite", "logs"], defaults={"preset": "standard"}),
        "$defs": {"limit": _limit(), "options": _options(), "scorer_options": _scorer_options()},
    }


def _schedule() -> Schema:
    parts = {"cron": TEXT, "timezone": TEXT}
    return {"anyOf": [TEXT, _mapping(parts, SCHEDULE_KEYS, required=["cron"])]}


def _mapping(
    parts: Mapping[str, Schema],
    says: Mapping[str, str],
    *,
    required: list[str] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Schema:
    defaults = defaults or {}
    properties = {
        key: {
            **part,
            "description": says[key],
            **({"default": defaults[key]} if key in defaults else {}),
        }
        for key, part in parts.items()
    }
    found: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**found, "required": required} if required else found


def _logs() -> Schema:
    current = {
        "path": TEXT,
        "format": {"enum": list(FORMATS)},
        "window": LENGTH,
        "options": _options_of_readers(),
    }
    log = _mapping(current, SOURCE_KEYS, required=["path"])
    stored = _mapping({"baseline": TEXT}, SOURCE_KEYS, required=["baseline"])
    sides = {"baseline": {"anyOf": [log, stored, _moving()]}, "current": log}
    late: dict[str, Schema] = {"path": TEXT, **dict.fromkeys(("id", "target", "timestamp"), NAME)}
    late |= {"format": {"enum": list(FORMATS)}, "options": _options_of_readers()}
    labels = _mapping(late, LATE_KEYS, required=["path"])
    parts = {**sides, "labels": labels}
    return _mapping(parts, SIDES | {"labels": LABELS}, required=list(SIDES))


def _moving() -> Schema:
    skipped: Schema = {"enum": list(SKIPPED)}
    several = {"type": "array", "items": skipped, "uniqueItems": True}
    parts: dict[str, Schema] = {
        "path": TEXT,
        "format": {"enum": list(FORMATS)},
        "options": _options_of_readers(),
        "rolling": LENGTH,
        "same": {"enum": list(SEASONS)},
        "last": {"type": "integer", "minimum": 1, "maximum": MOST},
        "gap": LENGTH,
        "skip": {"anyOf": [skipped, several]},
        "from": {"enum": list(PLACES)},
    }
    found = _mapping(parts, SOURCE_KEYS | MOVING_KEYS)
    return {**found, "oneOf": [{"required": ["rolling"]}, {"required": ["same", "last"]}]}


def _options_of_readers() -> Schema:
    kinds = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object"}
    parts: dict[str, Schema] = {key: {"type": kinds[kind]} for key, (kind, _) in OPTIONS.items()}
    parts["skip_rows"]["minimum"] = 0
    return _mapping(parts, {key: says for key, (_, says) in OPTIONS.items()})


def _columns() -> Schema:
    target = {
        "column": NAME,
        "arrives_after": LENGTH,
        "positive": {"type": ["string", "number", "boolean"]},
    }
    by_column = {"type": "object", "minProperties": 1}
    special: dict[str, Schema] = {
        "target": {"anyOf": [NAME, _mapping(target, TARGET_KEYS, required=["column"])]},
        "score": {"anyOf": [NAME, {**by_column, "additionalProperties": NAME}]},
        "features": {"anyOf": [{"const": "*"}, NAMES]},
        "segments": NAMES,
        "kinds": {"type": "object", "additionalProperties": {"enum": list(KINDS)}},
        "valid": {
            "type": "object",
            "additionalProperties": {
                **_mapping({"min": NUMBER, "max": NUMBER}, VALID_KEYS),
                "minProperties": 1,
            },
        },
        "critical": NAMES,
        "ignore": NAMES,
    }
    return _mapping({key: special.get(key, NAME) for key in COLUMN_KEYS}, COLUMN_KEYS)


def _explain() -> Schema:
    several = {"type": "array", "items": {"enum": list(ALARMS)}, "uniqueItems": True, "minItems": 1}
    model: dict[str, Schema] = {
        "path": TEXT,
        **dict.fromkeys(LISTS, NAMES),
        "output": TEXT,
        "unsafe_pickle": FLAG,
        "batch": {"type": "integer", "minimum": 1},
        "seconds": {"type": "number", "exclusiveMinimum": 0},
    }
    parts: dict[str, Schema] = {
        "on": {"anyOf": [{"enum": [*ALARMS, *ALONE]}, several]},
        "rows": {"type": "integer", "minimum": FEWEST},
        "model": {"anyOf": [TEXT, _mapping(model, MODEL_KEYS, required=["path"])]},
    }
    return _mapping(parts, EXPLAIN_KEYS, defaults={"on": list(ALARMS), "rows": Explain().rows})


def _causes() -> Schema:
    tier = {"anyOf": [NAME, {**NAMES, "minItems": 1}]}
    pair = {**NAMES, "minItems": 2, "maxItems": 2}
    parts: dict[str, Schema] = {
        "order": {"type": "array", "items": tier, "minItems": 2},
        "edges": {"type": "array", "items": pair, "uniqueItems": True},
    }
    return {**_mapping(parts, CAUSES_KEYS), "maxProperties": 1}


def _compare() -> Schema:
    way = {"type": "object", "additionalProperties": {"enum": list(WAYS)}, "minProperties": 1}
    metrics = {"type": "array", "items": {"anyOf": [TEXT, way]}, "minItems": 1}
    parts: dict[str, Schema] = {
        "metrics": metrics,
        "margins": {"type": "object", "additionalProperties": CHANGE},
        "require": NAMES,
        "inputs": NAMES,
        "cluster": NAME,
        "rows": {"enum": list(ROWS)},
        "segments": {"enum": list(SEGMENTS)},
    }
    return _mapping(parts, COMPARE_KEYS, defaults={"rows": "auto", "segments": "gate"})


def _limit() -> Schema:
    changes: dict[str, str] = {
        key: f"How far the value may {key} against the baseline." for key in CHANGES
    }
    change = _mapping(dict.fromkeys(changes, CHANGE), changes)
    words = {"enum": ["any", "calibrated"]}
    return {"anyOf": [NUMBER, words, {**change, "minProperties": 1, "maxProperties": 1}]}


def _options() -> Schema:
    limit = {"$ref": "#/$defs/limit"}
    places = {"anyOf": [NAME, {**NAMES, "minItems": 1}]}
    windows = {"type": "integer", "minimum": 1, "maximum": 1_000}
    parts = {"on": places, "slices": FLAG, "require": FLAG, "persist": windows}
    defaults = {"slices": True, "require": False, "persist": 1}
    found = _mapping({key: parts.get(key, limit) for key in CHECK_KEYS}, CHECK_KEYS)
    for key, value in defaults.items():
        found["properties"][key]["default"] = value
    del found["additionalProperties"]
    return {**found, "type": ["object", "null"]}


def _scorer_options() -> Schema:
    rows = {"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 0}]}
    found = _mapping({"on": NAME, "sample": rows, "as": NAME}, SCORER_KEYS)
    del found["additionalProperties"]
    return {**found, "type": ["object", "null"]}


def _adds_columns(name: str) -> bool:
    try:
        return is_scorer(name)
    except (ImportError, AttributeError):  # one broken plug-in must not hide the others
        return False


def _named(names: list[str], tool: Callable[[str], Schema]) -> Schema:
    """Build the schema of one list item: a name, or a name with its options."""
    return {
        "anyOf": [
            {"enum": names},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
                "properties": {name: tool(name) for name in names},
            },
        ]
    }


def _tool(name: str) -> Schema:
    try:
        tool = evaluator(name)
    except (ImportError, AttributeError) as error:  # one broken plug-in must not hide the others
        return {"description": f"Cannot be loaded: {error}"}
    said = {"description": f"{tool.card.title}. {tool.card.explain}", "$ref": "#/$defs/options"}
    return {**said, **_settings(tool.params, tool.measure.__globals__)}


def _scorer(name: str) -> Schema:
    tool = scorer(name)
    said = {
        "description": f"{tool.card.title}. {tool.card.explain}",
        "$ref": "#/$defs/scorer_options",
    }
    return {**said, **_settings(tool.params, tool.make.__globals__)}


def _settings(params: Mapping[str, Parameter], names: Mapping[str, Any]) -> Schema:
    """Build the part of a schema that holds an evaluator's own keywords."""
    needed = [key for key, parameter in params.items() if parameter.default is Parameter.empty]
    return {
        "properties": {key: _param(parameter, names) for key, parameter in params.items()},
        "unevaluatedProperties": False,
        **({"required": needed} if needed else {}),
    }


def _param(parameter: Parameter, names: Mapping[str, Any]) -> Schema:
    kinds = alternatives(parameter, names)
    words = [literal_eval(kind) for kind in kinds if kind not in JSON_TYPES]
    types = [{"type": JSON_TYPES[kind]} for kind in kinds if kind in JSON_TYPES]
    found: Schema = {}
    if kinds:
        found = {"anyOf": [*([{"enum": words}] if words else []), *types]}
    if isinstance(parameter.default, int | float | str | bool):
        found["default"] = parameter.default
    return found
