"""Calls of a model out of spans, each with the passages that were found for it."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tidegauge.logs.conventions import (
    CALLS,
    DOCUMENT_TEXT,
    DOCUMENTS,
    EVENT_COMPLETION,
    EVENT_OUT,
    EVENT_PROMPT,
    EVENTS_IN,
    MESSAGES_IN,
    MESSAGES_OUT,
    ROOTS,
    SINGLE,
    SYSTEM,
    TEXT_IN,
    TEXT_OUT,
    WRAPPERS,
)
from tidegauge.logs.messages import Turn, asked, loaded, text_of, turns
from tidegauge.logs.spans import Attributes, Span, first, flat_items, indexed, number, spans_in

AHEAD = 10_000
"""Spans that are held back until the rest of their trace has come; contexts are kept for twice
as many traces."""
Row = dict[str, Any]


@dataclass(slots=True)
class _Trace:
    """What is known of a trace so far."""

    passages: list[tuple[int, bool, tuple[str, ...]]] = field(default_factory=list)
    """When each retrieval began, whether it was a reranker's, and its texts."""
    textless: bool = False
    """Whether documents came without text."""
    has_call: bool = False


def rows_of(records: Iterable[Mapping[str, Any]], left_out: Counter[str]) -> Iterator[Row]:
    """Give a row for each call of a model, with the passages that its trace had found before.

    Where a trace holds no call, its root is taken, if it has a text. Spans of one trace may come
    in any order, ten thousand spans apart.

    Parameters
    ----------
    records
        Spans, or exports that hold many.
    left_out
        Counts spans that give no row, by kind, and contexts without text.
    """
    traces: OrderedDict[str, _Trace] = OrderedDict()
    waiting: deque[tuple[Span, Row, bool]] = deque()
    for record in records:
        for span in spans_in(record):
            trace = traces.setdefault(span.trace, _Trace())
            traces.move_to_end(span.trace)
            _keep_documents(span, trace)
            found = _row(span)
            is_call = found is not None and _is_call(span)
            trace.has_call |= is_call
            if found is not None and (is_call or _is_root(span)):
                waiting.append((span, found, is_call))
            else:
                left_out[f"spans of kind {span.kind or 'unknown'}"] += 1
        while len(waiting) > AHEAD:
            yield from _finished(*waiting.popleft(), traces, left_out)
        while len(traces) > 2 * AHEAD:
            traces.popitem(last=False)
    while waiting:
        yield from _finished(*waiting.popleft(), traces, left_out)


def _finished(
    span: Span, row: Row, is_call: bool, traces: Mapping[str, _Trace], left: Counter[str]
) -> Iterator[Row]:
    trace = traces.get(span.trace, _Trace())
    if not is_call and trace.has_call:
        left[f"spans of kind {span.kind or 'unknown'}"] += 1
        return
    found = sorted(trace.passages, key=lambda one: one[0])
    before = [one for one in found if not span.end or one[0] <= span.end]
    chosen = [one for one in before if one[1]] or before
    passages = list(dict.fromkeys(text for _, _, texts in chosen for text in texts))
    if len(passages) == 1:
        row["context"] = passages[0]
    elif passages:
        row["context"] = json.dumps(passages, ensure_ascii=False)
    elif trace.textless:
        row["context"] = None
        left["documents carry ids and scores, no text: context null"] += 1
    yield row


def _is_call(span: Span) -> bool:
    kind = span.kind
    if kind in WRAPPERS:
        return False
    names = (*MESSAGES_IN, *MESSAGES_OUT)
    return kind in CALLS or (
        kind in ("", "unknown") and any(name.startswith(names) for name in span.attributes)
    )


def _is_root(span: Span) -> bool:
    return not span.parent and span.kind in ROOTS


