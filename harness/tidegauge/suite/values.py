"""Readers of single values: each returns what it read, or notes a problem and returns nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

from tidegauge.catalog import nearest
from tidegauge.suite.document import Node, shown

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LENGTH = "a length of time such as 30m, 6h, 1d or 2w"


def entries(node: Node, keys: Collection[str], example: str) -> dict[str, Node]:
    """Read a mapping with known keys; an unknown key is a problem."""
    found = mapping(node, example)
    for key in [key for key in found if key not in keys]:
        unknown(found.pop(key), key, keys)
    return found


def mapping(node: Node, example: str) -> dict[str, Node]:
    """Read a mapping with whatever keys."""
    if not isinstance(node.value, dict):
        node.wrong(f"a mapping such as {example}")
        return {}
    return dict(node.value)


def unknown(node: Node, key: str, keys: Collection[str]) -> None:
    """Note a key that is not among ``keys``."""
    allowed = f"allowed: {', '.join(keys)}"
    node.complain(f'found the unknown key "{shown(key)}"; {allowed}', _near(key, keys))


def items(node: Node, example: str) -> tuple[Node, ...]:
    """Read a list."""
    if not isinstance(node.value, tuple):
        node.wrong(f"a list such as {example}")
        return ()
    return node.value


def text(node: Node, allowed: str = "a text") -> str:
    """Read a text that is not empty and asks for no environment variable."""
    if not isinstance(node.value, str) or not node.value.strip():
        node.wrong(allowed)
        return ""
    if "${" in node.value:
        node.wrong(
            "no ${...} here", "environment variables are read in the paths and URLs of logs only"
        )
        return ""
    return node.value


def name(node: Node) -> str:
    """Read a column's name; a whole number is taken as its text."""
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.text
    return text(node, "the name of a column")


def names(node: Node, example: str = "[region, channel]") -> tuple[str, ...]:
    """Read a list of column names, each once."""
    found: dict[str, Node] = {}
    for item in items(node, example):
        read = name(item)
        if read in found and read:
            item.complain(f'found the column "{read}" twice; allowed: once')
        found[read] = item
    return tuple(filter(None, found))


def choice(node: Node, options: Collection[str]) -> str:
    """Read one word of a few."""
    if node.value not in options or not isinstance(node.value, str):
        near = _near(node.value, options) if isinstance(node.value, str) else ""
        node.wrong(", ".join(options), near)
        return ""
    return node.value


def flag(node: Node) -> bool:
    """Read true or false."""
    if not isinstance(node.value, bool):
        node.wrong("true or false")
    return bool(node.value)


def number(node: Node, allowed: str = "a number") -> float:
    """Read a finite number."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        node.wrong(allowed, "remove the quotes" if _is_quoted_number(value) else "")
        return math.nan
    return float(value)


def between(node: Node, low: float, high: float) -> float:
    """Read a number strictly between two bounds."""
    allowed = f"a number between {low:g} and {high:g}, both excluded"
    value = number(node, allowed)
    if value <= low or value >= high:
        node.wrong(allowed)
    return value


def whole(node: Node, allowed: str = "a whole number, 0 or more") -> int:
    """Read a whole number that is not negative."""
    if isinstance(node.value, bool) or not isinstance(node.value, int) or node.value < 0:
        node.wrong(allowed)
        return 0
    return node.value


def windows(node: Node) -> int:
    """Read a number of windows in a row."""
    allowed = "a whole number of windows from 1 to 1,000"
    if type(node.value) is not int or not 1 <= node.value <= 1_000:
        node.wrong(allowed)
        return 1
    return node.value


def length(node: Node) -> timedelta | None:
    """Read a length of time."""
    if isinstance(node.value, timedelta) and node.value > timedelta(0):
        return node.value
    found = parse_length(node.value) if isinstance(node.value, str) else None
    if found is None:
        node.wrong(LENGTH)
    return found


def parse_length(written: str) -> timedelta | None:
    """Turn ``6h`` into six hours; ``None`` where it says no length above zero.

    Examples
    --------
    >>> parse_length("6h")
    datetime.timedelta(seconds=21600)
    >>> parse_length("6 apples") is None
    True
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*([mhdw])\s*", written, re.ASCII)
    if match is None or int(match[1]) == 0:
        return None
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def plain(node: Node) -> Any:
    """Give back plain Python data, whatever it is."""
    match node.value:
        case dict():
            return {key: plain(item) for key, item in node.value.items()}
        case tuple():
            return [plain(item) for item in node.value]
        case str():
            return text(node) if "${" in node.value else node.value
        case value:
            return value


def pairs(node: Node, example: str) -> Iterator[tuple[str, Node]]:
    """Read a mapping from column names to something."""
    found: Mapping[str, Node] = mapping(node, example)
    for key, item in found.items():
        if key.strip():
            yield key, item
        else:
            item.complain("found an empty key; allowed: the name of a column")


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _is_quoted_number(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\s*[-+]?\d*\.?\d+\s*", value) is not None


def _near(key: str, keys: Collection[str]) -> str:
    said = nearest(key, keys)
    return said if said.startswith("did you mean") else ""
