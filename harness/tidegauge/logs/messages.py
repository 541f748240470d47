"""Messages of a chat in the shapes that logs hold them, as turns with a role and a text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

ROLES = {
    "user": "user", "human": "user", "customer": "user", "prompter": "user",
    "assistant": "assistant", "ai": "assistant", "gpt": "assistant", "bot": "assistant",
    "model": "assistant", "chatgpt": "assistant", "agent": "assistant",
    "system": "system", "developer": "system",
    "tool": "tool", "function": "tool", "observation": "tool", "ipython": "tool",
}  # fmt: skip
"""Who speaks, as logs say it -> one word for each."""
_ROLE_KEYS = ("role", "from", "author", "speaker", "sender", "type")
_TEXT_KEYS = ("content", "value", "text", "parts", "message", "body", "refusal")
_SILENT = frozenset({
    "reasoning", "thinking", "tool_call", "tool_use", "function_call", "redacted_thinking",
})  # fmt: skip
"""Types of parts that no user reads."""
_DEEP = 8


class Turn(NamedTuple):
    """One message."""

    role: str
    """``user``, ``assistant``, ``system`` or ``tool``."""
    text: str
    """Empty where it holds a picture or calls a tool."""


def loaded(value: Any) -> Any:
    """Parse a JSON string that holds a list or an object; give anything else as it is.

    Examples
    --------
    >>> loaded('[{"role": "user"}]'), loaded("[sic] no JSON")
    ([{'role': 'user'}], '[sic] no JSON')
    """
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def text_of(content: Any, depth: int = 0) -> str:
    r"""Give the text of a message's content: a string, parts, or an object that holds it.

    Reasoning, tool calls and pictures give nothing; parts are joined by line ends.

    Examples
    --------
    >>> text_of([{"type": "text", "text": "Hi"}, {"type": "image_url"}, {"text": {"value": "you"}}])
    'Hi\nyou'
    """
    if isinstance(content, str):
        return content
    if depth > _DEEP:
        return ""
    if isinstance(content, dict):
        if content.get("type") in _SILENT:
            return ""
        held = next((content[key] for key in _TEXT_KEYS if content.get(key) is not None), None)
        return text_of(held, depth + 1)
    if isinstance(content, Sequence):
        return "\n".join(filter(None, (text_of(part, depth + 1) for part in content)))
    return ""


def turns(value: Any) -> list[Turn] | None:
    """Read messages; ``None`` where the value holds none.

    Examples
    --------
    >>> turns([{"from": "human", "value": "Hi"}, {"role": "model", "parts": [{"text": "Hello"}]}])
    [Turn(role='user', text='Hi'), Turn(role='assistant', text='Hello')]
    """
    held = loaded(value)
    if isinstance(held, dict):
        inside = next((held[key] for key in ("messages", "message") if held.get(key)), None)
        return turns(inside if isinstance(inside, list) else [held])
    if not isinstance(held, list) or not held:
        return None
    if isinstance(held[0], list):  # a batch of one, as callback handlers write it
        return turns(held[0])
    found = [(_role(one), one) for one in held if isinstance(one, dict)]
    if not any(role for role, _ in found):
        return None
    return [Turn(role or "tool", text_of(_content(one))) for role, one in found]


def _role(message: Mapping[str, Any]) -> str:
    for key in _ROLE_KEYS:
        said = message.get(key)
        if isinstance(said, dict):
            said = said.get("role")
        if isinstance(said, str) and said.lower() in ROLES:
            return ROLES[said.lower()]
    return ""


def _content(message: Mapping[str, Any]) -> Any:
    held = next((message[key] for key in _TEXT_KEYS if message.get(key) is not None), None)
    if held is None and isinstance(message.get("data"), dict):
        held = message["data"].get("content")
    return loaded(held) if isinstance(held, str) and held.startswith('[{"type"') else held


def asked(several: Sequence[Turn]) -> dict[str, Any]:
    """Give what a request asks: ``prompt``, the last user turn, ``history`` and ``system``.

    Examples
    --------
    >>> asked([Turn("system", "Be brief."), Turn("user", "Hi")])
    {'system': 'Be brief.', 'history': None, 'prompt': 'Hi'}
    """
    last = max((at for at, turn in enumerate(several) if turn.role == "user"), default=None)
    system = "\n".join(turn.text for turn in several if turn.role == "system" and turn.text)
    before = several if last is None else several[:last]
    return {
        "system": system or None,
        "history": told(turn for turn in before if turn.role != "system"),
        "prompt": several[last].text or None if last is not None else None,
    }


def told(several: Iterable[Turn]) -> str | None:
    """Write turns as JSON; ``None`` where there are none."""
    said = [{"role": turn.role, "content": turn.text} for turn in several]
    return json.dumps(said, ensure_ascii=False) if said else None
