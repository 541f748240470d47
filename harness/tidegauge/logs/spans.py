"""Spans as OpenTelemetry's exporters, collectors and consoles write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tidegauge.logs.conventions import KIND, MARKS
from tidegauge.logs.messages import loaded

_NUMBER = re.compile(r"(\d+)(?:\.|$)")
_LISTED = re.compile(r"([^0-9]*?)\.\d+(?:\.|$)")
_FAILED = ("2", "error", "status_code_error")
_SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans")
_HELD = ("attributes", "record_attributes", "span_attributes", "SpanAttributes", "events")
"""Fields that are read apart."""
_TRACE = ("traceId", "trace_id", "context.trace_id", "spanContext.traceId", "trace.trace_id",
          "TraceId")  # fmt: skip
_ID = ("spanId", "span_id", "context.span_id", "spanContext.spanId", "trace.span_id", "SpanId")
_PARENT = ("parentSpanId", "parent_id", "parent_span_id", "parentSpanContext.spanId",
           "trace.parent_id", "record.parent_span_id", "ParentSpanId")  # fmt: skip
_START = ("startTimeUnixNano", "start_time_unix_nano", "startTime", "start_time",
          "start_timestamp", "Timestamp")  # fmt: skip
_END = ("endTimeUnixNano", "end_time_unix_nano", "endTime", "end_time", "timestamp")
_STATUS = ("status.code", "status.status_code", "status_code", "record.status", "status",
           "StatusCode")  # fmt: skip
Attributes = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What is read of a span."""

    trace: str
    id: str
    parent: str
    start: int
    """Nanoseconds since 1970; 0 where it is not known."""
    end: int
    failed: bool
    attributes: Attributes
    """By dotted name."""
    events: list[tuple[str, Attributes]]
    lists: frozenset[str]
    """Names that go on with a number: ``llm.input_messages`` of ``llm.input_messages.0.role``."""

    @property
    def kind(self) -> str:
        """What it is for, in lower case."""
        return next((str(self.attributes[k]).lower() for k in KIND if k in self.attributes), "")


def is_span(record: Mapping[str, Any]) -> bool:
    """Whether a record is a span, or an export of spans, of a model call or of what led to it.

    Examples
    --------
    >>> is_span({"attributes": {"gen_ai.request.model": "m"}, "traceId": "1"})
    True
    >>> is_span({"attributes": {"http.method": "GET"}, "traceId": "1"})
    False
    """
    if "resourceSpans" in record or "resource_spans" in record:
        return True
    return any(name.startswith(MARKS) for one in spans_in(record) for name in one.attributes)


def indexed(attributes: Mapping[str, Any], name: str) -> list[Attributes]:
    """Collect ``name.0.x``, ``name.1.x`` into one set of attributes a number.

    Examples
    --------
    >>> indexed({"a.0.role": "user", "a.0.content": "Hi", "a.1.role": "assistant"}, "a")
    [{'role': 'user', 'content': 'Hi'}, {'role': 'assistant'}]
    """
    held = attributes.get(name)
    if isinstance(held, list):
        return [dict(flat_items("", one)) for one in held if isinstance(one, dict)]
    found: dict[int, Attributes] = {}
    for key, value in attributes.items():
        if key.startswith(name + ".") and (found_at := _NUMBER.match(key, len(name) + 1)):
            found.setdefault(int(found_at[1]), {})[key[found_at.end() :]] = value
    return [found[at] for at in sorted(found)]


def spans_in(record: Mapping[str, Any]) -> Iterator[Span]:
    """Spans of an export, or the one that the record is."""
    several = record.get("resourceSpans", record.get("resource_spans"))
    if several is None:
        yield _span(record, {})
        return
    for resource in objects(several):
        about = _decoded((resource.get("resource") or {}).get("attributes"))
        scopes: Any = next((resource[k] for k in _SCOPES if isinstance(resource.get(k), list)), [])
        for scope in objects(scopes):
            for one in objects(scope.get("spans")):
                yield _span(one, about)


