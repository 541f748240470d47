"""The frozen reference: made from raw rows once, kept in one file, read back in an instant."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from tidegauge.errors import BaselineError
from tidegauge.packing import pack, unpack
from tidegauge.profile import CategoricalProfile, DatasetProfile, Made
from tidegauge.profile.dataset import Mapper
from tidegauge.profile.layout import NOTHING
from tidegauge.records import Side

if TYPE_CHECKING:
    from tidegauge.logs import Log
    from tidegauge.suite.shape import Columns

FORMAT = 1
SAMPLE_BYTES = 2**28
"""Most bytes of raw rows that grids are chosen from, as 8-byte values."""
ROOM = 2 * SAMPLE_BYTES
"""Most bytes of raw rows as they are; texts are longer than 8 bytes."""
KEPT_ROWS = 5_000
"""Raw rows that a baseline keeps, for measures that need rows."""
OUTCOME_ROWS = 20_000
"""The same where there is an outcome: performance is estimated from them when labels are late."""
MANIFEST, PROFILE, ARRAYS, ROWS = "manifest.json", "profile.json", "arrays.arrow", "rows.arrow"
LIMITS, CALIBRATION = "limits.yaml", "calibration.json"
"""What a person may edit, and so has no digest; and what it was learned from, which has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A scorer as it was when the baseline was frozen."""

    name: str
    column: str
    identity: str
    """Equal identities give equal numbers."""
    sampled: bool
    """Whether it scored the sample of rows only, so that it can be run again on it."""
    tally: Mapping[str, Any] = field(default_factory=dict)
    """What became of the rows, as ``Tally`` names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A reference that current logs are held against."""

    profile: DatasetProfile
    side: Side
    declared: str
    """The suite's columns as JSON, to notice when a suite no longer fits."""
    rows: pa.Table
    """A uniform sample of raw rows."""
    scorings: tuple[Frozen, ...] = ()
    """The scorers that added columns."""
    notes: tuple[str, ...] = ()
    """How kinds and roles were inferred."""
    limits: str = ""
    """Calibrated limits as YAML, as a person may have edited them; empty where there are none."""
    calibration: str = ""
    """The same as JSON, as they were learned."""
    promoted: Mapping[str, str] = field(default_factory=dict)
    """Where it comes from, of a run that was made the baseline: ``run``, ``suite``, ``window``,
    ``by``, ``at``, ``previous``."""

    @property
    def model_versions(self) -> tuple[str, ...]:
        """Versions of the model that answered, the most frequent first; where they are logged."""
        return versions_in(self.profile)


def freeze(
    log: Log,
    columns: Columns,
    *,
    made: Mapping[str, Made] = NOTHING,
    seed: int = 0,
    each: Mapper = map,
    window: str = "",
) -> Baseline:
    """Make a baseline from a log: choose grids on a sample of its rows, then count all of them.

    Parameters
    ----------
    log
        Read once when it is small, twice when it is not.
    columns
        What the suite says of columns; the rest is inferred.
    made
        Columns of the log that scorers added.
    seed
        Seeds the sample.
    """
    from tidegauge.layouts import lay_out  # not needed where a stored baseline is read

    rng = np.random.default_rng(seed)
    sample, whole = draw_sample(log, _sample_rows(log.schema), rng)
    layout, notes = lay_out(sample, columns, made)
    blank = DatasetProfile.freeze(sample, layout)
    profile = count(
        blank, sample.to_batches() if whole else log.batches(), sample.schema, each=each
    )
    most = OUTCOME_ROWS if profile.outcome and not (made or layout.texts) else KEPT_ROWS
    kept = rng.permutation(sample.num_rows)[:most]
    return Baseline(
        profile=profile.sealed(),
        side=Side(
            source=log.source,
            n=profile.n,
            digest=log.digest,
            window=window,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        ),
        declared=declared(columns),
        rows=sample.take(pa.array(np.sort(kept))),
        notes=(*log.notes, *notes),
    )


