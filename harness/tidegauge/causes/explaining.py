"""Explanations of a run, of a stored report, and of two frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from tidegauge.baseline import Baseline, draw_sample
from tidegauge.case import Caller
from tidegauge.catalog import explainer
from tidegauge.causes.attributing import attribute
from tidegauge.causes.gathering import case_from, topics_of
from tidegauge.causes.incidents import grouped
from tidegauge.causes.requested import by_dowhy, suggested
from tidegauge.causes.stages import text_order
from tidegauge.errors import CannotMeasure
from tidegauge.freezing import Progress, baseline_of, open_side, texts_for, untold
from tidegauge.logs import Log, open_log, parse_window
from tidegauge.profile import DatasetProfile, Layout
from tidegauge.records import ALARMS, Explanation, Report, Result
from tidegauge.suite import Causes, Explain, Logs, Source, Suite, parse_columns
from tidegauge.wording import listed

CHANGED = "The log is not what it was when the run read it; the causes are of what it holds now."
TEXT_ROWS = 5_000
"""Rows a side where texts are read: so many have vectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Where rows of a run come from, to be read again."""

    reference: Baseline
    baseline: Any
    """Raw rows of the baseline; ``None`` = those that it keeps."""
    current: Log

    @classmethod
    def of(cls, suite: Suite, reference: Baseline, given: Any, current: Log) -> Rows:
        """Find the raw rows of the baseline: what was given in its place, or the suite's."""
        place = suite.logs.baseline if given is None else given
        frozen = isinstance(place, Baseline) or str(place).endswith(".tgb")
        unnamed = isinstance(place, Source) and (place.moves or not place.path)
        raw = None if frozen or unnamed else place
        return cls(reference=reference, baseline=raw, current=current)


def explain(
    current: Any,
    baseline: Any,
    *,
    columns: Mapping[str, Any] | None = None,
    order: Sequence[Sequence[str] | str] | Literal["suggest"] | None = None,
    graph: Sequence[tuple[str, str]] | None = None,
    model: Any = None,
    rows: int = 50_000,
    seed: int = 0,
    dowhy: bool = False,
) -> Explanation:
    """Say why one frame differs from another.

    Parameters
    ----------
    current, baseline
        pandas, polars or Arrow tables, mappings of columns, or paths of logs; ``baseline`` may
        also be a ``Baseline``.
    columns
        Roles and kinds as in a suite's ``columns``; what is not given is inferred.
    order
        Tiers of columns, causes first; columns of one tier do not cause each other. "suggest" =
        those that causal discovery finds in the baseline (extra ``causal``).
    graph
        Pairs of a cause and its direct effect, instead of an order.
    model
        What answered, where it can be asked again: a function of columns, or what a suite's
        ``explain.model`` takes.
    rows
        Rows of each side that are read.
    seed
        Seeds everything random.
    dowhy
        Say in a note what dowhy makes of it, along the same order (extra ``causal``).

    Returns
    -------
    ``.causes`` are ranked records with ``factor, verdict, share, low, high, rank_one, because``;
    ``.verdict`` is the mechanism.

    Raises
    ------
    TooFewRows
        When a side has fewer than 30 rows.
    TidegaugeError
        When a side cannot be read, or order or graph name what is not there.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> pounds = rng.normal(160, 25, 2_000)
    >>> before = {"weight": pounds, "height": pounds / 3 + rng.normal(115, 3, 2_000)}
    >>> after = {"weight": before["weight"] * 0.4536, "height": before["height"]}
    >>> found = explain(after, before)
    >>> found.verdict, found.causes[0].factor, found.causes[0].shape.name
    ('distortion', 'weight', 'unit')
    """
    given = () if order is None or order == "suggest" else order
    tiers = tuple((one,) if isinstance(one, str) else tuple(one) for one in given)
    suite = Suite(
        name="explain",
        logs=Logs(baseline=Source(), current=Source()),
        columns=parse_columns(columns),
        checks=(),
        explain=Explain(on="always", rows=rows),
        causes=Causes(order=tiers, edges=tuple((a, b) for a, b in graph or ())),
    )
    suite = replace(suite, policy=replace(suite.policy, seed=seed))
    reference = baseline_of(suite, baseline, map, datetime.now(UTC), untold)
    log = open_side(current, None, suite.columns, reference)
    whence = Rows.of(suite, reference, baseline, log)
    return explain_rows(suite, whence, caller=model, suggest=order == "suggest", dowhy=dowhy)


def explain_rows(
    suite: Suite,
    rows: Rows,
    *,
    of: str = "",
    caller: Any = None,
    suggest: bool = False,
    dowhy: bool = False,
    progress: Progress = untold,
) -> Explanation:
    """Sample rows of both sides and attribute what differs.

    Raises
    ------
    CannotMeasure
        When there are too few rows.
    TidegaugeError
        When an order, or dowhy's answer, was asked for and cannot be had.
    """
    layout = rows.reference.profile.layout
    before, now = _sampled(suite, rows, layout, progress)
    topics = topics_of(before, now, layout, np.random.default_rng(suite.policy.seed))
    order, source = _order(suite.causes, layout, topics)
    case, notes = case_from(
        before,
        now,
        layout,
        order=order,
        parents=_parents(suite.causes),
        extra={name: one.variable for name, one in topics.items()},
    )
    rng = np.random.default_rng(suite.policy.seed)
    if suggest:
        case, said = suggested(case, rng)
        source, notes = "suggested by the data", (*notes, said)
    divided = case[of].values if of in case.variables and (case.order or case.parents) else None
    if dowhy:
        notes = (*notes, by_dowhy(case, divided, of, rng))
    found = attribute(
        case,
        divided,
        of=of or "drift",
        caller=_opened(suite, caller),
        topics=topics,
        seed=suite.policy.seed,
        confidence=suite.policy.confidence,
    )
    return replace(found, order=case.order, order_source=source, notes=(*found.notes, *notes))


