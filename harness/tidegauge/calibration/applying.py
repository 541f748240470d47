"""Calibrated limits in a run: the bounds for this very window, and how far out it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scipy.special import stdtr

from tidegauge.calibration.scales import (
    Size,
    as_usual,
    back,
    onto,
    resized,
    size_of,
    student_tail,
)
from tidegauge.calibration.shape import Bounds, Calibrated, Calibration
from tidegauge.calibration.windows import place
from tidegauge.errors import BaselineError
from tidegauge.judge import Measured
from tidegauge.records import Card, Check, Limit, Policy, Score, Severity
from tidegauge.wording import amount, counted, listed

FEW_ROWS = 0.5
"""Share of the usual rows below which a window's own rows must speak against chance, too: how far
chance takes so few of them is known only roughly."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A calibrated limit in one window: by its size, and by its place in the season."""

    usual: float
    """What a window of usual size scores at this place in the season, on the scale."""
    added: float
    """What the season adds, on the scale."""
    size: Size
    """What the window's own size does to that."""


def require_limits(checks: Sequence[Check], found: Calibration | None, source: str) -> None:
    """Refuse checks whose one limit is a calibrated one, where the baseline holds none at all.

    Raises
    ------
    BaselineError
        Naming the checks.
    """
    lost = [
        check.id
        for check in checks
        if check.limits and all(limit.versus == "calibrated" for limit in check.limits)
    ]
    if lost and found is None:
        raise BaselineError(
            f"{source or 'the baseline'} has no calibrated limits, and none other are written for "
            f"{listed(lost)}",
            "learn them: tidegauge baseline SUITE --calibrate",
        )


def with_calibrated(
    measured: Sequence[Measured],
    found: Calibration | None,
    policy: Policy,
    *,
    start: datetime | None,
    source: str,
) -> list[Measured]:
    """Give every measurement that asks for calibrated limits those of its window.

    Parameters
    ----------
    measured
        A run's measurements.
    found
        The baseline's limits; ``None`` = it was never calibrated.
    policy
        ``limits: calibrated`` asks for them on every check that has a limit.
    start
        Start of the window, for its place in the season.
    source
        The baseline's file, for sentences.

    Returns
    -------
    The measurements in order, each with its bounds, or with a remark that says why it has none.
    """
    by_key = {one.key: one for one in found.limits} if found else {}
    return [_judged_by(one, by_key, policy, start, source) for one in measured]


def remarks(measured: Sequence[Measured], found: Calibration | None) -> Iterator[str]:
    """Say what a reader of the report must know of its calibrated limits."""
    without = list(dict.fromkeys(one.check.id for one in measured if one.remark and one.score))
    if without:
        yield f"no calibrated limit for {listed(without)}: each says what it was judged by"
    if found is None:
        return
    changed = [one for one in found.limits if one.edited]
    if changed:
        names = [f"{one.check}{one.column and ' on '}{one.column}" for one in changed]
        yield f"calibrated limits edited by hand: {listed(names)}"
    if not found.bears:
        yield (
            f"calibrated on {counted(found.windows, 'window')}, too few to bear out "
            f"{100 * found.asked:.3g} % false alarms: {found.needed} are needed"
        )


def _judged_by(
    one: Measured,
    by_key: Mapping[tuple[str, str, str], Calibrated],
    policy: Policy,
    start: datetime | None,
    source: str,
) -> Measured:
    wants = _wanted(one, policy)
    if not wants or one.score is None:
        return one
    known = by_key.get((one.check.id, one.column, one.slice))
    of_all = known is None and bool(one.slice)
    known = known or by_key.get((one.check.id, one.column, ""))
    written = tuple(limit for limit in one.check.limits if limit.versus != "calibrated")
    if known is None:
        instead = "judged by the suite's limit" if written else "so shown and not judged"
        remark = f"no calibrated limit in {source or 'this baseline'}, {instead}"
        return replace(one, limits=written, remark=remark)
    here = _here(known, one.score, start)
    rest = tuple(limit for limit in written if limit.severity not in wants)
    origin = _origin(known, here, one.card, start, of_all=of_all, source=source)
    limits = tuple(_limit(known, here, severity, origin) for severity in wants)
    chance = _chance(known, here, one.score.value)
    if of_all or one.score.n_current < FEW_ROWS * known.rows:
        chance = max(chance, one.score.p_value or 0.0)
    return replace(one, limits=(*rest, *limits), chance=chance)


