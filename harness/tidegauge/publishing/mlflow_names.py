"""Names and values that MLflow takes: bounded, and the same in every run of a suite."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

LONGEST = 250
"""Characters of a key."""
PARAM, TAG = 6_000, 5_000
"""Characters of a parameter's and of a tag's value; older servers take fewer for tags."""

_ALLOWED = re.compile(r"[^A-Za-z0-9_. -]")


def metric_name(*parts: str, slice: str = "") -> str:
    """Join parts, and the slice as the last of them, into a metric's name.

    A part that MLflow would not take is spelled with ``_`` and a few characters of its hash, so
    that two columns never share a name, whatever else is in the report.

    Examples
    --------
    >>> metric_name("tidegauge", "drift.psi", "income", slice="region=north")
    'tidegauge/drift.psi/income/region-north'
    >>> metric_name("tidegauge", "drift.psi", "")
    'tidegauge/drift.psi'
    >>> metric_name("tidegauge", "drift.psi", "a/b")
    'tidegauge/drift.psi/a_b-c14cddc0'
    """
    segment, _, value = slice.partition("=")
    last = f"{segment}-{value}" if "-" not in segment else slice
    steps = [_part(part, part) for part in parts if part] + ([_part(last, slice)] if slice else [])
    name = "/".join(steps)
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 9]}-{_hash(name)}"


def cut(text: str, longest: int) -> str:
    """Shorten a value to what MLflow takes.

    Examples
    --------
    >>> cut("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def parted(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Cut a list into pieces of at most ``size``.

    Examples
    --------
    >>> list(parted([1, 2, 3], 2))
    [[1, 2], [3]]
    """
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _part(text: str, whole: str) -> str:
    spelled = _ALLOWED.sub("_", text).strip()
    if spelled == text and set(spelled) - {"."}:
        return spelled
    return f"{spelled.strip('.') or '_'}-{_hash(whole)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
