"""Two models held against each other: logs in, one comparison out."""

from __future__ import annotations

import platform
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tidegauge import __version__
from tidegauge.comparing.contrasts import Measured, contrasts, form_of
from tidegauge.comparing.deciding import decide, gate
from tidegauge.comparing.examples import disagreements
from tidegauge.comparing.metrics import Metric, left_out, metrics_of
from tidegauge.comparing.mixes import adjusted
from tidegauge.comparing.reading import Sides, read_sides
from tidegauge.comparison import Comparison, Disagreement, Mix
from tidegauge.freezing import Progress, untold
from tidegauge.logs import parse_window
from tidegauge.records import Policy
from tidegauge.suite import (
    Logs,
    Source,
    Suite,
    load_suite,
    parse_columns,
    parse_compare,
    parse_scorers,
    preset_checks,
)


def compare(
    candidate: Any,
    baseline: Any,
    *,
    columns: Mapping[str, Any] | None = None,
    id: str | None = None,
    metrics: Sequence[str | Mapping[str, str]] | None = None,
    margins: Mapping[str, float | str] | None = None,
    require: Sequence[str] = (),
    cluster: str | None = None,
    scorers: Sequence[str | Mapping[str, Any]] = (),
    rows: str = "auto",
    seed: int = 0,
) -> Comparison:
    """Hold a candidate's answers against those of the model in production.

    Parameters
    ----------
    candidate, baseline
        pandas, polars or Arrow tables, mappings of columns, or paths of logs.
    columns
        Roles and kinds as in a suite's ``columns``; what is not given is inferred.
    id
        Column of ids that both logs share; rows are then compared pair by pair.
    metrics
        Evaluators, and columns whose mean is taken (``{"cost_usd": "lower"}``); by default those
        that fit the logs.
    margins
        Metric -> loss that is acceptable: ``0.01``, or ``"10%"`` of the baseline's value.
    require
        Metrics on which a lack of evidence stops the gate.
    cluster
        Column by which rows belong together: a user, a conversation.
    scorers
        What turns texts into columns, as in a suite.
    rows
        ``paired``, ``unpaired``, or ``auto``: the ids tell.
    seed
        Seeds everything random.

    Raises
    ------
    TidegaugeError
        When a side cannot be read, a word is unknown, or ids stand for other rows on each side.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(0, 2, 2_000)
    >>> def model(right):
    ...     wrong = rng.random(2_000) > right
    ...     return {"id": np.arange(2_000), "truth": truth, "prediction": truth ^ wrong}
    >>> found = compare(model(0.9), model(0.8), columns={"target": "truth"}, id="id")
    >>> found.outcome, found.of("performance.accuracy").decision
    ('pass', 'better')
    """
    settings: dict[str, Any] = {"require": list(require), "rows": rows}
    settings |= {"metrics": list(metrics)} if metrics is not None else {}
    settings |= {"margins": dict(margins)} if margins else {}
    settings |= {"cluster": cluster} if cluster else {}
    wanted = parse_scorers(scorers)
    roles = parse_columns({**(columns or {}), **({"id": id} if id else {})})
    suite = Suite(
        name="compare",
        logs=Logs(baseline=Source(), current=Source()),
        columns=roles,
        checks=preset_checks("standard", wanted),
        scorers=wanted,
        policy=Policy(seed=seed),
        compare=parse_compare(settings),
    )
    return compare_suite(suite, baseline=baseline, candidate=candidate)


def compare_suite(
    suite: str | Path | Suite,
    *,
    baseline: Any = None,
    candidate: Any = None,
    window: str | None = None,
    now: datetime | None = None,
    progress: Progress = untold,
) -> Comparison:
    """Compare by a suite; nothing is stored and nobody is told.

    Parameters
    ----------
    suite
        Path of a suite file, or a loaded suite.
    baseline, candidate
        Logs of the model in production and of the one that may replace it: paths or frames; by
        default the suite's baseline and its current log.
    window
        A day, or ``START/END``, of both logs.
    now
        Moment of judging; labels due later are pending.
    progress
        Called with each stage, what is done and how much there is.

    Raises
    ------
    TidegaugeError
        When the suite or a log cannot be used.
    """
    suite = suite if isinstance(suite, Suite) else load_suite(suite)
    started, moment = time.perf_counter(), now or datetime.now(UTC)
    sides = read_sides(
        suite,
        suite.logs.baseline if baseline is None else baseline,
        suite.logs.current if candidate is None else candidate,
        window=parse_window(window, None, now=moment) if window else None,
        now=moment,
        progress=progress,
    )
    read = time.perf_counter()
    metrics = metrics_of(suite, sides.layout, sides.bench)
    measured, mix, shown, notes = _measured(suite, sides, metrics, progress)
    differences = decide(measured, suite.policy)
    outcome, because = gate(differences, suite.compare.segments)
    return Comparison(
        suite=suite.name,
        suite_path=str(suite.path or ""),
        comparison_id=uuid.uuid4().hex[:12],
        created=moment.isoformat(timespec="seconds"),
        outcome=outcome,
        because=because,
        baseline=sides.baseline,
        candidate=sides.candidate,
        pairing=sides.pairing,
        mix=mix,
        policy=suite.policy,
        cards={one.name: one.card for one in metrics},
        differences=differences,
        disagreements=shown,
        notes=(*sides.notes, *notes, *left_out(suite, metrics, sides.bench)),
        versions={"tidegauge": __version__, "python": platform.python_version()},
        seconds={
            "read": round(read - started, 4),
            "compare": round(time.perf_counter() - read, 4),
        },
    )


def _measured(
    suite: Suite, sides: Sides, metrics: Sequence[Metric], progress: Progress
) -> tuple[tuple[Measured, ...], Mix | None, tuple[Disagreement, ...], tuple[str, ...]]:
    sliced = suite.compare.segments != "off"
    seed = suite.policy.seed
    if not sides.paired:
        found, mix, notes = adjusted(
            metrics, sides, suite.compare, sliced=sliced, progress=progress, seed=seed
        )
        return found, mix, (), notes
    measured, notes = contrasts(metrics, sides, sliced=sliced, progress=progress, seed=seed)
    known = {one.metric.name for one in measured if one.contrast is not None}
    forms = [form_of(metric, sides) for metric in metrics if metric.name in known]
    return measured, None, disagreements(forms, sides, suite.compare), notes
