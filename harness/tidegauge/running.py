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
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from tidegauge import __version__
from tidegauge.baseline import Baseline, count, freeze, load_baseline, require_fit
from tidegauge.catalog import evaluator
from tidegauge.errors import DataError
from tidegauge.judge import judge
from tidegauge.logs import Log, Window, open_log, parse_window
from tidegauge.measuring import Bench, measure, require_subjects
from tidegauge.overview import overview
from tidegauge.profile.dataset import Mapper
from tidegauge.records import Check, Policy, Report, Result, Side
from tidegauge.series import split, with_series
from tidegauge.suite import Columns, Source, Suite, load_suite, parse_checks, parse_columns
from tidegauge.wording import counted, listed

Progress = Callable[[str, int, int | None], None]
"""Told the stage, the rows done in it and, where known, all its rows."""

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


def run(
    suite: str | Path | Suite,
    *,
    window: str | None = None,
    current: Any = None,
    baseline: Any = None,
    now: datetime | None = None,
    progress: Progress = lambda stage, done, rows: None,
) -> Report:
    """Run a suite.

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
    suite = suite if isinstance(suite, Suite) else load_suite(suite)
    now = now or datetime.now(UTC)
    clock = Clock(progress)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        with clock.stage("baseline"):
            reference = _baseline(suite, baseline, pool.map, now)
            require_subjects(suite.checks, reference.profile.layout)
        source = suite.logs.current
        span = parse_window(window, source.window, now=now)
        log = _open(source if current is None else current, span, suite.columns, reference)
        as_of = span.end if span else now
        with clock.stage("current"):
            laid = count(
                split(reference.profile.blank(), log),
                _watched(log, progress),
                log.schema,
                as_of=as_of.timestamp(),
                each=pool.map,
            )
    bench = Bench(
        baseline=reference.profile, current=laid, policy=suite.policy, as_of=as_of.timestamp()
    )
    with clock.stage("measure"):
        results = _results(suite.checks, bench)
    with clock.stage("overview"):
        columns = overview(reference.profile, laid)
    outcome, because = _overall(suite.checks, results)
    return Report(
        suite=suite.name,
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
        notes=(*reference.notes, *log.notes),
        versions={"tidegauge": __version__, "python": platform.python_version()},
        seconds=clock.seconds,
    )


def check(
    current: Any,
    baseline: Any,
    *,
    preset: str = "standard",
    columns: Mapping[str, Any] | None = None,
    checks: Sequence[str | Mapping[str, Any]] | None = None,
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
    from tidegauge.suite import Logs, preset_checks

    chosen = parse_checks(checks) if checks is not None else preset_checks(preset)
    suite = Suite(
        name="check",
        logs=Logs(baseline=Source(), current=Source()),
        columns=parse_columns(columns),
        checks=chosen,
        policy=Policy(seed=seed),
    )
    return run(suite, current=current, baseline=baseline)


def freeze_baseline(
    suite: Suite, *, source: Any = None, window: str | None = None, now: datetime | None = None
) -> Baseline:
    """Freeze a suite's baseline from its raw baseline logs.

    Raises
    ------
    DataError
        When the suite names a stored baseline only, so that there is nothing to freeze from.
    """
    place = suite.logs.baseline if source is None else source
    if isinstance(place, Source) and not place.path:
        raise DataError(
            "the suite names a baseline file and no raw logs to freeze it from",
            "name them: tidegauge baseline SUITE --from PATH",
        )
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return _frozen(suite, place, window, now or datetime.now(UTC), pool.map)


def _frozen(suite: Suite, place: Any, window: str | None, now: datetime, each: Mapper) -> Baseline:
    span = parse_window(window, place.window if isinstance(place, Source) else None, now=now)
    log = _open(place, span, suite.columns, None)
    return freeze(
        log,
        suite.columns,
        seed=suite.policy.seed,
        each=each,
        window=str(span) if span else "",
    )


def _baseline(suite: Suite, given: Any, each: Mapper, now: datetime) -> Baseline:
    if isinstance(given, Baseline):
        return given
    place = suite.logs.baseline if given is None else given
    stored = place.baseline if isinstance(place, Source) else _stored_file(place)
    if stored:
        found = load_baseline(stored)
        require_fit(found, suite.columns)
        return found
    return _frozen(suite, place, None, now, each)


def _stored_file(place: Any) -> str:
    return str(place) if isinstance(place, (str, Path)) and str(place).endswith(".tgb") else ""


def _open(place: Any, span: Window | None, columns: Columns, reference: Baseline | None) -> Log:
    timestamp = columns.timestamp or (reference.profile.layout.timestamp if reference else "")
    if isinstance(place, Source):
        return open_log(
            place.path,
            format=place.format,
            window=span,
            timestamp=timestamp or None,
            options=place.options,
        )
    return open_log(place, window=span, timestamp=timestamp or None)


def _watched(log: Log, progress: Progress) -> Iterator[pa.RecordBatch]:
    """Read a log's batches and tell how far it is."""
    done = 0
    for batch in log.batches():
        yield batch
        done += batch.num_rows
        progress("current", done, log.rows)


def _results(checks: Sequence[Check], bench: Bench) -> tuple[Result, ...]:
    measured = list(measure(checks, bench))
    verdicts = judge(measured, bench.policy)
    results = [
        Result(
            check=one.check.id,
            evaluator=one.check.evaluator,
            column=one.column,
            role=one.role,
            slice=one.slice,
            score=one.score,
            verdict=verdict,
        )
        for one, verdict in zip(measured, verdicts, strict=True)
    ]
    results.sort(key=_badness)
    return with_series(results, checks, bench)


def _badness(result: Result) -> tuple[int, bool, float]:
    p = result.verdict.adjusted_p
    return (
        WORST.index(result.verdict.outcome),
        bool(result.slice),
        1.0 if p is None else p,
    )


def _overall(
    checks: Sequence[Check], results: Sequence[Result]
) -> tuple[Literal["pass", "warn", "critical", "inconclusive", "error"], str]:
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
    where = f" on {listed(list(columns))}" if columns else ""
    because = f"{said}{where}, among {judged}."
    if tally["critical"]:
        return "critical", because
    if tally["error"]:
        return "error", because
    if unshown:
        return "inconclusive", f"{said}{where}; a required check had too little evidence."
    return ("warn" if tally["warn"] else "pass"), because
