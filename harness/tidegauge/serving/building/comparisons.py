"""Stored comparisons of two models."""

from __future__ import annotations

from tidegauge.serving.building.desk import Desk
from tidegauge.serving.building.lines import iso
from tidegauge.store.comparisons import ComparisonRow, list_comparisons, load_comparison
from tidegauge.views import ComparisonLine, ComparisonsView, ComparisonView

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
    return ComparisonView(comparison=load_comparison(desk.store, id))


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
