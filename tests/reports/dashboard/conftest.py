"""A year of three suites as views: calm, then a column in the wrong unit, with labels late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest

from tidegauge.records import Cause, Interval, Onset, Outcome, Picture, Report, Restored, Shape
from tidegauge.views import (
    BaselineLine,
    BaselinesView,
    BaselineUse,
    ComparisonLine,
    ComparisonsView,
    ComparisonView,
    Difference,
    DiffView,
    Entry,
    ErrorView,
    Finding,
    IncidentLine,
    IncidentsView,
    IncidentView,
    Job,
    Labels,
    LimitLine,
    LoginView,
    Mark,
    PageContext,
    RunLine,
    RunOutcome,
    RunView,
    SuitesView,
    SuiteTile,
    SuiteView,
    Tick,
    Track,
    TrackPoint,
)

from ..comparisons import build

NOW = datetime(2026, 3, 3, 3, 12, tzinfo=UTC)
BROKEN = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 365
HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>",
    "دخل \u202egnp.exe 🦀",
    "x" * 10_000,
    "{{ 7 * 7 }} {% raw %} </style></textarea></option></title>",
)
BECAUSE = (
    "13 critical findings, 7 warnings on debt_ratio, probability, decision and 2 more, "
    "among 160 verdicts."
)
TOLD = (
    "debt_ratio: 22 % of rows times 100 (shares to percent, or units to hundredths), only where "
    "channel = partner, since 2026-03-01 14:00"
)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One view for each page."""

    views: Mapping[str, Any]
    page: PageContext


def stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def day(ago: int) -> datetime:
    return datetime(2026, 3, 3, tzinfo=UTC) - timedelta(days=ago)


def run_line(suite: str, ago: int, outcome: RunOutcome, because: str, shout: str = "") -> RunLine:
    return RunLine(
        id=f"{suite}-{ago:04d}",
        suite=suite,
        at=stamp(day(ago)),
        window=f"{stamp(day(ago + 1))}/{stamp(day(ago))}",
        created=stamp(day(ago) + timedelta(hours=6)),
        outcome=outcome,
        because=because + shout,
        alarms=20 if outcome == "critical" else 0,
        rows=4_012,
        model_version=f"v{11 if ago > 200 else 12}{shout}",
    )


def outcome_of(suite: str, ago: int) -> RunOutcome:
    if suite == "credit-default" and day(ago) > BROKEN:
        return "critical"
    if suite == "credit-default" and 120 <= ago < 125:
        return "critical"
    return "warn" if (ago * 7919 + len(suite)) % 83 == 0 else "pass"


def strip_of(suite: str, windows: int = 30) -> tuple[Tick, ...]:
    return tuple(
        Tick(at=stamp(day(ago)), outcome=outcome_of(suite, ago), run=f"{suite}-{ago:04d}")
        for ago in range(windows - 1, -1, -1)
    )


def track(
    check: str,
    column: str,
    windows: int,
    *,
    broken: bool,
    seed: int,
    shout: str = "",
    least: float = 0.0,
    scale: float = 0.03,
    warn: float | None = 0.1,
    critical: float | None = 0.2,
    title: str = "Population stability index",
    unit: str = "nats, symmetrised",
    better: Any = "lower",
    jump: float = 0.31,
    slice: str = "",
) -> Track:
    rng = np.random.default_rng(seed)
    points = []
    for ago in range(windows - 1, -1, -1):
        bad = broken and (day(ago) > BROKEN or 120 <= ago < 125)
        value = least + scale * float(rng.gamma(4, 0.25)) * (1 + 0.3 * np.sin(ago / 40))
        value = jump + scale * float(rng.normal()) if bad else value
        outcome: Outcome = "critical" if bad else "pass"
        known: float | None = None if ago % 97 == 13 else value
        points.append(
            TrackPoint(
                at=stamp(day(ago)),
                value=known,
                low=value - scale / 2,
                high=value + scale / 2,
                outcome="inconclusive" if known is None else outcome,
                warn=warn,
                critical=critical,
                run=f"credit-default-{ago:04d}",
            )
        )
    return Track(
        check=check,
        evaluator=check,
        title=title + shout,
        explain="How far the shares of rows over the baseline's bins have moved." + shout,
        unit=unit,
        better=better,
        column=column + shout,
        slice=slice + shout if slice else "",
        outcome=points[-1].outcome,
        because="it moved" + shout,
        points=tuple(points),
        low=min(least, 0.0) if least < 0.3 else least - 0.1,
        high=max(jump, critical or 0.0),
    )


