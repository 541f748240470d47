from __future__ import annotations

import json
import math
import time
from dataclasses import fields, replace
from typing import Any

import pytest

from tidegauge.errors import TidegaugeError
from tidegauge.records import (
    Card,
    Cause,
    Check,
    Column,
    Decomposition,
    Example,
    Explanation,
    Information,
    Interval,
    Limit,
    Onset,
    Part,
    Picture,
    Point,
    Policy,
    Report,
    Restored,
    Result,
    Score,
    Segment,
    Shape,
    Shares,
    Side,
    Verdict,
)
from tidegauge.report import (
    FRAME_COLUMNS,
    from_json,
    notebook_html,
    report_schema,
    to_dict,
    to_frame,
    to_json,
)

SCORE = Score(
    value=0.25,
    interval=Interval(0.2, 0.3),
    p_value=0.001,
    n_baseline=1000,
    n_current=100,
    parts=(Part(label="bin 1", baseline=0.1, current=0.2, contribution=0.07),),
    details={"bins": 10.0, "method": "grid"},
)
RESULT = Result(
    check="drift.psi",
    evaluator="drift.psi",
    column="income <b>",
    score=SCORE,
    verdict=Verdict(
        outcome="critical",
        because="PSI is 0.25, above 0.2",
        limit=Limit(severity="critical", versus="value", bound=0.2),
        adjusted_p=0.01,
    ),
    series=(Point(label="2026-01-01", value=0.2, n=50),),
)
SKIPPED = Result(
    check="drift.psi",
    evaluator="drift.psi",
    column="id",
    slice="region=north",
    verdict=Verdict(outcome="skipped", because="an id has no distribution"),
)
EXPLANATION = Explanation(
    of="log loss",
    verdict="distortion",
    because="income was multiplied by 0.4536",
    causes=(
        Cause(
            factor="income",
            verdict="distortion",
            share=0.6,
            interval=Interval(0.5, 0.7),
            rank_one=0.98,
            because="income carries 60 %",
            columns=("income <b>",),
            shape=Shape(
                name="unit", said="times 0.4536", fit=0.99, exact=True, params={"factor": 0.4536}
            ),
            moved=("debt",),
            where=Segment(where="region = north", columns=("region",), excess=0.1),
            onset=Onset(at="2026-01-07T14:00:00Z", low="2026-01-07T13:50:00Z", form="step"),
            restored=Restored(
                share=0.9, interval=Interval(0.8, 1.0), asked="the model", because="it comes back"
            ),
            picture=Picture(
                labels=(), edges=(0.0, 1.0, 2.0), baseline=(0.5, 0.5), current=(0.9, 0.1),
                repaired=(0.5, 0.5),
            ),
            words=(Part(label="refund", baseline=0.1, current=0.2),),
            examples=(Example(side="current", texts={"prompt": "a refund"}, value=0.5),),
            results=("drift.psi|income <b>|",),
        ),
    ),
    tied=("income", "debt"),
    basis="order",
    order=(("region",), ("income", "debt")),
    order_source="the suite",
    tests=(Information(about="side and features", value=0.1, z=14.0, p_value=1e-9),),
    decomposition=Decomposition(
        of="log loss",
        baseline=0.3,
        current=0.5,
        parts=(Cause(factor="covariate", share=0.7, because="most of it"),),
        gap=0.02,
        effective=0.5,
        overlap=0.9,
        assumes="labels are right",
        method="reweighting",
    ),
    segments=(
        Segment(
            where="region = north", columns=("region",), excess=0.1, interval=Interval(0.05, 0.15),
            share=0.4, support=0.2, support_baseline=0.21, p_value=0.001, n=200,
        ),
    ),
    onset=Onset(at="2026-01-07T14:00:00Z", form="ramp", because="by and by"),
    n_baseline=1000,
    n_current=100,
    notes=("id was left out",),
    seconds=1.5,
)  # fmt: skip
"""Every field of every record of an explanation is filled."""
REPORT = Report(
    suite="credit",
    run_id="r1",
    created="2026-01-08T06:00:00Z",
    outcome="critical",
    because="income has moved",
    baseline=Side(source="a.parquet", n=1000),
    current=Side(source="b.parquet", n=100),
    policy=Policy(),
    checks=(Check(id="drift.psi", evaluator="drift.psi", params={"bins": 10}),),
    cards={
        "drift.psi": Card(
            title="Population stability index",
            explain="How far shares moved.",
            reads=("numeric",),
            on="features",
            better="lower",
            unit="nats",
            reference="Yurdakul & Naranjo 2020",
            range=(0.0, None),
        )
    },
    results=(RESULT, SKIPPED),
    columns=(
        Column(
            name="income <b>",
            kind="numeric",
            role="feature",
            n_baseline=1000,
            n_current=100,
            missing_baseline=0.0,
            missing_current=0.1,
            summary_baseline={"mean": 1.0, "most frequent": "1.5"},
            shares=Shares(
                labels=(), edges=(0.0, 1.0, 2.0), baseline=(0.5, 0.5), current=(0.1, 0.9)
            ),
        ),
    ),
    explanations=(EXPLANATION,),
    versions={"tidegauge": "0.1.0"},
    seconds={"read": 0.1},
)


