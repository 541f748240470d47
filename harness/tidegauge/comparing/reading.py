"""Both sides of a comparison: read whole, brought together, scored, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tidegauge.baseline import count, freeze, load_baseline
from tidegauge.comparing.metrics import outputs
from tidegauge.comparing.pairing import Known, match
from tidegauge.comparison import Pairing
from tidegauge.errors import BaselineError, DataError
from tidegauge.freezing import Progress, open_side, stored_file
from tidegauge.joining import joined, late_labels
from tidegauge.layouts import lay_out
from tidegauge.logs import Log, Window, open_log
from tidegauge.measuring import Bench
from tidegauge.profile import Layout, Made
from tidegauge.profile.arrays import as_array, labels
from tidegauge.records import Side
from tidegauge.suite import Source, Suite
from tidegauge.texts import texts_of
from tidegauge.wording import listed

HEAD = 50_000
"""Rows by which roles are told before rows are brought together."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sides:
    """Both sides' rows, their profiles over one grid, and how they were brought together."""

    before: pa.Table
    now: pa.Table
    bench: Bench
    pairing: Pairing
    groups: tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]
    """Each side's rows by what they belong to; one and the same where rows are paired."""
    baseline: Side
    candidate: Side
    notes: tuple[str, ...]

    @property
    def layout(self) -> Layout:
        """Kinds and roles of the columns."""
        return self.bench.baseline.layout

    @property
    def paired(self) -> bool:
        """Whether rows are the same on both sides."""
        return self.pairing.design == "paired"


def read_sides(
    suite: Suite,
    baseline: Any,
    candidate: Any,
    *,
    window: Window | None,
    now: datetime | None,
    progress: Progress,
) -> Sides:
    """Read both logs, pair their rows where they can be, score texts and count everything.

    Raises
    ------
    DataError
        When a side cannot be read, or is empty.
    BaselineError
        When the baseline moves along with the window, so that its rows are not one model's.
    """
    logs, tables = _read(suite, (baseline, candidate), window, progress)
    layout, _ = lay_out(tables[0].slice(0, HEAD), suite.columns)
    if suite.logs.labels is not None:
        logs, tables = _labelled(suite, logs, tables, layout)
    known = _known(suite, layout)
    matched = match(tables[0], tables[1], known)
    if suite.scorers:
        progress("scoring", 0, None)
    (before, made, lacking), (after, _, _) = (
        _scored(suite, rows, side)
        for rows, side in ((matched.before, "baseline"), (matched.now, "current"))
    )
    moment = (now or datetime.now(UTC)).timestamp()
    columns = replace(suite.columns, id=suite.columns.id or known.id)
    scores = list(layout.scores.values())
    alone = layout.prediction in after.column_names and not set(scores) <= {*after.column_names}
    if alone:  # decisions can still be compared
        before, columns = before.drop_columns(scores), replace(columns, score="")
        lacking = (
            *lacking,
            f"The candidate's log lacks {listed(scores)}: scores are not compared.",
        )
    frozen = freeze(open_log(before), columns, made=made, seed=suite.policy.seed)
    current = count(frozen.profile.blank(), after.to_batches(), after.schema, as_of=moment)
    bench = Bench(baseline=frozen.profile, current=current, policy=suite.policy, as_of=moment)
    return Sides(
        before=before,
        now=after,
        bench=bench,
        pairing=matched.pairing,
        groups=_groups(before, after, matched.pairing),
        baseline=_side(logs[0], tables[0], window),
        candidate=_side(logs[1], tables[1], window),
        notes=(*dict.fromkeys(n for log in logs for n in log.notes), *matched.notes, *lacking),
    )


def _read(
    suite: Suite, places: Sequence[Any], window: Window | None, progress: Progress
) -> tuple[list[Log], list[pa.Table]]:
    logs = [_opened(place, suite, window) for place in places]
    tables = []
    for log, name in zip(logs, ("baseline", "candidate"), strict=True):
        progress(name, 0, log.rows)
        tables.append(_table(log))
        if not tables[-1].num_rows:
            inside = f" in {window}" if window else ""
            raise DataError(f"{log.source}: the {name}'s log holds no rows{inside}")
    return logs, tables


