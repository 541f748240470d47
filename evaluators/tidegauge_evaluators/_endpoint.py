"""Where a chat server is, and the key that opens it, which nothing else may learn."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tidegauge.errors import SuiteError

PATH = "/chat/completions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A chat server's address."""

    url: str
    """Where requests go."""
    place: str
    """The same without what follows a question mark, which may hold secrets."""
    host: str
    encrypted: bool
    local: bool
    """Whether it is this very machine."""
    key: str = field(default="", repr=False)

    def headers(self) -> dict[str, str]:
        """Headers of a request."""
        found = {"content-type": "application/json", "accept": "application/json"}
        return {**found, "authorization": f"Bearer {self.key}"} if self.key else found

    def hidden(self, text: str) -> str:
        """Take the key out of a text."""
        return text.replace(self.key, "***") if self.key else text


def endpoint(url: str, key_variable: str, scorer: str) -> Endpoint:
    """Read an endpoint's address, and its key from the environment.

    Parameters
    ----------
    url
        With or without ``/chat/completions`` at its end.
    key_variable
        Environment variable that holds the key; where it is empty or not set, no key is sent.
    scorer
        Who asks, for complaints.

    Raises
    ------
    SuiteError
        When the address is none, or holds a name and password.

    Examples
    --------
    >>> endpoint("http://localhost:8000/v1/", "", "hallucination.judge").url
    'http://localhost:8000/v1/chat/completions'
    """
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SuiteError(
            f"{scorer}: the endpoint is no address of a server",
            "allowed: such as https://api.example.org/v1 or http://localhost:8000/v1",
        )
    if parts.username is not None or parts.password is not None:
        raise SuiteError(
            f"{scorer}: the endpoint holds a name or password",
            "put the key into an environment variable and name it: api_key_env: MY_KEY",
        )
    key = os.environ.get(key_variable, "").strip() if key_variable else ""
    if not (key.isascii() and key.isprintable()):
        raise SuiteError(f"{scorer}: ${key_variable} holds characters that no header can")
    path = parts.path.rstrip("/")
    path = path if path.endswith(PATH) else path + PATH
    place = f"{parts.scheme}://{parts.netloc}{path}"
    return Endpoint(
        url=f"{place}?{parts.query}" if parts.query else place,
        place=place,
        host=parts.netloc,
        encrypted=parts.scheme == "https",
        local=_is_local(parts.hostname),
        key=key,
    )


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
