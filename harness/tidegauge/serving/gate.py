"""Who may come in: reads tokens, cookies and a proxy's word, and says who is there."""

from __future__ import annotations

import ipaddress
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from tidegauge.serving.sessions import LIFETIME, SESSION, VISITOR, Failures, Seal, same
from tidegauge.serving.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who sent a request, as far as the server knows."""

    name: str = ""
    """For the story of an incident: the proxy's user, or "token"; empty where nobody is asked."""
    holder: str = ""
    """What the browser keeps; forms are tied to it. Empty for programs with a token."""
    fresh: bool = False
    """Whether ``holder`` is new and the browser has to be told."""
    by_cookie: bool = False
    """Whether a session cookie let the visitor in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Lets visitors in, or not."""

    settings: Settings
    seal: Seal
    failures: Failures = field(default_factory=Failures)
    ended: dict[str, float] = field(default_factory=dict)
    """Sessions that somebody signed out of, until they would have run out."""
    clock: Callable[[], float] = time.time
    lock: Lock = field(default_factory=Lock)

    def admit(self, headers: Mapping[str, str], address: str) -> Visitor | None:
        """Say who is there; ``None`` = nobody who may come in.

        Parameters
        ----------
        headers
            By lower-case name.
        address
            Of whoever opened the connection.
        """
        kept = cookies(headers)
        match self.settings.access:
            case "open":
                return self._visitor(kept)
            case "proxy":
                user = headers.get(self.settings.proxy_header, "").strip()
                trusted = user and self.believes(address)
                return self._visitor(kept, user[:200]) if trusted else None
            case "token":
                return self._holder(headers, kept, address)

    def stranger(self, headers: Mapping[str, str]) -> Visitor:
        """Give somebody a holder for forms, whoever it is."""
        return self._visitor(cookies(headers))

    def believes(self, address: str) -> bool:
        """Whether a proxy at this address is to be trusted."""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self.settings.trusted)

    def wait(self, address: str) -> int:
        """Seconds until another token may be tried from this address."""
        return self.failures.wait(address)

    def sign_in(self, token: str, address: str) -> str | None:
        """Trade the token for a session cookie; ``None`` = a wrong token."""
        if self.failures.wait(address) or not same(token.strip(), self.settings.token):
            self.failures.note(address)
            return None
        return self.seal.session(self.clock())

    def sign_out(self, visitor: Visitor) -> None:
        """End a session before its time."""
        with self.lock:
            now = self.clock()
            for one in [one for one, until in self.ended.items() if until < now]:
                del self.ended[one]
            self.ended[visitor.holder] = now + LIFETIME

    def csrf(self, visitor: Visitor) -> str:
        """Make what this visitor's forms must hold."""
        return self.seal.csrf(f"{visitor.holder}\n{visitor.name}") if visitor.holder else ""

    def _visitor(self, kept: Mapping[str, str], name: str = "") -> Visitor:
        holder = kept.get(VISITOR, "")
        known = 20 <= len(holder) <= 64 and holder.isascii()
        return Visitor(
            name=name, holder=holder if known else secrets.token_urlsafe(18), fresh=not known
        )

    def _holder(
        self, headers: Mapping[str, str], kept: Mapping[str, str], address: str
    ) -> Visitor | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if self.failures.wait(address):
                return None
            if same(token.strip(), self.settings.token):
                return Visitor(name="token")
            self.failures.note(address)
            return None
        session = kept.get(SESSION, "")
        if self.seal.holds(session, self.clock()) and session not in self.ended:
            return Visitor(name="token", holder=session, by_cookie=True)
        return None


def cookies(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Read the cookies of a request, whatever other servers of this host have put beside ours.

    Examples
    --------
    >>> cookies({"cookie": 'odd={"a": "b c"}; tidegauge_theme=dark; odd'})["tidegauge_theme"]
    'dark'
    """
    pairs = (one.partition("=") for one in headers.get("cookie", "").split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}
