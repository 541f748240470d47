"""Two runs side by side, and stored comparisons of two models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tidegauge.comparison import Comparison
from tidegauge.records import Cause, Outcome
from tidegauge.views.glance import RunLine

Change = Literal["worse", "better", "moved", "same", "new", "gone"]
"""What became of a finding from one run to the other: a worse or better outcome; the same outcome
with another value; nothing; judged only after; judged only before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One check on one column of one slice, in both runs."""

    check: str
    column: str = ""
    slice: str = ""
    title: str = ""
    """The field's name for the measure."""
    unit: str = ""
    better: Literal["lower", "higher", "none"] = "none"
    change: Change
    before: float | None = None
    after: float | None = None
    outcome_before: Outcome | None = None
    """``None`` where it was not asked."""
    outcome_after: Outcome | None = None
    because: str = ""
    """The later verdict's sentence, or the earlier one's where it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffView:
    """Page ``diff``: two runs of a suite. Query: suite, before, after, show (``all``)."""

    suites: tuple[str, ...] = ()
    """To choose from."""
    suite: str = ""
    choices: tuple[RunLine, ...] = ()
    """Runs to choose from, newest first, 100 at most."""
    before: RunLine | None = None
    """``None`` until two runs were chosen."""
    after: RunLine | None = None
    because: str = ""
    """What changed, in one sentence."""
    differences: tuple[Difference, ...] = ()
    """Worse first, then better, new, gone, moved; those that are the same only with show=all."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """``Change`` -> how many, the same included."""
    causes_before: tuple[Cause, ...] = ()
    causes_after: tuple[Cause, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader must know: another baseline, other checks, another release."""
    show: Literal["changed", "all"] = "changed"
    trouble: str = ""
    """Why the chosen runs cannot be compared, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonLine:
    """A comparison of two models in a list."""

    id: str
    suite: str
    at: str
    """ISO 8601, UTC."""
    baseline: str
    """What the candidate was held against, as it was named."""
    candidate: str
    outcome: str
    """``pass``, ``critical``, ``inconclusive`` or ``error``."""
    because: str
    n: int = 0
    """Rows, or pairs."""
    paired: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonView:
    """Page ``comparison``: one stored comparison of two models; its texts are hostile."""

    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonsView:
    """Page ``comparisons``: stored comparisons, newest first. Query: suite, before (a cursor)."""

    comparisons: tuple[ComparisonLine, ...]
    suite: str = ""
    suites: tuple[str, ...] = ()
    older: str = ""