def _labelled(
    suite: Suite, logs: Sequence[Log], tables: Sequence[pa.Table], layout: Layout
) -> tuple[list[Log], list[pa.Table]]:
    """Fill in the labels that arrive in a log of their own."""
    labels = late_labels(suite, layout)
    filled = []
    for log, table in zip(logs, tables, strict=True):
        held = replace(open_log(table), source=log.source, digest=log.digest, remarks=log.remarks)
        filled.append(joined(held, labels, layout, suite))
    return filled, [_table(log) for log in filled]


def _opened(place: Any, suite: Suite, window: Window | None) -> Log:
    if isinstance(place, Source) and place.moves:
        raise BaselineError(
            "the suite's baseline moves along with the window, so its rows are not one model's",
            "name the baseline model's log: tidegauge compare SUITE --baseline PATH",
        )
    stored = stored_file(place)
    return _kept(stored, suite, window) if stored else open_side(place, window, suite.columns, None)


def _kept(path: str, suite: Suite, window: Window | None) -> Log:
    """Read the rows that a baseline file keeps, without the columns that scorers added."""
    found = load_baseline(path)
    made = [name for name in found.rows.column_names if name in found.profile.layout.made]
    log = open_side(found.rows.drop_columns(made), window, suite.columns, None)
    kept = f"{path} keeps {found.rows.num_rows:,} of its {found.side.n:,} rows, which are compared."
    return replace(
        log, source=path, digest=found.side.digest, remarks={**log.remarks, "kept": kept}
    )


def _table(log: Log) -> pa.Table:
    batches = list(log.batches())
    return pa.Table.from_batches(batches, log.schema).unify_dictionaries().combine_chunks()


def _known(suite: Suite, layout: Layout) -> Known:
    """Tell what belongs to rows and what to models."""
    settings = suite.compare
    target = layout.target.column if layout.target else ""
    texts = [layout.texts[role] for role in ("prompt", "reference_answer") if role in layout.texts]
    spoken = outputs(layout, settings)
    features = tuple(name for name in layout.features if name not in spoken)
    if settings.inputs is not None:
        inputs = settings.inputs
    elif layout.texts:
        inputs = tuple(filter(None, [layout.texts.get("prompt", ""), *layout.segments]))
    else:
        inputs = tuple(dict.fromkeys([*features, *layout.segments]))
    inputs = tuple(name for name in inputs if name != layout.model_version)
    groups = settings.cluster or layout.conversation
    row = [*inputs, *texts, *features, *layout.segments, target, groups, layout.timestamp]
    shared = tuple(dict.fromkeys(n for n in row if n and n != layout.model_version))
    return Known(
        id=layout.id,
        inputs=inputs,
        target=target,
        shared=shared,
        rows=settings.rows,
        groups=groups,
    )


def _scored(
    suite: Suite, rows: pa.Table, side: Any
) -> tuple[pa.Table, dict[str, Made], tuple[str, ...]]:
    """Add what the suite's scorers make of texts; vectors are not compared."""
    if not suite.scorers:
        return rows, {}, ()
    log = open_log(rows)
    alone = replace(suite, checks=(), labels="")
    texts = texts_of(alone, log, side=side, layout=None, told=lambda column, done, of: None)
    if texts is None:
        return rows, {}, ()
    scored = texts.score(log)
    table = _table(scored)
    texts.close()
    sampled = {one.asked.column for one in texts.sampled}
    made = {name: one for name, one in texts.made.items() if one.main not in sampled}
    lacking = tuple(
        f"{column} could not run, so it is not compared: {error.message}."
        for column, error in texts.failed.items()
    )
    return table, made, lacking


def _groups(
    before: pa.Table, now: pa.Table, pairing: Pairing
) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]:
    """Tell rows by what they belong to; one that belongs to nothing stands for itself."""
    if not pairing.groups:
        return None, None
    if pairing.design == "paired":
        alike = _numbered(labels(as_array(before.column(pairing.groups))).codes)
        return alike, alike
    then, today = (labels(as_array(side.column(pairing.groups))) for side in (before, now))
    return _numbered(then.codes), _numbered(today.codes)


def _numbered(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    alone = codes < 0
    return np.where(alone, codes.max(initial=0) + 1 + np.arange(len(codes)), codes)


def _side(log: Log, table: pa.Table, window: Window | None) -> Side:
    return Side(
        source=log.source,
        n=table.num_rows,
        digest=log.digest,
        window=str(window) if window else "",
    )
