"""Stored comparisons of two models."""

from __future__ import annotations

from collections.abc import Mapping

from tidegauge.comparison import Comparison, Difference
from tidegauge.comparison import Disagreement as Row
from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.lines import iso
from tidegauge.store.comparisons import ComparisonRow, list_comparisons, load_comparison
from tidegauge.views import (
    ComparisonLine,
    ComparisonsView,
    ComparisonView,
    Disagreement,
    MetricLine,
)

WORDS = {
    "no_worse": "not worse", "not_shown": "not shown", "too_few": "not measured",
    "not_compared": "not measured", "error": "not measured",
}  # fmt: skip
PAGE = 50


def comparisons_view(desk: Desk, *, suite: str = "", before: str = "") -> ComparisonsView:
    """List stored comparisons, the newest first."""
    found, older = list_comparisons(desk.store, suite or None, after=before, limit=PAGE)
    return ComparisonsView(
        comparisons=tuple(map(_line, found)),
        suite=suite,
        suites=tuple(sorted({row.suite for row in found} | ({suite} if suite else set()))),
        older=older,
    )


def comparison_view(desk: Desk, id: str) -> ComparisonView:
    """Show one stored comparison.

    Raises
    ------
    HistoryError
        When the history holds none of this id.
    """
    one = load_comparison(desk.store, id)
    return ComparisonView(
        line=ComparisonLine(
            id=one.comparison_id,
            suite=one.suite,
            at=one.created,
            baseline=one.baseline.source,
            candidate=one.candidate.source,
            outcome=one.outcome,
            because=one.because,
            n=one.pairing.pairs or one.candidate.n,
            paired=one.pairing.design == "paired",
        ),
        metrics=tuple(_metric(one, each) for each in one.overall),
        segments=tuple(_metric(one, each) for each in one.segments),
        examples=tuple(map(_example, one.disagreements)),
        notes=(one.pairing.because, *one.notes),
    )


def _line(row: ComparisonRow) -> ComparisonLine:
    return ComparisonLine(
        id=row.id,
        suite=row.suite,
        at=iso(row.at),
        baseline=row.baseline,
        candidate=row.candidate,
        outcome=row.outcome,
        because=row.because,
        n=row.n,
        paired=row.design == "paired",
    )


def _metric(whole: Comparison, one: Difference) -> MetricLine:
    card = whole.cards.get(one.metric) or whole.cards.get(one.evaluator)
    contrast = one.contrast
    return MetricLine(
        metric=one.metric,
        title=card.title if card else "",
        unit=card.unit if card else "",
        better=card.better if card else "none",
        segment=one.slice,
        baseline=one.baseline,
        candidate=one.candidate,
        difference=contrast.change if contrast else None,
        low=contrast.interval.low if contrast and contrast.interval else None,
        high=contrast.interval.high if contrast and contrast.interval else None,
        margin=one.allowed,
        p_value=one.adjusted_p,
        shown=WORDS.get(one.decision, one.decision),
        because=one.because,
        smallest=one.detectable,
        n=contrast.n if contrast else 0,
    )


def _example(row: Row) -> Disagreement:
    return Disagreement(
        id=row.id,
        fields=row.asked,
        baseline=_said(row.baseline),
        candidate=_said(row.candidate),
        truth=row.asked.get("target", ""),
        because=f"{row.metric}: the {row.favours} does better by {abs(row.gain):.3g}",
    )


def _said(answer: Mapping[str, str]) -> str:
    return "\n".join(f"{name}: {text}" for name, text in answer.items())
