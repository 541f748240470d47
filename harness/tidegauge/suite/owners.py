"""The ``owners`` part of a suite: who looks after which column or check."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tidegauge.suite.acts import DEFAULT_OWNER, Owner
from tidegauge.suite.document import Node
from tidegauge.suite.values import entries, items, mapping, text

KEYS = {"name": "How to call them.", "notify": "Where to reach them: an apprise URL, or a list."}
EXAMPLE = '{income: "mailto://data@example.org", default: "${TEAM_URL}"}'
PLACE = 'an apprise URL such as "mailto://data@example.org" or "${ALERT_URL}"'
VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)\}")


def read_owners(node: Node) -> dict[str, Owner]:
    """Read owners by column, by check, or by ``default``."""
    found = {}
    for key, item in mapping(node, EXAMPLE).items():
        if key.strip():
            found[key] = _owner(item, key)
        else:
            item.complain(f"found an empty key; allowed: a column, a check, or {DEFAULT_OWNER}")
    return found


def _owner(node: Node, key: str) -> Owner:
    if not isinstance(node.value, dict):
        reached = read_places(node)
        return Owner(name=_called(reached, key), places=reached)
    found = entries(node, KEYS, '{name: Data team, notify: "${TEAM_URL}"}')
    places = read_places(found["notify"]) if "notify" in found else ()
    if not found:
        node.wrong("a URL, or a mapping of name and notify")
    return Owner(
        name=text(found["name"]) if "name" in found else _called(places, key), places=places
    )


def read_places(node: Node) -> tuple[str, ...]:
    """Read one apprise URL or several; each may hold ``${NAME}``."""
    nodes = items(node, PLACE) if isinstance(node.value, tuple) else (node,)
    if not nodes:
        node.wrong(PLACE)
    return tuple(filter(None, (_place(item) for item in nodes)))


def _place(node: Node) -> str:
    place = secret_text(node, PLACE)
    if place and "://" not in place and not VARIABLE.search(place):
        node.complain(
            f"found a text that is no URL; allowed: {PLACE}",
            "apprise lists its services: https://github.com/caronc/apprise",
        )
        return ""
    return place


def secret_text(node: Node, allowed: str) -> str:
    """Read a text that may hold ``${NAME}``; complaints do not show it, for it may be a secret."""
    if not isinstance(node.value, str) or not node.value.strip():
        node.complain(f"found no text; allowed: {allowed}")
        return ""
    if "${" in VARIABLE.sub("", node.value):
        node.complain(
            "found ${ that does not begin the name of an environment variable; "
            "allowed: ${NAME}, of letters, digits and underscores"
        )
        return ""
    return node.value.strip()


def _called(places: tuple[str, ...], key: str) -> str:
    """Name an owner by an address without secrets; else by what they own."""
    for place in places:
        if VARIABLE.search(place):
            continue
        parts = urlsplit(place)
        if parts.scheme in ("mailto", "mailtos") and parts.hostname:
            user = parts.username or ""
            return f"{user}@{parts.hostname}" if user else parts.hostname
    return f"owner of {key}" if key != DEFAULT_OWNER else "default owner"
