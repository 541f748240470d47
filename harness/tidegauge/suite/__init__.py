"""Suites: YAML or Python data in, frozen records out, every complaint with its place.

``load_suite`` collects all problems of a file and raises them together, before any work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from tidegauge.errors import SuiteError
from tidegauge.records import Check, LimitsOf, ModelChange, Policy
from tidegauge.suite.actions import read_actions, read_triggers
from tidegauge.suite.acts import Alerts
from tidegauge.suite.alerts import read_alerts
from tidegauge.suite.causes import read_causes, refuse_unknown, require_columns
from tidegauge.suite.checks import PRESETS, preset_checks, read_checks, with_preset
from tidegauge.suite.columns import read_columns
from tidegauge.suite.compare import parse_compare, read_compare
from tidegauge.suite.document import Node, from_python, from_yaml, raise_problems
from tidegauge.suite.explaining import read_explain
from tidegauge.suite.history import read_history
from tidegauge.suite.owners import read_owners
from tidegauge.suite.schedule import read_schedule
from tidegauge.suite.scorers import read_scorers
from tidegauge.suite.shape import (
    Causes,
    Columns,
    Compare,
    Explain,
    History,
    Logs,
    Model,
    Schedule,
    Source,
    Suite,
    Target,
    Valid,
    Wanted,
)
from tidegauge.suite.sources import read_logs
from tidegauge.suite.values import between, choice, entries, flag, parse_length, text, whole

__all__ = [
    "Causes",
    "Columns",
    "Compare",
    "Explain",
    "History",
    "Logs",
    "Model",
    "Schedule",
    "Source",
    "Suite",
    "Target",
    "Valid",
    "Wanted",
    "load_suite",
    "parse_causes",
    "parse_checks",
    "parse_columns",
    "parse_compare",
    "parse_length",
    "parse_scorers",
    "parse_suite",
    "preset_checks",
    "require_columns",
    "suite_schema",
    "with_preset",
]

KEYS = {
    "suite": "Name of the suite; reports are kept under it.",
    "schedule": "When tidegauge serve runs it: a cron line, or {cron: ..., timezone: ...}.",
    "preset": "Checks to begin with: standard (the default), sensitive or none.",
    "logs": "Where the rows of both sides come from.",
    "columns": "What each column is for; what is not said is inferred.",
    "scorers": "What turns texts into columns, which checks then judge.",
    "labels": "Sheet of labelled rows, written by: tidegauge label.",
    "allow_download": "Whether a model that is missing may be fetched from a hub (default false).",
    "checks": "Checks beside those of the preset; they replace their like.",
    "policy": "How the judge decides.",
    "explain": "When to look for the causes of alarms, and which model to ask.",
    "causes": "Which column causes which, as far as you know: {order: ...} or {edges: ...}.",
    "compare": "What a candidate must show: {margins: ..., require: ...}.",
    "alerts": "When an alarm becomes an incident, and when one ends.",
    "actions": "What follows an incident: tell people, post, start a program or a training.",
    "triggers": "What an action can start, by name: {retrain: {command: [...]}}.",
    "owners": "Who looks after a column or a check, and where to reach them.",
    "history": "Where the runs of this suite are kept, and for how long.",
}
POLICY_KEYS = {
    "false_alarms": "Share of unchanged runs that may raise any alarm at all (default 0.05).",
    "confidence": "Level of every interval (default 0.95).",
    "seed": "Seed of every random step (default 0).",
    "limits": "written (the default), or calibrated: the baseline file's stand in for them.",
    "model_change": "What to do when another model version answers than in the baseline: note "
    "(the default) or refuse.",
}

NAME_PATTERN = r"\w[\w .-]{0,99}"
"""Reports are written to a folder of this name."""


def load_suite(path: str | Path, *, preset: str | None = None) -> Suite:
    """Read a suite file.

    Parameters
    ----------
    path
        The YAML file.
    preset
        Replaces the preset that the file asks for.

    Raises
    ------
    SuiteError
        When the file cannot be read or says anything that is not allowed; all problems at once,
        each with file, line and key.
    """
    path = Path(path)
    suite = parse_suite(_read(path), name=str(path), folder=path.parent, preset=preset)
    return replace(suite, path=path)


def parse_suite(
    text: str, *, name: str = "<string>", folder: Path = Path(), preset: str | None = None
) -> Suite:
    """Read a suite from YAML text.

    Parameters
    ----------
    text
        The YAML.
    name
        What to call it in error messages.
    folder
        Where its relative paths begin.
    preset
        Replaces the preset that the text asks for.

    Raises
    ------
    SuiteError
        When it says anything that is not allowed.

    Examples
    --------
    >>> suite = parse_suite('''
    ... suite: credit
    ... logs: {baseline: {path: old.csv}, current: {path: new.csv}}
    ... ''')
    >>> suite.name, suite.logs.current.path, suite.checks[0].id
    ('credit', 'new.csv', 'quality.schema')
    """
    if preset is not None:
        preset_checks(preset)  # complains of an unknown one before the file's problems
    node = from_yaml(text, file=name)
    suite = _read_suite(node, folder, preset)
    raise_problems(node)
    return suite


def parse_checks(checks: Sequence[str | Mapping[str, Any]]) -> tuple[Check, ...]:
    """Read checks that were written in Python.

    Raises
    ------
    SuiteError
        When one is wrong.

    Examples
    --------
    >>> parse_checks([])
    ()
    """
    node = from_python(checks, key="checks")
    found = read_checks(node)
    raise_problems(node)
    return found


def parse_columns(columns: Mapping[str, Any] | None) -> Columns:
    """Read column roles that were written in Python.

    Raises
    ------
    SuiteError
        When one is wrong.

    Examples
    --------
    >>> parse_columns({"target": "defaulted"}).target.column
    'defaulted'
    """
    node = from_python(columns or {}, key="columns")
    found = read_columns(node)
    raise_problems(node)
    return found


def parse_scorers(scorers: Sequence[str | Mapping[str, Any]]) -> tuple[Wanted, ...]:
    """Read scorers that were written in Python.

    Raises
    ------
    SuiteError
        When one is wrong.

    Examples
    --------
    >>> parse_scorers([])
    ()
    """
    node = from_python(scorers, key="scorers")
    found = read_scorers(node, Path())
    raise_problems(node)
    return found


def parse_causes(causes: Mapping[str, Any] | None) -> Causes:
    """Read an order or a graph that was written in Python.

    Raises
    ------
    SuiteError
        When it is wrong: a circle, a column twice.

    Examples
    --------
    >>> parse_causes({"order": [["region"], ["income", "debt"]]}).order
    (('region',), ('income', 'debt'))
    """
    node = from_python(causes or {}, key="causes")
    found = read_causes(node)
    raise_problems(node)
    return found


def suite_schema() -> dict[str, Any]:
    """Build the JSON Schema (draft 2020-12) of suite files, for editors."""
    from tidegauge.suite.schema import build  # loads every evaluator

    return build()


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        near = sorted(str(file) for file in path.parent.glob("*.y*ml"))[:5]
        hint = f"suites there: {', '.join(near)}" if near else "tidegauge init DATA writes one"
        raise SuiteError(f"{path}: found no such file", hint) from None
    except IsADirectoryError:
        near = sorted(str(file) for file in path.glob("*.y*ml"))[:5]
        hint = f"suites in it: {', '.join(near)}" if near else ""
        raise SuiteError(f"{path}: found a folder; allowed: a YAML file", hint) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{error.object[error.start]:02x}, which is not UTF-8"
        raise SuiteError(
            f"{path}:{line}: found {found}; allowed: UTF-8 text", "save the file as UTF-8"
        ) from None
    except OSError as error:
        raise SuiteError(f"{path}: cannot be read: {error.strerror}") from None


def _read_suite(node: Node, folder: Path, chosen: str | None) -> Suite:
    found = entries(node, KEYS, "suite: credit, logs: {...}")
    if isinstance(node.value, dict):
        for key in ("suite", "logs"):
            if key not in node.value:
                node.complain(f'found no key "{key}"; needed: suite and logs', KEYS[key])
    written = choice(found["preset"], PRESETS) if "preset" in found else "standard"
    preset = chosen or written
    checks = read_checks(found["checks"]) if "checks" in found else ()
    name = _name(found["suite"]) if "suite" in found else ""
    logs = (
        read_logs(found["logs"], folder)
        if "logs" in found
        else Logs(baseline=Source(), current=Source())
    )
    columns = read_columns(found["columns"]) if "columns" in found else Columns()
    policy = _policy(found["policy"]) if "policy" in found else Policy()
    scorers = read_scorers(found["scorers"], folder) if "scorers" in found else ()
    causes = read_causes(found["causes"]) if "causes" in found else Causes()
    if "causes" in found and not node.problems:
        refuse_unknown(columns, scorers, found["causes"])
    if not node.problems:
        checks = with_preset(checks, preset_checks(preset, scorers))
        if not checks:
            node.complain("found nothing to check; needed: checks, or a preset other than none")
    triggers = read_triggers(found["triggers"], folder) if "triggers" in found else {}
    return Suite(
        name=name,
        logs=logs,
        columns=columns,
        checks=checks,
        policy=policy,
        scorers=scorers,
        labels=str(folder / text(found["labels"], "a path")) if "labels" in found else "",
        allow_download=flag(found["allow_download"]) if "allow_download" in found else False,
        explain=read_explain(found["explain"], folder) if "explain" in found else Explain(),
        causes=causes,
        compare=read_compare(found["compare"]) if "compare" in found else Compare(),
        alerts=read_alerts(found["alerts"]) if "alerts" in found else Alerts(),
        actions=read_actions(
            found["actions"],
            folder,
            checks=() if node.problems else checks,
            triggers=triggers,
            critical=columns.critical,
        )
        if "actions" in found
        else (),
        triggers=triggers,
        owners=read_owners(found["owners"]) if "owners" in found else {},
        schedule=read_schedule(found["schedule"]) if "schedule" in found else None,
        history=read_history(found["history"], folder) if "history" in found else History(),
    )


def _name(node: Node) -> str:
    allowed = "a name of letters, digits, spaces, dots and dashes, such as credit-default"
    found = text(node, allowed)
    if found and not re.fullmatch(NAME_PATTERN, found):
        node.wrong(allowed)
    return found


def _policy(node: Node) -> Policy:
    found = entries(node, POLICY_KEYS, "{false_alarms: 0.05, seed: 7}")
    shares: dict[str, Any] = {
        key: between(found[key], 0, 1) for key in ("false_alarms", "confidence") if key in found
    }
    words: dict[str, Any] = {
        key: choice(found[key], get_args(kind))
        for key, kind in (("limits", LimitsOf), ("model_change", ModelChange))
        if key in found
    }
    return Policy(**shares, **words, seed=whole(found["seed"]) if "seed" in found else 0)
