"""Samples of a report in the text format that Prometheus reads (0.0.4).

Names, labels and meanings are a promise: dashboards and alert rules stand on them. The number of
series is bounded, and what a bound leaves out is counted; the worst results stay.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from tidegauge.records import Limit, Outcome, Report, Result, Score

SERIES = 500
"""Results of one suite that are exposed unless said otherwise."""
LONGEST = 200
"""Characters of a label's value; longer ones lose their middle."""

VERDICTS: Mapping[Outcome, int] = {
    "pass": 0, "info": 1, "warn": 2, "critical": 3, "error": 4,
    "inconclusive": -1, "not_applicable": -1, "skipped": -1,
}  # fmt: skip
"""Number that stands for an outcome: higher is worse, and below zero nothing could be judged."""
WORST: tuple[Outcome, ...] = (
    "critical", "error", "warn", "inconclusive", "info", "pass", "skipped", "not_applicable",
)  # fmt: skip
"""Order in which results are kept where there are too many."""
OVERALL = ("pass", "warn", "critical", "inconclusive", "error")

METRICS: Mapping[str, str] = {
    "tidegauge_build_info": "Version of tidegauge that wrote this; always 1.",
    "tidegauge_run_outcome": "Whether the newest run of the suite came to this outcome: 1 or 0.",
    "tidegauge_run_timestamp_seconds": "When the newest run of the suite was made, Unix time.",
    "tidegauge_last_success_timestamp_seconds":
        "When the newest run was made in which every check could be carried out, Unix time.",
    "tidegauge_window_start_timestamp_seconds":
        "Beginning of the newest window that was judged, Unix time.",
    "tidegauge_window_end_timestamp_seconds":
        "End of the newest window that was judged, Unix time.",
    "tidegauge_run_duration_seconds": "Wall time of the newest run.",
    "tidegauge_rows": "Rows that the newest run read, on each side.",
    "tidegauge_results": "Results of the newest run by outcome.",
    "tidegauge_results_dropped": "Results of the newest run that the bound on series left out.",
    "tidegauge_score": "Value of a check, in the unit that tidegauge evaluators NAME tells.",
    "tidegauge_score_lower": "Lower end of the confidence interval of the value.",
    "tidegauge_score_upper": "Upper end of the confidence interval of the value.",
    "tidegauge_limit": "Limit of a check by severity, in the unit of its value.",
    "tidegauge_verdict":
        "Verdict of a check: 0 pass, 1 info, 2 warn, 3 critical, 4 error, -1 could not be judged.",
    "tidegauge_labels_arrived_ratio": "Share of the window's rows whose label is there.",
    "tidegauge_labels_overdue": "Rows of the window whose label should be there and is not.",
    "tidegauge_labels_pending": "Rows of the window whose label is not due yet.",
    "tidegauge_incidents_open": "Incidents that nobody resolved yet, by severity.",
    "tidegauge_stale": "Whether the newest run is too old for its scores to be shown: 1 or 0.",
    "tidegauge_unreadable": "Whether the newest run's report cannot be read: 1 or 0.",
}  # fmt: skip
"""Every metric, in the order of the page, with what it means. All are gauges."""

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One number of a metric."""

    metric: str
    """A name out of ``METRICS``."""
    value: float
    """In the unit that the metric's name ends in."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What it is about; empty values are as good as none."""


def samples_of(report: Report, *, series: int = SERIES) -> Iterator[Sample]:
    """Turn a report into samples: of the run as a whole, and of its worst ``series`` results.

    Examples
    --------
    >>> import tidegauge
    >>> report = tidegauge.check({"x": [1.0, 2.0] * 50}, {"x": [1.0, 2.0] * 50})
    >>> [s.value for s in samples_of(report) if s.metric == "tidegauge_rows"]
    [100.0, 100.0]
    """
    yield from run_samples(report)
    if report.outcome != "error":
        yield last_success(report.suite, report.created)
    yield from result_samples(report, series=series)


def last_success(suite: str, created: str) -> Sample:
    """Say when the newest run was made in which every check could be carried out."""
    return _sample("last_success_timestamp_seconds", seconds(created), {"suite": suite})


def run_samples(report: Report) -> Iterator[Sample]:
    """Give what is known of a run as a whole; as many samples whatever the suite holds."""
    suite = {"suite": report.suite}
    for outcome in OVERALL:
        yield _sample("run_outcome", report.outcome == outcome, suite, outcome=outcome)
    yield _sample("run_timestamp_seconds", seconds(report.created), suite)
    start, _, end = report.current.window.partition("/")
    if end:
        yield _sample("window_start_timestamp_seconds", seconds(start), suite)
        yield _sample("window_end_timestamp_seconds", seconds(end), suite)
    yield _sample("run_duration_seconds", math.fsum(report.seconds.values()), suite)
    yield _sample("rows", report.baseline.n, suite, side="baseline")
    yield _sample("rows", report.current.n, suite, side="current")
    yield from _label_samples(report)


