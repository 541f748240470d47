"""What a model's endpoint sent back: bodies and event streams of the common interfaces."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegauge.logs.messages import loaded, text_of

_IN = ("prompt_tokens", "input_tokens", "promptTokenCount", "prompt_eval_count", "inputTokens")
_OUT = (
    "completion_tokens", "output_tokens", "candidatesTokenCount", "eval_count", "outputTokens",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Reply:
    """One answer, put together while it is read."""

    texts: dict[int, str] = field(default_factory=dict)
    """Number of the choice -> its text."""
    model: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    finish: str | None = None
    error: str | None = None
    is_answer: bool = False
    """Whether it is one at all, and not a list of vectors or files."""

    def columns(self) -> dict[str, Any]:
        """Give its part of a row."""
        first, *others = [self.texts[at] for at in sorted(self.texts)] or [""]
        return {
            "response": first or None,
            "samples": json.dumps(others, ensure_ascii=False) if any(others) else None,
            "model_version": self.model,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "finish_reason": self.finish,
            "error": self.error,
        }


def read_reply(body: Any) -> Reply:
    """Read a body: an object, its JSON, the text of an event stream, or plain text.

    Examples
    --------
    >>> read_reply({"choices": [{"message": {"content": "Hi"}}], "usage": {"prompt_tokens": 3}})
    ... # doctest: +ELLIPSIS
    Reply(texts={0: 'Hi'}, model=None, tokens_in=3, ...)
    """
    reply = Reply()
    held = loaded(body)
    if isinstance(held, str):
        events = list(_events(held))
        if events:
            for event in events:
                _read_event(event, reply)
        elif held.strip():
            reply.texts[0], reply.is_answer = held, True
    elif isinstance(held, dict):
        _read_body(held, reply)
    elif isinstance(held, list) and held and isinstance(held[0], dict):
        for part in held:
            _read_event(part, reply)
    return reply


def _events(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        if line.startswith("data:"):
            event = loaded(line[5:].strip())
            if isinstance(event, dict):
                yield event


def _read_event(event: Mapping[str, Any], reply: Reply) -> None:
    kind = str(event.get("type", ""))
    if kind == "response.output_text.delta":
        _add(reply, 0, event.get("delta"))
    elif isinstance(whole := event.get("response"), dict):  # of the Responses interface
        if whole.get("output") or whole.get("error"):
            reply.texts.clear()
        _read_body(whole, reply)
    elif kind == "content_block_delta":
        _add(reply, 0, (event.get("delta") or {}).get("text"))
    elif kind == "message_start":
        _read_body(event.get("message") or {}, reply)
    else:
        _read_body(event, reply, is_part=True)


def _read_body(body: Mapping[str, Any], reply: Reply, is_part: bool = False) -> None:
    _read_about(body, reply)
    for at, choice in enumerate(_objects(body.get("choices"))):
        _read_choice(choice, choice.get("index", at), reply)
    for at, one in enumerate(_objects(body.get("candidates"))):
        _add(reply, at, text_of(one.get("content")))
        reply.finish = one.get("finishReason") or reply.finish
    said = [one for one in _objects(body.get("output")) if one.get("type", "message") == "message"]
    if said:
        _add(reply, 0, "\n".join(filter(None, (text_of(one.get("content")) for one in said))))
    for key in ("content", "message", "generation", "completion", "output_text", "response"):
        if not reply.texts and body.get(key) is not None and "choices" not in body:
            _add(reply, 0, text_of(body[key]))
    if "output" in body or "choices" in body or "content" in body:
        reply.is_answer = True


def _read_choice(choice: Mapping[str, Any], at: Any, reply: Reply) -> None:
    held = choice.get("message") or choice.get("delta") or {}
    text = text_of(held)
    number = at if isinstance(at, int) else 0
    _add(reply, number, text or choice.get("text"))
    reply.finish = choice.get("finish_reason") or reply.finish


def _read_about(body: Mapping[str, Any], reply: Reply) -> None:
    """Read the model's name, token counts, how it ended, and what went wrong."""
    if isinstance(body.get("model"), str):
        reply.model = body["model"]
    usage = body.get("usage") or body.get("usageMetadata") or body
    if isinstance(usage, dict):
        reply.tokens_in = _count(usage, _IN, reply.tokens_in)
        reply.tokens_out = _count(usage, _OUT, reply.tokens_out)
    reply.finish = body.get("stop_reason") or body.get("done_reason") or reply.finish
    failed = body.get("error")
    if failed:
        said = failed.get("message") if isinstance(failed, dict) else failed
        reply.error = str(said or failed)
        reply.is_answer = True


def _count(usage: Mapping[str, Any], names: tuple[str, ...], known: int | None) -> int | None:
    found = next((usage[name] for name in names if isinstance(usage.get(name), int)), None)
    return known if found is None else found


def _add(reply: Reply, at: int, text: Any) -> None:
    if isinstance(text, str) and text:
        reply.texts[at] = reply.texts.get(at, "") + text
        reply.is_answer = True


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
