"""The gate: margins, correction, what is demanded, and the sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tidegauge.comparing.contrasts import Measured
from tidegauge.comparing.deciding import decide, gate, holm
from tidegauge.comparing.metrics import Metric
from tidegauge.comparison import Contrast, Decision, Margin
from tidegauge.measuring import Subject
from tidegauge.records import Card, Check, Interval, Policy

POLICY = Policy()
CARD = Card(
    title="Accuracy", explain="", reads=("classification",), on="outcome", better="higher",
    unit="share of rows", reference="",
)  # fmt: skip


def measured(
    change: float,
    error: float = 0.01,
    *,
    p: float | None = None,
    margin: Margin | None = None,
    name: str = "performance.accuracy",
    slice: str = "",
    better: str = "higher",
    required: bool = False,
) -> Measured:
    from scipy.stats import norm

    card = replace(CARD, better=better)  # type: ignore[arg-type]
    metric = Metric(
        name=name, card=card, check=Check(id=name, evaluator=name), found=None, subject=Subject(),
        margin=margin, required=required,
    )  # fmt: skip
    contrast = Contrast(
        change=change,
        interval=Interval(change - 1.96 * error, change + 1.96 * error),
        p_value=2 * norm.sf(abs(change) / error) if p is None else p,
        error=error,
        errors=(error, error),
        correlation=0.5,
        n=1_000,
        groups=1_000,
        method="",
    )
    return Measured(
        metric=metric, slice=slice, baseline=0.8, candidate=0.8 + change, contrast=contrast
    )


@pytest.mark.parametrize(
    ("change", "margin", "decision"),
    [
        (0.05, None, "better"),
        (-0.05, None, "worse"),
        (0.01, None, "not_shown"),
        (-0.01, 0.05, "no_worse"),
        (-0.025, 0.05, "no_worse"),
        (-0.04, 0.05, "not_shown"),
        (-0.09, 0.05, "worse"),
        (0.05, 0.01, "better"),
    ],
)
def test_what_it_comes_to(change: float, margin: float | None, decision: Decision) -> None:
    allowed = None if margin is None else Margin(bound=margin)
    (found,) = decide([measured(change, margin=allowed)], POLICY)
    assert found.decision == decision


def test_lower_may_be_better() -> None:
    (found,) = decide([measured(0.05, better="lower")], POLICY)
    assert found.decision == "worse"
    assert found.worst == pytest.approx(0.05 + 1.96 * 0.01)


def test_many_metrics_ask_for_more_evidence() -> None:
    one = measured(-0.023)
    assert decide([one], POLICY)[0].decision == "worse"
    twenty = [one, *(measured(0.0, name=f"m{i}") for i in range(19))]
    assert "worse" not in {found.decision for found in decide(twenty, POLICY)}


def test_holm_corrects_in_steps_and_halves_for_segments() -> None:
    alone = holm([measured(0.0, p=p) for p in (0.01, 0.04, 0.03)])
    assert alone == pytest.approx([0.03, 0.06, 0.06])
    parted = holm([measured(0.0, p=0.01), measured(0.0, p=0.02, slice="a=b")])
    assert parted == pytest.approx([0.02, 0.04])


def test_models_that_are_alike_fail_the_gate_one_time_in_twenty() -> None:
    rng = np.random.default_rng(0)
    runs, failed = 400, 0
    for _ in range(runs):
        whole = [measured(z * 0.01, name=f"m{i}") for i, z in enumerate(rng.normal(size=3))]
        parts = [measured(z * 0.01, slice=f"s={i}") for i, z in enumerate(rng.normal(size=6))]
        failed += min(p for p in holm([*whole, *parts]) if p is not None) <= POLICY.false_alarms
    assert 0.02 < failed / runs < 0.08


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (measured(0.0), "pass"),
        (measured(0.1), "pass"),
        (measured(-0.1), "critical"),
        (measured(0.0, margin=Margin(bound=0.05)), "pass"),
        (measured(0.0, margin=Margin(bound=0.01)), "inconclusive"),
        (measured(0.0, required=True), "inconclusive"),
        (measured(0.1, required=True), "pass"),
    ],
)
def test_the_gate(found: Measured, outcome: str) -> None:
    assert gate(decide([found], POLICY), "gate")[0] == outcome


def test_a_segment_shown_worse_stops_the_candidate_unless_it_is_only_reported() -> None:
    found = decide([measured(0.0), measured(-0.2, slice="region=north")], POLICY)
    outcome, because = gate(found, "gate")
    assert outcome == "critical"
    assert "performance.accuracy in region=north" in because
    assert gate(found, "report")[0] == "pass"


def test_what_failed_or_had_too_few_rows_is_said() -> None:
    metric = measured(0.0).metric
    failed = Measured(metric=metric, problem="ValueError: no", broken=True)
    few = Measured(metric=metric, problem="needs 30 rows", few=True)
    assert gate(decide([failed], POLICY), "gate")[0] == "error"
    (found,) = decide([few], POLICY)
    assert (found.decision, found.because) == ("too_few", "Accuracy: needs 30 rows")
    assert gate([found], "gate")[0] == "pass", "nobody demanded it"
    assert gate([replace(found, required=True)], "gate")[0] == "inconclusive"


def test_a_margin_that_is_a_share_is_as_uncertain_as_the_baseline() -> None:
    share = Margin(bound=0.1, share=True)
    (found,) = decide([measured(-0.05, margin=share)], POLICY)
    assert found.allowed == pytest.approx(0.08)
    assert found.worst is not None
    error = np.sqrt(0.01**2 * (1 + 0.9**2 - 2 * 0.9 * 0.5))
    assert found.worst == pytest.approx(0.05 + 1.96 * error, rel=1e-6)


def test_sentences_hold_the_numbers() -> None:
    found = [
        decide([one], POLICY)[0].because
        for one in (
            measured(0.05),
            measured(-0.1, margin=Margin(bound=0.01)),
            measured(0.0, margin=Margin(bound=0.05)),
            measured(-0.03, margin=Margin(bound=0.04)),
            measured(0.005),
        )
    ]
    assert found == [
        "Accuracy 85 % against 80 %: better by 5 points (+3.04 to +6.96); p below 1e-06 after "
        "correction",
        "Accuracy 70 % against 80 %: worse by 10 points (-12 to -8.04), beyond the margin of 1 "
        "point; p below 1e-06 after correction",
        "Accuracy 80 % against 80 %: no change (-1.96 to +1.96), no worse than the margin of 5 "
        "points allows",
        "Accuracy 77 % against 80 %: -3 points (-4.96 to -1.04), worse, and not shown to keep "
        "within the margin of 4 points; 1,000 rows would have shown a difference of 2.8 points",
        "Accuracy 80.5 % against 80 %: +0.5 points (-1.46 to +2.46), no difference is shown; 1,000 "
        "rows would have shown a difference of 2.8 points",
    ]
