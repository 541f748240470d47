"""Baselines that move along: which earlier windows they are made of, and their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.errors import BaselineError, DataError
from tidegauge.logs import Log, Window, open_log
from tidegauge.logs.instants import instants
from tidegauge.logs.places import find, is_template, splits_window
from tidegauge.logs.record import Notes
from tidegauge.logs.windows import parse_length
from tidegauge.suite import Source

STEPS = {"weekday": timedelta(days=7), "hour": timedelta(days=1)}


def spans_of(source: Source, window: Window | None) -> tuple[Window, ...]:
    """List the windows that a moving baseline is made of, the earliest first.

    Parameters
    ----------
    source
        The suite's baseline: ``rolling`` or ``same``.
    window
        The window to be judged, whose length these have too.

    Raises
    ------
    BaselineError
        When there is no window to move along with, or none fits before it.

    Examples
    --------
    >>> from datetime import datetime, UTC
    >>> from tidegauge.logs import parse_window
    >>> day = parse_window("2026-11-23", None, now=datetime.now(UTC))
    >>> [one.start.day for one in spans_of(Source(rolling="3d", gap="1d"), day)]
    [19, 20, 21]
    >>> [one.start.day for one in spans_of(Source(same="weekday", last=2), day)]
    [9, 16]
    """
    if window is None:
        raise BaselineError(
            "the baseline moves along with the window, and there is no window",
            "say how long one is, logs: {current: {window: 1d}}, or which: --window 2026-11-21",
        )
    length, gap = window.end - window.start, parse_length(source.gap) if source.gap else timedelta()
    if source.same:
        step = STEPS[source.same]
        if length > step:
            raise BaselineError(
                f"windows of {length} have no earlier ones of the same {source.same}",
                "choose shorter windows, or {rolling: 28d}",
            )
        first = max(1, -(-(gap + length) // step))
        steps = [k * step for k in range(first, first + source.last)]
    else:
        whole = parse_length(source.rolling)
        steps = [gap + k * length for k in range(1, whole // length + 1)]
    if not steps:
        raise BaselineError(
            f"rolling: {source.rolling} is shorter than the window of {length}",
            "write a longer one: {rolling: 28d}",
        )
    return tuple(Window(start=window.start - x, end=window.end - x) for x in reversed(steps))


def open_stretches(source: Source, spans: Sequence[Window], timestamp: str) -> Log:
    """Open the rows of several windows as one log.

    Parameters
    ----------
    source
        Where the rows are.
    spans
        The windows, the earliest first.
    timestamp
        Column by which rows are told apart; empty where the path's dates do that.

    Raises
    ------
    DataError
        When none of the windows has rows that can be found.
    """
    stretches = _joined(spans)
    notes: Notes = {}
    names: list[str] | str = source.path
    if is_template(source.path):
        names = list(dict.fromkeys(_places(source, stretches, notes)))
        if not names:
            raise DataError(
                f"no file of {source.path} for the {len(spans)} windows from {spans[0].start} "
                f"to {spans[-1].end} that the baseline is to be made of",
                "begin with a frozen baseline until so many windows have passed",
            )
    log = open_log(names, format=source.format, options=source.options)
    log = replace(log, source=source.path, remarks={**log.remarks, **notes})
    split = any(splits_window(source.path, one) for one in stretches)
    if is_template(source.path) and not (timestamp and split):
        return log
    return _filtered(log, stretches, timestamp)


def _joined(spans: Sequence[Window]) -> list[Window]:
    """Join windows that follow each other."""
    found: list[Window] = []
    for one in spans:
        if found and found[-1].end == one.start:
            found[-1] = Window(start=found[-1].start, end=one.end)
        else:
            found.append(one)
    return found


def _places(source: Source, stretches: Sequence[Window], notes: Notes) -> Iterator[str]:
    missing = []
    for one in stretches:
        try:
            yield from (place.name for place in find(source.path, one, source.options, notes))
        except DataError:
            missing.append(one)
    if missing:
        notes["baseline"] = (
            f"{len(missing)} of {len(stretches)} stretches of the baseline have no files, "
            f"the first from {missing[0].start.isoformat()}"
        )


def _filtered(log: Log, stretches: Sequence[Window], timestamp: str) -> Log:
    if timestamp not in log.schema.names:
        raise DataError(
            f"{log.source}: a moving baseline needs times, and the suite names no column of them",
            "columns: {timestamp: ...}, or put {date} into the path",
        )

    def read(columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        names = list(dict.fromkeys([*columns, timestamp]))
        for batch in log.read(names, rows):
            times = instants(batch.column(batch.schema.names.index(timestamp)))
            inside = reduce(pc.or_, [_inside(times, one) for one in stretches])
            yield batch.filter(pc.fill_null(inside, False))

    return replace(log, read=read, rows=None)


def _inside(times: pa.Array, one: Window) -> pa.Array:
    start, end = (pa.scalar(moment, times.type) for moment in (one.start, one.end))
    return pc.and_(pc.greater_equal(times, start), pc.less(times, end))