COLUMNS = (
    "debt_ratio",
    "probability",
    "decision",
    "income",
    "age",
    "loan_amount",
    "credit_lines",
    "employment_years",
    "region",
    "channel",
    "utilisation",
    "device_type",
    "months_on_book",
    "late_payments",
    "purpose",
    "postcode_area",
)


def tracks(windows: int, count: int, shout: str = "") -> tuple[Track, ...]:
    found = [
        track(
            "quality.invalid_rate",
            "debt_ratio",
            windows,
            broken=True,
            seed=1,
            shout=shout,
            title="Invalid rate",
            unit="share of rows",
            scale=0.002,
            warn=None,
            critical=0.02,
            jump=0.224,
        ),
        track("drift.psi", "debt_ratio", windows, broken=True, seed=2, shout=shout),
        track(
            "drift.psi",
            "debt_ratio",
            windows,
            broken=True,
            seed=12,
            shout=shout,
            jump=1.13,
            slice="channel=partner",
        ),
        track("drift.psi", "probability", windows, broken=True, seed=3, shout=shout, jump=0.22),
        track(
            "performance.roc_auc",
            "",
            windows,
            broken=False,
            seed=4,
            shout=shout,
            least=0.79,
            scale=0.01,
            warn=0.78,
            critical=0.76,
            title="Area under the ROC curve",
            unit="probability",
            better="higher",
            jump=0.8,
        ),
        track(
            "service.latency_p95",
            "latency_ms",
            windows,
            broken=False,
            seed=5,
            shout=shout,
            least=110.0,
            scale=12.0,
            warn=None,
            critical=200.0,
            jump=200.0,
            title="95th percentile of latency",
            unit="milliseconds",
        ),
    ]
    found.extend(
        track(
            "drift.psi",
            COLUMNS[(place + 3) % len(COLUMNS)],
            windows,
            broken=False,
            seed=20 + place,
            shout=shout,
        )
        for place in range(count - len(found))
    )
    return tuple(found[:count])


def cause(shout: str = "") -> Cause:
    return Cause(
        factor="debt_ratio" + shout,
        verdict="distortion",
        share=0.93,
        interval=Interval(0.86, 0.98),
        rank_one=0.99,
        because=TOLD + shout,
        columns=("debt_ratio",),
        shape=Shape(name="scale", said="times 100 (shares to percent)", fit=0.97, exact=True),
        onset=Onset(at="2026-03-01T14:00:00Z", because="The first changed row is at 14:00."),
        restored=Restored(
            share=0.901,
            interval=Interval(0.85, 0.94),
            asked="the model",
            because="repairing it brings back 90.1 % of what was lost",
        ),
        picture=Picture(
            labels=(),
            edges=tuple(0.05 * step for step in range(25)),
            baseline=tuple(0.02 + 0.05 * np.exp(-((step - 8) ** 2) / 20) for step in range(24)),
            current=(*(0.02 + 0.035 * np.exp(-((step - 8) ** 2) / 20) for step in range(23)), 0.22),
            repaired=tuple(0.02 + 0.048 * np.exp(-((step - 8) ** 2) / 20) for step in range(24)),
        ),
        moved=("probability", "decision"),
    )


