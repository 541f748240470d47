"""Scoring from Python: a frame in, the same kind of frame with more columns out."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa

from tidegauge.catalog import nearest
from tidegauge.errors import SuiteError
from tidegauge.logs import open_log
from tidegauge.logs.frames import as_table
from tidegauge.logs.record import Log
from tidegauge.models import Shelf
from tidegauge.records import TextRole
from tidegauge.roles import NAMES, plain_name
from tidegauge.scoring.cache import Cache
from tidegauge.scoring.columns import fields
from tidegauge.scoring.log import add_columns, extended
from tidegauge.scoring.pipeline import Progress
from tidegauge.scoring.plan import bind, plan
from tidegauge.suite import parse_scorers

ROLES: tuple[TextRole, ...] = get_args(TextRole)


def score(
    frame: Any,
    scorers: Sequence[str | Mapping[str, Any]],
    columns: Mapping[str, str] | None = None,
    *,
    allow_download: bool = False,
    cache: bool | str | Path = True,
    device: str = "",
    progress: Progress | None = None,
) -> Any:
    """Add the columns that scorers make of a frame's texts.

    Each scorer adds one column of its name with the main number, one for each further output
    after a dot, and ``<name>.status``: ``ok``, ``unscored: reason`` or
    ``not_applicable: reason``. Where ``on`` names the column to score, the name is
    ``<scorer>@<on>``, unless ``as`` says otherwise.

    Parameters
    ----------
    frame
        A pandas or polars frame, an Arrow table, a dictionary of columns, or the path of a log.
    scorers
        Names, or ``{name: settings}``; ``on`` and ``as`` are settings of every scorer.
    columns
        Role (``prompt``, ``response``, ``context``, ``reference_answer``, ``samples``) ->
        column; what is not said is told from the columns' names.
    allow_download
        Whether a model that is missing may be fetched from a hub.
    cache
        Whether results are kept between calls, or the file to keep them in.
    device
        ``cuda``, ``mps`` or ``cpu``; empty = the best there is.
    progress
        Called with rows done and rows in all, over all scorers.

    Returns
    -------
    A pandas frame for a pandas frame, with its index; a polars frame for a polars frame; an
    Arrow table for anything else.

    Raises
    ------
    SuiteError
        When a scorer, a setting, a role or a column named here does not exist.
    ModelError
        When a model is missing or damaged; nothing is downloaded unless allowed.

    Examples
    --------
    >>> frame = {"response": ["Yes.", "It opens at nine in the morning."]}
    >>> score(frame, ["text.length"])["text.length"].to_pylist()
    [4.0, 32.0]
    """
    given = _table(frame)
    log = open_log(given)
    roles = _roles(columns or {}, log.schema.names)
    planned = plan(
        bind(parse_scorers(scorers), roles, log.schema.names),
        Shelf(allow_download=allow_download, device=device),
    )
    extended(given.schema, planned, "the frame")
    inputs = {column for one in planned for column in one.asked.inputs.values()}
    rows = _rows(log, [name for name in log.schema.names if name in inputs])
    done: dict[str, int] = {}

    def told(column: str, scored: int, _: int | None) -> None:
        done[column] = scored
        if progress is not None:
            progress(sum(done.values()), len(planned) * rows.num_rows)

    kept = _cache(cache) if any(one.asked.card.cached for one in planned) else None
    try:
        whole, _ = add_columns(rows, planned, cache=kept, told=told)
    finally:
        if kept is not None:
            kept.close()
    new = [f.name for one in planned for f in fields(one.asked.column, one.scorer)]
    return _as_given(frame, given, whole.select(new))


def _table(frame: Any) -> pa.Table:
    if isinstance(frame, str | os.PathLike):
        log = open_log(frame)
        return _rows(log, log.schema.names)
    return as_table(frame, {})


def _rows(log: Log, columns: Sequence[str]) -> pa.Table:
    names = list(columns) or log.schema.names[:1]  # rows without columns cannot be counted
    schema = pa.schema([log.schema.field(name) for name in names])
    return pa.Table.from_batches(log.batches(names), schema)


def _roles(said: Mapping[str, str], present: Collection[str]) -> dict[str, str]:
    """Column of each role: as it was said, else the one that bears the role's name."""
    for role, column in said.items():
        if role not in ROLES:
            raise SuiteError(f'no text has the role "{role}"', nearest(role, ROLES))
        if column not in present:
            raise SuiteError(
                f'columns says that {role} is "{column}", and there is no such column',
                nearest(column, present),
            )
    return _inferred(present, set(said.values())) | dict(said)


def _inferred(present: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    plain = {plain_name(name): name for name in reversed(list(present)) if name not in taken}
    found: dict[str, str] = {}
    for role in ROLES:
        names = [role, *NAMES.get(role, ())]
        if column := next((plain[name] for name in names if name in plain), None):
            found[role] = column
    return found


def _cache(wanted: bool | str | Path) -> Cache | None:
    if wanted is True:
        return Cache()
    return Cache(Path(wanted)) if wanted else None


def _as_given(frame: Any, given: pa.Table, new: pa.Table) -> Any:
    """Hand back the kind of frame that came, untouched but for the new columns."""
    home = type(frame).__module__.partition(".")[0]
    if home == "pandas":
        made = new.to_pandas()
        made.index = frame.index
        return frame.assign(**{name: made[name] for name in new.column_names})
    if home == "polars":
        import polars as pl

        there = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
        return there.hstack(pl.DataFrame(new))
    whole = given
    for name in new.column_names:
        whole = whole.append_column(new.schema.field(name), new.column(name))
    return whole
