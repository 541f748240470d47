"""What a file is, by its first bytes rather than by its name."""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass

import pyarrow as pa

from tidegauge.errors import DataError
from tidegauge.logs.places import Place
from tidegauge.logs.translating import LAYOUTS, layout_of

FORMATS = {
    ".parquet": "parquet", ".pq": "parquet", ".parq": "parquet",
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".tab": "csv", ".psv": "csv",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".arrow": "arrow", ".arrows": "arrow", ".feather": "arrow", ".ipc": "arrow",
}  # fmt: skip
COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".zstd": "zstd", ".lz4": "lz4"}
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
}
_FOREIGN = {
    b"PARE": "an encrypted Parquet file",
    b"FEA1": "a Feather file of version 1",
    b"ORC": "an ORC file",
    b"PK\x03\x04": "an Excel workbook or another ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Obj\x01": "an Avro file",
    b"SQLite format 3": "an SQLite database",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"\x80\x02": "a Python pickle", b"\x80\x03": "a Python pickle",
    b"\x80\x04": "a Python pickle", b"\x80\x05": "a Python pickle",
    b"%PDF": "a PDF document",
    b"<!DOCTYPE": "a web page", b"<!doctype": "a web page", b"<html": "a web page",
}  # fmt: skip
HEAD = 262_144
EXPORT = "export the rows to Parquet, CSV, JSON Lines or Arrow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a file turned out to be."""

    format: str
    """``parquet``, ``csv``, ``jsonl`` or ``arrow``."""
    compression: str | None = None
    head: bytes = b""
    """First bytes, decompressed, of text formats."""
    layout: str = ""
    """What its records mean, where they are no plain table: ``chats``, ``otel``."""


def named(path: str) -> str | None:
    """Format that a file's name promises."""
    stem, extension = os.path.splitext(path.lower())
    if extension in COMPRESSIONS:
        extension = os.path.splitext(stem)[1]
    return FORMATS.get(extension)


def look(place: Place, wanted: str | None) -> Seen:
    """Tell a file's format.

    Parameters
    ----------
    wanted
        Format the user asked for; contradicting bytes are still refused.

    Raises
    ------
    DataError
        When the file is of a kind that is not read, and says which kind that is.
    """
    with opened(place) as stream:
        head = stream.read(64)
    packed = next((name for magic, name in _PACKED.items() if head.startswith(magic)), None)
    if packed:
        head = _unpacked_head(place, packed)
    promised = wanted or named(place.path)
    if head.startswith(b"PAR1") or head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return _binary(place, head, packed, wanted)
    _refuse_foreign(place, head)
    if promised in ("parquet", "arrow"):
        raise DataError(
            f"{place.name} is not {_article(promised)} file: it {_shape(head)}",
            f"look at the file; if it is right, name its format: {_text_format(head)}",
        )
    if not packed:
        with opened(place) as stream:
            head = stream.read(HEAD)
    _refuse_binary(place, head)
    if wanted in LAYOUTS:
        return Seen(format="jsonl", compression=packed, head=head, layout=wanted)
    format = wanted or _by_text(head, promised)
    layout = layout_of(head) if format == "jsonl" and wanted is None else ""
    return Seen(format=format, compression=packed, head=head, layout=layout)


def opened(place: Place) -> pa.NativeFile:
    """Open a file, or say why not."""
    try:
        return place.open()
    except OSError as problem:
        raise DataError(f"{place.name} cannot be opened: {_reason(problem)}") from problem


def unpacked(place: Place, compression: str | None) -> pa.NativeFile:
    """Open a file of text as a stream of its plain bytes."""
    stream = opened(place)
    return pa.CompressedInputStream(stream, compression) if compression else stream


def broken(place: Place, problem: BaseException) -> DataError:
    """Say that a file breaks off or is damaged."""
    return DataError(
        f"{place.name} is damaged or cut short: {_reason(problem)}", "write or copy the file again"
    )


def _unpacked_head(place: Place, packed: str) -> bytes:
    try:
        with unpacked(place, packed) as stream:
            return bytes(stream.read(HEAD))
    except (OSError, pa.ArrowException) as problem:
        raise broken(place, problem) from problem


def _binary(place: Place, head: bytes, packed: str | None, wanted: str | None) -> Seen:
    found = "parquet" if head.startswith(b"PAR1") else "arrow"
    if packed:
        raise DataError(
            f"{place.name} is {_article(found)} file inside {packed}",
            "decompress it first: the format compresses by itself",
        )
    if wanted not in (None, found):
        raise DataError(
            f"{place.name} is {_article(found)} file, and the suite says {wanted}",
            f"write format: {found}, or leave it out",
        )
    return Seen(format=found)


def _article(name: str) -> str:
    return "an Arrow" if name == "arrow" else f"a {name.capitalize()}"


def _refuse_foreign(place: Place, head: bytes) -> None:
    for magic, name in _FOREIGN.items():
        if head.startswith(magic):
            raise DataError(f"{place.name} is {name}, which is not read", EXPORT)


def _refuse_binary(place: Place, head: bytes) -> None:
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if b"\0" in head and not wide and not unmarked_utf16(head):
        raise DataError(f"{place.name} holds bytes of no format that is read", EXPORT)


def unmarked_utf16(head: bytes) -> str | None:
    """Tell UTF-16 without its mark by zeros on one side of the byte pairs only."""
    halves = (head[0:400:2], head[1:400:2])
    zeros = [half.count(0) / max(len(half), 1) for half in halves]
    if min(zeros) > 0 or max(zeros) < 0.2:
        return None
    name = "utf-16-be" if zeros[0] else "utf-16-le"
    text = head[:400].decode(name, "ignore")
    return name if all(char.isprintable() or char in "\t\r\n" for char in text) else None


def _shape(head: bytes) -> str:
    if not head:
        return "is empty"
    if b"\0" in head[:64]:
        return "holds other bytes"
    return "looks like JSON Lines" if _text_format(head) == "jsonl" else "looks like text"


def _text_format(head: bytes) -> str:
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return "jsonl" if start.startswith((b"{", b"[{", b"[\n", b"[ ")) else "csv"


def _by_text(head: bytes, promised: str | None) -> str:
    seen = _text_format(head)
    return seen if seen == "jsonl" else promised or seen


def _reason(problem: BaseException) -> str:
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    return (str(problem).splitlines() or [type(problem).__name__])[0]
