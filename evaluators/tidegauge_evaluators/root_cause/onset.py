"""When a change began, and whether it came at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable
from tidegauge.records import ExplainerCard, Onset, Point
from tidegauge_evaluators._change_points import Search, admissible, chance_of, find, form_of
from tidegauge_evaluators._rates import two_sided_z
from tidegauge_evaluators._readings import (
    MISSING,
    SPREAD,
    Reading,
    readings_of,
    timed_rows,
)
from tidegauge_evaluators._time_windows import ROWS, Windows, shrunken

CARD = ExplainerCard(
    title="Onset",
    explain="When did the change begin, and did it come at once or slowly?",
    reference="Hansen 2000, Econometrica 68(3); Marriott & Pope 1954, Biometrika 41",
    needs="timestamps in the current log",
)

Floats = NDArray[np.float64]

FEWEST_POINTS = 6
"""Windows of a stored series below which nothing is looked for."""


class _Moment(NamedTuple):
    """A moment and how far it may be off, in seconds since 1970."""

    at: float
    low: float
    high: float


def onset(
    times: Floats,
    values: Floats,
    current: NDArray[np.bool_],
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    blocks: NDArray[np.int64] | None = None,
) -> Onset | None:
    """Find the moment from which on values differ from those before it.

    Looks for one change of the values' mean, of their spread, or of the share of missing ones,
    inside the current log or where it begins. Rows of the baseline are its past where they are
    older than the current log's first row; others are not read. What hours of the day and days of
    the week have in common is taken off where at least three are seen; with less, a change at
    some time of day and the time of day itself cannot be told apart.

    Parameters
    ----------
    times
        Shape (rows,): seconds since 1970; rows without one are left out.
    values
        Shape (rows,): numbers, 0 and 1, or losses or log odds; NaN = missing. Codes of
        categories have no mean: give the rows of one category as 1, the others as 0.
    current
        Shape (rows,): whether a row is of the current log.
    rng
        Draws series without a change, for the p-value.
    confidence
        Level of the interval; one less it is the rate of false alarms.
    blocks
        Shape (rows,): rows of one conversation, counted as one draw where they are near in time.

    Returns
    -------
    Onset or None
        ``None`` where there is no evidence of a change.

    Raises
    ------
    NotApplicable
        When no two rows of the current log have different moments.
    TooFewRows
        When the current log has fewer than 40 rows with a moment.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> times = np.arange(2_000.0) * 60.0
    >>> values = rng.normal(size=2_000) + 2.0 * (times >= 90_000.0)
    >>> found = onset(times, values, times >= 60_000.0, rng=rng)
    >>> found.form, found.low <= "1970-01-02T01:00:00+00:00" <= found.high
    ('step', True)
    """
    readings = readings_of(timed_rows(times, values, current, blocks))
    tested = [(chance_of(one.search, one.found, rng), one) for one in readings]
    evident = [
        (strength, place)
        for place, ((p_value, strength), _) in enumerate(tested)
        if p_value * len(tested) <= 1.0 - confidence
    ]
    return _told(readings[max(evident)[1]], rng, confidence) if evident else None


def onset_of_series(
    points: Sequence[Point], *, rng: np.random.Generator, confidence: float = 0.95
) -> Onset | None:
    """Find the window from which on a stored series differs from its windows before.

    Parameters
    ----------
    points
        Windows with their start, in ISO 8601, as the label.
    rng, confidence
        As for ``onset``.

    Raises
    ------
    NotApplicable
        When labels are no moments.

    Examples
    --------
    >>> values = [0.11, 0.10, 0.12, 0.10, 0.11, 0.09, 0.31, 0.30, 0.29, 0.32]
    >>> points = [Point(label=f"2026-03-{i + 1:02}", value=v, n=500) for i, v in enumerate(values)]
    >>> found = onset_of_series(points, rng=np.random.default_rng(0))
    >>> found.at, found.form
    ('2026-03-07T00:00:00+00:00', 'step')
    """
    kept = [(_seconds(p.label), p.value, max(1.0, p.n)) for p in points if math.isfinite(p.value)]
    starts, means, rows = np.array(sorted(kept)).reshape(-1, 3).T
    if len(kept) < FEWEST_POINTS or np.ptp(means) <= 1e-12 * np.abs(means).max():
        return None
    windows = Windows(
        starts=starts,
        length=max(1.0, float(np.median(np.diff(starts)))),
        means=means,
        # Half of the noise is taken for the windows' own, which more rows do not lessen.
        noise=0.5 + 0.5 * float(np.median(rows)) / rows,
        rows=rows,
        past=0,
        of_row=np.zeros(0, np.int64),
    )
    search = Search.over(windows)
    found = find(search, windows.means)
    if chance_of(search, found, rng)[0] > 1.0 - confidence:
        return None
    shape = form_of(search, windows.means, found, rng, confidence)
    course = search.shapes.form[shape]
    moment = _bend if course == "ramp" else _window
    return Onset(
        **_written(moment(windows, search, shape, found.variance, confidence)),
        form="ramp" if course == "ramp" else "step",
        because=_because("the value", windows, search, shape),
    )


def _seconds(label: str) -> float:
    try:
        moment = datetime.fromisoformat(label)
    except ValueError:
        raise NotApplicable(f'the window "{label[:40]}" is no moment in ISO 8601') from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _told(reading: Reading, rng: np.random.Generator, confidence: float) -> Onset:
    """Say when a reading changed, and how."""
    windows, search, found = reading.windows, reading.search, reading.found
    shape = form_of(search, windows.means, found, rng, confidence)
    because = _because(reading.said, windows, search, shape)
    if search.shapes.form[shape] == "ramp":
        moment = _bend(windows, search, shape, found.variance, confidence)
        return Onset(**_written(moment), form="ramp", because=because)
    moment = _row(reading, shape, confidence)
    if windows.past and moment.at <= reading.times[reading.current][0]:
        because += ", and is there from the current log's first row on"
    return Onset(**_written(moment), form="step", because=because)


def _row(reading: Reading, shape: int, confidence: float) -> _Moment:
    """First row of a step, and those that it may have been instead."""
    windows, search = reading.windows, reading.search
    end = windows.past + int(search.shapes.end[shape])
    until = windows.starts[end] if end < len(windows.starts) else np.inf
    inside = reading.times < until
    rest = windows.means - search.levels(windows.means, shape)[0]
    rest -= search.sizes(windows.means[:, None], np.array([shape]))[1] * search.course(shape)
    usual = shrunken(search.phases, rest, 1.0 / windows.noise)[windows.of_row]
    times, values = reading.times[inside], (reading.values - usual)[inside]
    n, past = len(times), int(np.count_nonzero(~reading.current))
    place = np.arange(max(past, 0 if past else ROWS), n - ROWS + 1)
    before = np.concatenate([[0.0], np.cumsum(values - values.mean())])[place]
    gains = before**2 * n / (place * (n - place))
    variance = reading.found.variance * float(np.average(windows.noise * windows.rows))
    possible = place[admissible(gains, variance, confidence)]
    # Where the logs meet is a likelier place than any other, if the data do not rule it out.
    best = past if past and possible[0] == past else place[gains.argmax()]
    return _Moment(
        float(times[best]),
        float(times[max(0, possible[0] - 1)]),
        float(times[possible[-1]]),
    )


def _window(
    windows: Windows, search: Search, shape: int, variance: float, confidence: float
) -> _Moment:
    """First window of a step, and those that it may have been instead."""
    same = search.shapes.end == search.shapes.end[shape]
    same &= search.shapes.form == search.shapes.form[shape]
    gains = search.gains(windows.means[:, None])[same, 0]
    possible = search.shapes.begin[same][admissible(gains, variance, confidence)] + windows.past
    return _Moment(
        float(windows.starts[search.shapes.begin[shape] + windows.past]),
        float(windows.starts[max(0, possible[0] - 1)]),
        float(windows.starts[possible[-1]] + windows.length),
    )


def _bend(
    windows: Windows, search: Search, shape: int, variance: float, confidence: float
) -> _Moment:
    """Where a ramp begins, and where else it may."""
    gains = search.gains(windows.means[:, None])[:, 0]
    near = gains >= gains[shape] - two_sided_z(confidence) ** 2 * variance
    possible = search.shapes.begin[near & (search.shapes.form == "ramp")]
    first = float(windows.starts[windows.past])
    at, low, high = (
        max(first, first + (float(k) + 0.5) * windows.length)
        for k in (search.shapes.begin[shape], possible.min() - 1, possible.max() + 1)
    )
    return _Moment(at, low, high)


def _because(said: str, windows: Windows, search: Search, shape: int) -> str:
    """One sentence with the numbers."""
    then, now = search.levels(windows.means, shape)
    course = search.shapes.form[shape]
    if said == SPREAD:
        change = f"{said} {'grew' if now > then else 'shrank'}"
    elif said == MISSING:
        change = f"{said} went from {100 * max(0.0, then):.1f} % to {100 * min(1.0, now):.1f} %"
    else:
        change = f"{said} went from {then:.4g} to {now:.4g}"
    end = windows.past + int(search.shapes.end[shape])
    if course == "passing":
        change += f" at once, until {_iso(float(windows.starts[end]))}"
    elif course == "step":
        change += " at once"
    elif end < len(windows.starts):
        change += f" by and by, until {_iso(float(windows.starts[end]))}"
    else:
        change += " by and by, and is still on its way"
    return change + (", the usual course of days taken off" if search.phases.any() else "")


def _written(moment: _Moment) -> dict[str, str]:
    return {"at": _iso(moment.at), "low": _iso(moment.low), "high": _iso(moment.high)}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
