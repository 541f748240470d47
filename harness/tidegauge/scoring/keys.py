"""What results are kept under: SHA-256 over who made them and of which texts."""

from __future__ import annotations

import hashlib

from tidegauge.scorer import Texts, Unit


def row_key(identity: str, row: Texts) -> bytes:
    """Key of a row's values under a scorer's identity; the order of arguments does not matter.

    Examples
    --------
    >>> row_key("a", {"x": "1", "y": "2"}) == row_key("a", {"y": "2", "x": "1"})
    True
    >>> row_key("a", {"x": "12"}) == row_key("a", {"x": "1", "y": "2"})
    False
    """
    return _key("row", identity, *(part for pair in sorted(row.items()) for part in pair))


def unit_key(identity: str, unit: Unit) -> bytes:
    """Key of a unit's numbers under a model's identity."""
    return _key("unit", identity, *unit)


def _key(*parts: str) -> bytes:
    # lengths keep ("ab", "c") from ("a", "bc"); logs may hold halves of surrogate pairs
    lengths = ",".join([str(len(part)) for part in parts])
    whole = f"{lengths};{''.join(parts)}"
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).digest()
