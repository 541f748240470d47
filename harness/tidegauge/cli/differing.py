"""What changed between two runs: as text, as Markdown, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tidegauge.cli.plain import plain
from tidegauge.wording import window

if TYPE_CHECKING:
    from tidegauge.diffing import Change, Differences

HEADS: dict[Change, str] = {
    "began": "New alarms",
    "worse": "Worse",
    "ended": "Ended alarms",
    "better": "Better",
    "moved": "Moved beyond both intervals",
    "new": "Only after",
    "gone": "Only before",
}
SHOWN = 20
"""Findings of one sort that are listed; the rest is a count."""


def as_text(found: Differences) -> str:
    """Write differences for a terminal."""
    lines = [f"{found.suite}: {_run(found, 'before')}, then {_run(found, 'after')}", found.because]
    for head, told, more in _sections(found):
        lines += ["", head, *(f"  {line}" for line in told)]
        lines += [f"  and {more:,} more"] if more else []
    if found.notes:
        lines += ["", *found.notes]
    return plain("\n".join(lines))


def as_markdown(found: Differences) -> str:
    """Write differences for a comment."""
    runs = f"{found.suite}: {_run(found, 'before')}, then {_run(found, 'after')}"
    lines = [
        f"### {_escaped(runs)}",
        "",
        _escaped(found.because),
    ]
    for head, told, more in _sections(found):
        lines += ["", f"**{head}**", "", *(f"- {_escaped(line)}" for line in told)]
        lines += [f"- and {more:,} more"] if more else []
    lines += [line for note in found.notes for line in ("", f"_{_escaped(note)}_")]
    return "\n".join(lines)


def as_json(found: Differences) -> str:
    """Write differences as JSON."""
    from tidegauge.report import to_json

    told: Any = found
    return json.dumps(json.loads(to_json(told)), indent=1)


def _sections(found: Differences) -> list[tuple[str, list[str], int]]:
    sections = []
    for change, head in HEADS.items():
        told = [one.because for one in found.changed if one.change == change]
        if told:
            sections.append((head, told[:SHOWN], len(told) - len(told[:SHOWN])))
    for head, causes in (
        ("New causes", found.causes_begun),
        ("Causes no more", found.causes_ended),
    ):
        if causes:
            sections.append((head, list(causes), 0))
    return sections


def _run(found: Differences, side: str) -> str:
    run, of = getattr(found, side), getattr(found, f"window_{side}")
    return f"run {run}" + (f" ({window(of)})" if of else "")


def _escaped(text: str) -> str:
    """Keep logged text from being read as Markdown or HTML."""
    kept = plain(text).replace("\n", " ")
    for mark in "\\`*_{}[]<>#|~&!":
        kept = (
            kept.replace(mark, f"&#{ord(mark)};")
            if mark in "<>&"
            else kept.replace(mark, f"\\{mark}")
        )
    return kept
