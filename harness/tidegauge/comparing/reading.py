"""Both sides of a comparison: read whole, brought together, scored, counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tidegauge.baseline import count, freeze
from tidegauge.comparing.metrics import outputs
from tidegauge.comparing.pairing import Known, match
from tidegauge.comparison import Pairing
from tidegauge.errors import DataError
from tidegauge.freezing import Progress, open_side
from tidegauge.layouts import lay_out
from tidegauge.logs import Log, Window, open_log
from tidegauge.measuring import Bench
from tidegauge.profile import Layout, Made
from tidegauge.profile.arrays import as_array, labels
from tidegauge.records import Side
from tidegauge.suite import Source, Suite
from tidegauge.texts import texts_of

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
        When a side cannot be read, is empty, or is a frozen baseline, which holds no rows.
    """
    logs = [_opened(place, suite, window) for place in (baseline, candidate)]
    tables = []
    for log, name in zip(logs, ("baseline", "candidate"), strict=True):
        progress(name, 0, log.rows)
        tables.append(_table(log.batches(), log.schema))
        if not tables[-1].num_rows:
            raise DataError(f"{log.source}: the {name}'s log holds no rows")
    known = _known(suite, tables[0])
    matched = match(tables[0], tables[1], known)
    if suite.scorers:
        progress("scoring", 0, None)
    (before, made, lacking), (after, _, _) = (
        _scored(suite, rows, side)
        for rows, side in ((matched.before, "baseline"), (matched.now, "current"))
    )
    moment = (now or datetime.now(UTC)).timestamp()
    columns = replace(suite.columns, id=suite.columns.id or known.id)
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


def _opened(place: Any, suite: Suite, window: Window | None) -> Log:
    stored = place.baseline if isinstance(place, Source) else str(place)
    if stored.endswith(".tgb"):
        raise DataError(
            f"{stored}: a frozen baseline holds counts, and a comparison needs rows",
            "name the baseline model's log: tidegauge compare SUITE --baseline PATH",
        )
    return open_side(place, window, suite.columns, None)


def _table(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_batches(list(batches), schema).unify_dictionaries().combine_chunks()


def _known(suite: Suite, before: pa.Table) -> Known:
    """Tell roles by what the suite says and by what the baseline's rows look like."""
    layout, _ = lay_out(before.slice(0, HEAD), suite.columns)
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
    table = _table(scored.batches(), scored.schema)
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