def count(
    blank: DatasetProfile,
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    *,
    as_of: float = math.inf,
    each: Mapper = map,
) -> DatasetProfile:
    """Count all batches over a profile's grids; none at all make an empty log of that schema."""
    profile = None
    for batch in _ahead(batches):
        laid = blank.lay(batch, as_of=as_of, each=each)
        profile = profile.merge(laid) if profile else laid
    return profile or blank.lay(schema.empty_table(), as_of=as_of)


def _ahead(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Read the next batch while this one is counted."""
    with ThreadPoolExecutor(1) as reader:
        source = iter(batches)
        following = reader.submit(next, source, None)
        while (batch := following.result()) is not None:
            following = reader.submit(next, source, None)
            yield batch


def draw_sample(log: Log, most: int, rng: np.random.Generator) -> tuple[pa.Table, bool]:
    """Draw a uniform sample of rows in one pass; also say whether it holds all of them.

    Whenever more than ``most`` rows are held, each is kept with probability one half.
    """
    sample = Sample(most, rng)
    for batch in log.batches():
        sample.add(batch)
    return pa.Table.from_batches(sample.held, log.schema), sample.rate == 1.0


class Sample:
    """A uniform sample of the rows that pass by, bounded in rows and bytes.

    Parameters
    ----------
    most
        Rows held at most.
    rng
        Which rows stay.
    """

    def __init__(self, most: int, rng: np.random.Generator) -> None:
        self.most, self.rng = most, rng
        self.held: list[pa.RecordBatch] = []
        self.rate = 1.0
        self.rows = self.bytes = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Let a batch pass by."""
        self._hold([*self.held, _thinned(batch, self.rate, self.rng)], new=1)
        while self.rows > self.most or (self.bytes > ROOM and self.rows > KEPT_ROWS):
            self.rate /= 2
            self._hold([_thinned(part, 0.5, self.rng) for part in self.held], new=len(self.held))

    def _hold(self, parts: list[pa.RecordBatch], new: int) -> None:
        """Hold parts of which the last ``new`` were not counted yet."""
        if new == len(parts):
            self.rows = self.bytes = 0
        self.rows += sum(part.num_rows for part in parts[-new:])
        self.bytes += sum(part.nbytes for part in parts[-new:])
        self.held = parts


def versions_in(profile: DatasetProfile) -> tuple[str, ...]:
    """Model versions that a log holds, the most frequent first; none where it logs none."""
    column = profile.columns.get(profile.layout.model_version)
    if not isinstance(column, CategoricalProfile):
        return ()
    seen = dict(zip(column.levels, column.counts.tolist(), strict=True)) | dict(column.unseen)
    return tuple(sorted((name for name in seen if seen[name]), key=lambda name: -seen[name]))


def save_baseline(baseline: Baseline, path: str | Path) -> Path:
    """Write a baseline file: a ZIP of JSON and Arrow members with their SHA-256 digests.

    The file appears whole or not at all.
    """
    path = Path(path)
    arrays: list[np.ndarray] = []
    packed = pack(baseline.profile, arrays)
    members = {
        PROFILE: json.dumps(packed).encode(),
        ARRAYS: _arrow(_array_table(arrays)),
        ROWS: _arrow(baseline.rows),
    }
    if baseline.calibration:
        members[CALIBRATION] = baseline.calibration.encode()
    manifest = {
        "format": "tidegauge-baseline",
        "version": FORMAT,
        "side": asdict(baseline.side),
        "declared": baseline.declared,
        "notes": list(baseline.notes),
        "scorings": [asdict(one) for one in baseline.scorings],
        "promoted": dict(baseline.promoted),
        "model_versions": list(baseline.model_versions),
        "sha256": {name: hashlib.sha256(body).hexdigest() for name, body in members.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(draft, "w") as archive:
            archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
            for name, body in members.items():
                archive.writestr(name, body)
            if baseline.limits:
                archive.writestr(LIMITS, baseline.limits)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def load_baseline(path: str | Path) -> Baseline:
    """Read a baseline file.

    Raises
    ------
    BaselineError
        When it is missing, damaged, or of a format version that this release does not read.
    """
    path = Path(path)
    hint = "write it anew with: tidegauge baseline SUITE"
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            if manifest.get("version") != FORMAT:
                raise BaselineError(
                    f"{path}: baseline format {manifest.get('version')}, "
                    f"this release reads format {FORMAT}",
                    hint,
                )
            names = set(archive.namelist())
            sealed = [CALIBRATION] if CALIBRATION in manifest["sha256"] else []
            bodies = {name: archive.read(name) for name in (PROFILE, ARRAYS, ROWS, *sealed)}
            limits = archive.read(LIMITS).decode() if LIMITS in names else ""
    except FileNotFoundError as error:
        raise BaselineError(f"{path}: no such baseline file", hint) from error
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise BaselineError(f"{path}: not a tidegauge baseline file, or damaged", hint) from error
    for name, body in bodies.items():
        if hashlib.sha256(body).hexdigest() != manifest["sha256"][name]:
            raise BaselineError(f"{path}: {name} does not match its digest", hint)
    profile = unpack(json.loads(bodies[PROFILE]), _arrays(bodies[ARRAYS]))
    side = replace(Side(**manifest["side"]), source=str(path))
    return Baseline(
        profile=profile,
        side=side,
        declared=manifest["declared"],
        rows=pa.ipc.open_file(bodies[ROWS]).read_all(),
        scorings=tuple(Frozen(**one) for one in manifest.get("scorings", [])),
        notes=tuple(manifest["notes"]),
        limits=limits,
        calibration=bodies[CALIBRATION].decode() if CALIBRATION in bodies else "",
        promoted=manifest.get("promoted", {}),
    )


def require_fit(baseline: Baseline, columns: Columns) -> None:
    """Refuse a baseline that was frozen for other columns than the suite now declares.

    Raises
    ------
    BaselineError
        Naming the keys that differ.
    """
    then, now = json.loads(baseline.declared), json.loads(declared(columns))
    differ = sorted(key for key in {*then, *now} if then.get(key) != now.get(key))
    if differ:
        changes = "; ".join(f"{key}: {then.get(key)} then, {now.get(key)} now" for key in differ)
        raise BaselineError(
            f"{baseline.side.source}: frozen for other columns ({changes})",
            "freeze it anew with: tidegauge baseline SUITE",
        )


def declared(columns: Columns) -> str:
    """Write down what a suite says of columns, as JSON."""
    return json.dumps(asdict(columns), default=str, sort_keys=True)


def _sample_rows(schema: pa.Schema) -> int:
    return max(16_384, SAMPLE_BYTES // (8 * max(1, len(schema))))


def _thinned(batch: pa.RecordBatch, rate: float, rng: np.random.Generator) -> pa.RecordBatch:
    return batch if rate == 1.0 else batch.filter(pa.array(rng.random(batch.num_rows) < rate))


def _array_table(arrays: list[np.ndarray]) -> pa.Table:
    return pa.table(
        {
            "dtype": pa.array([a.dtype.str for a in arrays], pa.string()),
            "shape": pa.array([list(a.shape) for a in arrays], pa.list_(pa.int64())),
            "bytes": pa.array([a.tobytes() for a in arrays], pa.large_binary()),
        }
    )


def _arrays(body: bytes) -> list[np.ndarray]:
    table = pa.ipc.open_file(body).read_all()
    return [
        np.frombuffer(raw.as_buffer(), dtype=dtype.as_py()).reshape(shape.as_py())
        for dtype, shape, raw in zip(*(table[name] for name in table.column_names), strict=True)
    ]


def _arrow(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression="zstd", unify_dictionaries=True)
    with pa.ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue()
