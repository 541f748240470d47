"""The main job: logs to profiles to measures to verdicts to a report."""

from __future__ import annotations

import os
import platform
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from tidegauge import __version__
from tidegauge.baseline import OUTCOME_ROWS, Baseline, count, draw_sample
from tidegauge.calibration.limits import limits_for, model_change
from tidegauge.case import Case
from tidegauge.catalog import evaluator
from tidegauge.freezing import Progress, baseline_of, open_side, texts_for, untold
from tidegauge.joining import joined, late_labels
from tidegauge.judge import Measured, results_of
from tidegauge.logs import Log, parse_window
from tidegauge.logs.labels import Labels
from tidegauge.measuring import Bench, measure, require_subjects
from tidegauge.overview import overview
from tidegauge.profile import DatasetProfile
from tidegauge.records import ALARMS, Check, Explanation, Policy, Report, Result, Side
from tidegauge.series import split, with_series
from tidegauge.suite import (
    Explain,
    Source,
    Suite,
    load_suite,
    parse_checks,
    parse_columns,
    require_columns,
)
from tidegauge.wording import counted, listed

if TYPE_CHECKING:
    from tidegauge.calibration.remembered import Past

WORST = ("critical", "error", "warn", "inconclusive", "info", "pass", "skipped", "not_applicable")
"""Outcomes in the order a report lists them."""


@dataclass
class Clock:
    """Wall time by stage."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage."""
        self.progress(name, 0, None)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run: its report, and what later questions need besides."""

    report: Report
    reference: Baseline
    """What it was held against."""
    profile: DatasetProfile
    """The current log, counted over the reference's grids."""
    log: Log
    """The current log, with the labels that arrived for it."""
    late: Labels | None = None
    """Labels that arrived by themselves, of this window and of others."""


def run(
    suite: str | Path | Suite,
    *,
    window: str | None = None,
    current: Any = None,
    baseline: Any = None,
    now: datetime | None = None,
    progress: Progress = untold,
) -> Report:
    """Run a suite and give its report; nothing is stored and nobody is told.

    Parameters
    ----------
    suite
        Path of a suite file, or a loaded suite.
    window
        ``2026-11-21``, or ``START/END``; by default the latest whole window before ``now``
        where the suite's current log has one, else all rows.
    current, baseline
        Read these instead of what the suite names: a path, a frame, or a ``Baseline``.
    now
        Moment of judging; labels due later are pending.
    progress
        Called with each stage, the rows done and all its rows.

    Raises
    ------
    TidegaugeError
        When the suite, a log or the baseline cannot be used at all. Trouble with one column is
        that check's verdict instead.
    """
    ran = perform(
        suite, window=window, current=current, baseline=baseline, now=now, progress=progress
    )
    return ran.report


