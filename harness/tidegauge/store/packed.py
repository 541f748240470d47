"""Reports and profiles as bytes: compressed, and what runs share stored once."""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import Any

import numpy as np
import sqlalchemy as sa

from tidegauge.errors import HistoryError
from tidegauge.packing import pack, unpack
from tidegauge.profile import DatasetProfile
from tidegauge.records import Report
from tidegauge.report import from_json, to_json
from tidegauge.store.tables import parts

ZLIB = "zlib"
LEVEL = 9


def pack_report(connection: sa.Connection, report: Report) -> dict[str, Any]:
    """Columns that hold a report."""
    return {"codec": ZLIB, "body": zlib.compress(to_json(report).encode(), LEVEL)}


def unpack_report(connection: sa.Connection, row: Any) -> Report:
    """Read a report back."""
    return from_json(_expanded(row))


def pack_profile(connection: sa.Connection, profile: DatasetProfile) -> dict[str, Any]:
    """Columns that hold a profile."""
    body = _bytes(profile)
    return {"grid": _shared(connection, b""), "codec": ZLIB, "body": zlib.compress(body, LEVEL)}


def unpack_profile(connection: sa.Connection, row: Any) -> DatasetProfile:
    """Read a profile back."""
    body = _expanded(row)
    size = int.from_bytes(body[:8], "little")
    head = json.loads(body[8 : 8 + size])
    place, arrays = 8 + size, []
    for dtype, shape in head["arrays"]:
        count = int(np.prod(shape))
        arrays.append(np.frombuffer(body, np.dtype(dtype), count, place).reshape(shape))
        place += arrays[-1].nbytes
    found: DatasetProfile = unpack(head["tree"], arrays)
    return found


def _bytes(profile: DatasetProfile) -> bytes:
    arrays: list[np.ndarray] = []
    tree = pack(profile, arrays)
    head = json.dumps(
        {"tree": tree, "arrays": [[a.dtype.str, list(a.shape)] for a in arrays]}
    ).encode()
    return b"".join([len(head).to_bytes(8, "little"), head, *(a.tobytes() for a in arrays)])


def _shared(connection: sa.Connection, body: bytes) -> str:
    """Store what many runs share once, under its digest."""
    digest = hashlib.sha256(body).hexdigest()
    there = sa.select(parts.c.digest).where(parts.c.digest == digest)
    if connection.scalar(there) is None:
        row = {"digest": digest, "codec": ZLIB, "body": zlib.compress(body, LEVEL)}
        connection.execute(sa.insert(parts).values(row))
    return digest


def _expanded(row: Any) -> bytes:
    if row.codec != ZLIB:
        raise HistoryError(f'a run is stored as "{row.codec}", which this release does not read')
    return zlib.decompress(row.body)
