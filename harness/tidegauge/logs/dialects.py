"""How a CSV file is written: delimiter, decimal mark, encoding, header."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegauge.errors import DataError
from tidegauge.logs.places import Place
from tidegauge.logs.record import Notes
from tidegauge.logs.sniffing import HEAD, Seen, unmarked_utf16

DELIMITERS = ",;\t|"
NULLS = ("", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "none", "#N/A", "<NA>")
_COMMA_NUMBER = re.compile(r"\s*[-+]?\d+,\d+\s*")
_POINT_NUMBER = re.compile(r"\s*[-+]?\d+\.\d+\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How to read one CSV file."""

    delimiter: str
    quote: str = '"'
    escape: str = ""
    decimal: str = "."
    encoding: str = "utf-8"
    names: tuple[str, ...] = ()
    """As the header gives them; equal ones are not yet told apart."""
    skip: int = 0
    """Lines before the first row, header included."""
    nulls: tuple[str, ...] = NULLS


def dialect_of(place: Place, seen: Seen, options: Mapping[str, Any], notes: Notes) -> Dialect:
    """Tell a file's dialect from its first bytes, where the options leave it open."""
    encoding = str(options.get("encoding") or encoding_of(seen.head))
    lines = _sample(place, seen.head, encoding)
    skip = options.get("skip_rows", 0)
    if not isinstance(skip, int) or not 0 <= skip < len(lines):
        raise DataError(
            f"{place.name}: option skip_rows is {skip!r}, and {len(lines):,} lines can be seen",
            "allowed: a whole number, fewer than the lines of the file",
        )
    lines = lines[skip:]
    _require_characters(options)
    quote = str(options.get("quote", '"'))
    delimiter = str(options.get("delimiter") or _delimiter(lines, quote, place.path))
    names, header_lines = _names(place, lines, delimiter, quote, options)
    decimal = str(options.get("decimal") or _decimal(lines, delimiter, quote))
    if decimal == "," and "decimal" not in options:
        notes["decimal"] = "numbers are read with a decimal comma"
    if encoding.lower() not in ("utf-8", "utf-8-sig") and "encoding" not in options:
        notes[f"encoding:{place.name}"] = f"{place.name} is read as {encoding}"
    return Dialect(
        delimiter=delimiter,
        quote=quote,
        escape=str(options.get("escape", "")),
        decimal=decimal,
        encoding=encoding,
        names=names,
        skip=skip + header_lines,
        nulls=tuple(options.get("nulls", NULLS)),
    )


def _require_characters(options: Mapping[str, Any]) -> None:
    for name in ("delimiter", "decimal", "quote", "escape"):
        value = str(options.get(name) or "")
        if len(value) > 1 or value in ("\r", "\n"):
            raise DataError(
                f"option {name} is {value!r}", "allowed: one character, and no line end"
            )


def encoding_of(head: bytes) -> str:
    """Tell which encoding the bytes of a text can be in; a guess where it is not Unicode."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if wide := unmarked_utf16(head):
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a cut last character is no fault
    except UnicodeDecodeError:
        return single_byte(head)
    return "utf-8"


def single_byte(head: bytes) -> str:
    """Windows' Western encoding, or the one that takes every byte."""
    try:
        head.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _sample(place: Place, head: bytes, encoding: str) -> list[str]:
    try:
        text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    except LookupError:
        raise DataError(
            f'no encoding is called "{encoding}"', "for example: utf-8, utf-16, latin-1, cp1252"
        ) from None
    lines = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines(keepends=True)
    whole = lines[:-1] if len(head) >= HEAD and len(lines) > 1 else lines
    if not any(line.strip() for line in whole):
        raise DataError(f"{place.name} holds only blank lines", "a log needs at least a header")
    return whole


def _rows(lines: list[str], delimiter: str, quote: str) -> list[list[str]]:
    reader = csv.reader(
        io.StringIO("".join(lines[:200])),
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    try:
        return [row for row in reader if row]
    except csv.Error:
        return []


def _delimiter(lines: list[str], quote: str, path: str) -> str:
    """Choose what cuts most lines into equally many fields."""
    scores = {one: _agreement(_rows(lines, one, quote)) for one in DELIMITERS}
    if path.lower().removesuffix(".gz").endswith((".tsv", ".tab")) and scores["\t"] > 0:
        return "\t"
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] > 0 else ","


def _agreement(rows: list[list[str]]) -> float:
    widths = Counter(len(row) for row in rows)
    if not widths or len(rows[0]) < 2:
        return 0.0
    width, count = widths.most_common(1)[0]
    # A header cut like the rows is worth more than many fields in text that only looks cut.
    return (count / len(rows)) * (1 + (len(rows[0]) == width)) + width / 1e6 if width > 1 else 0.0


def _decimal(lines: list[str], delimiter: str, quote: str) -> str:
    if delimiter == ",":
        return "."
    cells = [cell for row in _rows(lines, delimiter, quote)[1:] for cell in row]
    points = any(_POINT_NUMBER.fullmatch(cell) for cell in cells)
    return "," if not points and any(_COMMA_NUMBER.fullmatch(cell) for cell in cells) else "."


def _names(
    place: Place, lines: list[str], delimiter: str, quote: str, options: Mapping[str, Any]
) -> tuple[tuple[str, ...], int]:
    """Column names, and how many lines they take up."""
    reader = csv.reader(
        io.StringIO("".join(lines)),
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    try:
        first = next((row for row in reader if row), [])
    except csv.Error as problem:
        raise DataError(f"{place.name}: the first line cannot be read: {problem}") from None
    given = tuple(str(name) for name in options.get("names", ()))
    if given and len(given) != len(first):
        raise DataError(
            f"{place.name} has {len(first)} columns, and names lists {len(given)}",
            "give one name to each column",
        )
    if options.get("header", True):
        return given or tuple(name.strip() for name in first), reader.line_num
    return given or tuple(f"column_{at}" for at in range(1, len(first) + 1)), 0