def result_samples(report: Report, *, series: int = SERIES) -> Iterator[Sample]:
    """Give every result's value, limits and verdict, the worst first, at most ``series`` of them.

    Results are ordered by name within an outcome, so that the same ones are kept run after run.
    """
    suite = {"suite": report.suite}
    outcomes = [result.verdict.outcome for result in report.results]
    for outcome in VERDICTS:
        yield _sample("results", outcomes.count(outcome), suite, outcome=outcome)
    shown = kept(report, series)
    yield _sample("results_dropped", len(report.results) - len(shown), suite)
    limits = {check.id: check.limits for check in report.checks}
    for one in shown:
        yield from _of_result(report.suite, one, one.limits or limits.get(one.check, ()))


def kept(report: Report, series: int) -> tuple[Result, ...]:
    """Choose the worst results, by name within an outcome; names that become equal count once."""
    found: dict[tuple[str, ...], Result] = {}
    for one in sorted(report.results, key=_rank)[:series]:
        found.setdefault(tuple(_labels(report.suite, one).values()), one)
    return tuple(found.values())


def exposed(samples: Iterable[Sample]) -> str:
    r"""Write samples as a page that Prometheus reads; of equal series the first one counts.

    Examples
    --------
    >>> print(exposed([Sample(metric="tidegauge_rows", value=3, labels={"suite": 'a"b'})]))
    # HELP tidegauge_rows Rows that the newest run read, on each side.
    # TYPE tidegauge_rows gauge
    tidegauge_rows{suite="a\"b"} 3
    <BLANKLINE>
    """
    pages: dict[str, dict[str, float]] = {name: {} for name in METRICS}
    for one in samples:
        pages[one.metric].setdefault(_written(one.labels), one.value)
    lines: list[str] = []
    for name, series in pages.items():
        if series:
            lines += [f"# HELP {name} {METRICS[name]}", f"# TYPE {name} gauge"]
            lines += [f"{name}{labels} {_number(value)}" for labels, value in series.items()]
    return "\n".join(lines) + "\n" if lines else ""


def bound(score: Score, limit: Limit) -> float | None:
    """Work out where a limit lies on the scale of the value; None where it has no place there.

    Examples
    --------
    >>> score = Score(value=0.8, baseline=0.9, n_baseline=100, n_current=100)
    >>> bound(score, Limit(severity="critical", versus="drop", bound=0.1, share=True))
    0.81
    """
    if limit.versus == "calibrated" and not limit.source:
        return None  # only its own result knows where it lies
    if limit.versus in ("value", "calibrated"):
        return limit.bound
    if limit.versus == "any" or score.baseline is None:
        return None
    step = limit.bound * abs(score.baseline) if limit.share else limit.bound
    return score.baseline - step if limit.versus == "drop" else score.baseline + step


def seconds(moment: str) -> float:
    """Seconds since 1970 of an ISO 8601 instant; one without a zone is UTC, nonsense is NaN.

    Examples
    --------
    >>> seconds("1970-01-02T00:00:00+00:00"), seconds("1970-01-02"), seconds("yesterday")
    (86400.0, 86400.0, nan)
    """
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return math.nan
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _sample(name: str, value: float, labels: Mapping[str, str], **more: str) -> Sample:
    return Sample(metric=f"tidegauge_{name}", value=float(value), labels={**labels, **more})


def _rank(result: Result) -> tuple[int, bool, str, str, str]:
    worst = WORST.index(result.verdict.outcome)
    return worst, bool(result.slice), result.check, result.column, result.slice


def _labels(suite: str, result: Result) -> dict[str, str]:
    named = {"check": result.check, "column": result.column, "slice": result.slice}
    return {"suite": suite, **{name: _shown(value) for name, value in named.items()}}


def _of_result(suite: str, result: Result, limits: Iterable[Limit]) -> Iterator[Sample]:
    labels = _labels(suite, result)
    yield _sample("verdict", VERDICTS[result.verdict.outcome], labels)
    score = result.score
    if score is None:
        return
    yield _sample("score", score.value, labels)
    if score.interval is not None:
        yield _sample("score_lower", score.interval.low, labels)
        yield _sample("score_upper", score.interval.high, labels)
    for limit in limits:
        place = bound(score, limit)
        if place is not None:
            yield _sample("limit", place, labels, severity=limit.severity)


def _label_samples(report: Report) -> Iterator[Sample]:
    """State of the labels, as the first measure that read them tells."""
    for result in report.results:
        details = result.score.details if result.score and not result.slice else {}
        share = details.get("labelled_share")
        if isinstance(share, float | int):
            suite = {"suite": report.suite}
            yield _sample("labels_arrived_ratio", share, suite)
            for name in ("pending", "overdue"):
                count = details.get(name, 0)
                if isinstance(count, float | int):
                    yield _sample(f"labels_{name}", count, suite)
            return


def _shown(value: str) -> str:
    """Make a name fit for a label: nothing that steers a terminal, and not without end."""
    plain = _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", value)
    if len(plain) <= LONGEST:
        return plain
    half = LONGEST // 2
    return f"{plain[:half]}…{plain[half + 1 - LONGEST :]}"


def _written(labels: Mapping[str, str]) -> str:
    pairs = [f'{name}="{_quotable(value)}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""


@lru_cache(maxsize=8_192)
def _quotable(value: str) -> str:
    return _shown(value).replace("\\", r"\\").replace('"', r"\"")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
