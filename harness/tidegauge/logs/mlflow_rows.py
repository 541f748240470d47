"""What MLflow writes down, as rows: tables of evaluations, and traces of versions 2 and 3."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tidegauge.logs.conventions import DOCUMENT_TEXT
from tidegauge.logs.messages import asked, loaded, text_of, turns

Record = Mapping[str, Any]
ANSWERED = ("request", "response")
TRACE = {
    "trace_id", "request_id", "state", "status", "request_time", "timestamp_ms",
    "execution_duration", "execution_time_ms", "trace_metadata", "request_metadata",
}  # fmt: skip
"""Columns of a frame of traces, as either version names them."""
ENOUGH = 3
"""How many of them, beside request and response, make a table one of traces."""
WHOLE = frozenset({"columns", "data", "index"})
"""Keys of a table in pandas' ``split`` form, as evaluations are written."""
TEXTS = {
    "inputs": "prompt", "outputs": "response", "predictions": "response",
    "ground_truth": "reference_answer", "targets": "reference_answer",
}  # fmt: skip
"""What MLflow calls the texts of an evaluation -> what they are here."""
NUMBERS = {"outputs": "prediction", "predictions": "prediction", "ground_truth": "target",
           "targets": "target"}  # fmt: skip
"""The same where they are no texts."""
GOLD = ("expected_response", "expected_answer", "ground_truth", "reference_answer")
"""Expectations that are the answer which would be right."""
SPOKEN = ("question", "query", "input", "prompt", "message", "text", "answer", "output", "response",
          "result", "content", "generated_text")  # fmt: skip
"""Keys under which a function's one text stands."""


def is_mlflow(record: Record) -> bool:
    """Whether a record is a table of an evaluation, or a trace.

    Examples
    --------
    >>> is_mlflow({"columns": ["inputs", "len/v1/score"], "data": [["Hi", 2]]})
    True
    >>> is_mlflow({"trace_id": "tr-1", "request": "{}", "response": "", "state": "OK",
    ...     "execution_duration": 12})
    True
    >>> is_mlflow({"request_id": 1, "request": "GET /", "response": "200"})
    False
    """
    return _is_table(record) or _is_trace(record)


def is_frame(columns: Iterable[str]) -> bool:
    """Whether a table with these columns is one of traces."""
    names = set(columns)
    return names.issuperset(ANSWERED) and len(names & TRACE) >= ENOUGH


def rows_of(records: Iterable[Record], left: Counter[str]) -> Iterator[dict[str, Any]]:
    """Give a row for each trace, or for each row of a table.

    Traces become ``id``, ``timestamp``, ``latency_ms``, ``status``, ``prompt``, ``response``,
    ``context`` and what else is known; feedback becomes ``assessment.NAME``, an expectation
    ``expected.NAME``, or ``reference_answer`` where it is the right answer.

    Parameters
    ----------
    left
        Counts what gives no row, by reason.
    """
    for record in records:
        if _is_table(record):
            yield from _table_rows(record, left)
        elif _is_trace(record):
            yield _trace_row(record)
        else:
            left["records that are neither a trace nor a table"] += 1


def _is_table(record: Record) -> bool:
    return (
        {"columns", "data"} <= record.keys() <= WHOLE
        and isinstance(record["columns"], list)
        and isinstance(record["data"], list)
    )


def _is_trace(record: Record) -> bool:
    info = record.get("info")
    if isinstance(info, Mapping) and "data" in record:
        return bool({"trace_id", "request_id"} & info.keys())
    return is_frame(record)


def _table_rows(table: Record, left: Counter[str]) -> Iterator[dict[str, Any]]:
    names = [str(name) for name in table["columns"]]
    rows = [row for row in table["data"] if isinstance(row, list) and len(row) == len(names)]
    left["rows of another length than the header"] += len(table["data"]) - len(rows)
    if not left["rows of another length than the header"]:
        del left["rows of another length than the header"]
    renamed = _renamed(names, rows)
    for row in rows:
        yield dict(zip(renamed, map(_cell, row), strict=True))


