"""Who is there: tokens, signed cookies, forms that only our own pages can send."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock

LIFETIME = 12 * 3600
"""Seconds that somebody stays signed in."""
MOST_FAILURES = 10
"""Wrong tokens from one address, in ``FAILURE_SPAN`` seconds, before it has to wait."""
MOST_FAILURES_IN_ALL = 100
"""From all addresses; then each has one try."""
FAILURE_SPAN = 60
MOST_ADDRESSES = 10_000
SESSION = "tidegauge_session"
VISITOR = "tidegauge_visitor"


@dataclass(frozen=True, slots=True)
class Seal:
    """Signs and checks what a browser keeps for us.

    The key follows from the token: sessions outlive a restart, and end when the token changes.
    """

    key: bytes

    @classmethod
    def of(cls, token: str) -> Seal:
        """Make the key from the token, or by chance where there is none."""
        if not token:
            return cls(secrets.token_bytes(32))
        return cls(hmac.digest(token.encode(), b"tidegauge: key of sessions", "sha256"))

    def session(self, now: float) -> str:
        """Make the cookie of somebody who has shown the token."""
        body = f"{int(now) + LIFETIME}.{secrets.token_urlsafe(18)}"
        return f"{body}.{self._mark('session', body)}"

    def holds(self, cookie: str, now: float) -> bool:
        """Whether a cookie is one of ours and has not run out."""
        body, _, mark = cookie.rpartition(".")
        until, _, _ = body.partition(".")
        if not same(mark, self._mark("session", body)):
            return False
        return until.isascii() and until.isdigit() and int(until) > now

    def csrf(self, holder: str) -> str:
        """Make what forms must send back; it is of use with the holder's cookie only."""
        return self._mark("form", holder)

    def _mark(self, purpose: str, text: str) -> str:
        return hmac.new(self.key, f"{purpose}\n{text}".encode(), sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Failures:
    """Wrong tokens of late, so that nobody can try many."""

    clock: Callable[[], float] = time.monotonic
    seen: dict[str, deque[float]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def note(self, address: str) -> None:
        """Remember a wrong token."""
        with self.lock:
            if len(self.seen) >= MOST_ADDRESSES:
                self._forget()
            self.seen.setdefault(address, deque(maxlen=MOST_FAILURES)).append(self.clock())

    def wait(self, address: str) -> int:
        """Seconds until this address may try again; 0 = now."""
        with self.lock:
            since = self.clock() - FAILURE_SPAN
            own = [moment for moment in self.seen.get(address, ()) if moment > since]
            if len(own) >= MOST_FAILURES:
                return int(own[0] - since) + 1
            if not own:  # whoever has not failed waits for nobody: strangers lock no one out
                return 0
            recent = sum(moment > since for each in self.seen.values() for moment in each)
            return FAILURE_SPAN if recent >= MOST_FAILURES_IN_ALL else 0

    def _forget(self) -> None:
        since = self.clock() - FAILURE_SPAN
        for address in [one for one, each in self.seen.items() if each[-1] <= since]:
            del self.seen[address]
        while len(self.seen) >= MOST_ADDRESSES:
            del self.seen[next(iter(self.seen))]


def same(given: str, expected: str) -> bool:
    """Compare two secrets in a time that does not tell how far they agree.

    Examples
    --------
    >>> same("a", "a"), same("ä", "a"), same("", "")
    (True, False, False)
    """
    return bool(expected) and hmac.compare_digest(
        given.encode("utf-8", "replace"), expected.encode("utf-8", "replace")
    )
