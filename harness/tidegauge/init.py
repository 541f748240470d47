"""A first suite for a log: what was inferred, written down with its reasons."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath

import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.inference import Inferred, infer
from tidegauge.logs import Log, open_log
from tidegauge.logs.places import is_template
from tidegauge.records import Role
from tidegauge.roles import plain_name

ROWS = 200_000
"""Rows looked at, from the start of the log."""
MOST_LEVELS = 20
MOST_LISTED = 60
"""Columns listed one by one; of a thousand the rest is counted."""
SEGMENT_NAMES = (
    "region", "country", "state", "market", "channel", "device", "platform", "os", "browser",
    "model_version", "version", "tenant", "segment", "plan", "product", "gender", "sex", "group",
    "language", "contract", "site", "store", "model",
)  # fmt: skip
"""Names of columns by which people ask first; others of few levels follow."""
ROLES: tuple[Role, ...] = (
    "id", "timestamp", "target", "prediction", "score", "latency", "status",
)  # fmt: skip
SPOKEN: tuple[Role, ...] = (
    "prompt", "response", "context", "reference_answer", "samples", "tokens", "model_version",
    "conversation",
)  # fmt: skip
"""Roles in logs of language models, named where a column looks like it."""
EXPLAINED: Mapping[Role, str] = {
    "id": "one per row; finds rows logged twice",
    "timestamp": "when the row was scored; places it in a window",
    "target": "the truth; {column: NAME, arrives_after: 60d} where it arrives late",
    "prediction": "what the model decided",
    "score": "the probability it gave",
    "latency": "milliseconds it took to answer",
    "status": "whether it answered",
}
_PLACEHOLDER = re.compile(r"\{(date|hour)(:[^{}]*)?\}")
_PLAIN = re.compile(r"[A-Za-z_][\w.\- ]*[\w]|[A-Za-z]")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def draft_suite(data: str, *, baseline: str | None = None) -> str:
    """Write a suite for a log, ready to run.

    Parameters
    ----------
    data
        Path, folder, pattern, ``{date}`` template or URL of the log to judge.
    baseline
        Log to hold it against; the log itself when not given, so that the suite runs.

    Returns
    -------
    str
        YAML. Each role and kind carries its reason as a comment; what needs no telling is
        commented out.

    Raises
    ------
    DataError
        When the log cannot be read.
    """
    sample = _head(open_log(_PLACEHOLDER.sub("*", data)))
    found = infer(sample)
    lines = [
        *_logs(data, baseline),
        "",
        *_columns(sample, found),
        "",
        *_checks(found),
    ]
    return "\n".join(lines) + "\n"


def _head(log: Log) -> pa.Table:
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in log.batches(rows=65_536):
        held.append(batch)
        rows += batch.num_rows
        if rows >= ROWS:
            break
    return pa.Table.from_batches(held, log.schema)


def _logs(data: str, baseline: str | None) -> Iterator[str]:
    yield f"# A first suite for {_comment(data)}: what was inferred, with the reasons. Change it."
    yield f"suite: {_scalar(_title(data))}"
    yield "preset: standard  # what may page a person; sensitive reports all that is supported"
    yield ""
    yield "logs:  # relative paths are taken from this file's folder"
    held = _PLACEHOLDER.sub("*", data) if baseline is None else baseline
    if baseline is None:
        yield "  # CHANGE THIS to rows from when the model worked, such as its validation set:"
        yield "  # until then the log is held against itself, and nothing can be found."
    yield f"  baseline: {{path: {_scalar(_absolute(held))}}}"
    if is_template(data):
        yield f"  current: {{path: {_scalar(_absolute(data))}, window: 1d}}"
        return
    yield f"  current: {{path: {_scalar(_absolute(data))}}}"
    yield '  # For logs of every day: {path: "logs/{date}/*.parquet", window: 1d}'


def _columns(sample: pa.Table, found: Mapping[str, Inferred]) -> Iterator[str]:
    yield "columns:"
    # A name with ${ would be taken for a variable, which suites refuse here.
    held = {one.role: name for name, one in found.items() if one.role and "${" not in name}
    for role in ROLES:
        if role in held:
            name = held[role]
            yield f"  {role}: {_scalar(name)}  # {_comment(found[name].because)}"
        else:
            yield f"  # {role}: NAME  # {EXPLAINED[role]}; no column looks like it"
    for role in (one for one in SPOKEN if one in held):
        yield f"  {role}: {_scalar(held[role])}  # {_comment(found[held[role]].because)}"
    yield '  features: "*"  # every column without another role'
    yield from _segments(sample, found)
    yield from _kinds(found)
    yield "  # ignore: [NAME]  # columns to leave out altogether"
    yield from _valid(sample, found)


def _segments(sample: pa.Table, found: Mapping[str, Inferred]) -> Iterator[str]:
    few = [
        name
        for name, one in found.items()
        if one.kind in ("categorical", "boolean")
        and not one.role
        and 2 <= _levels(sample.column(name)) <= MOST_LEVELS
    ]
    known = [name for name in few if set(plain_name(name).split("_")) & set(SEGMENT_NAMES)]
    named = ", ".join(_scalar(name) for name in [*known, *(n for n in few if n not in known)][:3])
    yield f"  # segments: [{named or 'NAME'}]  # each of their values is judged by itself, too"


def _levels(column: pa.ChunkedArray) -> int:
    return len(pc.unique(column).drop_null())


def _kinds(found: Mapping[str, Inferred]) -> Iterator[str]:
    yield "  # kinds:  # as inferred; take the # away to decide yourself"
    shown = [name for name, one in found.items() if not one.role][:MOST_LISTED]
    for name in shown:
        yield f"  #   {_scalar(name)}: {found[name].kind}  # {_comment(found[name].because)}"
    left = sum(1 for one in found.values() if not one.role) - len(shown)
    if left:
        yield f"  #   and {left:,} columns more"


def _valid(sample: pa.Table, found: Mapping[str, Inferred]) -> Iterator[str]:
    for name, one in found.items():
        kind = sample.schema.field(name).type
        number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
        if one.kind == "numeric" and not one.role and number:
            ends = pc.min_max(sample.column(name)).as_py()
            yield "  # valid:  # values outside are invalid; these are the extremes of this log"
            yield f"  #   {_scalar(name)}: {{min: {ends['min']}, max: {ends['max']}}}"
            return


def _checks(found: Mapping[str, Inferred]) -> Iterator[str]:
    roles = {one.role for one in found.values()}
    if "response" in roles:
        yield "# scorers:  # turn texts into columns, which are then judged like any other"
        yield "#   - toxicity.embedded"
        if "context" in roles:
            yield "#   - hallucination.embedded"
        yield "#   - text.length"
    yield "# checks:  # beside those of the preset; a line here replaces the preset's"
    yield "#   - drift.psi: {on: features, warn: 0.1, critical: 0.2}"
    if {"target", "prediction"} <= roles:
        yield "#   - performance.accuracy: {critical: {drop: 0.05}}"
    if "latency" in roles:
        yield "#   - service.latency_p95: {critical: 200}"
    yield ""
    yield "policy: {false_alarms: 0.05, seed: 0}  # share of unchanged runs that may raise an alarm"


def _title(data: str) -> str:
    parts = [p for p in PurePath(_PLACEHOLDER.sub("", data)).parts if re.search(r"\w", p)]
    stem = re.sub(r"(\.\w{1,8}){1,2}$", "", parts[-1]) if parts else ""
    words = re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-").lower()
    return words or "my-model"


def _absolute(path: str) -> str:
    return path if "://" in path else os.path.abspath(os.path.expanduser(path))


def _scalar(text: str) -> str:
    """Write a text so that YAML reads it back as that text."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and text.isascii():
        return text
    return json.dumps(text, ensure_ascii=True)


def _comment(text: str) -> str:
    return text if text.isprintable() else json.dumps(text, ensure_ascii=True)[1:-1]