def _renamed(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Call texts by their role; a table of features and classes keeps its names but for answers."""
    new = []
    for at, name in enumerate(names):
        held = [row[at] for row in rows if row[at] is not None]
        spoken = any(not isinstance(one, str) or " " in one for one in held)
        texts = spoken and all(isinstance(one, (str, dict, list)) for one in held)
        called = (TEXTS if texts else NUMBERS).get(name, name)
        new.append(name if called in names or called in new else called)
    return new


def _cell(value: Any) -> Any:
    return _said(value) if isinstance(value, (dict, list)) else value


def _trace_row(record: Record) -> dict[str, Any]:
    info = record["info"] if isinstance(record.get("info"), Mapping) else record
    data = _mapping(record.get("data")) if info is not record else {}
    spans = [_mapping(one) for one in _list(data.get("spans", record.get("spans")))]
    attributes = [_mapping(one.get("attributes")) for one in spans]
    root = next((a for s, a in zip(spans, attributes, strict=True) if _is_root(s)), {})
    known = _mapping(_first(info, "trace_metadata", "request_metadata"))
    tokens = _mapping(known.get("mlflow.trace.tokenUsage"))
    request = _first(info, "request", of=data) or root.get("mlflow.spanInputs")
    response = _first(info, "response", of=data) or root.get("mlflow.spanOutputs")
    return {
        "id": _first(info, "trace_id", "request_id"),
        "timestamp": _instant(_first(info, "request_time", "timestamp_ms")),
        **_asked(request or info.get("request_preview")),
        "response": _said(response or info.get("response_preview")) or None,
        "context": _context(attributes),
        "latency_ms": _milliseconds(info),
        "status": str(_first(info, "state", "status") or "").rpartition(".")[2].lower() or None,
        "conversation": known.get("mlflow.trace.session"),
        "model_version": known.get("mlflow.modelId"),
        "tokens_in": tokens.get("input_tokens"),
        "tokens_out": tokens.get("output_tokens"),
        "trace_name": _mapping(info.get("tags")).get("mlflow.traceName"),
        **_assessed(_list(info.get("assessments", record.get("assessments")))),
    }


def _is_root(span: Mapping[str, Any]) -> bool:
    return not (span.get("parent_span_id") or span.get("parent_id"))


def _first(record: Record, *names: str, of: Record | None = None) -> Any:
    """Give the first of several fields that holds anything."""
    places = (record,) if of is None else (record, of)
    held = (place.get(name) for place in places for name in names)
    return next((one for one in held if not _is_nothing(one)), None)


def _is_nothing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and value != value)


def _mapping(value: Any) -> dict[str, Any]:
    """Read a mapping, pairs as Parquet keeps them, or either as JSON."""
    held = loaded(value)
    if isinstance(held, Mapping):
        return {str(key): one for key, one in held.items() if one is not None}
    if isinstance(held, list) and all(isinstance(one, (tuple, list)) for one in held):
        return {str(pair[0]): pair[1] for pair in held if len(pair) == 2}
    return {}


def _list(value: Any) -> list[Any]:
    held = loaded(value)
    return list(held) if isinstance(held, (list, tuple)) else []


def _instant(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else f"{value.isoformat()}+00:00"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime.fromtimestamp(value / 1_000, UTC).isoformat(timespec="milliseconds")
    return str(value) if value is not None else None


def _milliseconds(info: Record) -> float | None:
    """Read a duration: milliseconds, or seconds with an ``s`` as protocol buffers write it."""
    held = _first(info, "execution_duration_ms", "execution_duration", "execution_time_ms")
    try:
        if isinstance(held, str) and held.endswith("s"):
            return float(held[:-1]) * 1_000
        return None if held is None else float(held)
    except (TypeError, ValueError):
        return None


def _asked(request: Any) -> dict[str, Any]:
    said = turns(request)
    if said and any(turn.role == "user" for turn in said):
        return asked(said)
    return {"prompt": _said(request) or None}


def _said(value: Any) -> str:
    """Text of what a function took or gave: itself, the one text in it, an answer, or JSON."""
    held = loaded(value)
    if held is None or isinstance(held, str):
        return _unquoted(held or "")
    if isinstance(held, Mapping):
        filled = {key: one for key, one in held.items() if one is not None}
        choices = filled.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
            return _said(choices[0].get("message") or choices[0].get("text"))
        if len(filled) == 1 and isinstance(one := next(iter(filled.values())), (str, dict, list)):
            return _said(one)
        named = next((filled[key] for key in SPOKEN if isinstance(filled.get(key), str)), None)
        if named is not None:
            return str(named)
        held = filled
    told = [turn.text for turn in turns(held) or () if turn.role == "assistant" and turn.text]
    return told[-1] if told else json.dumps(held, ensure_ascii=False, default=str)


def _unquoted(text: str) -> str:
    """Take a text out of the quotes in which JSON holds it."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text
    return text


def _context(attributes: Sequence[Record]) -> str | None:
    """Texts that retrievers gave; JSON where there are several."""
    found: dict[str, None] = {}
    for one in attributes:
        if _unquoted(str(one.get("mlflow.spanType", ""))) != "RETRIEVER":
            continue
        for document in _list(one.get("mlflow.spanOutputs")):
            held = document if isinstance(document, str) else _document(_mapping(document))
            found |= {held: None} if held else {}
    texts = list(found)
    return (
        (texts[0] if len(texts) == 1 else json.dumps(texts, ensure_ascii=False)) if texts else None
    )


def _document(one: Record) -> str:
    return text_of(next((one[key] for key in DOCUMENT_TEXT if one.get(key)), None))


def _assessed(assessments: Sequence[Any]) -> dict[str, Any]:
    """Give what people and judges said, the newest word of each name."""
    found: dict[str, Any] = {}
    told = [_mapping(one) for one in assessments]
    for one in sorted(told, key=lambda a: str(a.get("create_time", a.get("create_time_ms", "")))):
        name = str(one.get("assessment_name") or one.get("name") or "")
        if not name or one.get("valid") is False:
            continue
        feedback, expectation = _mapping(one.get("feedback")), _mapping(one.get("expectation"))
        if "value" in feedback:
            found[f"assessment.{name}"] = _plain(feedback["value"])
        elif expectation:
            column = "reference_answer" if name in GOLD else f"expected.{name}"
            value = expectation.get("value", expectation.get("serialized_value"))
            found[column] = _plain(_mapping(value).get("value", value))
    return found


def _plain(value: Any) -> Any:
    held = json.dumps(value, ensure_ascii=False, default=str)
    return value if isinstance(value, (str, int, float, bool)) or value is None else held
