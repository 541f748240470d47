"""The records that travel through a run: frozen data, no maths, no input or output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
"""Version of the report's layout; a reader refuses what it does not know."""

Kind = Literal["numeric", "categorical", "boolean", "datetime", "text", "id", "empty", "nested"]
"""What a column holds."""

Role = Literal[
    "feature", "target", "prediction", "score", "id", "timestamp", "segment", "latency", "status"
]
"""What a column is for."""

Outcome = Literal[
    "pass", "info", "warn", "critical", "inconclusive", "not_applicable", "skipped", "error"
]
Severity = Literal["info", "warn", "critical"]
ALARMS: tuple[Outcome, ...] = ("critical", "warn")
"""Outcomes that ask for a person's attention, worst first."""


class Interval(NamedTuple):
    """A confidence interval at the level the policy states (0.95 by default)."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What an evaluator says of itself; every evaluator file holds one."""

    title: str
    """The field's name for it, as a heading: "Population stability index"."""
    explain: str
    """One sentence that tells a reader what the number means."""
    reads: tuple[str, ...]
    """Kinds of column it takes (``Kind``), or ``classification``, ``regression``, ``keys``,
    ``dataset``."""
    on: str
    """Where it is applied unless the suite says otherwise: ``features``, another role,
    ``outcome`` (target against prediction) or ``dataset``."""
    better: Literal["lower", "higher", "none"]
    """Which way is good; ``none`` where only a change can be judged (a bias, a share)."""
    unit: str
    """In words: "share of rows", "milliseconds", "gap between two CDFs"."""
    reference: str
    """The paper or standard that defines it."""
    range: tuple[float | None, float | None] = (None, None)
    """Smallest and largest value possible; ``None`` = unbounded."""
    over: Literal["profile", "sample"] = "profile"
    """Whether it reads mergeable profiles or bounded row samples."""
    extra: str = ""
    """Optional dependency group it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One line of a score's evidence: a bin, a level, a column, a class."""

    label: str
    baseline: float
    """Share, count or value on the baseline's side."""
    current: float
    contribution: float = 0.0
    """What this part adds to the score's value, where the value is a sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a measure found; never whether that is good."""

    value: float
    interval: Interval | None = None
    """Confidence interval of ``value``."""
    p_value: float | None = None
    """Probability of a change this large when nothing changed; ``None`` where no test exists
    or where neither side holds anything to test."""
    baseline: float | None = None
    """The same measure on the baseline alone, where it has a meaning there."""
    change: Interval | None = None
    """Confidence interval of ``value - baseline``."""
    n_baseline: int
    n_current: int
    resolution: float = 0.0
    """Largest difference from the value on all raw rows, caused by reading a grid."""
    parts: tuple[Part, ...] = ()
    """Evidence, largest contribution first; at most a few dozen."""
    details: Mapping[str, float | str] = field(default_factory=dict)
    """Further named numbers: degrees of freedom, bins pooled, share of labels arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A bound on a score, at one severity.

    ``versus="value"`` bounds the value itself (from above where lower is better, from below
    where higher is better); ``drop`` and ``rise`` bound the change against the baseline, as a
    fraction of it where ``share`` is set; ``any`` is passed by whatever change the evidence
    supports.
    """

    severity: Severity
    versus: Literal["value", "drop", "rise", "any"]
    bound: float = 0.0
    share: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of a suite: an evaluator, where to apply it, and its limits."""

    id: str
    """Unique in the suite: the evaluator's name, with a suffix where it is used twice."""
    evaluator: str
    on: tuple[str, ...] = ()
    """Roles or column names; empty = where the evaluator's card says."""
    params: Mapping[str, Any] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    slices: bool = True
    """Whether each segment value is judged too."""
    require: bool = False
    """Whether too little evidence fails the run (exit code 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the judge decides."""

    false_alarms: float = 0.05
    """Share of unchanged runs that may raise any alarm at all."""
    confidence: float = 0.95
    """Level of every interval."""
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judge decided, in one sentence that holds the numbers."""

    outcome: Outcome
    because: str
    limit: Limit | None = None
    """The limit that was broken."""
    adjusted_p: float | None = None
    """The p-value after the run's false-alarm budget; below the budget the evidence stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A score in one window of the current log."""

    label: str
    value: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One check on one column of one slice, measured and judged."""

    check: str
    """The check's id."""
    evaluator: str
    column: str = ""
    """Column name; empty for checks of the whole log."""
    role: str = ""
    slice: str = ""
    """``segment=value``; empty for all rows."""
    score: Score | None = None
    verdict: Verdict
    series: tuple[Point, ...] = ()
    """The value window by window, where the log has timestamps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """A distribution over bins or levels, both sides, for drawing."""

    labels: tuple[str, ...]
    """Level names; empty for numeric bins."""
    edges: tuple[float, ...]
    """Bin edges, one more than bins; empty for levels."""
    baseline: tuple[float, ...]
    """Share of rows in each bin or level."""
    current: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Both cumulative distribution functions at common points, for drawing."""

    at: tuple[float, ...]
    baseline: tuple[float, ...]
    current: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a reader wants to know of one column, both sides."""

    name: str
    kind: Kind
    role: str
    n_baseline: int
    n_current: int
    missing_baseline: float
    """Share of rows."""
    missing_current: float
    summary_baseline: Mapping[str, float | str] = field(default_factory=dict)
    """mean, sd, min, median, max; or levels and the most frequent one."""
    summary_current: Mapping[str, float | str] = field(default_factory=dict)
    shares: Shares | None = None
    curves: Curves | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Where one side's rows came from."""

    source: str
    """Path, pattern, URL or "frame"."""
    n: int
    digest: str = ""
    """SHA-256 of the baseline file, or of names, sizes and times of the log files."""
    window: str = ""
    """``start/end`` in ISO 8601, end excluded; empty for all rows."""
    created: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A factor with its share of a change."""

    factor: str
    share: float
    interval: Interval | None = None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The one record of a run; every renderer, store and action reads only this."""

    format: int = FORMAT
    suite: str
    run_id: str
    created: str
    """ISO 8601, UTC."""
    outcome: Literal["pass", "warn", "critical", "inconclusive", "error"]
    because: str
    """The outcome in one sentence."""
    baseline: Side
    current: Side
    policy: Policy
    checks: tuple[Check, ...]
    cards: Mapping[str, Card]
    """Evaluator name -> card, for every evaluator used."""
    results: tuple[Result, ...]
    """Worst first; nothing that was asked for is left out."""
    columns: tuple[Column, ...]
    causes: tuple[Cause, ...] = ()
    notes: tuple[str, ...] = ()
    """What was inferred or repaired on the way, one sentence each."""
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall time by stage."""

    @property
    def passed(self) -> bool:
        """True when nothing critical was found and every check could run."""
        return self.outcome not in ("critical", "error")

    @property
    def alarms(self) -> tuple[Result, ...]:
        """Results that ask for attention, worst first."""
        return tuple(r for r in self.results if r.verdict.outcome in ALARMS)

    def assert_passed(self) -> None:
        """Raise ``AssertionError`` that lists what failed, unless the report passed.

        Warnings pass; look at ``alarms`` for them.
        """
        if not self.passed:
            failed = [r for r in self.results if r.verdict.outcome in ("critical", "error")]
            lines = [f"  {r.verdict.outcome}: {r.verdict.because}" for r in failed]
            raise AssertionError("\n".join([f"{self.suite}: {self.because}", *lines]))

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries, lists, strings and numbers, ready for JSON."""
        from tidegauge.report import to_dict

        return to_dict(self)

    def to_frame(self) -> pd.DataFrame:
        """One row a result: evaluator, column, slice, value, low, high, p_value, outcome, because.

        Examples
        --------
        >>> import tidegauge
        >>> report = tidegauge.check({"x": [1.0, 2.0] * 50}, {"x": [1.0, 2.0] * 50})
        >>> list(report.to_frame())[:3]
        ['evaluator', 'column', 'slice']
        """
        from tidegauge.report import to_frame

        return to_frame(self)

    def _repr_html_(self) -> str:
        from tidegauge.report import notebook_html

        return notebook_html(self)
