"""Fills ``${NAME}`` from the environment, and takes what was filled out of any message."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote, urlsplit

from tidegauge.errors import TidegaugeError

VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)\}")
HIDDEN = "***"
SHORTEST = 4
"""Characters of a secret below which hiding it would only garble a text."""


def filled(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Fill a text that a suite holds.

    Raises
    ------
    TidegaugeError
        When a variable is not set; the message names it, and nothing else of the text.

    Examples
    --------
    >>> filled("https://${HOST}/hook", {"HOST": "example.org"})
    'https://example.org/hook'
    """
    known = os.environ if environment is None else environment

    def value(match: re.Match[str]) -> str:
        if not known.get(match[1]):
            raise TidegaugeError(
                f"the environment variable {match[1]} is not set", f"export {match[1]}=..."
            )
        return known[match[1]]

    return VARIABLE.sub(value, text)


def secrets_in(texts: Iterable[str]) -> tuple[str, ...]:
    """List what must not be shown of texts as a suite holds them, the longest first.

    That is every text as a whole, what its variables stand for, and the password, path and query
    of a URL: chat services keep their keys there.
    """
    found: set[str] = set()
    for text in texts:
        found |= {os.environ.get(name, "") for name in VARIABLE.findall(text)}
        whole = VARIABLE.sub(lambda match: os.environ.get(match[1], ""), text)
        found.add(whole)
        try:
            parts = urlsplit(whole)
        except ValueError:
            continue
        if parts.scheme:
            pieces = {
                parts.password or "",
                parts.username or "",
                parts.query,
                parts.path.strip("/"),
            }
            pieces |= {piece for piece in parts.path.split("/") if len(piece) > 8}
            found |= pieces | {unquote(piece) for piece in pieces}
    found |= {quote(one, safe="") for one in found}
    return tuple(sorted((one for one in found if len(one) >= SHORTEST), key=len, reverse=True))


def without(text: str, secrets: Iterable[str], most: int = 500) -> str:
    """Take secrets out of a text, and whatever steers a terminal; cut it to a length.

    Examples
    --------
    >>> without("cannot reach https://h/T0/s3cret", ["s3cret"])
    'cannot reach https://h/T0/***'
    """
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    text = "".join(c if c.isprintable() else " " for c in text).strip()
    return text if len(text) <= most else text[: most - 3] + "..."
