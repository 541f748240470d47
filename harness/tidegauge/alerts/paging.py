"""How many false pages a year a suite accepts, and what that asks of one run.

Benjamini & Hochberg keep false alarms of one run at the policy's rate; over a year that alone
makes ``runs x rate`` of them: 18 of daily runs, 438 of hourly ones. So an alarm pages, which
means that it opens an incident, in one of two ways, each of which gets half of the accepted
pages.

**One window alone**: its p-value, adjusted within the run, is at most ``false_pages / 2 / runs a
year``. By the linearity of expectation this holds however windows depend on each other: a shared
baseline, autocorrelation, overlapping windows.

**Windows together**: an e-detector of Shiryaev and Roberts (Shin, Ramdas & Rinaldo 2024, New
England Journal of Statistics in Data Science 2; Shiryaev 1963). Each window gives the e-value
``exp(d z - d d / 2)``, the likelihood ratio of a change by ``d`` standard errors, where ``z`` is
the normal quantile of its p-value: its mean is at most 1 where nothing changed, for any p-value.
``M = (M + 1) e`` adds up, over every window at which a change may have begun, the evidence since;
without a change ``E M`` grows by at most 1 a window, so that crossings of ``A`` are expected at
most once in ``A`` windows, restarts included: what is crossed was paid for. A mixture of
detectors is one too, so one of ``m`` findings, looked at for three sizes of ``d``, pages at ``3 m
A``. It pages only where the mean of these windows is beyond the limit as well, by its interval's
near bound.

The second way asks that windows be independent where nothing changed. Where they are not, ``M``
takes the baseline's own luck, or a slow tide, for a change: ``benchmarks/false_pages.py`` shows
how 2 accepted pages become 20 and more. So ``z`` is reduced by a standard error, and by twice
what a shared baseline adds to every window: with that the promise holds for windows as large as
the baseline, and for an autocorrelation of 0.6; at 0.9 it does not.

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
APART = 1.0
"""Standard errors by which windows together must be further from no change than chance."""
SHIFTS = (1.0, 2.0, 3.0)
"""Changes, in standard errors of one window, that the detector looks for."""
ENOUGH = 1e30
"""Evidence beyond which more says nothing: far above what any number of findings and runs asks."""
MOST = 6.0
"""Standard errors that one window is worth at most: no single one may stand for all."""


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


def advanced(totals: Sequence[float], z: float) -> tuple[float, ...]:
    """Take a window into the detector, for each shift that it looks for.

    Parameters
    ----------
    totals
        Evidence so far, for each of ``SHIFTS``.
    z
        What the window says, in standard errors.

    Examples
    --------
    >>> advanced((0.0, 0.0, 0.0), 3.0)
    (12.182493960703473, 54.598150033144236, 90.01713130052181)
    """
    z = min(z, MOST)
    return tuple(
        min((total + 1.0) * math.exp(shift * z - shift * shift / 2), ENOUGH)
        for total, shift in zip(totals, SHIFTS, strict=True)
    )


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
