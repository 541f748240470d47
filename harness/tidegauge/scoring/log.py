"""Logs and tables with the columns that scorers add."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import pyarrow as pa

from tidegauge.errors import SuiteError
from tidegauge.logs.record import Log
from tidegauge.records import Example, Tally
from tidegauge.scoring.cache import Cache
from tidegauge.scoring.columns import arrays, fields, texts
from tidegauge.scoring.examples import Worst
from tidegauge.scoring.pipeline import CHUNK, Outcome, score_rows
from tidegauge.scoring.plan import Planned
from tidegauge.scoring.tallies import added

Side: TypeAlias = Literal["baseline", "current"]
Told: TypeAlias = Callable[[str, int, int | None], None]
"""Called with a scorer's column, its rows done, and all rows where that is known."""


def untold(column: str, done: int, rows: int | None) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Ledger:
    """What became of one side's rows under one scorer; grows while they are read."""

    worst: Worst
    roles: Mapping[str, str]
    """Argument -> what its text is called in examples."""
    tally: Tally = field(default_factory=Tally)

    @property
    def examples(self) -> tuple[Example, ...]:
        """The worst rows, worst first."""
        return self.worst.examples(self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A log that carries what scorers added, and what became of its rows."""

    log: Log
    ledgers: dict[str, Ledger]
    """By the column of the scorer's main number; filled by reading the log, and by a second
    reading only where it reads more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What adding columns needs to know beside the rows."""

    planned: Sequence[Planned]
    cache: Cache | None
    side: Side
    id_column: str
    roles: Mapping[str, str]
    told: Told
    total: int | None

    def ledger(self, one: Planned) -> Ledger:
        named = {a: self.roles.get(column, column) for a, column in one.asked.inputs.items()}
        return Ledger(Worst(one.asked.card, self.side), named)


def scored(
    log: Log,
    planned: Sequence[Planned],
    *,
    side: Side = "current",
    cache: Cache | None = None,
    id_column: str = "",
    roles: Mapping[str, str] | None = None,
    told: Told = untold,
) -> Scored:
    """Wrap a log so that its batches carry the columns that scorers add.

    Nothing is scored before a batch is read, and then only what the columns asked for need. The
    batches may be read again: the cache answers then. Scorers that look at a sample of rows are
    left out: ``add_columns`` is for them.

    Parameters
    ----------
    log
        Where the texts are.
    planned
        Scorers with the columns they read.
    side, id_column, roles
        For examples: which log it is, the column of ids, column -> what to call its text.
    cache
        Where results are kept.
    told
        Called after every batch of a model.

    Raises
    ------
    SuiteError
        When the log has a column of the name that a scorer adds, or two add the same.
    """
    planned = [one for one in planned if not one.asked.card.sampled]
    schema = extended(log.schema, planned, log.source)
    work = _Work(
        planned=planned,
        cache=cache,
        side=side,
        id_column=id_column if id_column in log.schema.names else "",
        roles=roles or {},
        told=told,
        total=log.rows,
    )
    ledgers = {one.asked.column: work.ledger(one) for one in planned}

    def read(columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        return _read(log, work, ledgers, columns, rows)

    identities = "".join(one.scorer.identity for one in planned)
    digest = hashlib.sha256(f"{log.digest}{identities}".encode()).hexdigest()
    return Scored(log=replace(log, schema=schema, digest=digest, read=read), ledgers=ledgers)


def add_columns(
    table: pa.Table,
    planned: Sequence[Planned],
    *,
    side: Side = "current",
    cache: Cache | None = None,
    id_column: str = "",
    roles: Mapping[str, str] | None = None,
    told: Told = untold,
) -> tuple[pa.Table, dict[str, Ledger]]:
    """Add to a table what scorers make of its rows, those that look at samples included.

    Parameters and errors are those of ``scored``; the ledgers come filled.
    """
    schema = extended(table.schema, planned, "the table")
    work = _Work(
        planned=planned,
        cache=cache,
        side=side,
        id_column=id_column if id_column in table.schema.names else "",
        roles=roles or {},
        told=told,
        total=table.num_rows,
    )
    ledgers = {one.asked.column: work.ledger(one) for one in planned}
    parts = [
        _with_columns(batch, planned, work, ledgers)
        for batch in table.to_batches(max_chunksize=CHUNK)
    ]
    return pa.Table.from_batches(parts, schema), ledgers


def _read(
    log: Log, work: _Work, ledgers: dict[str, Ledger], columns: Sequence[str], rows: int
) -> Iterator[pa.RecordBatch]:
    wanted = set(columns)
    active = [one for one in work.planned if wanted & set(one.made)]
    if not active:
        yield from log.read(columns, rows)
        return
    inputs = {column for one in active for column in one.asked.inputs.values()}
    needed = [n for n in log.schema.names if n in wanted | inputs | {work.id_column}]
    fresh = {one.asked.column: work.ledger(one) for one in active}
    small = min(rows, CHUNK)
    for batch in log.read(needed or log.schema.names[:1], small):
        for start in range(0, batch.num_rows, small):
            part = _with_columns(batch.slice(start, small), active, work, fresh)
            for column, ledger in fresh.items():
                if ledger.tally.rows > ledgers[column].tally.rows:
                    ledgers[column] = ledger
            yield part
    if work.cache is not None:
        log.remarks.update({f"cache:{note}": note for note in work.cache.notes})


def _with_columns(
    batch: pa.RecordBatch, active: Sequence[Planned], work: _Work, ledgers: Mapping[str, Ledger]
) -> pa.RecordBatch:
    named = list(zip(batch.schema, batch.columns, strict=True))
    for one in active:
        added_fields = fields(one.asked.column, one.scorer)
        outcomes = _outcomes(batch, one, work, ledgers[one.asked.column])
        made = arrays(outcomes, [column.type for column in added_fields])
        named += zip(added_fields, made, strict=True)
    schema = pa.schema([column for column, _ in named])
    return pa.RecordBatch.from_arrays([values for _, values in named], schema=schema)


def _outcomes(batch: pa.RecordBatch, one: Planned, work: _Work, ledger: Ledger) -> list[Outcome]:
    card = one.asked.card
    absent = _absent(one, batch.schema)
    if absent:
        n = batch.num_rows
        ledger.tally = added(ledger.tally, Tally(rows=n, not_applicable={absent: n}))
        return [Outcome(f"not_applicable: {absent}")] * n
    present = {a: c for a, c in one.asked.inputs.items() if c in batch.schema.names}
    rows = list(texts(batch, present))
    ids = _ids(batch, work.id_column)
    before = ledger.tally.rows

    def progress(done: int, _: int | None) -> None:
        work.told(one.asked.column, before + done, work.total)

    outcomes: list[Outcome] = []
    cache = work.cache if card.cached else None
    for part in score_rows(rows, one.scorer, cache=cache, progress=progress):
        ledger.tally = added(ledger.tally, part.tally)
        ledger.worst.look(rows[len(outcomes) :], part.outcomes, ids[len(outcomes) :])
        outcomes += part.outcomes
    return outcomes


def _absent(one: Planned, schema: pa.Schema) -> str:
    """Say which needed text the whole log lacks; empty where it has them all."""
    card = one.asked.card
    for argument, role in card.reads.items():
        column = one.asked.inputs.get(argument)
        if argument in card.optional or column in schema.names:
            continue
        return f'no column "{column}"' if column else f"no column has the role {role}"
    return ""


def _ids(batch: pa.RecordBatch, column: str) -> list[str]:
    if not column:
        return [""] * batch.num_rows
    return [row.get("id", "") for row in texts(batch, {"id": column})]


def extended(schema: pa.Schema, planned: Sequence[Planned], source: str) -> pa.Schema:
    """Add to a schema what scorers add to a log.

    Raises
    ------
    SuiteError
        When a name is taken.
    """
    new = [column for one in planned for column in fields(one.asked.column, one.scorer)]
    taken = set(schema.names)
    for column in new:
        if column.name in taken:
            raise SuiteError(
                f'a scorer would add the column "{column.name}", which {source} has already',
                "name the scorer's column with as: NAME",
            )
        taken.add(column.name)
    return pa.schema([*schema, *new])
