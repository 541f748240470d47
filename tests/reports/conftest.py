"""A report made by hand, of any size, with every outcome and with hostile text."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tidegauge.records import (
    Card,
    Cause,
    Check,
    Column,
    Curves,
    Explanation,
    Interval,
    Limit,
    Outcome,
    Part,
    Point,
    Policy,
    Report,
    Result,
    Score,
    Shares,
    Side,
    Verdict,
)

HOSTILE = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(2)>",
    "a | b || c `tick` *bold* [link](http://evil.example)",
    "\x1b[31mred\x1b[0m \x00\x07bell",
    "دخل \u202egnp.exe 🦀👩‍👩‍👧",
    "@octocat closes #1 https://evil.example/x ]]> <!-- -->",
    "x" * 300,
    '\'"><b onmouseover="alert(3)">',
    "[bold red]markup[/] {{ 7 * 7 }} {% raw %}",
    "line one\nline two\r\n\tline three",
)

CARDS = {
    "drift.psi": Card(
        title="Population stability index",
        explain="How far the shares of rows over the baseline's bins have moved; 0 is no move, "
        "0.1 a small one, 0.2 a large one.",
        reads=("numeric", "categorical", "boolean"),
        on="features",
        better="lower",
        unit="nats, symmetrised",
        reference="Yurdakul & Naranjo 2020, Journal of Risk Model Validation 14(4)",
        range=(0.0, None),
    ),
    "drift.kolmogorov_smirnov": Card(
        title="Kolmogorov-Smirnov distance",
        explain="The largest gap between the two cumulative distributions: the share of rows "
        "that would have to move at most.",
        reads=("numeric",),
        on="features",
        better="lower",
        unit="gap between two CDFs",
        reference="Massey 1951, JASA 46(253)",
        range=(0.0, 1.0),
    ),
    "drift.wasserstein": Card(
        title="Wasserstein distance",
        explain="How far the average row would have to move to turn one distribution into "
        "the other, in robust standard deviations of the baseline.",
        reads=("numeric",),
        on="features",
        better="lower",
        unit="robust standard deviations",
        reference="Ramdas, Garcia & Cuturi 2017, Entropy 19(2)",
        range=(0.0, None),
    ),
    "quality.missing_rate": Card(
        title="Missing rate",
        explain="Share of rows without a value.",
        reads=("numeric", "categorical", "boolean", "datetime", "text", "id", "empty"),
        on="features",
        better="lower",
        unit="share of rows",
        reference="Wilson 1927, JASA 22(158)",
        range=(0.0, 1.0),
    ),
    "quality.unseen_categories": Card(
        title="Unseen categories",
        explain="Share of rows with a level that the baseline never had.",
        reads=("categorical",),
        on="features",
        better="lower",
        unit="share of rows",
        reference="Breck et al. 2019, MLSys",
        range=(0.0, 1.0),
    ),
    "quality.value_spike": Card(
        title="Value spike",
        explain="Share of rows that the most jumped single value gained.",
        reads=("numeric",),
        on="features",
        better="lower",
        unit="share of rows",
        reference="Breck et al. 2019, MLSys",
        range=(0.0, 1.0),
    ),
    "performance.accuracy": Card(
        title="Accuracy",
        explain="Share of rows whose prediction equals the label.",
        reads=("classification",),
        on="outcome",
        better="higher",
        unit="share of rows",
        reference="Wilson 1927, JASA 22(158)",
        range=(0.0, 1.0),
    ),
    "service.latency_p95": Card(
        title="95th percentile of latency",
        explain="19 of 20 requests were answered at least this quickly.",
        reads=("numeric",),
        on="latency",
        better="lower",
        unit="milliseconds",
        reference="Hyndman & Fan 1996, The American Statistician 50(4)",
        range=(0.0, None),
    ),
}

CHECKS = (
    Check(
        id="drift.psi",
        evaluator="drift.psi",
        limits=(
            Limit(severity="warn", versus="value", bound=0.1),
            Limit(severity="critical", versus="value", bound=0.2),
        ),
    ),
    Check(
        id="drift.kolmogorov_smirnov",
        evaluator="drift.kolmogorov_smirnov",
        limits=(Limit(severity="info", versus="any"),),
    ),
    Check(id="drift.wasserstein", evaluator="drift.wasserstein"),
    Check(
        id="quality.missing_rate",
        evaluator="quality.missing_rate",
        limits=(Limit(severity="critical", versus="value", bound=0.02),),
    ),
    Check(id="quality.unseen_categories", evaluator="quality.unseen_categories"),
    Check(id="quality.value_spike", evaluator="quality.value_spike"),
    Check(
        id="performance.accuracy",
        evaluator="performance.accuracy",
        limits=(Limit(severity="critical", versus="drop", bound=0.05, share=True),),
    ),
    Check(
        id="service.latency_p95",
        evaluator="service.latency_p95",
        limits=(Limit(severity="critical", versus="value", bound=200.0),),
    ),
)

SUBJECTS = (
    "income",
    "age",
    "loan_amount",
    "credit_lines",
    "employment_years",
    "region",
    "channel",
    "utilisation",
    "device_type",
    "days_since_last_login",
)
LEVELS = ("north", "south", "east", "west", "centre", "overseas", "islands", "unknown")
ORDER: tuple[Outcome, ...] = (
    "critical",
    "warn",
    "error",
    "info",
    "inconclusive",
    "pass",
    "not_applicable",
    "skipped",
)

MakeReport = Callable[..., Report]


@pytest.fixture(scope="session")
def make_report() -> MakeReport:
    return build


def build(
    columns: int = 12, alarms: int = 3, *, hostile: bool = False, slices: int = 0, seed: int = 7
) -> Report:
    """Make a report of ``columns`` columns, the first ``alarms`` of which have moved."""
    rng = np.random.default_rng(seed)
    names = [name_of(number, hostile) for number in range(columns)]
    drawn = [column_of(name, n, n < alarms, rng) for n, name in enumerate(names)]
    results = [
        result
        for number, column in enumerate(drawn)
        for result in results_of(column, number < alarms, rng, slices, number)
    ]
    results += whole_log(alarms > 0)
    results.sort(key=lambda r: ORDER.index(r.verdict.outcome))
    shout = HOSTILE[0] if hostile else ""
    return Report(
        suite=f"credit-default{shout}",
        run_id="20260108T060000Z-7f3a",
        created="2026-01-08T06:00:12Z",
        outcome="critical" if alarms else "pass",
        because=(
            f"{names[0]} has moved: its population stability index is 0.41, above the limit 0.2; "
            f"{alarms} columns raise alarms{shout}"
            if alarms
            else f"{len(results)} checks on {columns} columns found nothing{shout}"
        ),
        baseline=Side(
            source="baselines/credit.tgb",
            n=100_000,
            digest="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            window="2025-10-01T00:00:00+00:00/2026-01-01T00:00:00+00:00",
            created="2026-01-02T09:30:00Z",
        ),
        current=Side(
            source=f"logs/2026-01-07/*.parquet{shout}",
            n=12_345,
            digest="60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
            window="2026-01-07T00:00:00+00:00/2026-01-08T00:00:00+00:00",
        ),
        policy=Policy(seed=seed),
        checks=CHECKS,
        cards=CARDS,
        results=tuple(results),
        columns=tuple(drawn),
        explanations=explanations_of(names, alarms, hostile),
        notes=(
            "application_id was taken for an id: every value is different",
            "region was taken for a category: 8 levels in 100,000 rows",
            *((HOSTILE[1],) if hostile else ()),
        ),
        versions={"tidegauge": "0.1.0", "python": "3.11.9", "numpy": "2.1.0"},
        seconds={"read": 0.112, "profile": 0.204, "measure": 0.091, "judge": 0.004},
    )


def name_of(number: int, hostile: bool) -> str:
    if hostile and number < len(HOSTILE):
        return HOSTILE[number]
    subject = SUBJECTS[number % len(SUBJECTS)]
    return subject if number < len(SUBJECTS) else f"{subject}_{number // len(SUBJECTS)}"


def explanations_of(names: list[str], alarms: int, hostile: bool) -> tuple[Explanation, ...]:
    if not alarms:
        return ()
    factor = HOSTILE[3] if hostile else "region=north"
    causes = (
        Cause(
            factor=names[0],
            share=0.62,
            interval=Interval(0.51, 0.71),
            because=f"{names[0]} alone carries 62 % of the drop in accuracy (51 % to 71 %)",
        ),
        Cause(
            factor=factor,
            share=0.21,
            interval=Interval(0.12, 0.3),
            because=f"rows with {factor} carry 21 % of it (12 % to 30 %)",
        ),
    )
    because = f"{names[0]} has moved, and most of the drop in accuracy with it"
    return (Explanation(of="accuracy", verdict="covariate", because=because, causes=causes),)


def column_of(name: str, number: int, moved: bool, rng: np.random.Generator) -> Column:
    if number % 5 == 0 or number % 5 == 2:
        return numeric(name, moved, rng, heavy=number % 10 == 2, uniform=number % 10 == 5)
    if number % 10 == 9:
        return Column(
            name=name,
            kind="id",
            role="id",
            n_baseline=100_000,
            n_current=12_345,
            missing_baseline=0.0,
            missing_current=0.0,
        )
    if number % 5 in (1, 4):
        return categorical(name, moved, rng)
    return numeric(name, moved, rng, heavy=True, uniform=False)


def numeric(
    name: str, moved: bool, rng: np.random.Generator, *, heavy: bool, uniform: bool
) -> Column:
    before = rng.lognormal(3, 1.2, 4_000) if heavy else rng.normal(50, 12, 4_000)
    after = rng.lognormal(3.5, 1.1, 1_500) if heavy else rng.normal(58, 15, 1_500)
    after = after if moved else before[:1_500]
    if uniform:
        edges = np.linspace(before.min(), before.max(), 31)
    else:
        edges = np.unique(np.quantile(before, np.linspace(0, 1, 31)))
    edges[0], edges[-1] = min(edges[0], after.min()), max(edges[-1], after.max())
    at = np.quantile(np.concatenate([before, after]), np.linspace(0, 1, 101))

    def shares(rows: np.ndarray) -> tuple[float, ...]:
        return tuple((np.histogram(rows, edges)[0] / len(rows)).tolist())

    def curve(rows: np.ndarray) -> tuple[float, ...]:
        return tuple((np.searchsorted(np.sort(rows), at, "right") / len(rows)).tolist())

    def summary(rows: np.ndarray) -> dict[str, float | str]:
        return {
            "mean": float(rows.mean()),
            "sd": float(rows.std()),
            "min": float(rows.min()),
            "median": float(np.median(rows)),
            "max": float(rows.max()),
        }

    return Column(
        name=name,
        kind="numeric",
        role="feature",
        n_baseline=100_000,
        n_current=12_345,
        missing_baseline=0.004,
        missing_current=0.051 if moved else 0.0043,
        summary_baseline=summary(before),
        summary_current=summary(after),
        shares=Shares(
            labels=(), edges=tuple(edges.tolist()), baseline=shares(before), current=shares(after)
        ),
        curves=Curves(at=tuple(at.tolist()), baseline=curve(before), current=curve(after)),
    )


def categorical(name: str, moved: bool, rng: np.random.Generator) -> Column:
    levels = (*LEVELS, *(f"{name}-{n}" for n in range(6)))
    before = rng.dirichlet(np.arange(len(levels), 0, -1))
    after = rng.dirichlet(np.arange(len(levels), 0, -1)) if moved else before
    return Column(
        name=name,
        kind="categorical",
        role="feature",
        n_baseline=100_000,
        n_current=12_345,
        missing_baseline=0.0,
        missing_current=0.0,
        summary_baseline={"levels": 14.0, "most frequent": levels[0]},
        summary_current={"levels": 15.0, "most frequent": levels[1] if moved else levels[0]},
        shares=Shares(
            labels=levels, edges=(), baseline=tuple(before.tolist()), current=tuple(after.tolist())
        ),
    )


def results_of(
    column: Column, moved: bool, rng: np.random.Generator, slices: int, number: int
) -> list[Result]:
    applied = ["drift.psi", "drift.kolmogorov_smirnov", "drift.wasserstein"]
    applied += ["quality.missing_rate", "quality.unseen_categories", "quality.value_spike"]
    found = [result_of(column, name, moved and n < 2, rng, "") for n, name in enumerate(applied)]
    segments = [f"region={LEVELS[place % 8]}" for place in range(slices)]
    found += [result_of(column, "drift.psi", False, rng, segment) for segment in segments]
    if moved and number == 0 and not slices:
        found.append(result_of(column, "drift.psi", True, rng, "region=north"))
    return found


def result_of(
    column: Column, evaluator: str, moved: bool, rng: np.random.Generator, segment: str
) -> Result:
    card = CARDS[evaluator]
    base = Result(
        check=evaluator,
        evaluator=evaluator,
        column=column.name,
        role=column.role,
        slice=segment,
        verdict=Verdict(
            outcome="not_applicable",
            because=f"{column.name} holds {column.kind} values; {card.title} reads {card.reads[0]}",
        ),
    )
    if column.kind not in card.reads:
        return base
    if segment and rng.random() < 0.3:
        because = "needs 200 rows on each side, found 3,201 in the baseline and 84 now"
        return replace(base, verdict=Verdict(outcome="inconclusive", because=because))
    value = float(rng.uniform(0.25, 0.5) if moved else rng.uniform(0.0, 0.04))
    p_value = float(rng.uniform(1e-30, 1e-6) if moved else rng.uniform(0.05, 1))
    outcome: Outcome = "pass"
    if moved:
        outcome = "critical" if evaluator == "drift.psi" else "warn"
    sentence = (
        f"{card.title} of {column.name} is {value:.3f} ({value * 0.9:.3f} to {value * 1.1:.3f}), "
        f"{'above' if moved else 'below'} the limit 0.2"
    )
    return replace(
        base,
        score=Score(
            value=value,
            interval=Interval(value * 0.9, value * 1.1),
            p_value=p_value,
            n_baseline=100_000,
            n_current=12_345,
            resolution=0.0005,
            parts=tuple(
                Part(
                    label=f"bin {n}",
                    baseline=0.05,
                    current=0.05 + value / 10 / n,
                    contribution=value / 2**n,
                )
                for n in range(1, 9)
            ),
            details={"bins": 20.0, "method": "grid"},
        ),
        verdict=Verdict(
            outcome=outcome,
            because=sentence,
            adjusted_p=min(1.0, p_value * 40),
            limit=Limit(severity="critical", versus="value", bound=0.2) if moved else None,
        ),
        series=tuple(
            Point(
                label=f"2026-01-{day:02d}",
                value=value * (0.3 + 0.7 * (day > 4)) * (1 + 0.1 * math.sin(day)),
                n=1_700 + 13 * day,
            )
            for day in range(1, 8)
        )
        if evaluator == "drift.psi" and not segment
        else (),
    )


def whole_log(alarm: bool) -> list[Result]:
    """One result of each outcome that no column gives."""
    accuracy = Score(
        value=0.871,
        interval=Interval(0.865, 0.877),
        baseline=0.921,
        change=Interval(-0.057, -0.043),
        n_baseline=100_000,
        n_current=12_101,
        details={"labels arrived": 0.98},
        parts=(
            Part(label="default", baseline=0.71, current=0.55),
            Part(label="repaid", baseline=0.96, current=0.95),
        ),
    )
    sentence = "accuracy is 0.871 (0.865 to 0.877), 5.4 % below the baseline's 0.921"
    return [
        Result(
            check="performance.accuracy",
            evaluator="performance.accuracy",
            score=accuracy,
            verdict=Verdict(outcome="warn" if alarm else "info", because=sentence),
            series=tuple(
                Point(label=f"2026-01-{day:02d}", value=0.92 - 0.007 * day, n=1_700)
                for day in range(1, 8)
            ),
        ),
        Result(
            check="service.latency_p95",
            evaluator="service.latency_p95",
            column="latency_ms",
            role="latency",
            score=Score(
                value=143.0, interval=Interval(139.0, 147.0), n_baseline=100_000, n_current=12_345
            ),
            verdict=Verdict(
                outcome="pass", because="the 95th percentile is 143 ms, below the limit 200 ms"
            ),
        ),
        Result(
            check="quality.value_spike",
            evaluator="quality.value_spike",
            column="balance",
            verdict=Verdict(
                outcome="error",
                because="ZeroDivisionError: division by zero; the other checks went on",
            ),
        ),
        Result(
            check="drift.psi",
            evaluator="drift.psi",
            column="postcode",
            verdict=Verdict(
                outcome="skipped",
                because="40,112 levels are too many to compare; set its role to id",
            ),
        ),
    ]
