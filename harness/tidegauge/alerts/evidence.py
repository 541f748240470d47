"""What a run's results say against "nothing changed" and against "within the limit"."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import NormalDist

from tidegauge.alerts.paging import APART, WINDOWS, detector, e_value
from tidegauge.causes.incidents import key_of
from tidegauge.incident import Paging
from tidegauge.records import ALARMS, Card, Check, Limit, Policy, Report, Result, Score, Severity
from tidegauge.store.cleaning import clean
from tidegauge.store.speaking import Speaker, insert

NOTHING = 0.5
"""What a window says that says nothing: the e-value of p = 1."""
TRIFLE = 0.55
"""E-values below this are kept as nothing, which is less than they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged:
    """A finding that pages, and why it does."""

    result: Result
    severity: Severity
    because: str
    together: bool = False
    """Whether it takes several windows to show it."""


def paged(
    report: Report,
    history: Sequence[Mapping[str, float]],
    values: Mapping[str, float],
    paging: Paging,
) -> tuple[Paged, ...]:
    """Choose the results that page.

    Parameters
    ----------
    report
        The run.
    history
        Finding -> e-value in each earlier window since it last paged, the oldest first.
    values
        Finding -> e-value in this window.
    paging
        What the suite accepts.
    """
    found = []
    needed = (paging.threshold or math.inf) * max(len(values), 1)
    for result in report.results:
        verdict = result.verdict
        alone = paging.level is None or (verdict.adjusted_p or 0.0) <= paging.level
        if verdict.outcome in ALARMS and alone:
            severity: Severity = "critical" if verdict.outcome == "critical" else "warn"
            found.append(Paged(result=result, severity=severity, because=verdict.because))
            continue
        key = key_of(result)
        if values.get(key, 0.0) <= 1.0:
            continue
        series = [*(one.get(key, NOTHING) for one in history), values[key]]
        if detector(series) < needed:
            continue
        n = sum(value > 1 for value in series)
        because = f"{verdict.because}; {n} windows together show what one alone does not"
        found.append(
            Paged(result=result, severity=_mildest(result, report), because=because, together=True)
        )
    return tuple(found)


def e_values(report: Report) -> dict[str, float]:
    """Weigh each result that may be added up over windows; finding -> e-value."""
    checks = {check.id: check for check in report.checks}
    found = {}
    for result in report.results:
        check, card = checks.get(result.check), report.cards.get(result.evaluator)
        if check is None or card is None or result.score is None or check.persist > 1:
            continue
        if result.limits:
            continue  # calibrated: its own chance is of one window, and not to be added up
        p = beyond(result.score, check, card, report.policy)
        if p is not None:
            found[key_of(result)] = e_value(p)
    return found


def beyond(score: Score, check: Check, card: Card, policy: Policy) -> float | None:
    """P-value against "nothing changed, or no further than the limit"; ``None`` = cannot be said.

    Both must fall, so it is the larger of both (an intersection-union test: Berger 1982). It is
    ``None`` where no change at all lies less than ``APART`` standard errors inside the limit, or
    less than twice what the baseline's own chance adds to every window.
    """
    limits = [limit for limit in check.limits if limit.severity != "info"]
    distances = [_distance(score, limit, card, policy) for limit in limits]
    known = [one for one in distances if one is not None]
    if not known or len(known) < len(limits):
        return None
    z, room = max(known)
    shared = score.n_current / max(score.n_current + score.n_baseline, 1)
    if room < APART + 2 * math.sqrt(shared):
        return None
    outside = math.erfc(z / math.sqrt(2)) / 2
    return max(outside, score.p_value) if score.p_value is not None else outside


def _distance(score: Score, limit: Limit, card: Card, policy: Policy) -> tuple[float, float] | None:
    """How far the value lies beyond a limit, and no change inside it, in standard errors."""
    quantile = NormalDist().inv_cdf(0.5 + policy.confidence / 2)
    down = card.better == "higher" if limit.versus == "value" else limit.versus == "drop"
    if limit.versus in ("any", "calibrated"):
        return None
    if limit.versus == "value":
        interval, origin = score.interval, score.baseline
        if origin is None and score.p_value is not None and score.change is None:
            origin = 0.0  # the value itself is the change
        if origin is None or interval is None:
            return None
        past, room, point = score.value - limit.bound, limit.bound - origin, score.value
    else:
        if score.baseline is None or score.change is None:
            return None
        interval = score.change
        bound = limit.bound * abs(score.baseline) if limit.share else limit.bound
        point = score.value - score.baseline
        past, room = (point + bound, -bound) if down else (point - bound, bound)
    half = interval.high - point if down else point - interval.low
    if half <= 0 or not math.isfinite(half):
        return None
    error = half / quantile
    sign = -1.0 if down else 1.0
    return sign * past / error, sign * room / error


def _mildest(result: Result, report: Report) -> Severity:
    checks = {check.id: check for check in report.checks}
    severities = {limit.severity for limit in checks[result.check].limits}
    return "warn" if "warn" in severities else "critical"


def earlier(speaker: Speaker, suite: str, before: datetime) -> list[dict[str, float]]:
    """Read the evidence of windows before a moment, the oldest first; what paged starts anew."""
    rows = speaker.ask(
        "SELECT body FROM evidence WHERE suite = :suite AND at < :before "
        "ORDER BY at DESC LIMIT :most",
        suite=suite,
        before=before,
        most=WINDOWS - 1,
    )
    done: set[str] = set()
    found = []
    for (body,) in rows:
        kept = json.loads(body)
        done |= set(kept["paged"])
        found.append({key: value for key, value in kept["values"].items() if key not in done})
    return found[::-1]


def keep(
    speaker: Speaker,
    suite: str,
    at: datetime,
    values: Mapping[str, float],
    paged: Sequence[str],
) -> None:
    """Write the evidence of a window, in the place of what it said before."""
    told = {key: float(f"{value:.4g}") for key, value in values.items() if value >= TRIFLE}
    body = clean(json.dumps({"values": told, "paged": sorted(set(paged))}))
    row = {"suite": suite, "at": at, "tests": len(values), "body": body}
    speaker.tell("DELETE FROM evidence WHERE suite = :suite AND at = :at", [row])
    speaker.tell(insert("evidence", row), [row])