def incident_line(number: int, shout: str = "", **changes: Any) -> IncidentLine:
    given: dict[str, Any] = {
        "id": f"inc-{number}",
        "suite": "credit-default",
        "title": "debt_ratio in the wrong unit",
        "severity": "critical",
        "state": "open",
        "opened": "2026-03-02T00:04:11Z",
        "updated": "2026-03-03T00:04:09Z",
        "findings": 20,
        "windows": 2,
        "cause": TOLD,
    }
    given |= changes
    for name in ("title", "cause", "owner", "suite", "last"):
        given[name] = given.get(name, "") + shout
    return IncidentLine(**given)


def tile(name: str, shout: str = "", **changes: Any) -> SuiteTile:
    because = BECAUSE if name == "credit-default" else "160 checks on 24 columns found nothing."
    given: dict[str, Any] = {
        "name": name + shout,
        "path": f"suites/{name}.yaml",
        "newest": run_line(name, 0, outcome_of(name, 0), because, shout),
        "since": stamp(day(1)) if name == "credit-default" else stamp(day(41)),
        "strip": strip_of(name),
        "runs": DAYS,
        "schedule": "0 6 * * * (Europe/Berlin)" + shout,
        "next_at": stamp(NOW + timedelta(hours=2, minutes=48)),
        "can_run": True,
    }
    return SuiteTile(**(given | changes))


@pytest.fixture(scope="session")
def scene(make_report: Callable[..., Report]) -> Callable[..., Scene]:
    @cache
    def seen(shout: str, windows: int, charts: int) -> Mapping[str, Any]:
        report = make_report(12, 3, hostile=bool(shout), slices=1)
        return views(report, shout, windows, charts)

    def build(shout: str = "", windows: int = 60, charts: int = 12, **page: Any) -> Scene:
        return Scene(views=seen(shout, windows, charts), page=context(**page))

    return build


def context(**changes: Any) -> PageContext:
    given: dict[str, Any] = {
        "csrf": "c0ffee",
        "now": stamp(NOW),
        "version": "0.1.0",
        "open_incidents": 2,
        "can_run": True,
    }
    return PageContext(**(given | changes))


