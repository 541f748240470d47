"""Share of requests that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tidegauge.errors import NotApplicable
from tidegauge.profile import CategoricalProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._levels import unnamed
from tidegauge_evaluators._rates import Rate, changed_p, count_parts, need_rows, rate_score

CARD = Card(
    title="Error rate",
    explain="Share of requests whose status says that the service failed.",
    reads=("categorical", "boolean"),
    on="status",
    better="lower",
    unit="share of the rows that hold a status",
    reference="RFC 9110 section 15.6 on 5xx; Clopper & Pearson 1934, Biometrika 26",
    range=(0.0, 1.0),
)

ERRORS = (
    "5xx",
    "error",
    "errored",
    "status_code_error",
    "fail",
    "failed",
    "failure",
    "timeout",
    "exception",
    "false",
    "ko",
)
"""Statuses that mean failure: HTTP's, OpenTelemetry's, and the words that logs use."""


def error_rate(
    baseline: CategoricalProfile,
    current: CategoricalProfile,
    *,
    errors: Sequence[str] = ERRORS,
    min_rows: int = 20,
    confidence: float = 0.95,
) -> Score:
    """Count requests that failed, as a share of those whose status is known.

    Statuses of the 4xx class are the caller's faults and count as answered; how many there are
    is among the details. Rows without a status count as neither. A service that is down logs
    nothing at all: ``quality.freshness`` sees that, this does not. Failures come in runs, so
    the interval is too narrow for short logs.

    Parameters
    ----------
    baseline, current
        Profiles over the same levels.
    errors
        Statuses that mean failure, in any case; ``5xx`` stands for the numbers 500 to 599.
    min_rows
        Fewer rows with a status on either side are refused rather than judged.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> baseline = CategoricalProfile.freeze([200] * 99 + [500])
    >>> score = error_rate(baseline, baseline.lay([200] * 90 + [404] * 5 + [503] * 5))
    >>> score.value, score.baseline, score.details["caller's faults (4xx)"]
    (0.05, 0.01, 5.0)
    """
    if not current.present and current.n:
        raise NotApplicable("no row of the current log holds a status")
    need_rows(baseline.present, current.present, min_rows)
    wanted = {str(error).strip().casefold() for error in errors}
    then, now = _failed(baseline, wanted), _failed(current, wanted)
    then_rate = Rate(sum(then.values()), baseline.present)
    now_rate = Rate(sum(now.values()), current.present)
    counts = {level: (then.get(level, 0), now.get(level, 0)) for level in {**now, **then}}
    return rate_score(
        then_rate,
        now_rate,
        confidence=confidence,
        p_value=changed_p(then_rate, now_rate),
        parts=count_parts(counts, current.present)[:20],
        details={
            "caller's faults (4xx)": float(sum(_failed(current, {"4xx"}).values())),
            "rows without a status": float(current.null),
            "rows of further statuses": float(unnamed(current)),
        },
    )


def _failed(profile: CategoricalProfile, errors: set[str]) -> Mapping[str, int]:
    """Rows of each status that is an error."""
    rows = dict(zip(profile.levels, profile.counts.tolist(), strict=True)) | dict(profile.unseen)
    return {level: n for level, n in rows.items() if n and _is_error(level, errors)}


def _is_error(level: str, errors: set[str]) -> bool:
    word = level.strip().casefold()
    return word in errors or _hundred(word) in errors


def _hundred(word: str) -> str:
    """Class of a three-digit status: "5xx" of 503 and of "503 Service Unavailable"."""
    number = word.split(maxsplit=1)[0].removesuffix(".0") if word else ""
    return f"{number[0]}xx" if len(number) == 3 and number.isdecimal() else ""
