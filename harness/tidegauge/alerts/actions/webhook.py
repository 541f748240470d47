"""Post an incident as JSON to a URL, signed, with a key by which a receiver knows a repeat.

The signature is HMAC-SHA256 over ``TIMESTAMP.BODY`` with the suite's secret, in hexadecimal::

    Tidegauge-Signature: t=1795392000,v1=5257a869...

A receiver computes it over the bytes that arrived, compares in constant time, and refuses a
timestamp older than five minutes, so that nobody can send an old message again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from tidegauge.alerts.actions.posting import post
from tidegauge.alerts.filling import filled
from tidegauge.incident import Message
from tidegauge.suite.acts import Deed, Webhook

if TYPE_CHECKING:
    from tidegauge.store import Store
    from tidegauge.suite import Suite

FORMAT = 1
"""Version of the body's layout."""


def act(deed: Deed, message: Message, suite: Suite, store: Store) -> None:
    """Post a message."""
    assert isinstance(deed, Webhook)
    body = json.dumps({"format": FORMAT, **asdict(message)}, ensure_ascii=True).encode()
    secret = filled(deed.secret)
    fixed = {name: filled(value) for name, value in deed.headers.items()}

    def headers() -> dict[str, str]:
        signed = {"Tidegauge-Signature": signature(secret, body)} if secret else {}
        return {**fixed, "Idempotency-Key": message.key, **signed}

    post(
        filled(deed.url),
        body,
        headers,
        timeout=deed.timeout.total_seconds(),
        attempts=deed.attempts,
    )


def signature(secret: str, body: bytes, at: int | None = None) -> str:
    """Sign a body at a moment.

    Examples
    --------
    >>> signature("s3cret", b"{}", at=1795392000)[:17]
    't=1795392000,v1=f'
    """
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