def perform(
    suite: str | Path | Suite,
    *,
    window: str | None = None,
    current: Any = None,
    baseline: Any = None,
    now: datetime | None = None,
    progress: Progress = untold,
    earlier: Mapping[tuple[str, str, str], int] | None = None,
    past: Past | None = None,
) -> Ran:
    """Run a suite as ``run`` does, and keep the profiles beside the report.

    ``earlier`` tells how many windows in a row before this one were beyond the limit, by check,
    column and slice; without it a check that asks for several windows knows of this one only.
    ``past`` asks the history of the windows that a moving baseline is made of.
    """
    suite = suite if isinstance(suite, Suite) else load_suite(suite)
    now = now or datetime.now(UTC)
    clock = Clock(progress)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        with clock.stage("baseline"):
            source = suite.logs.current
            span = parse_window(window, source.window, now=now)
            reference = baseline_of(
                suite, baseline, pool.map, now, progress, window=span, past=past
            )
            limits = limits_for(suite, reference)
            require_subjects(suite.checks, reference.profile.layout)
            layout = reference.profile.layout
            require_columns(suite.causes, {*layout.kinds, *layout.made})
        log = open_side(source if current is None else current, span, suite.columns, reference)
        late = late_labels(suite, layout)
        log = joined(log, late, layout, suite)
        as_of = span.end if span else now
        texts = texts_for(suite, log, reference, progress)
        with clock.stage("current"):
            scored = texts.score(log) if texts else log
            batches = _watched(scored, progress)
            laid = count(
                split(reference.profile.blank(), log),
                texts.watched(batches, reference.profile.layout) if texts else batches,
                scored.schema,
                as_of=as_of.timestamp(),
                each=pool.map,
            )
            vectors = texts.vectors(reference, laid.n) if texts else {}
    bench = Bench(
        baseline=reference.profile,
        current=laid,
        policy=suite.policy,
        as_of=as_of.timestamp(),
        samples=vectors,
        labels=texts.labelled() if texts else {},
        rows=rows_without_labels(suite, reference, log),
    )
    with clock.stage("measure"):
        changed = model_change(reference.profile, laid, suite.policy)
        measured = limits.applied(list(measure(suite.checks, bench)), span)
        results = _results(suite.checks, bench, measured, texts.errors() if texts else (), earlier)
    with clock.stage("overview"):
        columns = overview(reference.profile, laid)
    explanations: tuple[Explanation, ...] = ()
    unexplained: tuple[str, ...] = ()
    outcomes = [result.verdict.outcome for result in results]
    if any(one in ALARMS for one in outcomes) or suite.explain.wanted(outcomes):
        from tidegauge.causes import Rows, at_a_glance, explained

        with clock.stage("explain"):
            if suite.explain.wanted(outcomes):  # reads rows again, and learns from them
                rows = Rows.of(suite, reference, baseline, log)
                explanations, unexplained = explained(suite, rows, results, progress)
            if not explanations:
                explanations = at_a_glance(reference.profile, laid, results)
    outcome, because = overall(suite.checks, results, explanations)
    because = f"{because} {changed[0].upper()}{changed[1:]}." if changed else because
    if texts:
        texts.close()
    report = Report(
        suite=suite.name,
        suite_path=str(suite.path or ""),
        overrides=_overrides(current=current, baseline=baseline),
        run_id=uuid.uuid4().hex[:12],
        created=now.isoformat(timespec="seconds"),
        outcome=outcome,
        because=because,
        baseline=reference.side,
        current=Side(
            source=log.source, n=laid.n, digest=log.digest, window=str(span) if span else ""
        ),
        policy=suite.policy,
        checks=suite.checks,
        cards={check.evaluator: evaluator(check.evaluator).card for check in suite.checks},
        results=results,
        columns=columns,
        scorings=texts.scorings(reference) if texts else (),
        explanations=explanations,
        notes=(
            *([changed] if changed else []),
            *reference.notes,
            *limits.remarks(measured),
            *log.notes,
            *(texts.notes if texts else ()),
            *unexplained,
        ),
        versions={"tidegauge": __version__, "python": platform.python_version()},
        seconds=clock.seconds,
    )
    return Ran(report=report, reference=reference, profile=laid, log=log, late=late)


def rows_without_labels(
    suite: Suite, reference: Baseline, log: Log, most: int = OUTCOME_ROWS
) -> Callable[[], Case]:
    """Make what draws rows of both sides, once, for measures that need no label."""

    @cache
    def drawn() -> Case:
        from tidegauge.causes.gathering import case_without_labels

        rng = np.random.default_rng(suite.policy.seed)
        now, _ = draw_sample(log, most, rng)
        return case_without_labels(reference.rows, now, reference.profile.layout)

    return drawn


def _overrides(**given: Any) -> dict[str, str]:
    """Say what was read in place of what the suite names, so that it can be read again."""
    return {
        side: str(place) if isinstance(place, (str, Path)) else "frame"
        for side, place in given.items()
        if place is not None
    }