def _span(record: Mapping[str, Any], about: Attributes) -> Span:
    flat = dict(flat_items("", {k: v for k, v in record.items() if k not in _HELD}))
    attributes = dict(about)
    for name in _HELD[:-1]:
        attributes |= _decoded(record.get(name))
    attributes |= {
        key.removeprefix("attributes."): value
        for key, value in flat.items()
        if key.startswith("attributes.") or key.startswith(MARKS)
    }
    status = str(first(flat, _STATUS) or "").lower()
    events = [
        (str(one.get("name", "")), {**_decoded(one.get("attributes")), **_decoded(one.get("body"))})
        for one in objects(record.get("events"))
    ]
    return Span(
        trace=str(first(flat, _TRACE) or ""),
        id=str(first(flat, _ID) or ""),
        parent=str(first(flat, _PARENT) or "").strip("0"),
        start=_nanoseconds(first(flat, _START)),
        end=_nanoseconds(first(flat, _END)),
        failed=status in _FAILED,
        attributes=attributes,
        events=events,
        lists=frozenset(found[1] for name in attributes if (found := _LISTED.match(name))),
    )


def first(attributes: Mapping[str, Any], names: Iterable[str]) -> Any:
    """Value of the first of these names that holds one.

    Examples
    --------
    >>> first({"a": "", "b": 0}, ("a", "b"))
    0
    """
    return next(
        (attributes[name] for name in names if attributes.get(name) not in (None, "")), None
    )


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Give the objects of a list; none where it is no list.

    Examples
    --------
    >>> objects([{"a": 1}, 2]), objects(None)
    ([{'a': 1}], [])
    """
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def flat_items(prefix: str, value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give what a nested object holds, by dotted name; lists stay whole.

    Examples
    --------
    >>> dict(flat_items("", {"llm": {"model_name": "m", "tags": [1]}}))
    {'llm.model_name': 'm', 'llm.tags': [1]}
    """
    for key, held in value.items():
        if isinstance(held, dict) and held:
            yield from flat_items(f"{prefix}{key}.", held)
        else:
            yield f"{prefix}{key}", held


def _decoded(value: Any) -> Attributes:
    """Attributes by dotted name, from a mapping, nested or not, or OTLP's list of pairs."""
    held = loaded(value)
    if isinstance(held, dict):
        return dict(flat_items("", held))
    pairs = objects(held)
    return {str(one["key"]): _value(one.get("value")) for one in pairs if "key" in one}


def _value(value: Any) -> Any:
    """Give a value that OTLP wraps in its type."""
    if not isinstance(value, dict):
        return value
    for kind, held in value.items():
        match kind:
            case "intValue" | "int_value":
                return number(held)
            case "arrayValue" | "array_value":
                return [_value(one) for one in (held or {}).get("values", ())]
            case "kvlistValue" | "kvlist_value":
                return _decoded((held or {}).get("values"))
            case _:
                return held
    return None


def number(value: Any) -> int | None:
    """Read a whole number, which OTLP writes as a string.

    Examples
    --------
    >>> number("14"), number(None)
    (14, None)
    """
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _nanoseconds(value: Any) -> int:
    """Read a time: numbers since 1970 by their size, pairs of seconds and nanoseconds, ISO text."""
    if isinstance(value, list) and len(value) == 2:
        return int(value[0]) * 10**9 + int(value[1])
    if isinstance(value, str) and not value.strip().isdigit():
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            return 0
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(moment.timestamp() * 1e6) * 1_000
    try:
        amount = float(value)
    except (TypeError, ValueError):
        return 0
    for above, factor in ((1e17, 1), (1e14, 10**3), (1e11, 10**6)):
        if amount >= above:
            return int(value) * factor if str(value).strip().isdigit() else int(amount * factor)
    return int(amount * 1e9) if 0 < amount < 1e11 else 0
