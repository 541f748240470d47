"""The ``logs`` part of a suite: where both sides' rows come from."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from tidegauge.suite.document import Node
from tidegauge.suite.late import read_late_labels
from tidegauge.suite.moving import KEYS as MOVING_KEYS
from tidegauge.suite.moving import along, read_moving
from tidegauge.suite.shape import Logs, Source
from tidegauge.suite.values import choice, entries, length, plain

PLACEHOLDERS = ("date", "hour")
FORMATS = ("parquet", "csv", "jsonl", "arrow", "chats", "otel", "openinference", "mlflow")

SIDES = {
    "baseline": "The frozen reference: {path: ...} of its log, or {baseline: ...} of its file.",
    "current": "The log to judge.",
}
LABELS = "Where labels of current rows arrive later: {path: labels/*.csv, id: ..., target: ...}."
KEYS = {
    "path": "File, folder, pattern such as logs/*.parquet or logs/{date}/*.csv, or URL.",
    "baseline": "A stored baseline file, instead of path; on the baseline's side only.",
    "format": "Format of the log, where the file's name does not tell.",
    "window": "Read the latest complete stretch of this length only: 30m, 6h, 1d, 1w.",
    "options": "How to read a CSV file or a URL, where it does not tell by itself.",
}
OPTIONS: dict[str, tuple[type, str]] = {
    "delimiter": (str, "a text"),
    "decimal": (str, "a text"),
    "encoding": (str, "a text"),
    "header": (bool, "true or false"),
    "names": (list, "a list of column names"),
    "quote": (str, "a text"),
    "escape": (str, "a text"),
    "skip_rows": (int, "a whole number, 0 or more"),
    "nulls": (list, "a list of texts that stand for nothing"),
    "storage": (dict, "a mapping, passed to fsspec"),
}
"""What readers take: all but ``storage`` is for CSV, and told from the file where not given."""
EXAMPLE = "{baseline: {path: old.parquet}, current: {path: new.parquet}}"


def read_logs(node: Node, folder: Path) -> Logs:
    """Read both sides, and where labels arrive; paths are resolved against ``folder``."""
    found = entries(node, SIDES | {"labels": LABELS}, EXAMPLE)
    labels = found.pop("labels", None)
    both = _read_sides(node, found, folder)
    if labels is None:
        return both
    late = read_late_labels(labels, folder, place=_place, options=_options, formats=FORMATS)
    return replace(both, labels=late)


def _read_sides(node: Node, sides: dict[str, Node], folder: Path) -> Logs:
    if isinstance(node.value, dict):
        for side in SIDES:
            if side not in node.value:
                node.complain(f'found no key "{side}"; needed: both baseline and current')
    found = {
        side: _read_source(sides[side], side, folder) if side in sides else Source()
        for side in SIDES
    }
    return Logs(baseline=along(found["baseline"], found["current"]), current=found["current"])


def _read_source(node: Node, side: str, folder: Path) -> Source:
    if isinstance(node.value, str):
        hint = f"write {side}: {{path: {node.value}}}"
        node.wrong("a mapping such as {path: log.parquet}", hint)
        return Source()
    keys = KEYS | MOVING_KEYS if side == "baseline" else KEYS
    found = entries(node, keys, "{path: log.parquet}")
    moving = read_moving(node, found) if found.keys() & MOVING_KEYS.keys() else {}
    if not moving:
        _refuse_places(node, found, side)
    window = found.get("window")
    return Source(
        **moving,
        path=_place(found["path"], folder) if "path" in found else "",
        baseline=_place(found["baseline"], folder) if "baseline" in found else "",
        format=choice(found["format"], FORMATS) if "format" in found else None,
        window=window.text.strip() if window and length(window) else None,
        options=_options(found["options"]) if "options" in found else {},
    )


def _refuse_places(node: Node, found: dict[str, Node], side: str) -> None:
    """Complain unless there is exactly one place to read from."""
    if "baseline" in found and side == "current":
        found["baseline"].complain(
            "found a stored baseline on the current side; allowed: path", "move it to logs.baseline"
        )
    elif "baseline" in found:
        for key in found:
            if key != "baseline":
                found[key].complain(
                    f'found "{key}" beside "baseline"; allowed: a stored baseline alone',
                    "keep baseline: for a stored one, path: for a log",
                )
    elif isinstance(node.value, dict) and "path" not in found and set(node.value) <= set(KEYS):
        needed = "path or baseline" if side == "baseline" else "path"
        node.complain(f"found no place to read from; needed: {needed}")


def _options(node: Node) -> dict[str, Any]:
    options = {}
    for key, item in entries(node, OPTIONS, '{delimiter: ";"}').items():
        kind, allowed = OPTIONS[key]
        options[key] = value = plain(item)
        if type(value) is not kind or (isinstance(value, int) and value < 0):
            item.wrong(allowed)
    return options


def _place(node: Node, folder: Path) -> str:
    """Read a path or URL, with ``${VAR}`` from the environment."""
    if not isinstance(node.value, str) or not node.value.strip():
        node.wrong("a path, a pattern or a URL")
        return ""
    place = re.sub(r"\$\{([^{}]*)\}", lambda match: _variable(node, match[1]), node.value)
    if "${" in place:
        node.wrong("${NAME}, with its closing brace")
    for placeholder in re.findall(r"(?<!\$)\{(\w+)", node.value):
        if placeholder not in PLACEHOLDERS:
            allowed = " and ".join(f"{{{word}}}" for word in PLACEHOLDERS)
            node.complain(
                f"found {{{placeholder}}} in a path; allowed: {allowed}",
                f"write ${{{placeholder}}} for an environment variable",
            )
    return place if re.match(r"[A-Za-z][\w+.-]+://|mlflow-traces:/", place) else str(folder / place)


def _variable(node: Node, variable: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w*", variable):
        node.wrong("${NAME}, the name of an environment variable and nothing else")
    elif variable not in os.environ:
        node.complain(
            f"found ${{{variable}}}, and no such environment variable is set",
            f"set it first: export {variable}=...",
        )
    return os.environ.get(variable, "")
