"""What windows say together: evidence against "nothing changed", and that a limit is passed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import NormalDist

from tidegauge.alerts.paging import APART, SHIFTS, advanced
from tidegauge.causes.incidents import key_of
from tidegauge.incident import Paging
from tidegauge.records import ALARMS, Card, Check, Limit, Policy, Report, Result, Score, Severity
from tidegauge.store.cleaning import clean
from tidegauge.store.speaking import Speaker, insert
from tidegauge.wording import counted

NORMAL = NormalDist()
OUTSIDE = 2.0
"""What a window beyond a calibrated limit counts, which knows no standard error of rows."""
KEPT = timedelta(days=100)
"""How far back a window may be run again and find what the windows before it said."""
LEAST = 0.2
"""A detector below this is kept as nothing, which is less than it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What one window says of one finding, in standard errors."""

    z: float
    """Beyond what no change can do, chance of the baseline granted."""
    past: float
    """Beyond the mildest limit that alarms; infinite where any change is too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What windows up to one say of a finding."""

    totals: tuple[float, ...]
    """The detector, for each shift it looks for."""
    windows: int
    """Windows since there is any evidence at all."""
    past: float
    """Sum of how far they were beyond the limit, in standard errors."""
    newest: float = 0.0
    """How far the newest one is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged:
    """A finding that pages, and why it does."""

    result: Result
    severity: Severity
    because: str


def paged(
    report: Report, standings: Mapping[str, Standing], tests: int, paging: Paging
) -> tuple[Paged, ...]:
    """Choose the results that page: one window alone, or several together.

    Parameters
    ----------
    report
        The run.
    standings
        Finding -> what windows up to this one say.
    tests
        Findings that share the pages which are accepted.
    paging
        What the suite accepts.
    """
    found = []
    needed = (paging.threshold or math.inf) * max(tests, 1) * len(SHIFTS)
    waits = {check.id for check in report.checks if check.persist > 1}
    for result in report.results:
        verdict = result.verdict
        alone = paging.level is None or (verdict.adjusted_p or 0.0) <= paging.level
        if verdict.outcome in ALARMS and alone:
            severity: Severity = "critical" if verdict.outcome == "critical" else "warn"
            found.append(Paged(result=result, severity=severity, because=verdict.because))
            continue
        if result.check in waits and verdict.outcome not in ALARMS:
            continue  # its suite asks for more windows in a row
        standing = standings.get(key_of(result))
        if standing is not None and _shown(standing, needed, report.policy):
            together = (
                f"{counted(standing.windows, 'window')} together show what one alone does not"
            )
            because = f"{verdict.because}; {together}"
            severity = _severity(result, report)
            found.append(Paged(result=result, severity=severity, because=because))
    return tuple(found)


def _shown(standing: Standing, needed: float, policy: Policy) -> bool:
    """Whether the evidence is enough, and the mean of the windows lies beyond the limit surely."""
    if max(standing.totals) < needed or standing.newest <= 0:
        return False
    mean = standing.past / standing.windows
    return mean >= NORMAL.inv_cdf(0.5 + policy.confidence / 2) / math.sqrt(standing.windows)


def standings(report: Report, before: Mapping[str, Standing]) -> tuple[dict[str, Standing], int]:
    """Add a window to what earlier ones said; give it with the number of findings that share."""
    weighed = weigh(report)
    found = {}
    for key, one in weighed.items():
        last = before.get(key)
        totals = advanced(last.totals if last else (0.0,) * len(SHIFTS), one.z)
        if max(totals) < LEAST:
            continue
        goes_on = last is not None and max(totals) >= 1
        found[key] = Standing(
            totals=totals,
            windows=1 + (last.windows if last and goes_on else 0),
            past=one.past + (last.past if last and goes_on else 0.0),
            newest=one.past,
        )
    return found, len(weighed)


def weigh(report: Report) -> dict[str, Weighed]:
    """Weigh each result that may be added up over windows."""
    checks = {check.id: check for check in report.checks}
    found = {}
    for result in report.results:
        check, card = checks.get(result.check), report.cards.get(result.evaluator)
        if check is None or card is None or result.score is None:
            continue
        if any(limit.versus == "calibrated" for limit in result.limits):
            one = _calibrated(result.score, result, card)
        else:
            one = _weighed(result.score, check, card, report.policy)
        if one is not None:
            found[key_of(result)] = one
    return found


