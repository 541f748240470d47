"""Reports and profiles as columns of their tables: compressed, what runs share stored once."""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from tidegauge.errors import HistoryError
from tidegauge.profile import DatasetProfile
from tidegauge.records import Report
from tidegauge.report import from_json, to_json
from tidegauge.store.cleaning import clean
from tidegauge.store.folding import blank_of, fold, unfold, unfold_grid
from tidegauge.store.likening import differ, same_as
from tidegauge.store.tables import parts, reports, runs

CODEC = "zstd"
LEVEL = 17
"""Close to the smallest; a report takes some 20 ms."""
ALIKE = 0.8
"""A report is told by its difference from another where that takes at most this share."""


def pack_report(connection: sa.Connection, report: Report) -> dict[str, Any]:
    """Columns that hold a report: its difference from an earlier one of the suite, or itself."""
    text = to_json(report)
    alone = compressed(text.encode())
    model = connection.scalar(
        sa.select(reports.c.model)
        .join(runs, runs.c.no == reports.c.run)
        .where(runs.c.suite == clean(report.suite))
        .order_by(runs.c.no.desc())
        .limit(1)
    )
    if model is not None:
        body = compressed(differ(text, _part(connection, model).decode()).encode())
        if len(body) <= ALIKE * len(alone):
            return {"codec": CODEC, "model": model, "body": body}
    model = share(connection, text.encode())
    return {"codec": CODEC, "model": model, "body": compressed(differ(text, text).encode())}


def unpack_report(connection: sa.Connection, row: Any) -> Report:
    """Read a report back, to the last digit."""
    text = expanded(row.codec, row.body).decode()
    return from_json(same_as(text, _part(connection, row.model).decode()))


def pack_profile(
    connection: sa.Connection, profile: DatasetProfile, baseline: DatasetProfile | None
) -> dict[str, Any]:
    """Columns that hold a profile; its grid and its baseline are stored once."""
    grid = blank_of(profile if baseline is None else baseline)
    held = share(connection, fold(grid, None))
    return {
        "grid": held,
        "baseline": None if baseline is None else share(connection, fold(baseline, grid)),
        "codec": CODEC,
        "body": compressed(fold(profile, grid)),
    }


def unpack_profile(connection: sa.Connection, row: Any) -> DatasetProfile:
    """Read a profile back."""
    grid = unfold_grid(_part(connection, row.grid))
    return unfold(expanded(row.codec, row.body), grid)


def unpack_baseline(connection: sa.Connection, row: Any) -> DatasetProfile | None:
    """Read the profile back that a run was held against, where it was kept."""
    if row.baseline is None:
        return None
    grid = unfold_grid(_part(connection, row.grid))
    return unfold(_part(connection, row.baseline), grid)


def share(connection: sa.Connection, body: bytes) -> str:
    """Store what many runs share once, under its digest."""
    digest = hashlib.sha256(body).hexdigest()
    there = sa.select(parts.c.digest).where(parts.c.digest == digest)
    if connection.scalar(there) is None:
        row = {"digest": digest, "codec": CODEC, "body": compressed(body)}
        connection.execute(sa.insert(parts).values(row))
    return digest


def compressed(body: bytes) -> bytes:
    """Compress, with the size in front."""
    packed: bytes = pa.Codec(CODEC, compression_level=LEVEL).compress(body, asbytes=True)
    return len(body).to_bytes(8, "little") + packed


def expanded(codec: str, body: bytes) -> bytes:
    """Undo ``compressed``.

    Raises
    ------
    HistoryError
        When it is damaged, or stored in a way that this release does not know.
    """
    if codec != CODEC:
        raise HistoryError(
            f'a run is stored as "{codec}", which this release does not read', "upgrade tidegauge"
        )
    try:
        found: bytes = pa.decompress(
            body[8:], int.from_bytes(body[:8], "little"), codec=CODEC, asbytes=True
        )
    except (OSError, ValueError, MemoryError, OverflowError) as error:
        raise HistoryError(f"a stored run is damaged: {error}") from error
    return found


def _part(connection: sa.Connection, digest: str) -> bytes:
    row = connection.execute(sa.select(parts).where(parts.c.digest == digest)).first()
    if row is None:
        raise HistoryError("a stored run is damaged: what it shares with others is gone")
    return expanded(row.codec, row.body)