def at_a_glance(
    baseline: DatasetProfile, current: DatasetProfile, results: Sequence[Result]
) -> tuple[Explanation, ...]:
    """List what moved by itself, from profiles alone; nothing is said of why."""
    found = explainer("root_cause.profiles").explain(baseline, current)
    if not found:
        return ()
    names = [cause.factor for cause in found]
    explanation = Explanation(
        of="drift",
        verdict="undetermined",
        because=f"{listed(names)} moved most by themselves; which moved which was not asked.",
        causes=found,
        basis="profiles",
        n_baseline=baseline.n,
        n_current=current.n,
    )
    return (grouped(explanation, results),)


def explained(
    suite: Suite, rows: Rows, results: Sequence[Result], progress: Progress = untold
) -> tuple[tuple[Explanation, ...], tuple[str, ...]]:
    """Explain a run's alarms; what cannot be explained becomes a note."""
    try:
        found = explain_rows(suite, rows, progress=progress)
    except CannotMeasure as error:
        return (), (f"No cause was sought: {error.message}.",)
    except Exception as error:  # the findings stand, whatever becomes of their explanation
        return (), (f"No cause was found: {type(error).__name__}: {error}",)
    return (grouped(found, results),), ()


def explain_report(
    report: Report,
    suite: Suite,
    *,
    check: str = "",
    window: str | None = None,
    current: Any = None,
    baseline: Any = None,
    suggest: bool = False,
    dowhy: bool = False,
    progress: Progress = untold,
) -> Report:
    """Read a report's rows again and explain its alarms, or one check or column of it.

    Windows are those of the run unless ``window`` names another.

    Raises
    ------
    TidegaugeError
        When the rows cannot be read, or are too few.
    """
    now = datetime.fromisoformat(report.created)
    place = suite.logs.current if current is None else current
    span = parse_window(window or report.current.window or None, None, now=now)
    reference = baseline_of(suite, baseline, map, now, progress)
    log = open_side(place, span, suite.columns, reference)
    rows = Rows.of(suite, reference, baseline, log)
    of = _outcome_of(report, check)
    found = explain_rows(suite, rows, of=of, suggest=suggest, dowhy=dowhy, progress=progress)
    alarms = [one for one in report.results if one.verdict.outcome in ALARMS]
    asked = [one for one in alarms if check in ("", one.check, one.evaluator, one.column)]
    if log.source == report.current.source and log.digest != report.current.digest:
        found = replace(found, notes=(*found.notes, CHANGED))
    return replace(report, explanations=(grouped(found, asked or alarms),))


def _outcome_of(report: Report, check: str) -> str:
    """Name the quantity to explain: the column that a check is on, where it is an output."""
    for one in report.results:
        if check and check in (one.check, one.evaluator, one.column):
            return one.column if one.role in ("score", "prediction", "scored", "target") else ""
    return ""


def _sampled(
    suite: Suite, rows: Rows, layout: Layout, progress: Progress
) -> tuple[pa.Table, pa.Table]:
    """Draw rows of both sides, with what scorers add."""
    most = min(suite.explain.rows, TEXT_ROWS) if layout.made else suite.explain.rows
    rng = np.random.default_rng(suite.policy.seed)
    now, _ = draw_sample(rows.current, most, rng)
    if layout.made:
        now = _scored(suite, now, rows.reference, progress)
    before = rows.reference.rows
    if rows.baseline is not None and not layout.made and before.num_rows < most:
        span = parse_window(rows.reference.side.window or None, None, now=datetime.now(UTC))
        before, _ = draw_sample(open_side(rows.baseline, span, suite.columns, None), most, rng)
    return _thinned(before, most, rng), _thinned(now, most, rng)


def _thinned(rows: pa.Table, most: int, rng: np.random.Generator) -> pa.Table:
    if rows.num_rows <= most:
        return rows
    return rows.take(pa.array(np.sort(rng.permutation(rows.num_rows)[:most])))


def _scored(suite: Suite, rows: pa.Table, reference: Baseline, progress: Progress) -> pa.Table:
    """Add the scorers' columns; what the run scored comes from the cache."""
    log = open_log(rows)
    texts = texts_for(suite, log, reference, progress)
    if texts is None:
        return rows
    scored = texts.score(log)
    table = texts.with_vectors(pa.Table.from_batches(list(scored.batches()), scored.schema))
    texts.close()
    return table


def _order(
    causes: Causes, layout: Layout, topics: Mapping[str, Any]
) -> tuple[tuple[tuple[str, ...], ...], str]:
    """Take the suite's order; where it says nothing, the one that is built in for texts."""
    if causes.order or causes.edges:
        return causes.order, "given"
    if layout.texts:
        sources = {layout.texts[one.role]: name for name, one in topics.items()}
        return text_order(layout, sources), "built in for texts"
    return (), ""


def _parents(causes: Causes) -> dict[str, tuple[str, ...]] | None:
    """Turn edges into each column's direct causes."""
    if not causes.edges:
        return None
    names = dict.fromkeys(name for edge in causes.edges for name in edge)
    return {name: tuple(a for a, b in causes.edges if b == name) for name in names}


def _opened(suite: Suite, caller: Any) -> Caller | None:
    """Open the model that answered, where one is named."""
    if caller is None and suite.explain.model is None:
        return None
    from tidegauge.callers import open_model

    base = suite.path.parent if suite.path else Path()
    if caller is not None:
        return open_model(caller, base=base)
    asked = suite.explain.model
    return open_model(asked.spec, base=asked.base) if asked else None
