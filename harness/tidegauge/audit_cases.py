"""Cases of a functional audit: texts with the verdict that readers would give."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidegauge.catalog import nearest
from tidegauge.errors import DataError

OWN = Path(__file__).parent / "audits" / "toxicity.jsonl"
"""The cases that come along."""
FIELDS: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "test_case"),
    "label": ("label", "label_gold"),
    "category": ("category", "functionality"),
    "target": ("target", "target_ident"),
    "id": ("id", "case_id"),
}
"""What is read -> names of the field, ours and those of HateCheck's own file."""
TOXIC = frozenset({"1", "1.0", "true", "toxic", "hateful", "yes"})
HARMLESS = frozenset({"0", "0.0", "false", "non-toxic", "not toxic", "non-hateful", "no"})
UNREAD = frozenset({"", "nan", "none", "null"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A text, and what a scorer should make of it."""

    id: str
    text: str
    toxic: bool
    category: str
    """The class of difficulty it stands for."""
    target: str = ""
    """The group of people it speaks of; empty for none."""


def read_cases(path: Path = OWN) -> list[Case]:
    """Read cases of a file: ``.jsonl`` or ``.csv``, either with ``.gz``.

    Each row has a text, a label (1 or "hateful", 0 or "non-hateful"), and may have a category,
    a target and an id; the names of HateCheck's own file are understood.

    Raises
    ------
    DataError
        When the file cannot be read, or a row lacks text or label.

    Examples
    --------
    >>> cases = read_cases()
    >>> len(cases), sum(case.toxic for case in cases), len({case.category for case in cases})
    (232, 112, 16)
    """
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    kind = Path(path.name.removesuffix(".gz")).suffix
    if kind not in (".csv", ".jsonl"):
        raise DataError(f'{path}: cannot read "{kind}" files', "allowed: .jsonl, .csv, and .gz")
    rows = _csv_rows(text) if kind == ".csv" else _json_rows(text, path)
    cases = [_case(row, path, line) for line, row in rows]
    if not cases:
        raise DataError(f"{path}: holds no cases")
    return cases


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    return enumerate(csv.DictReader(io.StringIO(text)), 2)


def _json_rows(text: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: no JSON: {error}") from error
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number}: no JSON object")
        yield number, row


def _case(row: Mapping[str, Any], path: Path, line: int) -> Case:
    text, label = _field(row, "text"), _field(row, "label").casefold()
    for what, found in (("text", text), ("label", label)):
        if not found:
            raise DataError(
                f"{path}, line {line}: no {what} among {', '.join(map(str, row))}",
                f"its field is called {' or '.join(FIELDS[what])}",
            )
    if label not in TOXIC | HARMLESS:
        raise DataError(
            f'{path}, line {line}: label "{label}" is neither toxic nor harmless',
            nearest(label, sorted(TOXIC | HARMLESS)),
        )
    return Case(
        id=_field(row, "id") or str(line),
        text=text,
        toxic=label in TOXIC,
        category=_field(row, "category") or "(no class)",
        target=_field(row, "target"),
    )


def _field(row: Mapping[str, Any], what: str) -> str:
    """Read a field under whichever of its names it has; null and NaN are empty."""
    found = next((row[name] for name in FIELDS[what] if row.get(name) is not None), "")
    written = str(found)
    return "" if what != "text" and written.strip().casefold() in UNREAD else written