def views(report: Report, shout: str, windows: int, charts: int) -> dict[str, Any]:
    credit = tile(
        "credit-default",
        shout,
        incidents=1,
        cause=TOLD + shout,
        labels_until="2026-01-02T00:00:00Z",
    )
    support = tile("support-answers", shout, next_at=stamp(NOW + timedelta(minutes=18)))
    churn = tile("churn", shout, overdue="the window of 2026-03-02 should be there" + shout)
    open_ = incident_line(1, shout)
    second = incident_line(
        2,
        shout,
        suite="churn",
        title="window of 2026-03-02 did not come",
        severity="warn",
        state="acknowledged",
        owner="data platform",
        findings=0,
        windows=1,
        cause="",
        last="acknowledged by ana",
    )
    lines = tuple(
        run_line(
            "credit-default",
            ago,
            outcome_of("credit-default", ago),
            BECAUSE if outcome_of("credit-default", ago) == "critical" else "Nothing found.",
            shout,
        )
        for ago in range(20)
    )
    return {
        "suites": SuitesView(
            tiles=(credit, churn, support),
            totals={"critical": 1, "pass": 2},
            incidents=(open_, second),
            jobs=(
                Job(
                    id="j1",
                    suite="support-answers",
                    window="2026-03-02T00:00:00Z/2026-03-03T00:00:00Z",
                    state="running",
                    stage="measure",
                    share=0.4,
                    started=stamp(NOW),
                ),
                Job(
                    id="j2",
                    suite="churn" + shout,
                    state="failed",
                    because="logs/2026-03-02/*.parquet: no file fits" + shout,
                    hint="check whether the export ran" + shout,
                ),
            ),
            notes=("Schedules are kept by this server.",),
        ),
        "suite": SuiteView(
            suite=credit,
            since=stamp(day(windows)),
            until=stamp(day(0)),
            strip=strip_of("credit-default", windows),
            tracks=tracks(windows, charts, shout),
            tracks_in_all=53,
            page=1,
            pages=4,
            checks=("drift.psi" + shout, "service.latency_p95"),
            columns=tuple(name + shout for name in COLUMNS),
            slices=("channel=partner",),
            marks=(
                Mark(at=stamp(day(60)), kind="model", said="model v12" + shout),
                Mark(at=stamp(day(30)), kind="baseline", said="baseline 3f2a90" + shout),
                Mark(
                    at=stamp(day(1)),
                    kind="incident",
                    said="debt_ratio in the wrong unit" + shout,
                    link="/incidents/inc-1",
                ),
            ),
            labels=tuple(
                Labels(at=stamp(day(ago)), arrived=1.0 if ago > 60 else 0.0, run="r", revision=2)
                for ago in range(89, -1, -1)
            ),
            incidents=(open_,),
            runs=lines,
            older="2026-02-01",
        ),
        "run": RunView(
            line=lines[0],
            report=report,
            older="credit-default-0001",
            revisions=(lines[0], lines[1]),
            incidents=(open_,),
        ),
        "incidents": IncidentsView(
            incidents=(
                open_,
                second,
                *(
                    incident_line(
                        9 + place,
                        shout,
                        title=title,
                        state="resolved",
                        severity=severity,
                        opened=stamp(day(ago)),
                        resolved=stamp(day(ago - 5)),
                        owner="ana",
                        cause="",
                        windows=5,
                        last="resolved by ana",
                    )
                    for place, (title, ago, severity) in enumerate(
                        (
                            ("region: unseen category", 124, "critical"),
                            ("latency above 200 ms", 210, "warn"),
                            ("income: other inputs", 301, "info"),
                        )
                    )
                ),
            ),
            suites=("churn", "credit-default", "support-answers"),
            state="all",
            counts={"open": 1, "acknowledged": 1, "resolved": 3},
            older="x",
        ),
        "incident": IncidentView(
            line=open_,
            because=BECAUSE + shout,
            causes=(cause(shout),),
            findings=tuple(
                Finding(
                    check=check,
                    column=column + shout,
                    outcome=outcome,
                    because=because + shout,
                    first=stamp(day(1)),
                    last=stamp(day(0)),
                    windows=2,
                    run="credit-default-0000",
                    slice=where,
                )
                for check, column, where, outcome, because in FINDINGS
            ),
            strip=strip_of("credit-default", 30),
            entries=(
                Entry(at="2026-03-02T00:04:11Z", kind="opened", said=TOLD + shout),
                Entry(at="2026-03-02T00:04:13Z", kind="delivered", who="mail to risk-ml"),
                Entry(
                    at="2026-03-02T07:31:00Z",
                    kind="commented",
                    who="ana" + shout,
                    said="Asked the partner team: they released at 13:50." + shout,
                ),
                Entry(at="2026-03-03T00:04:09Z", kind="found", said=BECAUSE),
            ),
            run="credit-default-0000",
        ),
        "diff": DiffView(
            suites=("churn", "credit-default"),
            suite="credit-default",
            choices=lines,
            before=lines[2],
            after=lines[0],
            because="20 findings became worse, chiefly on debt_ratio.",
            differences=(
                *(
                    Difference(
                        check=check,
                        column=column + shout,
                        slice=where,
                        title=check,
                        change="worse",
                        unit="share of rows",
                        before=0.0,
                        after=0.224,
                        outcome_before="pass",
                        outcome_after=outcome,
                        because=because + shout,
                    )
                    for check, column, where, outcome, because in FINDINGS
                ),
                Difference(
                    check="drift.psi",
                    column="age",
                    change="moved",
                    before=0.02,
                    after=0.031,
                    outcome_before="pass",
                    outcome_after="pass",
                    because="within its limits",
                ),
                Difference(
                    check="drift.psi",
                    column="postcode",
                    change="new",
                    after=0.03,
                    outcome_after="pass",
                    because="within its limits",
                ),
            ),
            counts={"worse": 5, "moved": 1, "same": 150, "new": 1},
            causes_after=(cause(shout),),
            notes=("Both were held against the same baseline.",),
        ),
        "comparisons": ComparisonsView(
            comparisons=(comparison_line(shout), comparison_line("", id="c2", outcome="critical")),
            suites=("credit-default",),
        ),
        "comparison": ComparisonView(comparison=build(shout)),
        "baselines": baselines(shout),
        "error": ErrorView(
            status=404,
            title="No such run" + shout,
            because="No run has this id." + shout,
            hint="look for it among the runs of its suite" + shout,
        ),
        "login": LoginView(trouble="This token is not the one." + shout),
    }


