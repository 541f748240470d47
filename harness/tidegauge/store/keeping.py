"""Writes a run into a history: whole, or not at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tidegauge.profile import CategoricalProfile, DatasetProfile
from tidegauge.records import Limit, Report, Result, Score
from tidegauge.store import packed
from tidegauge.store.cleaning import clean
from tidegauge.store.speaking import Speaker, insert

SUPERSEDE = """
UPDATE runs SET superseded_by = :id
WHERE suite = :suite AND span = :span AND superseded_by = ''
"""
SUBJECTS = 'SELECT "check", "column", slice, no FROM subjects WHERE suite = :suite'


def keep(
    speaker: Speaker,
    report: Report,
    *,
    profile: DatasetProfile | None = None,
    baseline: DatasetProfile | None = None,
) -> str:
    """Write a run; one that is there already is written anew under the same id."""
    row = run_row(report, profile)
    before = speaker.ask("SELECT no FROM runs WHERE id = :id", id=report.run_id)
    if before:
        no = before[0][0]
        _clear(speaker, no, row)
    else:
        no = _enter(speaker, row)
    _add(speaker, "reports", [{"run": no, **packed.pack_report(speaker, report)}])
    if profile is not None:
        speaker.tell("DELETE FROM profiles WHERE run = :run", [{"run": no}])
        held = packed.pack_profile(speaker, profile, baseline)
        _add(speaker, "profiles", [{"run": no, **held}])
    _enter_results(speaker, no, report)
    _add(speaker, "causes", [{"run": no, "place": i, **x} for i, x in enumerate(_causes(report))])
    return report.run_id


def run_row(report: Report, profile: DatasetProfile | None = None) -> dict[str, Any]:
    """Columns of a run in the table of runs, without number and revision."""
    start, end = window_of(report)
    created = _moment(report.created)
    counts = Counter(result.verdict.outcome for result in report.results)
    row = {
        "id": report.run_id,
        "suite": report.suite,
        "span": span_of(report),
        "at": end or created,
        "window": report.current.window,
        "window_start": start,
        "window_end": end,
        "created": created,
        "outcome": report.outcome,
        "because": report.because,
        "counts": _json(counts),
        "n_baseline": report.baseline.n,
        "n_current": report.current.n,
        "source": report.current.source,
        "overrides": _json(report.overrides),
        "suite_path": report.suite_path,
        "baseline_digest": report.baseline.digest,
        "current_digest": report.current.digest,
        "model_versions": _json(model_versions(report, profile)),
        "seconds": sum(report.seconds.values()),
    }
    return {key: clean(value) for key, value in row.items()}


def span_of(report: Report) -> str:
    """Say what a run is a revision of: its window, else the very log that it read.

    A run over other rows than those that the suite names stands beside, and supersedes nothing.
    """
    what = report.current.window or report.current.digest or report.run_id
    read = ",".join(f"{side}={place}" for side, place in sorted(report.overrides.items()))
    return f"{what} {read}" if read else what


def window_of(report: Report) -> tuple[datetime | None, datetime | None]:
    """Both ends of a run's window."""
    start, slash, end = report.current.window.partition("/")
    return (_moment(start), _moment(end)) if slash else (None, None)


def model_versions(report: Report, profile: DatasetProfile | None) -> list[str]:
    """Versions in the current rows, the most frequent first."""
    seen: dict[str, float] = {}
    if profile is not None:
        column = profile.columns.get(profile.layout.model_version)
        if isinstance(column, CategoricalProfile):
            seen = {**dict(zip(column.levels, column.counts.tolist(), strict=True)),
                    **column.unseen}  # fmt: skip
    else:
        shown = (one.shares for one in report.columns if one.role == "model_version" and one.shares)
        seen = {k: v for one in shown for k, v in zip(one.labels, one.current, strict=False)}
    return sorted((name for name, rows in seen.items() if rows > 0), key=lambda k: (-seen[k], k))


def bounds_of(result: Result, limits: tuple[Limit, ...]) -> dict[str, float]:
    """Values at which a result warns and is critical, changes against the baseline worked out."""
    found: dict[str, float] = {}
    for limit in limits:
        bound = _bound(limit, result.score)
        if limit.severity != "info" and bound is not None:
            found[limit.severity] = bound
    return found


