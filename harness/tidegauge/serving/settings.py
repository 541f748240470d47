"""How the server was asked to run, and what of that is refused."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tidegauge.errors import TidegaugeError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SHORTEST = 16
"""Characters that a token must have: shorter ones can be guessed."""
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the server runs."""

    suites: tuple[Path, ...] = ()
    """Files, and folders whose YAML files are suites."""
    history: str = ""
    """Path or URL; empty = as everywhere else."""
    host: str = "127.0.0.1"
    port: int = 8642
    token: str = ""
    """Whoever holds it may enter; empty = no token is asked for."""
    proxy_header: str = ""
    """Header in which a trusted proxy names the user, in lower case; empty = none."""
    trusted: tuple[Network, ...] = ()
    """Addresses from which that header is believed."""
    hosts: tuple[str, ...] = ()
    """Names under which the server may be asked, in lower case; empty = any."""
    base: str = ""
    """What a proxy puts before every address: ``/tidegauge``."""
    schedule: bool = True
    """Whether suites are run on their schedule."""
    workers: int = 1
    """Runs that may go on at once."""

    @property
    def access(self) -> Literal["open", "token", "proxy"]:
        """Who may enter: anybody on this machine, holders of a token, users a proxy names."""
        return "proxy" if self.proxy_header else "token" if self.token else "open"


def settle(
    *,
    suites: tuple[Path, ...] = (),
    history: str = "",
    host: str = "127.0.0.1",
    port: int = 8642,
    token_file: Path | None = None,
    proxy_header: str = "",
    trusted: tuple[str, ...] = (),
    hosts: tuple[str, ...] = (),
    base: str = "",
    schedule: bool = True,
    workers: int = 1,
) -> Settings:
    """Read what the command line says, and refuse what would be unsafe.

    Raises
    ------
    TidegaugeError
        When others than this machine could reach the server and nobody asks who they are, when
        a header would be believed from everywhere, or when something cannot be read.

    Examples
    --------
    >>> settle().access
    'open'
    >>> settle(host="0.0.0.0")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    tidegauge.errors.TidegaugeError: 0.0.0.0 can be reached from other machines, ...
    """
    for missing in (place for place in suites if not place.exists()):
        raise TidegaugeError(
            f"found no file or folder {missing}", "name suites that are there, or their folder"
        )
    if token_file is not None and proxy_header:
        raise TidegaugeError(
            "found both a token and a proxy's header; allowed: one of them",
            "let the proxy ask who it is, or hand out the token",
        )
    networks = tuple(_network(one) for one in trusted)
    if proxy_header and not networks:
        raise TidegaugeError(
            f"the header {proxy_header} would be believed from every address",
            "say where the proxy is: --trusted-proxy 127.0.0.1/32",
        )
    if networks and not proxy_header:
        raise TidegaugeError(
            "found a trusted proxy and no header in which it names the user",
            "add --proxy-header X-Forwarded-User",
        )
    if proxy_header and not all(c.isascii() and (c.isalnum() or c == "-") for c in proxy_header):
        raise TidegaugeError(
            f'found the header "{proxy_header}"; allowed: letters, digits and dashes',
            "for example --proxy-header X-Forwarded-User",
        )
    local = is_loopback(host)
    token = _token(token_file) if token_file is not None else ""
    if not local and not token and not proxy_header:
        raise TidegaugeError(
            f"{host} can be reached from other machines, and nothing would ask who is there",
            "give --token-file FILE, or --proxy-header NAME with --trusted-proxy CIDR, "
            "or keep --host 127.0.0.1",
        )
    return Settings(
        suites=suites,
        history=history,
        host=host,
        port=port,
        token=token,
        proxy_header=proxy_header.lower(),
        trusted=networks,
        hosts=_hosts(host, hosts, local=local),
        base=_base(base),
        schedule=schedule,
        workers=max(workers, 1),
    )


def is_loopback(host: str) -> bool:
    """Whether a name or address leads to this machine only; a name must do so throughout.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    bare = host.strip("[]")
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        pass
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(bare, None)}
    except OSError:
        raise TidegaugeError(
            f"--host {host}: no such name", "allowed: 127.0.0.1, ::1, 0.0.0.0 or a name you have"
        ) from None
    return all(ipaddress.ip_address(str(one).partition("%")[0]).is_loopback for one in found)


def _hosts(host: str, named: tuple[str, ...], *, local: bool) -> tuple[str, ...]:
    """Names a request may be for; any where a token guards a public address and none is named.

    A page of another site can make its own name lead to 127.0.0.1; its requests then name that
    site, which is how they are told apart.
    """
    own = (host if ":" not in host or host.startswith("[") else f"[{host}]",)
    allowed = (*LOOPBACK_NAMES, *own) if local else (*LOOPBACK_NAMES, *own) if named else ()
    return tuple(dict.fromkeys(name.lower() for name in (*allowed, *named)))


def _base(base: str) -> str:
    path = "/" + base.strip("/") if base.strip("/") else ""
    if not all(c.isascii() and (c.isalnum() or c in "/-_.~") for c in path) or ".." in path:
        raise TidegaugeError(f'found the base path "{base}"', "allowed: a path such as /tidegauge")
    return path


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise TidegaugeError(
            f'--trusted-proxy: found "{text}"', "allowed: an address or a range, as in 10.0.0.0/8"
        ) from None


def _token(file: Path) -> str:
    try:
        found = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise TidegaugeError(f"--token-file {file}: {said}", "write one: " + _write(file)) from None
    if len(found) < SHORTEST or not found.isascii() or not found.isprintable() or " " in found:
        raise TidegaugeError(
            f"--token-file {file}: found {len(found)} characters; "
            f"allowed: {SHORTEST} or more, ASCII, without spaces",
            "write one: " + _write(file),
        )
    return found


def _write(file: Path) -> str:
    return f'python -c "import secrets; print(secrets.token_urlsafe(32))" > {file}'