FINDINGS: tuple[tuple[str, str, str, Outcome, str], ...] = (
    (
        "quality.invalid_rate",
        "debt_ratio",
        "",
        "critical",
        "debt_ratio: Invalid rate 22.4 % (baseline 0 %) rose by more than 2 points",
    ),
    (
        "drift.psi",
        "debt_ratio",
        "",
        "critical",
        "debt_ratio: Population stability index 0.291 (0.249 to 0.333) is above 0.2",
    ),
    (
        "drift.psi",
        "debt_ratio",
        "channel=partner",
        "critical",
        "debt_ratio in channel=partner: Population stability index 1.13 is above 0.2",
    ),
    (
        "drift.psi",
        "probability",
        "",
        "critical",
        "probability: Population stability index 0.22 (0.19 to 0.25) is above 0.2",
    ),
    (
        "drift.psi",
        "decision",
        "",
        "warn",
        "decision: Population stability index 0.14 (0.11 to 0.16) is above 0.1",
    ),
)


def comparison_line(shout: str, **changes: Any) -> ComparisonLine:
    given: dict[str, Any] = {
        "id": "c1",
        "suite": "credit-default",
        "at": stamp(NOW - timedelta(days=2)),
        "baseline": "models:/credit@production" + shout,
        "candidate": "models:/credit/13" + shout,
        "outcome": "pass",
        "n": 8_000,
        "paired": True,
        "because": "Better on ROC AUC, not worse within the margin on the other three metrics."
        + shout,
    }
    return ComparisonLine(**(given | changes))


def baselines(shout: str) -> BaselinesView:
    limits = tuple(
        LimitLine(
            check="drift.psi",
            column=column + shout,
            when="Monday" if column == "age" else "",
            warn="above 0.083",
            critical="above 0.131",
            because="Leave-one-out over 26 weeks, scaled to 4,000 rows.",
        )
        for column in COLUMNS
    )
    return BaselinesView(
        baselines=(
            BaselineLine(
                suite="credit-default" + shout,
                source="baselines/credit.tgb" + shout,
                kind="file",
                n=100_000,
                columns=24,
                digest="9f86d081884c7d659a2feaa0c55ad015",
                model_version="v12",
                created=stamp(day(61)),
                window=f"{stamp(day(150))}/{stamp(day(61))}",
                calibrated=True,
                promoted="from run credit-default-0061 by ana",
                false_alarms="Unchanged, it raises 1.9 false alarms a year (0.4 to 5.2).",
                limits=limits,
                limits_in_all=160,
                uses=(
                    BaselineUse(
                        digest="9f86d0818",
                        source="baselines/credit.tgb",
                        since=stamp(day(60)),
                        until=stamp(day(0)),
                        runs=61,
                        n=100_000,
                    ),
                    BaselineUse(
                        digest="11fe20aa9",
                        source="baselines/credit.tgb",
                        since=stamp(day(364)),
                        until=stamp(day(61)),
                        runs=304,
                        n=80_000,
                    ),
                ),
            ),
            BaselineLine(suite="churn", source="earlier windows", kind="seasonal", n=28_000),
            BaselineLine(
                suite="support-answers",
                source="baselines/support.tgb",
                kind="file",
                trouble="the file was written by a newer release" + shout,
            ),
        )
    )