def _row(span: Span) -> Row | None:
    """Give the columns of a span that holds a prompt or a response."""
    found = {**_asked(span), **_answered(span)}
    if found["prompt"] is None and found["response"] is None and not _is_call(span):
        return None
    single = {name: first(span.attributes, names) for name, names in SINGLE.items()}
    finish = single["finish_reason"]
    if isinstance(finish, list):
        single["finish_reason"] = ", ".join(map(str, finish))
    if not single["error"]:
        errors = (first(held, SINGLE["error"]) for _, held in span.events)
        single["error"] = next((one for one in errors if one), None)
    latency = (span.end - span.start) / 1e6 if 0 < span.start <= span.end else None
    began = datetime.fromtimestamp(span.start // 1_000 / 1e6, UTC) if span.start else None
    return {
        "id": span.id or None,
        "trace": span.trace or None,
        "timestamp": began.isoformat(timespec="microseconds") if began else None,
        **found,
        **single,
        "conversation": single["conversation"] or span.trace or None,
        "status": "error" if span.failed else "ok",
        "latency_ms": latency,
        "tokens_in": number(single["tokens_in"]),
        "tokens_out": number(single["tokens_out"]),
    }


def _asked(span: Span) -> Row:
    said = next((got for name in MESSAGES_IN if (got := _messages(span, name))), None)
    said = said or _event_turns(span, EVENT_PROMPT, "gen_ai.prompt") or _told(span)
    if not said:
        plain = loaded(first(span.attributes, TEXT_IN))
        said = turns(plain) or [Turn("user", _plain(plain))]
    apart = text_of(loaded(first(span.attributes, SYSTEM)))
    if apart:
        said = [Turn("system", apart), *said]
    return asked(said)


def _answered(span: Span) -> Row:
    said = next((got for name in MESSAGES_OUT if (got := _messages(span, name))), None)
    said = said or _event_turns(span, EVENT_COMPLETION, "gen_ai.completion")
    texts = [turn.text for turn in said or () if turn.text]
    texts = texts or [
        text for name, held in span.events if name == EVENT_OUT if (text := _body(held))
    ]
    if not texts:
        plain = loaded(first(span.attributes, TEXT_OUT))
        several = [turn.text for turn in turns(plain) or () if turn.role == "assistant"]
        texts = [*filter(None, several)] or [*filter(None, [_plain(plain)])]
    samples = json.dumps(texts[1:], ensure_ascii=False) if texts[1:] else None
    return {"response": texts[0] if texts else None, "samples": samples}


def _plain(value: Any) -> str:
    """Text of an input or output: a string, an object's text, or the object as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, dict):
        for key in ("prompt", "question", "query", "input", "answer", "output", "result", "text"):
            if isinstance(value.get(key), str):
                return str(value[key])
    return text_of(value) or json.dumps(value, ensure_ascii=False)


def _messages(span: Span, name: str) -> list[Turn] | None:
    if name not in span.attributes and name not in span.lists:
        return None
    held = loaded(span.attributes.get(name))
    if isinstance(held, str):
        return [Turn("user" if name in MESSAGES_IN else "assistant", held)]
    several = held if isinstance(held, list) else indexed(span.attributes, name)
    if several and all(isinstance(one, str) for one in several):
        return [Turn("user", str(text)) for text in several]
    return turns([_message(one) for one in several if isinstance(one, dict)])


def _message(one: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a message in the common form, from OpenInference's, whose keys begin with the word."""
    flat = dict(flat_items("", one))
    role = flat.get("message.role", flat.get("role", one.get("role")))
    if not any(name.startswith("message.") for name in flat):
        return {**one, "role": role}
    content = flat.get("message.content")
    if content is None:
        parts = indexed(flat, "message.contents")
        content = [part.get("message_content.text", "") for part in parts]
    return {"role": role, "content": content}


def _told(span: Span) -> list[Turn]:
    """Messages of events that hold one each."""
    return [Turn(EVENTS_IN[name], _body(held)) for name, held in span.events if name in EVENTS_IN]


def _event_turns(span: Span, event: str, name: str) -> list[Turn] | None:
    held = [attributes.get(name) for called, attributes in span.events if called == event]
    details = [a for called, a in span.events if called.startswith("gen_ai.client.inference")]
    wanted = MESSAGES_IN if event == EVENT_PROMPT else MESSAGES_OUT
    held += [attributes.get(one) for attributes in details for one in wanted]
    return next((found for value in held if (found := turns(value))), None)


def _body(held: Attributes) -> str:
    """Text of an event's message: in its body, its attribute, or as JSON in one of them."""
    for key in ("content", "message", "message.content", "body", "gen_ai.event.content"):
        if key in held:
            return text_of(loaded(held[key]))
    return ""


def _keep_documents(span: Span, trace: _Trace) -> None:
    for name in DOCUMENTS:
        if name not in span.attributes and name not in span.lists:
            continue
        held = loaded(span.attributes.get(name))
        several = held if isinstance(held, list) else indexed(span.attributes, name)
        if not several:
            continue
        texts = tuple(text for one in several if (text := _document(loaded(one))))
        trace.textless |= not texts
        if texts:
            trace.passages.append((span.start, name == DOCUMENTS[0], texts))


def _document(one: Any) -> str:
    if isinstance(one, str):
        return one
    flat = dict(flat_items("", one)) if isinstance(one, dict) else {}
    return text_of(next((flat[key] for key in DOCUMENT_TEXT if flat.get(key)), None))