def _wanted(one: Measured, policy: Policy) -> tuple[Severity, ...]:
    """Severities whose limit is to be the calibrated one; there is none for a mere note."""
    everywhere = policy.limits == "calibrated"
    return tuple(
        limit.severity
        for limit in one.check.limits
        if limit.severity != "info" and (everywhere or limit.versus == "calibrated")
    )


def _here(known: Calibrated, score: Score, start: datetime | None) -> Here:
    added = sum(
        effects[place(start, name)] for name, effects in known.seasons.items() if start is not None
    )
    size = size_of(
        known.scale,
        known.noise,
        known.surely,
        rows=score.n_current,
        usual_rows=known.rows,
        reference=max(score.n_baseline, 1),
    )
    return Here(usual=float(onto(known.scale, known.usual)) + added, added=added, size=size)


def _bounds(known: Calibrated, here: Here, severity: Severity) -> Bounds:
    """Take the bounds of a severity to this window, in the measure's unit."""
    low, high = known.warn if severity == "warn" else known.critical
    return (
        None if low is None else _moved(known, here, low),
        None if high is None else _moved(known, here, high),
    )


def _moved(known: Calibrated, here: Here, bound: float) -> float:
    there = float(onto(known.scale, bound)) + here.added
    return back(known.scale, resized(known.scale, here.usual, there, here.size))


def _limit(known: Calibrated, here: Here, severity: Severity, source: str) -> Limit:
    low, high = _bounds(known, here, severity)
    if high is None:
        return Limit(severity=severity, versus="calibrated", bound=low or 0.0, source=source)
    return Limit(severity=severity, versus="calibrated", bound=high, floor=low, source=source)


def _chance(known: Calibrated, here: Here, value: float) -> float:
    """Probability of so far a score: at ``warn`` it is the check's share of the policy's rate."""
    there = as_usual(known.scale, here.usual, float(onto(known.scale, value)), here.size)
    away = there - here.usual
    low, high = known.warn
    bound = high if away >= 0 else low
    if bound is None:
        return 1.0
    sides = 2 if low is not None and high is not None else 1
    room = abs(float(onto(known.scale, bound)) + here.added - here.usual)
    if room <= 0:
        return 0.0 if away else 1.0
    far = float(student_tail(known.share / sides, known.df))
    return sides * float(stdtr(known.df, -far * abs(away) / room))


def _origin(
    known: Calibrated,
    here: Here,
    card: Card,
    start: datetime | None,
    *,
    of_all: bool,
    source: str,
) -> str:
    """Say where a bound comes from: "learned from 59 windows of credit.tgb (usually 0.02)"."""
    when = ""
    if start is not None and "weekday" in known.seasons:
        when = f" on a {DAYS[start.weekday()]}"
    if start is not None and ("hour" in known.seasons or "hour of week" in known.seasons):
        when += f" at {start.hour}:00"
    middle = resized(known.scale, here.usual, here.usual, here.size)
    usual = amount(back(known.scale, middle), card.unit)
    by = "edited by hand, once" if known.edited else ""
    learned = f"learned from {counted(known.windows, 'window')}"
    where = f" of {source}" if source else ""
    scaled = ", scaled from all rows" if of_all else ""
    return f"{', '.join(filter(None, (by, learned)))}{where}{scaled} (usually {usual}{when})"