def _bound(limit: Limit, score: Score | None) -> float | None:
    if limit.versus == "calibrated" and not limit.source:
        return None  # only its own result knows where it lies
    if limit.versus in ("value", "calibrated"):
        return limit.bound
    if limit.versus == "any" or score is None or score.baseline is None:
        return None
    step = limit.bound * abs(score.baseline) if limit.share else limit.bound
    return score.baseline - step if limit.versus == "drop" else score.baseline + step


def _clear(speaker: Speaker, no: int, row: Mapping[str, Any]) -> None:
    """Make way for what a run says anew; what it is a revision of stays."""
    stays = ("id", "suite", "span", "model_versions")
    fresh = {key: value for key, value in row.items() if key not in stays}
    setting = ", ".join(f'"{key}" = :{key}' for key in fresh)
    speaker.tell(f"UPDATE runs SET {setting} WHERE no = :no", [{**fresh, "no": no}])
    for table in ("reports", "results", "causes"):
        speaker.tell(f"DELETE FROM {table} WHERE run = :run", [{"run": no}])


def _enter(speaker: Speaker, row: Mapping[str, Any]) -> int:
    """Add a run as the newest revision of its window."""
    same = {"suite": row["suite"], "span": row["span"]}
    ((newest,),) = speaker.ask(
        "SELECT max(revision) FROM runs WHERE suite = :suite AND span = :span", **same
    )
    if newest:
        speaker.tell(SUPERSEDE, [{**same, "id": row["id"]}])
    _add(speaker, "runs", [{**row, "revision": (newest or 0) + 1, "superseded_by": ""}])
    ((no,),) = speaker.ask("SELECT no FROM runs WHERE id = :id", id=row["id"])
    return int(no)


def _add(speaker: Speaker, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        speaker.tell(insert(table, rows[0]), rows)


def _enter_results(speaker: Speaker, no: int, report: Report) -> None:
    if not report.results:
        return
    numbers = _subjects(speaker, report)
    limits = {check.id: check.limits for check in report.checks}
    rows: dict[int, dict[str, Any]] = {}
    for result in report.results:
        number = numbers[_subject(result)]
        if number in rows:  # a check that says the same thing twice: the worse comes first
            continue
        rows[number] = {
            "run": no,
            "subject": number,
            "outcome": result.verdict.outcome,
            "broke": result.verdict.limit is not None and result.verdict.limit.severity != "info",
            **_numbers(result.score),
            **{"warn": None, "critical": None},
            **bounds_of(result, result.limits or limits.get(result.check, ())),
        }
    _add(speaker, "results", list(rows.values()))


def _numbers(score: Score | None) -> dict[str, Any]:
    if score is None:
        return {
            **dict.fromkeys(("value", "low", "high", "p_value", "baseline")),
            "n": 0,
        }
    low, high = score.interval or (None, None)
    return {
        "value": score.value,
        "low": low,
        "high": high,
        "p_value": score.p_value,
        "baseline": score.baseline,
        "n": score.n_current,
    }


def _subjects(speaker: Speaker, report: Report) -> dict[tuple[str, str, str], int]:
    """Give numbers to what a suite judges, so that each result names it in a few bytes."""
    known = _known(speaker, report.suite)
    fresh: dict[tuple[str, str, str], dict[str, str]] = {}
    for result in report.results:
        subject = _subject(result)
        if subject not in known:
            fresh[subject] = {
                "suite": clean(report.suite),
                **dict(zip(("check", "column", "slice"), subject, strict=True)),
                "evaluator": result.evaluator,
                "role": result.role,
            }
    if not fresh:
        return known
    _add(speaker, "subjects", list(fresh.values()))
    return _known(speaker, report.suite)


def _subject(result: Result) -> tuple[str, str, str]:
    return clean(result.check), clean(result.column), clean(result.slice)


def _known(speaker: Speaker, suite: str) -> dict[tuple[str, str, str], int]:
    return {
        (check, column, slice_): no
        for check, column, slice_, no in speaker.ask(SUBJECTS, suite=clean(suite))
    }


def _causes(report: Report) -> Iterator[dict[str, Any]]:
    for explanation in report.explanations:
        for cause in explanation.causes:
            row = {
                "of": explanation.of,
                "factor": cause.factor,
                "verdict": cause.verdict,
                "share": cause.share,
                "low": cause.low,
                "high": cause.high,
                "rank_one": cause.rank_one,
                "because": cause.because,
            }
            yield {key: clean(value) for key, value in row.items()}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
