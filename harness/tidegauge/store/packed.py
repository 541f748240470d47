"""Reports and profiles as columns of their tables: compressed, what runs share stored once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tidegauge.errors import HistoryError
from tidegauge.profile import DatasetProfile
from tidegauge.records import Report
from tidegauge.report import from_json, to_json
from tidegauge.store.cleaning import clean
from tidegauge.store.folding import blank_of, fold_parts, unfold, unfold_grid
from tidegauge.store.likening import differ, same_as
from tidegauge.store.speaking import Speaker, insert

CODEC = "zstd"
LEVEL = 17
"""Close to the smallest; a report takes some 20 ms."""
MODEL = """
SELECT reports.model FROM reports JOIN runs ON runs.no = reports.run
WHERE runs.suite = :suite ORDER BY runs.no DESC LIMIT 1
"""
ALIKE = 0.8
"""A report is told by its difference from another where that takes at most this share."""


def pack_report(speaker: Speaker, report: Report) -> dict[str, Any]:
    """Columns that hold a report: its difference from an earlier one of the suite, or itself."""
    text = to_json(report)
    alone = compressed(text.encode())
    rows = speaker.ask(MODEL, suite=clean(report.suite))
    model = rows[0][0] if rows else None
    if model is not None:
        body = compressed(differ(text, _part(speaker, model).decode()).encode())
        if len(body) <= ALIKE * len(alone):
            return {"codec": CODEC, "model": model, "body": body}
    model = share(speaker, text.encode())
    return {"codec": CODEC, "model": model, "body": compressed(differ(text, text).encode())}


def unpack_report(speaker: Speaker, row: Any) -> Report:
    """Read a report back, to the last digit."""
    return from_json(report_text(speaker, row))


def report_text(speaker: Speaker, row: Any) -> str:
    """Read a report back as the JSON text that was kept."""
    text = expanded(row.codec, row.body).decode()
    return same_as(text, _part(speaker, row.model).decode())


def pack_profile(
    speaker: Speaker, profile: DatasetProfile, baseline: DatasetProfile | None
) -> dict[str, Any]:
    """Columns that hold a profile; its grid and its baseline are stored once."""
    grid = blank_of(profile if baseline is None else baseline)
    held = share(speaker, *fold_parts(grid, None))
    return {
        "grid": held,
        "baseline": None if baseline is None else share(speaker, *fold_parts(baseline, grid)),
        "windows": 1,
        "codec": CODEC,
        "body": compressed(*fold_parts(profile, grid)),
    }


def unpack_profile(speaker: Speaker, row: Any) -> DatasetProfile:
    """Read a profile back."""
    grid = unfold_grid(_part(speaker, row.grid))
    return unfold(expanded(row.codec, row.body), grid)


def unpack_baseline(speaker: Speaker, row: Any) -> DatasetProfile:
    """Read the profile back that a run was held against."""
    grid = unfold_grid(_part(speaker, row.grid))
    return unfold(_part(speaker, row.baseline), grid)


def merged(speaker: Speaker, grid: str, numbers: Sequence[int]) -> dict[str, Any]:
    """Columns that hold the profiles of several runs, all over one grid, added up."""
    under = unfold_grid(_part(speaker, grid))
    total: DatasetProfile | None = None
    for number in numbers:
        ((codec, body),) = speaker.ask(
            "SELECT codec, body FROM profiles WHERE run = :run", run=number
        )
        profile = unfold(expanded(codec, body), under)
        total = profile if total is None else total.merge(profile)
    return {"codec": CODEC, "body": compressed(*fold_parts(total or under, under))}


def share(speaker: Speaker, *bodies: bytes) -> str:
    """Store what many runs share once, under its digest."""
    digest = hashlib.sha256(b"".join(bodies)).hexdigest()
    if not speaker.ask("SELECT 1 FROM parts WHERE digest = :digest", digest=digest):
        row = {"digest": digest, "codec": CODEC, "body": compressed(*bodies)}
        speaker.tell(insert("parts", row), [row])
    return digest


def compressed(*bodies: bytes) -> bytes:
    """Compress each part by itself, with its sizes in front: unlike parts share no code book."""
    codec = pa.Codec(CODEC, compression_level=LEVEL)
    written: list[bytes] = []
    for body in bodies:
        packed: bytes = codec.compress(body, asbytes=True)
        written += [len(body).to_bytes(8, "little"), len(packed).to_bytes(8, "little"), packed]
    return b"".join(written)


def expanded(codec: str, body: bytes) -> bytes:
    """Undo ``compressed``, and give all parts in a row.

    Raises
    ------
    HistoryError
        When it is damaged, or stored in a way that this release does not know.
    """
    if codec != CODEC:
        raise HistoryError(
            f'a run is stored as "{codec}", which this release does not read', "upgrade tidegauge"
        )
    found: list[bytes] = []
    place = 0
    try:
        while place < len(body):
            size, length = (
                int.from_bytes(body[at : at + 8], "little") for at in (place, place + 8)
            )
            place += 16 + length
            part = body[place - length : place]
            found.append(pa.decompress(part, size, codec=CODEC, asbytes=True))
    except (OSError, ValueError, MemoryError, OverflowError) as error:
        raise HistoryError(f"a stored run is damaged: {error}") from error
    return b"".join(found)


def _part(speaker: Speaker, digest: str) -> bytes:
    rows = speaker.ask("SELECT codec, body FROM parts WHERE digest = :digest", digest=digest)
    if not rows:
        raise HistoryError("a stored run is damaged: what it shares with others is gone")
    return expanded(rows[0][0], rows[0][1])