def of(**changes: Any) -> Report:
    """Make a report whose one score is changed."""
    return replace(REPORT, results=(replace(RESULT, score=replace(SCORE, **changes)), SKIPPED))


def test_a_report_is_read_back_equal_to_what_was_written() -> None:
    again = from_json(to_json(REPORT))
    assert again == REPORT
    assert isinstance(again.results[0].score, Score)
    assert isinstance(again.results[0].score.interval, Interval)
    assert again.columns[0].summary_baseline["most frequent"] == "1.5"  # a word stays a word


def test_bytes_are_read_as_well_as_text() -> None:
    assert from_json(to_json(REPORT).encode()) == REPORT


def test_the_dictionary_holds_plain_values_only() -> None:
    def kinds(value: Any) -> set[type]:
        if isinstance(value, dict):
            return {type(value)}.union(*(kinds(item) for item in value.values()))
        if isinstance(value, list):
            return {type(value)}.union(*(kinds(item) for item in value))
        return {type(value)}

    assert kinds(to_dict(REPORT)) <= {dict, list, str, int, float, bool, type(None)}
    assert REPORT.to_dict() == json.loads(REPORT.to_json())


def test_an_explanation_is_read_back_record_for_record() -> None:
    again = from_json(to_json(REPORT)).explanations[0]
    assert again == EXPLANATION
    cause = again.causes[0]
    assert (cause.low, cause.high) == (0.5, 0.7)
    for record in (cause, again.decomposition, again.segments[0], again.tests[0], cause.picture):
        assert record is not None
    assert again.order == (("region",), ("income", "debt"))


def test_the_sample_explanation_leaves_no_field_at_its_default() -> None:
    def bare(record: Any) -> list[str]:
        return [
            f"{type(record).__name__}.{field.name}"
            for field in fields(record)
            if getattr(record, field.name) == field.default
        ]

    cause = EXPLANATION.causes[0]
    found = (EXPLANATION, cause, cause.shape, EXPLANATION.segments[0], EXPLANATION.tests[0])
    assert [name for record in found for name in bare(record)] == []


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_an_explanation_keeps_what_is_finite(bad: float) -> None:
    cause = EXPLANATION.causes[0]
    assert cause.shape is not None
    broken = replace(
        cause,
        interval=Interval(0.1, bad),
        rank_one=bad,
        shape=replace(cause.shape, params={"factor": bad}),
        restored=Restored(share=bad, interval=None, asked="the model", because="no loss to gain"),
        picture=Picture(labels=(), edges=(0.0, bad), baseline=(1.0,), current=(1.0,)),
        where=replace(EXPLANATION.segments[0], share=bad, interval=Interval(bad, bad)),
    )
    segments = (replace(EXPLANATION.segments[0], excess=bad), EXPLANATION.segments[0])
    text = to_json(
        replace(REPORT, explanations=(replace(EXPLANATION, causes=(broken,), segments=segments),))
    )
    assert "NaN" not in text
    assert "Infinity" not in text
    again = from_json(text).explanations[0]
    kept = again.causes[0]
    assert (kept.interval, kept.rank_one, kept.restored, kept.picture) == (None,) * 4
    assert kept.shape is not None
    assert kept.shape.params == {"factor": str(bad)}
    assert kept.where == replace(EXPLANATION.segments[0], share=0.0, interval=None)
    assert again.segments == EXPLANATION.segments


def test_the_causes_of_a_report_are_those_of_its_explanations() -> None:
    both = replace(REPORT, explanations=(EXPLANATION, replace(EXPLANATION, of="drift")))
    assert both.causes == EXPLANATION.causes * 2
    assert EXPLANATION.to_dict()["causes"][0]["factor"] == "income"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_left_out(bad: float) -> None:
    text = to_json(
        of(p_value=bad, interval=Interval(0.1, bad), baseline=bad, details={"bins": bad})
    )
    assert "NaN" not in text
    assert "Infinity" not in text
    score = from_json(text).results[0].score
    assert score == replace(SCORE, p_value=None, interval=None, details={"bins": str(bad)})


