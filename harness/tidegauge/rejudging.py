"""Judges a kept run again, by other limits or other checks, without its logs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tidegauge.baseline import load_baseline
from tidegauge.calibration.limits import limits_again, wants_limits
from tidegauge.catalog import evaluator
from tidegauge.judge import results_of
from tidegauge.logs import parse_window
from tidegauge.measuring import Bench, measure
from tidegauge.records import Check, Report, Score
from tidegauge.running import badness, overall
from tidegauge.suite import Suite

if TYPE_CHECKING:
    from tidegauge.store import Store

NOTE = "judged again on {today} from what the history keeps of run {run}; its logs were not read"


def rejudged(store: Store, run: str, suite: Suite) -> Report:
    """Judge a kept run by a suite's checks, limits and policy of today.

    A score that the run has already is taken as it is, to the last digit; what it did not measure
    is measured from the kept profiles. What needs rows, and was not measured then, is not
    applicable. Nothing is kept: ``store.save`` does that, as a new revision.

    Parameters
    ----------
    run
        Id of a run, the beginning of one, or ``suite@latest``.
    suite
        What to judge by; where its rows come from is not looked at.

    Raises
    ------
    HistoryError
        When there is no such run, or its profiles are not kept any more.
    """
    row = store.run(run)
    report = store.report(row.id)
    bench = Bench(
        baseline=store.baseline(row.id),
        current=store.profile(row.id),
        policy=suite.policy,
        as_of=row.at.timestamp(),
    )
    known = _scores(report)
    measured = [
        one if score is None else replace(one, score=score, problem=None)
        for one in measure(suite.checks, bench)
        for score in [known.get(_key(one.check, one.column, one.slice))]
    ]
    now = datetime.now(UTC)
    stored = suite.logs.baseline.baseline if wants_limits(suite) else ""
    reference = load_baseline(stored) if stored else None
    limits = limits_again(suite.checks, suite.policy, report, reference)
    measured = limits.applied(measured, parse_window(row.window, None, now=now))
    earlier = store.streaks(row.suite, before=row.at)
    results = sorted(results_of(measured, suite.policy, earlier), key=badness)
    outcome, because = overall(suite.checks, results, report.explanations)
    return replace(
        report,
        run_id=uuid.uuid4().hex[:12],
        created=now.isoformat(timespec="seconds"),
        outcome=outcome,
        because=because,
        policy=suite.policy,
        checks=suite.checks,
        cards={check.evaluator: evaluator(check.evaluator).card for check in suite.checks},
        results=tuple(results),
        notes=(*report.notes, NOTE.format(today=now.date(), run=row.id)),
    )


def _scores(report: Report) -> Mapping[tuple[str, ...], Score]:
    """Scores of a report by what was measured where, with which settings."""
    checks = {check.id: check for check in report.checks}
    return {
        _key(checks[one.check], one.column, one.slice): one.score
        for one in report.results
        if one.score is not None and one.check in checks
    }


def _key(check: Check, column: str, slice_: str) -> tuple[str, ...]:
    params: Any = dict(check.params)
    settings = json.dumps(params, sort_keys=True, default=str)
    return check.evaluator, settings, column, slice_
