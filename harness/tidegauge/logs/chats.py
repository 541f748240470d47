"""Logs of chats: conversations as lists of messages, and requests beside their responses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tidegauge.logs.messages import Turn, asked, loaded, text_of, turns
from tidegauge.logs.replies import read_reply

TALK = ("messages", "conversations", "conversation", "turns", "dialogue", "chat", "contents")
"""Fields that hold a list of messages."""
REQUEST = ("request", "request_body", "input_body", "payload")
RESPONSE = ("response", "response_body", "output_body", "completion", "reply", "answer")
_ID = ("id", "conversation_id", "request_id", "trace_id")
_LATENCY = ("latency_ms", "processing_ms", "duration_ms", "elapsed_ms", "response_time_ms")
_SCALARS = (str, int, float, bool)
Row = dict[str, Any]


def is_chat(record: Mapping[str, Any]) -> bool:
    """Whether a record holds messages, or a request to a model beside its response.

    Examples
    --------
    >>> is_chat({"messages": [{"role": "user", "content": "Hi"}]}), is_chat({"age": 31})
    (True, False)
    """
    return _field(record, TALK) is not None or _request(record) is not None


def rows_of(record: Mapping[str, Any], line: str, left_out: Counter[str]) -> Iterator[Row]:
    """Give a row for each answer of a record, with the fields beside it.

    Parameters
    ----------
    record
        One line of the log.
    line
        File and line, a name for conversations that have none.
    left_out
        Counts what gives no row, by reason.
    """
    request = _request(record)
    talk = None if request is not None else _field(record, TALK)
    if request is None and talk is None:
        left_out["records without a message"] += 1
        return
    key = request if request is not None else talk
    response = _field(record, RESPONSE)
    beside = _beside(record, {key, response} - {None})
    if request is not None or response is not None:
        yield from _call(record, loaded(record[key or ""]), response, beside, left_out)
        return
    said = turns(record[key or ""]) or []
    yield from _conversation(said, line, beside, left_out)


def _field(record: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """Name of the field that holds messages, or a response."""
    for name in names:
        held = record.get(name)
        if held is not None and (names is not TALK or turns(held) is not None):
            return name
    return None


def _request(record: Mapping[str, Any]) -> str | None:
    if _field(record, RESPONSE) is None and "error" not in record:
        return None
    for name in REQUEST:
        held = loaded(record.get(name))
        if isinstance(held, dict) and any(key in held for key in (*TALK, "input", "prompt")):
            return name
    return None


def _beside(record: Mapping[str, Any], taken: set[str | None]) -> Row:
    """Give the plain fields beside, the latency under its common name."""
    found = {k: v for k, v in record.items() if k not in taken and isinstance(v, _SCALARS)}
    name = next((one for one in _LATENCY if one in found), None)
    if name is not None:
        found["latency_ms"] = found.pop(name)
    return found


def _call(
    record: Mapping[str, Any], request: Any, response: str | None, beside: Row, left: Counter[str]
) -> Iterator[Row]:
    reply = read_reply(record.get(response or "error"))
    if not reply.is_answer:
        left["calls that answer with no text, such as embeddings"] += 1
        return
    held = request if isinstance(request, dict) else {"messages": request}
    said = _asked_of(held)
    columns = reply.columns()
    columns["model_version"] = columns["model_version"] or held.get("model")
    if columns["response"] is None and columns["error"] is None:
        left["answers without text, such as calls of a tool: their response is null"] += 1
    own = asked(said)
    session = held.get("conversation_id") or held.get("session_id") or held.get("user")
    if isinstance(session, str) and "conversation" not in beside:
        own["conversation"] = session
    yield {**own, **columns, **beside}


def _asked_of(request: Mapping[str, Any]) -> list[Turn]:
    """Give the turns of a request to any of the common interfaces."""
    name = _field(request, TALK)
    said = turns(request[name]) or [] if name else turns(request.get("input")) or []
    if not said:
        plain = request.get("input", request.get("prompt"))
        said = [Turn("user", text_of(plain))] if text_of(plain) else []
    for key in ("system", "instructions", "systemInstruction", "system_instruction"):
        if text := text_of(request.get(key)):
            said = [Turn("system", text), *said]
    return said


def _conversation(said: list[Turn], line: str, beside: Row, left: Counter[str]) -> Iterator[Row]:
    """Give a row for each answer of a conversation, all with its name."""
    name = next((str(beside[key]) for key in _ID if key in beside), line)
    own = {key: value for key, value in beside.items() if key != "id"}
    answers = [at for at, turn in enumerate(said) if turn.role == "assistant" and turn.text]
    silent = sum(turn.role == "assistant" and not turn.text for turn in said)
    if silent:
        left["turns without text, such as calls of a tool"] += silent
    if said and said[-1].role == "user":
        answers.append(len(said))
    if not answers:
        left["conversations without an answer"] += 1
    for at in answers:
        row = asked(said[:at])
        response = said[at].text if at < len(said) else None
        several = len(answers) > 1 or "id" not in beside
        row |= {"id": f"{name}#{at}" if several else name, "conversation": name}
        yield {**row, "response": response, **own}
