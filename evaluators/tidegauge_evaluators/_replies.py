"""What a chat server's reply means: an answer, a reason to ask again, or a reason not to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

AGAIN = {408, 409, 425, 429}
"""Statuses below 500 that pass."""
NEVER = {401, 403, 404, 405, 410, 501}
"""Statuses that no further request will change."""
REFUSED_SHAPE = {400, 422}
"""Statuses of servers that do not know a part of the request."""
TOO_LONG = re.compile(r"context.{0,20}(length|window)|too (long|many tokens|large)", re.I)
SPENT = re.compile(r"insufficient_quota|billing", re.I)
SAID = 100
"""Characters of a server's own words that a reason holds."""


class Answer(NamedTuple):
    """What the model said."""

    text: str
    tokens_in: int = 0
    tokens_out: int = 0


class Failed(Exception):
    """One question has no answer; the message is the reason."""

    def __init__(self, reason: str, *, tokens_in: int = 0, tokens_out: int = 0) -> None:
        super().__init__(reason)
        self.tokens_in, self.tokens_out = tokens_in, tokens_out


class Again(Exception):
    """It may have one later; the message is the reason if it never has."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait
        """Seconds that the server asks for."""


class Closed(Exception):
    """No question will have one; the message is the reason."""


class WrongShape(Exception):
    """The server did not take the form of the request; the message is in its own words."""


def require_ok(status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Tell what a status other than success means.

    Raises
    ------
    Again, Closed, Failed, WrongShape
        Unless the status is 2xx.
    """
    if 200 <= status < 300:
        return
    said = _words(body)
    if status == 429 and SPENT.search(said):
        raise Closed("judge answered 429: the account's quota is spent")
    if status in AGAIN or (status >= 500 and status not in NEVER):
        raise Again(f"judge keeps answering {status}", retry_after(headers.get("retry-after", "")))
    if status == 413 or (status in REFUSED_SHAPE and TOO_LONG.search(said)):
        raise Failed("longer than the judge takes")
    if status in REFUSED_SHAPE:
        raise WrongShape(said)
    if status in (401, 403):
        raise Closed(f"judge answered {status}: no access")  # its words may repeat the key
    if status in NEVER:
        raise Closed(f"judge answered {status}: {said[:SAID] or 'no reason given'}")
    raise Closed(f"judge answered {status}, which is no answer")


def retry_after(header: str) -> float:
    """Seconds to wait by a ``Retry-After`` header: a number, or a date (RFC 9110, 10.2.3).

    Examples
    --------
    >>> retry_after("1.5"), retry_after("soon"), retry_after("Mon, 01 Jan 2001 00:00:00 GMT")
    (1.5, 0.0, 0.0)
    """
    header = header.strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", header):
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def answer_of(body: bytes) -> Answer:
    """Find the model's words in a chat completion.

    Raises
    ------
    Failed
        When there are none, or not all of them.
    """
    payload = _json(body)
    usage = payload.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    spent = {
        "tokens_in": _count(counts.get("prompt_tokens")),
        "tokens_out": _count(counts.get("completion_tokens")),
    }
    choices = payload.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise Failed("judge's reply is no chat completion", **spent)
    reason = choice.get("finish_reason")
    if reason == "length":
        raise Failed("judge's answer was cut off at max_tokens", **spent)
    if reason == "content_filter" or message.get("refusal"):
        raise Failed("judge declined to answer", **spent)
    text = _text(message.get("content"))
    if not text.strip():
        raise Failed("judge's answer is empty", **spent)
    return Answer(text, **spent)


def object_in(text: str) -> Mapping[str, Any]:
    r"""Read an answer that must be one JSON object and nothing else.

    A block of code around it and thoughts before it are taken off; a piece of JSON somewhere in
    prose is not an answer.

    Raises
    ------
    ValueError
        When it is not.

    Examples
    --------
    >>> object_in('<think>Hm.</think>\n```json\n{"a": 1}\n```')
    {'a': 1}
    """
    bare = re.sub(r"\A\s*<think>.*?</think>", "", text, count=1, flags=re.S).strip()
    if fenced := re.fullmatch(r"```(?:json)?\s*\n(.*?)\n?\s*```", bare, re.S):
        bare = fenced[1]
    try:
        found = json.loads(bare)
    except (ValueError, RecursionError):
        raise ValueError("no JSON") from None
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found


def _json(body: bytes) -> dict[str, Any]:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        raise Failed("judge's reply is no JSON") from None
    if not isinstance(payload, dict):
        raise Failed("judge's reply is no chat completion")
    return payload


def _text(content: Any) -> str:
    """Text of a message, plain or in parts."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _words(body: bytes) -> str:
    """Pick a server's own words out of an error reply, in one short line."""
    text = body.decode("utf-8", "replace")
    try:
        payload = json.loads(text)
        error = payload.get("error", payload) if isinstance(payload, dict) else payload
        if isinstance(error, dict):
            parts = [error.get(key) for key in ("code", "message", "detail")]
            error = " ".join(str(part) for part in parts if part)
        text = str(error)
    except (ValueError, RecursionError):
        pass
    return " ".join("".join(c if c.isprintable() else " " for c in text[:2_000]).split())


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
