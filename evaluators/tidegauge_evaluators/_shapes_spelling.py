"""Levels that are known ones spelled otherwise: case, blanks, wrong encoding, cut off."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

_APART = re.compile(r"[\s_\-./\u00a0]+")
_LOST = re.compile(r"\?|\ufffd|[^\x00-\x7f]")
_FLAGS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0", "on"), "yes"),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0", "off"), "no"),
}


class Variant(NamedTuple):
    """A new level that is a known one."""

    known: int
    new: int
    rule: str


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _folded(text: str) -> str:
    return _APART.sub(" ", unicodedata.normalize("NFKC", text)).strip().casefold()


def _mended(text: str) -> str:
    """Undo UTF-8 that was read as a one-byte encoding.

    Examples
    --------
    >>> _mended("SÃ£o Paulo"), _mended("plain")
    ('São Paulo', 'plain')
    """
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return text


def _bare(text: str) -> str:
    """Write without accents and quotes."""
    letters = unicodedata.normalize("NFKD", _folded(text))
    return "".join(c for c in letters if not unicodedata.combining(c) and c not in "'\"`")


def _number(text: str) -> str:
    try:
        return repr(float(text))
    except ValueError:
        return text


RULES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("blanks", _spaced),
    ("case", lambda text: text.casefold()),
    ("case, blanks and hyphens", _folded),
    ("text read in a wrong encoding", lambda text: _folded(_mended(text))),
    ("accents or quotes", _bare),
    ("letters outside ASCII lost", lambda text: _LOST.sub("?", text)),
    ("how numbers are written", _number),
)
"""What may differ, and what is left of a text without it; the first that fits is named."""


def variants(names: Sequence[str], known: Sequence[bool], new: Sequence[bool]) -> list[Variant]:
    """Find new levels that are a known one spelled otherwise.

    Examples
    --------
    >>> variants(["New York", "Rome", "new york "], [True, True, False], [False, False, True])
    [Variant(known=0, new=2, rule='case, blanks and hyphens')]
    """
    old = [i for i, flag in enumerate(known) if flag]
    fresh = [j for j, flag in enumerate(new) if flag]
    found: dict[int, Variant] = {}
    for rule, key in RULES:
        keys = _once({i: key(names[i]) for i in old})
        for j in fresh:
            i = keys.get(key(names[j]))
            if i is not None and j not in found and key(names[j]).strip():
                found[j] = Variant(i, j, rule)
    if not found:
        found = _flags(names, old, fresh) or _cut(names, old, fresh)
    return sorted(found.values(), key=lambda one: one.new)


def _once(keys: Mapping[int, str]) -> dict[str, int]:
    """Keys that one level has."""
    all_keys = list(keys.values())
    return {key: i for i, key in keys.items() if all_keys.count(key) == 1}


def _flags(names: Sequence[str], old: Sequence[int], fresh: Sequence[int]) -> dict[int, Variant]:
    """Yes and no in other words, when that is all there is."""
    words = {i: _FLAGS.get(names[i].strip().casefold()) for i in (*old, *fresh)}
    if len(old) != 2 or not fresh or None in words.values():
        return {}
    keys = {words[i]: i for i in old}
    rule = "how yes and no are written"
    return {j: Variant(keys[words[j]], j, rule) for j in fresh if words[j] in keys}


def _cut(names: Sequence[str], old: Sequence[int], fresh: Sequence[int]) -> dict[int, Variant]:
    """Names cut to one length, two of them at least."""
    lengths = {len(names[j]) for j in fresh}
    if len(fresh) < 2 or len(lengths) != 1 or (n := lengths.pop()) < 3:
        return {}
    keys = _once({i: names[i][:n] for i in old if len(names[i]) > n})
    if any(names[j] not in keys for j in fresh):
        return {}
    return {j: Variant(keys[names[j]], j, f"cut to {n} characters") for j in fresh}