def check(
    current: Any,
    baseline: Any,
    *,
    preset: str = "standard",
    columns: Mapping[str, Any] | None = None,
    checks: Sequence[str | Mapping[str, Any]] | None = None,
    scorers: Sequence[str | Mapping[str, Any]] = (),
    seed: int = 0,
) -> Report:
    """Hold one frame against another.

    Parameters
    ----------
    current, baseline
        pandas, polars or Arrow tables, mappings of columns, or paths of logs; ``baseline`` may
        also be a ``Baseline``.
    preset
        ``standard`` (what may page a person) or ``sensitive`` (any change that the evidence
        supports).
    columns
        Roles and kinds as in a suite's ``columns``; what is not given is inferred.
    checks
        Checks as in a suite, instead of the preset's.
    scorers
        What turns texts into columns, as in a suite; the preset then judges these as well.
    seed
        Seeds everything random.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> before = {"income": rng.normal(50, 10, 2_000)}
    >>> after = {"income": rng.normal(58, 10, 2_000)}
    >>> check(after, before).outcome
    'critical'
    """
    from tidegauge.suite import Logs, parse_scorers, preset_checks

    wanted = parse_scorers(scorers)
    chosen = parse_checks(checks) if checks is not None else preset_checks(preset, wanted)
    suite = Suite(
        name="check",
        logs=Logs(baseline=Source(), current=Source()),
        columns=parse_columns(columns),
        checks=chosen,
        scorers=wanted,
        policy=Policy(seed=seed),
        explain=Explain(on="never"),
    )
    return run(suite, current=current, baseline=baseline)


def _watched(log: Log, progress: Progress) -> Iterator[pa.RecordBatch]:
    """Read a log's batches and tell how far it is."""
    done = 0
    for batch in log.batches():
        yield batch
        done += batch.num_rows
        progress("current", done, log.rows)


def _results(
    checks: Sequence[Check],
    bench: Bench,
    measured: Sequence[Measured],
    failed: Sequence[Result],
    earlier: Mapping[tuple[str, str, str], int] | None,
) -> tuple[Result, ...]:
    results = [*results_of(measured, bench.policy, earlier), *failed]
    results.sort(key=badness)
    return with_series(results, checks, bench)


def _because_of(explanations: Sequence[Explanation]) -> str:
    """Name the causes in the place of all the columns that they moved."""
    sought = [one for one in explanations if one.basis != "profiles" and not one.tied]
    causes = [cause for one in sought for cause in one.causes]
    named = [
        f"{cause.factor} ({cause.shape.said})" if cause.shape else cause.factor for cause in causes
    ]
    return f" because of {listed(named)}" if named else ""


def badness(result: Result) -> tuple[int, bool, float]:
    """Sort results by it: the worst first, all rows before slices, the surest first."""
    p = result.verdict.adjusted_p
    return (
        WORST.index(result.verdict.outcome),
        bool(result.slice),
        1.0 if p is None else p,
    )


def overall(
    checks: Sequence[Check], results: Sequence[Result], explanations: Sequence[Explanation]
) -> tuple[Literal["pass", "warn", "critical", "inconclusive", "error"], str]:
    """Say what a run comes to, and why in one sentence."""
    tally = Counter(result.verdict.outcome for result in results)
    required = {check.id for check in checks if check.require}
    unshown = any(
        result.check in required and result.verdict.outcome == "inconclusive" for result in results
    )
    judged = counted(sum(tally[o] for o in ("critical", "warn", "info", "pass")), "verdict")
    loud = ("critical", "warn", "error")
    columns = dict.fromkeys(r.column for r in results if r.column and r.verdict.outcome in loud)
    parts = [
        counted(tally["critical"], "critical finding") if tally["critical"] else "",
        counted(tally["warn"], "warning") if tally["warn"] else "",
        counted(tally["error"], "failed check") if tally["error"] else "",
    ]
    said = ", ".join(filter(None, parts)) or "Nothing to act on"
    where = _because_of(explanations) or (f" on {listed(list(columns))}" if columns else "")
    open_ = tally["inconclusive"]
    unknown = f"; {open_:,} had too little evidence" if open_ else ""
    because = f"{said}{where}, among {judged}{unknown}."
    if tally["critical"]:
        return "critical", because
    if tally["error"]:
        return "error", because
    if unshown:
        return "inconclusive", f"{said}{where}; a required check had too little evidence."
    return ("warn" if tally["warn"] else "pass"), because
