"""Logs of language models, told by what they hold and turned into plain rows."""

from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from tidegauge.errors import DataError
from tidegauge.logs import calls, chats, mlflow_rows, spans
from tidegauge.logs.record import Notes

LAYOUTS = ("chats", "otel", "openinference", "mlflow")
"""Formats that are JSON Lines with a meaning of their own; otel and openinference name the same
spans."""
WORDS = {
    "chats": "chats",
    "otel": "spans of model calls",
    "openinference": "spans of model calls",
    "mlflow": "traces or an evaluation of MLflow",
}
NOTHING = {"chats": "answer in these chats", "mlflow": "trace and no evaluation of MLflow"}
ROWS = 1_000
"""Rows handed on at once."""
_BEGINNING = 400
Record = Mapping[str, Any]


def layout_of(head: bytes) -> str:
    """Tell what a file of JSON holds by its first record; empty where it is a plain table.

    Examples
    --------
    >>> layout_of(b'{"messages": [{"role": "user", "content": "Hi"}]}')
    'chats'
    >>> layout_of(b'{"age": 31, "city": "Bern"}')
    ''
    """
    text = head.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace").lstrip("[ \t\r\n")
    try:
        first, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):  # longer than what was read of it
        if text.startswith('{"columns":') and '"data":' in text:
            return "mlflow"
        return "otel" if '"resourceSpans"' in text[:_BEGINNING] else ""
    if not isinstance(first, dict):
        return ""
    if mlflow_rows.is_mlflow(first):
        return "mlflow"
    if spans.is_span(first):
        return "otel"
    return "chats" if chats.is_chat(first) else ""


def translated(name: str, layout: str, blocks: Iterable[bytes], notes: Notes) -> Iterator[bytes]:
    """Turn records of a log into JSON Lines of rows.

    Parameters
    ----------
    name
        The file's, for notes and errors.
    layout
        One of ``LAYOUTS``.
    blocks
        Whole lines of the file, in UTF-8.
    notes
        Receives what was left out, and why.

    Raises
    ------
    DataError
        When no row comes of it.
    """
    left: Counter[str] = Counter()
    broken: list[int] = []
    records = _records(blocks, broken)
    rows = _rows_of(layout)(records, name, left)
    count = 0
    for part in _parts(rows):
        count += len(part)
        yield b"".join(map(_line, part))
    if not count:
        raise DataError(
            f"{name}: found no {NOTHING.get(layout, 'model call')}{_listed(left)}",
            "name the format to read the lines as a plain table: format: jsonl",
        )
    _note(name, layout, count, left, broken, notes)


def _note(
    name: str, layout: str, count: int, left: Counter[str], broken: list[int], notes: Notes
) -> None:
    notes[f"layout:{name}"] = f"{name} is read as {WORDS[layout]}: {count:,} rows{_listed(left)}"
    if broken:
        notes[f"malformed:{name}"] = (
            f"{name}: {len(broken):,} lines hold no JSON object, the first is line {broken[0]}: "
            "left out"
        )


def _listed(left: Counter[str]) -> str:
    said = "; ".join(f"{count:,} {what}" for what, count in left.most_common(12))
    return f"; left out or empty: {said}" if said else ""


def _parts(rows: Iterable[Record]) -> Iterator[list[Record]]:
    held: list[Record] = []
    for row in rows:
        held.append(row)
        if len(held) >= ROWS:
            yield held
            held = []
    if held:
        yield held


def _line(row: Record) -> bytes:
    """Write a row; what is null is left out, but for a context that is known to be missing."""
    kept = {k: v for k, v in row.items() if v is not None or k == "context"}
    return json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _chat_rows(
    records: Iterable[tuple[int, Record]], name: str, left: Counter[str]
) -> Iterator[Record]:
    file = PurePath(name).name
    for number, record in records:
        yield from chats.rows_of(record, f"{file}:{number}", left)


def _rows_of(
    layout: str,
) -> Callable[[Iterable[tuple[int, Record]], str, Counter[str]], Iterator[Record]]:
    if layout == "chats":
        return _chat_rows
    read = mlflow_rows.rows_of if layout == "mlflow" else calls.rows_of
    return lambda records, _, left: read(_only(records), left)


def _only(records: Iterable[tuple[int, Record]]) -> Iterator[Record]:
    return (record for _, record in records)


def _records(blocks: Iterable[bytes], broken: list[int]) -> Iterator[tuple[int, Record]]:
    """Objects with their line; a file that is one object over many lines gives that one."""
    number = 0
    waiting = iter(blocks)
    for block in waiting:
        for line in block.split(b"\n"):
            number += bool(line) or number == 0
            if not line.strip():
                continue
            record = _object(line)
            if record is None and number == 1 and line.lstrip().startswith(b"{"):
                whole = _object(b"".join([block, *waiting]))
                if whole is not None:
                    yield 1, whole
                    return
            if record is None:
                broken.append(number)
            else:
                yield number, record


def _object(line: bytes) -> Record | None:
    try:
        record = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
