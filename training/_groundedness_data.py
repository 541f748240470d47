"""Labelled responses with their contexts, split so that no context is on two sides.

The sets overlap (three of them draw on the same dialogues), so contexts are grouped over all
sets at once: equal after normalising, sharing much of their word sequences, or asked with the
same source sentence. A group is never divided.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SETS = {
    "BEGIN": "begin",
    "FaithDial": "faithdial_audit",
    "DialFact": "dialfact_sample",
    "SHROOM": "shroom_dev",
    "WiCE": "wice_dev",
    "SummEdits": "summedits",
}
"""Name in tables -> file."""
HELD_OUT = 0.25
"""Share of a set's rows that is never trained on nor chosen by."""
SHINGLE = 8
LARGE = 0.08
"""Share of a set's rows from which a group is trained on: it would be all of another part."""
ALIKE = 0.3
"""Share of the shorter context's word sequences that makes two contexts one group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A labelled response."""

    id: str
    set: str
    context: str
    question: str
    response: str
    original: str
    """The text that the response is an edit of; empty where it is none."""
    label: int
    """1 = not supported by the context."""
    group: int
    part: str
    """``train`` or ``test``."""


def rows_of(folder: Path, *, seed: int = 0) -> list[Row]:
    """Read every labelled row and give it its group and part.

    Parameters
    ----------
    folder
        Holds ``begin.jsonl.gz`` and the other files of ``SETS``.
    seed
        Of the split.
    """
    raw = [
        (name, record)
        for name, file in SETS.items()
        for record in _records(folder / f"{file}.jsonl.gz")
        if record["label"] is not None and record["context"] and record["response"]
    ]
    groups = _groups([(r["context"], r["question"] or "", name) for name, r in raw])
    parts = _parts([name for name, _ in raw], groups, seed)
    return [
        Row(
            id=r["id"],
            set=name,
            context=r["context"],
            question=r["question"] or "",
            response=r["response"],
            original=r["original"] if isinstance(r.get("original"), str) else "",
            label=int(r["label"]),
            group=group,
            part=parts[group],
        )
        for (name, r), group in zip(raw, groups, strict=True)
    ]


def _records(path: Path) -> Iterable[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _groups(keys: Sequence[tuple[str, str, str]]) -> list[int]:
    """Give each row its group's number, by union of contexts that are alike."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    names = []
    for context, question, name in keys:
        here = "c:" + " ".join(_words(context))
        names.append(here)
        root(here)
        if name == "SHROOM" and question:
            parent[root("q:" + " ".join(_words(question)))] = root(here)
    for one, other in _alike({n for n in names if n.startswith("c:")}):
        parent[root(one)] = root(other)
    number: dict[str, int] = {}
    return [number.setdefault(root(name), len(number)) for name in names]


def _alike(contexts: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Pairs of contexts that share enough sequences of ``SHINGLE`` words."""
    holders: dict[str, list[str]] = defaultdict(list)
    sizes: dict[str, int] = {}
    for context in sorted(contexts):
        words = context[2:].split()
        shingles = {" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)}
        sizes[context] = len(shingles)
        for shingle in shingles:
            holders[shingle].append(context)
    shared: dict[tuple[str, str], int] = defaultdict(int)
    for found in holders.values():
        for other in found[1:30]:
            shared[found[0], other] += 1
    for (one, other), count in shared.items():
        if count >= ALIKE * min(sizes[one], sizes[other]):
            yield one, other


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _parts(names: Sequence[str], groups: Sequence[int], seed: int) -> dict[int, str]:
    """Part of each group, filled set by set so that each set has its shares."""
    rows: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for name, group in zip(names, groups, strict=True):
        rows[group][name] += 1
    rng = np.random.default_rng(seed)
    parts: dict[int, str] = {}
    for name in SETS:
        mine = [g for g, sets in rows.items() if max(sets, key=lambda s: sets[s]) == name]
        total = sum(sum(rows[g].values()) for g in mine)
        order = [mine[i] for i in rng.permutation(len(mine))]
        order.sort(key=lambda g: sum(rows[g].values()) < LARGE * total)  # stable: those first
        seen = 0
        for group in order:
            parts[group] = "train" if seen / total < 1 - HELD_OUT else "test"
            seen += sum(rows[group].values())
    return parts