def _weighed(score: Score, check: Check, card: Card, policy: Policy) -> Weighed | None:
    limits = [
        limit for limit in check.limits if limit.severity != "info" and limit.versus != "calibrated"
    ]
    distances = [_distance(score, limit, card, policy) for limit in limits]
    known = [one for one in distances if one is not None]
    if not known or len(known) < len(limits):
        return None
    past, changed = max(known, key=lambda one: one[0])
    if score.p_value is not None:
        changed = _errors_of(score.p_value)
    if changed is None:
        return None
    return Weighed(z=changed - _granted(score), past=past)


def _calibrated(score: Score, result: Result, card: Card) -> Weighed | None:
    """Weigh a score whose limits the baseline's windows taught: they hold its chance already."""
    p = result.verdict.adjusted_p
    if p is None:
        return None
    outside = [
        score.value < limit.bound if card.better == "higher" else score.value > limit.bound
        for limit in result.limits
    ] + [limit.floor is not None and score.value < limit.floor for limit in result.limits]
    return Weighed(z=_errors_of(p) - _granted(score), past=OUTSIDE if any(outside) else -OUTSIDE)


def _errors_of(p: float) -> float:
    """Turn a p-value into standard errors."""
    return -NORMAL.inv_cdf(min(max(p, 1e-15), 1 - 1e-9))


def _granted(score: Score) -> float:
    """Give the standard errors that windows may have in common without any change."""
    shared = score.n_current / max(score.n_current + score.n_baseline, 1)
    return APART + 2 * math.sqrt(shared)


def _distance(
    score: Score, limit: Limit, card: Card, policy: Policy
) -> tuple[float, float | None] | None:
    """How far the value lies beyond a limit, and from no change, in standard errors."""
    if limit.versus == "any":
        return math.inf, None
    down = card.better == "higher" if limit.versus == "value" else limit.versus == "drop"
    sign = -1.0 if down else 1.0
    if limit.versus == "value":
        interval, point, bound, origin = score.interval, score.value, limit.bound, score.baseline
    elif score.baseline is None:
        return None
    else:
        interval, point, origin = score.change, score.value - score.baseline, 0.0
        bound = sign * (limit.bound * abs(score.baseline) if limit.share else limit.bound)
    if interval is None:
        return None
    half = interval.high - point if down else point - interval.low
    if not 0 < half < math.inf:
        return None
    error = half / NORMAL.inv_cdf(0.5 + policy.confidence / 2)
    changed = None if origin is None else sign * (point - origin) / error
    return sign * (point - bound) / error, changed


def _severity(result: Result, report: Report) -> Severity:
    """Say how bad it is: by the alarm's own outcome, else by the mildest limit."""
    if result.verdict.outcome in ALARMS:
        return "critical" if result.verdict.outcome == "critical" else "warn"
    checks = {check.id: check for check in report.checks}
    severities = {limit.severity for limit in checks[result.check].limits}
    return "warn" if "warn" in severities else "critical"


def earlier(speaker: Speaker, suite: str, before: datetime) -> dict[str, Standing]:
    """Read what the windows before a moment say together."""
    rows = speaker.ask(
        "SELECT body FROM evidence WHERE suite = :suite AND at < :before ORDER BY at DESC LIMIT 1",
        suite=clean(suite),
        before=before,
    )
    kept = json.loads(rows[0][0]) if rows else {}
    return {
        key: Standing(
            totals=tuple(one[0]), windows=one[1], past=math.inf if one[2] is None else one[2]
        )
        for key, one in kept.items()
        if len(one) == 3 and len(one[0]) == len(SHIFTS)
    }


def keep(
    speaker: Speaker,
    suite: str,
    at: datetime,
    standings: Mapping[str, Standing],
    tests: int,
    paged: Sequence[str],
) -> None:
    """Write what windows up to one say, in the place of what was there; what paged starts anew."""
    told = {
        key: (
            [float(f"{total:.3g}") for total in one.totals],
            one.windows,
            round(one.past, 3) if math.isfinite(one.past) else None,
        )
        for key, one in standings.items()
        if key not in paged
    }
    row = {"suite": clean(suite), "at": at, "tests": tests, "body": clean(json.dumps(told))}
    speaker.tell("DELETE FROM evidence WHERE suite = :suite AND at = :at", [row])
    old = {"suite": row["suite"], "oldest": at - KEPT}
    speaker.tell("DELETE FROM evidence WHERE suite = :suite AND at < :oldest", [old])
    speaker.tell(insert("evidence", row), [row])
