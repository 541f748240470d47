"""Rows of a suite's log drawn for labelling, with the texts that a labeller reads."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from tidegauge.catalog import nearest
from tidegauge.catalog import scorer as tool
from tidegauge.errors import DataError, SuiteError
from tidegauge.freezing import open_side, untold
from tidegauge.labelling import Drawn
from tidegauge.labelling.watching import Watch
from tidegauge.logs import Log, parse_window
from tidegauge.models import Shelf
from tidegauge.records import Tally
from tidegauge.scoring import Asked, Cache, load, score_rows
from tidegauge.scoring.log import Told
from tidegauge.scoring.tallies import added
from tidegauge.suite import Suite
from tidegauge.suite.shape import Wanted
from tidegauge.texts import Texts, texts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ToLabel:
    """Rows to label, and what is shown of them."""

    drawn: Drawn
    texts: Mapping[str, Sequence[str | None]]
    """Role -> text of each drawn row."""
    ids: tuple[str, ...]
    """The rows' ids; empty where the log has none."""
    seen: int
    """Rows of the log."""


def sample_log(
    suite: Suite,
    *,
    scorer: str = "",
    n: int = 200,
    by: str = "",
    window: str | None = None,
    current: Any = None,
    now: datetime | None = None,
    told: Told = untold,
) -> ToLabel:
    """Score a suite's current log and draw rows of it to label.

    Parameters
    ----------
    suite
        With at least one scorer.
    scorer
        Name or column of the scorer to draw by; may be empty where the suite has only one.
    n
        Rows to draw.
    by
        Segment to have labels from each slice of.
    window, current
        As for a run.
    now
        Moment by which the latest window is found.
    told
        Hears how far the scorer is.

    Raises
    ------
    SuiteError
        When the suite has no such scorer.
    DataError
        When the log cannot be read, or has too few rows that the question applies to.
    """
    wanted = _wanted(suite, scorer)
    source = suite.logs.current
    span = parse_window(window, source.window, now=now or datetime.now(UTC))
    log = open_side(source if current is None else current, span, suite.columns, None)
    if by and by not in log.schema.names:
        raise SuiteError(f'the log has no column "{by}"', nearest(by, log.schema.names))
    alone = replace(suite, scorers=(wanted,), checks=())
    texts = texts_of(alone, log, side="current", layout=None, told=told)
    assert texts is not None  # a scorer was asked for
    watch = Watch(column=wanted.column, segment=by)
    scored = texts.score(log)
    decision = [f"{wanted.column}.flagged"]
    asked = [*watch.columns, *(name for name in decision if name in scored.schema.names)]
    for batch in scored.batches(asked):
        watch.note(batch)
    texts.close()
    if len(watch.scores) < 2:
        raise DataError(
            f"{log.source}: {wanted.name} applies to {len(watch.scores)} of its "
            f"{watch.seen:,} rows; needed: 2 or more",
            "look at what columns its texts are read from",
        )
    drawn = watch.draw(n=min(n, len(watch.scores)), seed=suite.policy.seed, scorer=wanted.column)
    return _shown(drawn, log, texts, suite, watch.seen)


def judge_sample(
    found: ToLabel, suite: Suite, judge: Wanted, *, told: Told = untold
) -> tuple[ToLabel, Tally]:
    """Ask a scorer that is better and dearer than the one drawn by about the drawn rows alone.

    Parameters
    ----------
    found
        The drawn rows.
    suite
        Says where models are.
    judge
        The scorer; it must decide, which is to say have a column ``flagged``.
    told
        Hears how far it is.

    Returns
    -------
    found, tally
        The rows with the judge's verdicts, none where it had none; what became of them.

    Raises
    ------
    SuiteError
        When it makes no decision.
    """
    shelf = Shelf(base=suite.path.parent if suite.path else Path())
    scorer = load(Asked(name=judge.name, column=judge.column, settings=judge.settings), shelf)
    if "flagged" not in scorer.outputs:
        raise SuiteError(f"{judge.name} makes no decision that could stand beside a label")
    at = list(scorer.outputs).index("flagged")
    columns = {
        argument: found.texts[role]
        for argument, role in tool(judge.name).card.reads.items()
        if role in found.texts
    }
    rows = [
        {argument: text for argument, texts in columns.items() if (text := texts[i]) is not None}
        for i in range(len(found.drawn.rows))
    ]
    cache = Cache()
    try:
        parts = list(
            score_rows(
                rows,
                scorer,
                cache=cache,
                progress=lambda done, of: told(judge.column, done, of),
                total=len(rows),
            )
        )
    finally:
        cache.close()
    verdicts = [
        math.nan if one.joined is None else float(bool(one.joined.values[at]))
        for part in parts
        for one in part.outcomes
    ]
    sample = replace(found.drawn.sample, judged=np.asarray(verdicts))
    tally = reduce(added, (part.tally for part in parts), Tally())
    return replace(found, drawn=replace(found.drawn, sample=sample)), tally


def _wanted(suite: Suite, scorer: str) -> Wanted:
    """Find the scorer to draw by."""
    fit = [one for one in suite.scorers if not scorer or scorer in (one.name, one.column)]
    if not suite.scorers:
        raise SuiteError(
            f"the suite {suite.name} has no scorers to draw by",
            "add one, such as  scorers: [hallucination.embedded]",
        )
    known = [one.column for one in suite.scorers]
    if not fit:
        raise SuiteError(f'the suite has no scorer "{scorer}"', nearest(scorer, known))
    if len(fit) > 1:
        raise SuiteError(
            f"the suite has {len(fit)} scorers to draw by", f"name one by --scorer: {known}"
        )
    return fit[0]


def _shown(drawn: Drawn, log: Log, texts: Texts, suite: Suite, seen: int) -> ToLabel:
    """Read the drawn rows' texts, ids and conversations, in their order."""
    conversation, key = suite.columns.conversation, suite.columns.id
    names = dict.fromkeys(
        [*texts.roles.values(), *(name for name in (conversation, key) if name in log.schema.names)]
    )
    found: dict[str, dict[int, str | None]] = {name: {} for name in names}
    order = np.sort(drawn.rows)
    start = 0
    for batch in log.batches(list(names)):
        here = order[(order >= start) & (order < start + batch.num_rows)] - start
        if len(here):
            for name in names:
                values = batch.column(name).take(here).to_pylist()
                for row, value in zip((here + start).tolist(), values, strict=True):
                    found[name][row] = None if value is None else str(value)
        start += batch.num_rows
    columns = {name: [rows.get(i) for i in drawn.rows.tolist()] for name, rows in found.items()}
    if conversation in columns:
        together = [talk or f"row {i}" for i, talk in enumerate(columns[conversation])]
        numbers = np.unique(np.asarray(together), return_inverse=True)[1].astype(np.int64)
        drawn = replace(drawn, sample=replace(drawn.sample, clusters=numbers))
    return ToLabel(
        drawn=drawn,
        texts={role: columns[name] for role, name in texts.roles.items()},
        ids=tuple(one or "" for one in columns.get(key, ())),
        seen=seen,
    )
