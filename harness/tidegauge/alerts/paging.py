"""How many false pages a year a suite accepts, and what that asks of one run.

Benjamini & Hochberg keep false alarms of one run at the policy's rate; over a year that alone
makes ``runs x rate`` of them: 18 of daily runs, 438 of hourly ones. So an alarm pages, which means
that it opens an incident, in one of two ways, each of which gets half of the accepted pages.

**One window alone**: its p-value, adjusted within the run, is at most ``false_pages / 2 / runs a
year``. By the linearity of expectation this holds however windows depend on each other: a shared
baseline, autocorrelation, overlapping windows.

**Windows together**: an e-detector of Shiryaev and Roberts (Shin, Ramdas & Rinaldo 2024, New
England Journal of Statistics in Data Science 2; Shiryaev 1963). Each window gives the e-value
``1 / (2 sqrt(p))`` (Vovk & Wang 2021, Annals of Statistics 49) of the p-value that speaks against
"nothing changed" *and* against "within the limit", the larger of both. ``M = (M + 1) e`` adds up,
over every window at which a change may have begun, the evidence since; where nothing changed,
``E M`` grows by at most 1 a window. So crossings of ``A`` are expected at most once in ``A``
windows, with restarts: what is crossed was paid for. A mixture over findings is an e-detector too,
so one of ``m`` findings pages at ``m A``.

The second way asks that windows be independent given what is the case. Where they are not, ``M``
would take the baseline's own luck, or a slow tide, for a change: ``benchmarks/false_pages.py``
shows how 2 accepted pages become 20 and more. It is therefore laid against the limit, and used
only where no change at all lies at least a standard error, and twice what a shared baseline adds,
inside it. Other findings still have the first way.

Why not online control of the false discovery rate (LORD++, SAFFRON: Ramdas et al. 2017, 2018)? It
promises a share of discoveries, not a number a year; where nothing ever changes its levels shrink
towards zero, and what changes late in the year is found late or never. The benchmark prints it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta

from tidegauge.incident import Paging
from tidegauge.suite import Suite, parse_length
from tidegauge.wording import number

YEAR = timedelta(days=365.25)
WINDOWS = 60
"""Windows that count together; older ones are forgotten, which only makes ``M`` smaller."""
APART = 1.0
"""Standard errors that the limit must be away from no change before windows count together."""


def runs_a_year(suite: Suite) -> float | None:
    """Count the runs of a year: by the schedule, else by the length of the window.

    Examples
    --------
    >>> from tidegauge.suite import parse_suite
    >>> runs_a_year(parse_suite('''
    ... suite: credit
    ... logs: {baseline: {path: old.csv}, current: {path: new.csv, window: 1d}}
    ... '''))
    365.25
    """
    if suite.schedule is not None:
        return _scheduled(suite.schedule.cron, suite.schedule.timezone)
    length = parse_length(suite.logs.current.window or "")
    return YEAR / length if length else None


def _scheduled(line: str, zone: str) -> float:
    from tidegauge.suite.cron import parse_cron

    cron = parse_cron(line, zone=zone)
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(4 * 365 + 1)]
    due = 0
    for day in days:
        of_month, of_week = day.day in cron.days, day.isoweekday() % 7 in cron.weekdays
        fits = of_month or of_week if cron.either else of_month and of_week
        due += fits and day.month in cron.months
    return due * len(cron.hours) * len(cron.minutes) / len(days) * 365.25


def paging(suite: Suite) -> Paging:
    """Say what a suite's accepted false pages ask of one run.

    Examples
    --------
    >>> from tidegauge.suite import parse_suite
    >>> found = paging(parse_suite('''
    ... suite: credit
    ... logs: {baseline: {path: old.csv}, current: {path: new.csv, window: 1d}}
    ... '''))
    >>> found.expected, round(found.level, 5), found.threshold
    (2.0, 0.00274, 365.25)
    """
    accepted, runs = suite.alerts.false_pages, runs_a_year(suite)
    rate = suite.policy.false_alarms
    if runs is None:
        return Paging(
            false_pages=accepted,
            runs=None,
            level=None,
            threshold=None,
            expected=None,
            because=f"False pages a year cannot be foretold: the suite has neither a window nor a "
            f"schedule. {number(100 * rate)} % of the runs of an unchanged model may page.",
        )
    every = runs * rate
    if accepted is None or accepted >= every:
        held = "every alarm pages" if accepted is None else f"{number(accepted)} are accepted"
        return Paging(
            false_pages=accepted,
            runs=runs,
            level=None,
            threshold=None,
            expected=every,
            because=f"{_a_year(every)} for {number(runs)} runs, each with a false alarm in "
            f"{number(100 * rate)} % of cases ({held}){_assumes()}",
        )
    return Paging(
        false_pages=accepted,
        runs=runs,
        level=accepted / 2 / runs,
        threshold=2 * runs / accepted,
        expected=accepted,
        because=f"{_a_year(accepted)} for {number(runs)} runs: one window pages alone at p up to "
        f"{number(accepted / 2 / runs)}, or several together{_assumes()}",
    )


def _a_year(pages: float) -> str:
    return f"At most {number(pages)} false page{'' if pages == 1 else 's'} a year expected"


def _assumes() -> str:
    return (
        ". It assumes that p-values are right: that windows differ from the baseline by chance "
        "alone where nothing changed. Checks without a test, such as the schema's, are not in it."
    )


def e_value(p: float) -> float:
    """Turn a p-value into an e-value: its mean is at most 1 where nothing changed.

    Examples
    --------
    >>> e_value(1.0), e_value(0.0001)
    (0.5, 50.0)
    """
    return 0.5 / math.sqrt(max(p, 1e-30))


def detector(values: Sequence[float], start: float = 0.0) -> float:
    """Add up the evidence of windows, the oldest first, over each moment a change may have begun.

    Examples
    --------
    >>> detector([0.5, 0.5, 50.0])
    87.5
    """
    total = start
    for value in values:
        total = (total + 1.0) * value
    return total


def foretold(suite: Suite) -> str:
    """Say in a sentence how many false pages a year to expect; empty where nobody is told anyway.

    Examples
    --------
    >>> from tidegauge.suite import parse_suite
    >>> foretold(parse_suite('''
    ... suite: credit
    ... logs: {baseline: {path: old.csv}, current: {path: new.csv, window: 1d}}
    ... '''))[:43]
    'At most 2 false pages a year expected for 3'
    """
    found = paging(suite)
    return found.because if found.runs is not None or suite.actions else ""
