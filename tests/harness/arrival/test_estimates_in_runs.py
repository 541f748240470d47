"""When a run estimates performance, when it does not, and what it says of it."""

from __future__ import annotations

from typing import Any

import numpy as np

import tidegauge
from tidegauge.records import Result

COLUMNS = {"target": {"column": "y", "positive": "yes"}, "prediction": "said", "score": "p"}


def rows(n: int, seed: int, shift: float = 0.0, spread: float = 1.0) -> dict[str, Any]:
    """A model that is less sure of what lies near zero."""
    rng = np.random.default_rng(seed)
    x = rng.normal(shift, spread, n)
    p = 1 / (1 + np.exp(-3 * x))
    truth = np.where(rng.random(n) < p, "yes", "no")
    return {"x": x, "p": p, "said": np.where(p > 0.5, "yes", "no"), "y": truth}


def estimated(current: dict[str, Any], before: dict[str, Any], **more: Any) -> Result:
    report = tidegauge.check(current, before, columns=COLUMNS, **more)
    return next(r for r in report.results if r.evaluator == "performance.estimated_accuracy")


def without(labels: float, table: dict[str, Any]) -> dict[str, Any]:
    """Blank a share of the labels."""
    n = len(table["y"])
    kept = [label if i >= labels * n else None for i, label in enumerate(table["y"].tolist())]
    return table | {"y": kept}


def test_the_standard_preset_warns_of_an_estimated_drop_and_pages_nobody() -> None:
    hard = rows(2_000, 1, spread=0.2)
    result = estimated(without(1.0, hard), rows(4_000, 0))
    assert result.verdict.outcome == "warn"
    assert result.score is not None
    right = (hard["said"] == hard["y"]).mean()
    assert result.score.interval is not None
    assert result.score.interval.low <= right <= result.score.interval.high


def test_few_labels_are_estimated_around_and_half_of_them_count() -> None:
    before, now = rows(3_000, 2), rows(1_000, 3)
    few = estimated(without(0.7, now), before)
    assert few.verdict.outcome == "pass"
    half = estimated(without(0.5, now), before)
    assert half.verdict.outcome == "not_applicable"
    assert "50 % of labels are there, so performance.accuracy counts" in half.verdict.because


def test_labels_that_are_there_do_not_leak_into_an_estimate() -> None:
    before, now = rows(3_000, 4), without(0.6, rows(1_000, 5))
    turned = now | {"y": [{"yes": "no", "no": "yes"}.get(y) for y in now["y"]]}
    one, other = estimated(now, before), estimated(turned, before)
    assert one.score == other.score


def test_rows_unlike_any_in_the_baseline_are_said_to_be_so() -> None:
    result = estimated(
        without(1.0, rows(2_000, 6, shift=1.6)),
        rows(3_000, 7),
        checks=[{"performance.estimated_accuracy": {"min_effective": 20}}],
    )
    assert result.score is not None
    assert float(result.score.details["support overlap"]) < 0.9
    assert "the baseline knows the like of only" in result.verdict.because