def test_a_score_without_a_finite_value_is_no_score_and_its_verdict_stays() -> None:
    again = from_json(to_json(of(value=math.nan)))
    assert again.results[0].score is None
    assert again.results[0].verdict == RESULT.verdict


def test_evidence_and_pictures_that_are_not_finite_are_left_out_whole() -> None:
    parts = (Part(label="a", baseline=math.nan, current=1.0), SCORE.parts[0])
    assert from_json(to_json(of(parts=parts))).results[0].score == SCORE
    shares = Shares(labels=(), edges=(0.0, math.inf), baseline=(1.0,), current=(1.0,))
    column = replace(REPORT.columns[0], shares=shares)
    again = from_json(to_json(replace(REPORT, columns=(column,))))
    assert again.columns[0].shares is None


def test_a_lone_surrogate_does_not_cost_the_report() -> None:
    text = to_json(replace(REPORT, suite="a\ud800b"))
    assert from_json(text.encode("utf-8")).suite == "a?b"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "not a JSON report"),
        ('{"format": 1, "suite"', "not a JSON report"),
        ("[1, 2]", 'no "format"'),
        ('{"suite": "x"}', 'no "format"'),
        ('{"format": 1}', "suite"),
        ('{"format": 2}', "format 2"),
        ('{"format": "one"}', "format 'one'"),
        ('{"format": 1, "x": NaN}', "NaN is not a number"),
        ("[" * 100_000, "not a JSON report"),
    ],
)
def test_what_is_no_report_is_refused_with_a_hint(text: str, found: str) -> None:
    with pytest.raises(TidegaugeError) as refused:
        from_json(text)
    assert found in refused.value.message
    assert refused.value.hint


def test_the_frame_has_the_promised_columns_and_one_row_a_result() -> None:
    frame = to_frame(REPORT)
    assert tuple(frame) == FRAME_COLUMNS
    assert FRAME_COLUMNS == (
        "evaluator", "column", "slice", "value", "low", "high", "p_value", "outcome", "because",
    )  # fmt: skip
    assert frame["value"].tolist()[0] == 0.25
    assert frame["low"].tolist()[0] == 0.2
    assert math.isnan(frame["value"].tolist()[1])
    assert frame["slice"].tolist() == ["", "region=north"]
    assert [str(kind) for kind in frame.dtypes[["value", "low", "high", "p_value"]]] == [
        "float64"
    ] * 4


def test_a_report_without_results_gives_an_empty_frame_of_the_same_columns() -> None:
    frame = to_frame(replace(REPORT, results=()))
    assert tuple(frame) == FRAME_COLUMNS
    assert len(frame) == 0


def test_every_field_of_the_schema_is_described() -> None:
    schema = report_schema()
    shapes = {"Report": schema, **schema["$defs"]}
    bare = [
        f"{name}.{field}"
        for name, shape in shapes.items()
        for field, told in shape.get("properties", {}).items()
        if not told.get("description")
    ]
    assert not bare
    assert schema["properties"]["format"]["const"] == REPORT.format


def test_the_schema_names_every_key_that_is_written() -> None:
    schema = report_schema()
    assert set(to_dict(REPORT)) == set(schema["properties"])
    assert set(to_dict(REPORT)["results"][0]) == set(schema["$defs"]["Result"]["properties"])
    explanation = to_dict(REPORT)["explanations"][0]
    assert set(explanation) == set(schema["$defs"]["Explanation"]["properties"])
    assert set(explanation["causes"][0]) == set(schema["$defs"]["Cause"]["properties"])


def test_the_notebook_cell_shows_the_verdict_and_escapes_names() -> None:
    cell = notebook_html(REPORT)
    assert "credit: critical." in cell
    assert "income &lt;b&gt;" in cell
    assert "<b>" not in cell
    assert REPORT._repr_html_() == cell


def test_the_notebook_cell_says_why() -> None:
    assert "<p>log loss: income was multiplied by 0.4536</p>" in notebook_html(REPORT)


def test_an_explanation_shows_itself_in_a_notebook_with_names_escaped() -> None:
    cell = replace(EXPLANATION, tied=("<b>",), notes=("<i>",))._repr_html_()
    assert "<strong>log loss: distortion.</strong>" in cell
    assert "60% (50% to 70%)" in cell
    assert "&lt;b&gt;" in cell
    assert "<b>" not in cell
    assert "<i>" not in cell
    bare = replace(EXPLANATION, causes=(), tied=(), notes=())
    assert "<table" not in bare._repr_html_()


def test_five_thousand_results_are_written_in_a_blink() -> None:
    many = replace(REPORT, results=(RESULT,) * 5000)
    start = time.process_time()
    to_json(many)
    assert time.process_time() - start < 1.0
