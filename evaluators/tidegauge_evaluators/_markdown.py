"""Faults that make Markdown look broken to a reader; any text is valid Markdown otherwise."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{2,6}[^\s#]")
_RULER = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+\|?\s*|\s*\|\s*:?-+:?\s*\|\s*")
_LINK = re.compile(r"\]\([^()\s]{0,500}(?:\([^()\s]{0,500}\)[^()\s]{0,500})?(?:\s+[\"'(]|$)?")
_CODE = re.compile(r"(`+)[^`]{1,2000}\1|\\.")
_LONGEST = 20_000
"""Characters of a line that are looked at."""


def fault(text: str) -> str:
    r"""Name the first fault of a text, with its line; empty where there is none.

    Examples
    --------
    >>> fault("# Title\n\nSee [this](https://example.org)."), fault("```\ncode")
    ('', 'line 1: a fence that does not close')
    """
    if not text.strip():
        return "empty"
    fence, opened = "", 0
    lines = [line[:_LONGEST] for line in text.splitlines()]
    width = 0
    for at, line in enumerate(lines, 1):
        mark = _FENCE.match(line)
        if fence:
            closes = mark and mark[1].startswith(fence) and not line.strip().strip(fence[0])
            fence = "" if closes else fence
            continue
        if mark:
            fence, opened, width = mark[1], at, 0
            continue
        bare = _CODE.sub("", line)
        if said := _line_fault(bare):
            return f"line {at}: {said}"
        width = _width(lines, at, bare, width)
        if width and "|" in bare and _cells(bare) != width:
            return f"line {at}: {_cells(bare)} cells in a table of {width}"
    return f"line {opened}: a fence that does not close" if fence else ""


def _line_fault(line: str) -> str:
    if _HEADING.match(line):
        return "a heading without a space behind its signs"
    for link in _LINK.finditer(line):
        if ")" not in line[link.end() :]:
            return "a link that does not close"
    return ""


def _width(lines: list[str], at: int, line: str, width: int) -> int:
    """Cells of the table that this line belongs to; 0 outside of tables."""
    if "|" not in line:
        return 0
    begins = at < len(lines) and "|" in lines[at] and _RULER.fullmatch(lines[at])
    return _cells(lines[at]) if begins and not width else width


def _cells(line: str) -> int:
    return line.strip().removeprefix("|").removesuffix("|").count("|") + 1
