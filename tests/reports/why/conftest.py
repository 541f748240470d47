"""Reports whose alarms are explained: by one cause, by three, by none, and by hostile names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tidegauge.records import (
    Cause,
    Decomposition,
    Example,
    Explanation,
    Information,
    Interval,
    Onset,
    Part,
    Picture,
    Report,
    Restored,
    Segment,
    Shape,
)

MakeReport = Callable[..., Report]
Explained = Callable[[str], Report]

EVIL = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(2)>",
    "a | b `tick` *bold* [link](http://evil.example)",
    "\x1b[31mred\x1b[0m \x00\x07bell",
    "دخل \u202egnp.exe 🦀",
    "@octocat closes #1 https://evil.example/x ]]> <!-- -->",
    "[bold red]markup[/] {{ 7 * 7 }} {% raw %}",
    "line one\nline two",
)
ONSET = Onset(
    at="2026-01-07T14:00:00Z",
    low="2026-01-07T13:50:00Z",
    high="2026-01-07T14:10:00Z",
    form="step",
    because="The mean falls from 52.1 to 23.7 within ten minutes.",
)


def pounds() -> Picture:
    """A column in kilograms that was logged in pounds, and repaired."""
    rng = np.random.default_rng(3)
    before = rng.normal(52, 9, 6_000)
    after = rng.normal(52, 9, 2_000)
    edges = np.linspace(5, 85, 41)

    def shares(rows: np.ndarray) -> tuple[float, ...]:
        return tuple((np.histogram(rows, edges)[0] / len(rows)).tolist())

    return Picture(
        labels=(), edges=tuple(edges.tolist()), baseline=shares(before),
        current=shares(after * 0.4536), repaired=shares(after),
    )  # fmt: skip


REMAP = Picture(
    labels=("web", "shop", "phone", "partner", "WEB", "(other)"),
    edges=(),
    baseline=(0.42, 0.31, 0.16, 0.08, 0.0, 0.03),
    current=(0.01, 0.33, 0.15, 0.07, 0.41, 0.03),
    repaired=(0.42, 0.33, 0.15, 0.07, 0.0, 0.03),
)

UNIT = Cause(
    factor="income",
    verdict="distortion",
    share=0.87,
    interval=Interval(0.81, 0.92),
    rank_one=0.994,
    because="income was multiplied by 0.4536 (pounds to kilograms) since 2026-01-07 14:00, in rows "
    "of region north only; nothing else moved with it.",
    columns=("income",),
    shape=Shape(
        name="unit", said="times 0.4536 (pounds to kilograms)", fit=0.992, exact=True,
        params={"factor": 0.4536},
    ),
    where=Segment(where="region = north", columns=("region",), excess=0.31, support=0.184),
    onset=ONSET,
    restored=Restored(
        share=0.91, interval=Interval(0.86, 0.97), asked="the model",
        because="Log loss falls from 0.482 to 0.316; on the baseline it is 0.299.",
    ),
    picture=pounds(),
    results=(
        "drift.psi|income|", "drift.kolmogorov_smirnov|income|", "drift.psi|income|region=north",
    ),
)  # fmt: skip
CHANNEL = Cause(
    factor="channel",
    verdict="distortion",
    share=0.24,
    interval=Interval(0.16, 0.33),
    rank_one=0.004,
    because="web is now written WEB in channel, which the model has never seen.",
    columns=("channel",),
    shape=Shape(name="remap", said="web became WEB", fit=0.97, exact=True),
    moved=("device_type",),
    picture=REMAP,
)
AGE = Cause(
    factor="age",
    verdict="covariate",
    share=-0.06,
    interval=Interval(-0.11, -0.01),
    rank_one=0.002,
    because="Applicants are older by 3.1 years on average, which makes the loss smaller.",
    columns=("age",),
    moved=("employment_years", "credit_lines"),
    results=("drift.psi|age|", "drift.kolmogorov_smirnov|age|"),
)
SPLIT = Decomposition(
    of="log loss",
    baseline=0.2991,
    current=0.4823,
    parts=(
        Cause(
            factor="inputs changed", verdict="covariate", share=0.93,
            interval=Interval(0.84, 1.02), because="Other inputs come in, on which the model was "
            "always worse.",
        ),
        Cause(
            factor="same inputs, other outcomes", verdict="concept", share=0.12,
            interval=Interval(0.03, 0.21), because="On inputs that both sides share, the loss "
            "rose by 0.022.",
        ),
        Cause(
            factor="fewer hard cases", verdict="covariate", share=-0.05,
            interval=Interval(-0.09, -0.01), because="Rows that only the baseline had were harder.",
        ),
    ),
    gap=0.004,
    effective=0.61,
    overlap=0.93,
    assumes="labels are missing for no reason that the loss depends on",
    method="shared-support decomposition, Cai, Namkoong & Yadlowsky 2023",
)  # fmt: skip
SEGMENTS = (
    Segment(
        where="region = north and income below 30", columns=("region", "income"), excess=0.41,
        interval=Interval(0.33, 0.49), share=0.52, support=0.12, support_baseline=0.121,
        p_value=3e-12, n=741,
    ),
    Segment(
        where="channel = WEB", columns=("channel",), excess=0.07, interval=Interval(0.02, 0.12),
        share=0.18, support=0.41, support_baseline=0.0, p_value=0.013, n=2_530,
    ),
)  # fmt: skip
TESTS = (
    Information(about="side and features", value=0.118, z=41.2, p_value=0.0),
    Information(about="side and target, features known", value=0.0004, z=0.7, p_value=0.48),
    Information(about="side and prediction, features known", value=-0.0002, z=-0.4, p_value=0.66),
)
DRIFT = Explanation(
    of="drift",
    verdict="distortion",
    because="One column, income, was altered on the way; the rest of the log is as it was.",
    causes=(UNIT,),
    basis="rows",
    tests=TESTS,
    onset=ONSET,
    n_baseline=50_000,
    n_current=12_345,
    notes=("application_id was left out: no value occurs on both sides.",),
    seconds=7.42,
)
LOSS = Explanation(
    of="log loss",
    verdict="distortion",
    because="Log loss rose from 0.299 to 0.482, nearly all of it because income arrives in another "
    "unit.",
    causes=(UNIT, CHANNEL, AGE),
    basis="order",
    order=(("region", "age"), ("income", "channel"), ("approved",)),
    order_source="the suite",
    tests=TESTS,
    decomposition=SPLIT,
    segments=SEGMENTS,
    n_baseline=50_000,
    n_current=12_345,
    seconds=9.1,
)
TIED = Explanation(
    of="drift",
    verdict="undetermined",
    because="income and age changed together, and no row tells which of the two came first.",
    causes=(
        replace(
            UNIT, verdict="undetermined", share=0.5, interval=Interval(0.2, 0.8), rank_one=0.52,
            because="income is lower by half in one stretch.", shape=None, where=None,
            restored=None, onset=None,
        ),
        replace(
            AGE, verdict="undetermined", share=0.48, interval=Interval(0.18, 0.79), rank_one=0.48,
            because="age is higher by 20 in the same stretch.",
        ),
    ),
    tied=("income", "age"),
    tests=TESTS[:1],
    n_baseline=900,
    n_current=260,
)  # fmt: skip
NOTHING = Explanation(
    of="drift",
    verdict="none",
    because="The rows of both sides cannot be told apart: z is -1.3 with all 12 columns.",
    tests=(Information(about="side and features", value=-0.0011, z=-1.3, p_value=0.9),),
    n_baseline=50_000,
    n_current=12_345,
)
PROFILES = Explanation(
    of="drift",
    verdict="undetermined",
    because="income moved most, 0.41 by its population stability index; age follows with 0.3.",
    causes=(
        Cause(
            factor="income", share=0.58, because="income carries 58 % of the drift that single "
            "columns show.", columns=("income",),
        ),
        Cause(
            factor="age", share=0.42, because="age carries 42 % of it.", columns=("age",),
        ),
    ),
    basis="profiles",
    notes=("Only single columns were compared.",),
)  # fmt: skip
TEXTS = Explanation(
    of="hallucination.rate",
    verdict="covariate",
    because="Twice as many prompts ask for refunds, and those were always answered less well.",
    causes=(
        Cause(
            factor="prompts about refunds",
            verdict="covariate",
            share=0.71,
            interval=Interval(0.55, 0.83),
            rank_one=0.91,
            because="The share of prompts about refunds rose from 6 % to 19 %.",
            columns=("embedding.topics",),
            words=(
                Part(label="refund", baseline=0.031, current=0.142),
                Part(label="order", baseline=0.044, current=0.081),
                Part(label="hours", baseline=0.09, current=0.021),
            ),
            examples=(
                Example(
                    side="current", id="t-881", value=0.92,
                    texts={"prompt": "Where is my refund?", "response": "It was paid on Monday."},
                    because="nothing in the context speaks of Monday",
                ),
                Example(
                    side="current", id="t-990", texts={"prompt": "You rotten thieves, pay me"},
                    sensitive=True,
                ),
            ),
        ),
    ),
    basis="order",
    order=(("prompt",), ("context",), ("model_version",), ("response",)),
    order_source="built in for texts",
    n_baseline=1_200,
    n_current=640,
)  # fmt: skip


def hostile(names: list[str]) -> Explanation:
    """Put hostile text into every field that can hold some."""
    cause = replace(
        UNIT,
        factor=EVIL[0],
        because=EVIL[5],
        columns=(names[0], EVIL[1]),
        moved=tuple(f"{EVIL[place % 8]}{place}" for place in range(12)),
        shape=Shape(name="unit", said=EVIL[2], fit=0.5),
        where=Segment(where=EVIL[3], columns=(EVIL[3],), excess=0.1),
        onset=Onset(at=EVIL[4], because=EVIL[6]),
        restored=Restored(share=0.5, interval=None, asked=EVIL[1], because=EVIL[7]),
        picture=replace(REMAP, labels=EVIL[:6]),
        words=tuple(Part(label=text, baseline=0.1, current=0.2) for text in EVIL),
        examples=tuple(
            Example(
                side="current", id=text, texts={text: text}, because=text, sensitive=bool(place % 2)
            )
            for place, text in enumerate(EVIL)
        ),
        results=tuple(f"drift.psi|{name}|" for name in names),
    )
    return Explanation(
        of=EVIL[1],
        verdict="distortion",
        because=EVIL[2],
        causes=(cause, replace(cause, factor=EVIL[6])),
        tied=EVIL,
        basis="order",
        order=((EVIL[0], EVIL[1]), (EVIL[2],)),
        order_source=EVIL[3],
        tests=tuple(Information(about=text, value=0.1, z=3.0) for text in EVIL),
        decomposition=replace(
            SPLIT, of=EVIL[0], assumes=EVIL[1], method=EVIL[2],
            parts=tuple(replace(one, factor=EVIL[place], because=EVIL[place + 2])
                        for place, one in enumerate(SPLIT.parts)),
        ),
        segments=tuple(replace(SEGMENTS[0], where=text) for text in EVIL),
        notes=EVIL,
    )  # fmt: skip


def flood(report: Report) -> Explanation:
    """Explain every alarm of a report by its first column."""
    first = report.columns[0].name
    cause = replace(
        UNIT,
        because=f"{first} was multiplied by 0.4536 (pounds to kilograms); 39 columns that are "
        "computed from it moved along.",
        moved=tuple(column.name for column in report.columns[1:40]),
        results=tuple(f"{one.check}|{one.column}|{one.slice}" for one in report.alarms),
    )
    return replace(DRIFT, because="One column was altered upstream of all others.", causes=(cause,))


@pytest.fixture(scope="session")
def explained(make_report: MakeReport) -> Explained:
    return lambda kind: sample(kind, make_report)


def sample(kind: str, make_report: MakeReport) -> Report:
    """Make the report of one kind: by how it is explained."""
    if kind == "flood":
        report = make_report(60, 40)
        return replace(report, explanations=(flood(report),))
    if kind == "hostile":
        report = make_report(12, 9, hostile=True)
        names = [column.name for column in report.columns]
        return replace(report, explanations=(hostile(names),))
    told = {
        "one": (DRIFT,),
        "three": (LOSS, DRIFT),
        "tied": (TIED,),
        "none": (NOTHING,),
        "profiles": (PROFILES,),
        "texts": (TEXTS,),
        "bare": (),
    }
    return replace(make_report(12, 0 if kind == "none" else 3), explanations=told[kind])
