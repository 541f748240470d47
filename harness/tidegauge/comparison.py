"""The records of a comparison of two models: frozen data, no maths, no input or output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tidegauge.records import Card, Information, Interval, Policy, Side

FORMAT = 1
"""Version of the layout; a reader refuses what it does not know."""

Decision = Literal["better", "worse", "no_worse", "not_shown", "too_few", "not_compared", "error"]
"""``no_worse``: no worse than the margin allows. ``not_shown``: this sample can tell neither.
``too_few``: not enough rows to measure. ``not_compared``: the question makes no sense here."""

Design = Literal["paired", "unpaired"]
"""Whether both models answered the same rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodCard:
    """What a method of comparison says of itself; every such file holds one."""

    title: str
    """The field's name for it, as a heading: "Paired DeLong test"."""
    explain: str
    """What it answers, in one sentence."""
    reference: str
    """The paper or standard that defines it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """How far a number lies apart on two sides, and how sure that is; never whether it matters."""

    change: float
    """Candidate minus baseline."""
    interval: Interval | None
    """Confidence interval of ``change``."""
    p_value: float | None
    """Probability of a change this large, either way, between models that are alike."""
    error: float
    """Standard error of ``change``."""
    errors: tuple[float, float]
    """Standard errors of the baseline's value and of the candidate's."""
    correlation: float = 0.0
    """Of the two values' errors; pairing gains where it is above zero."""
    df: float | None = None
    """Degrees of freedom of the errors; ``None`` = as good as normal."""
    n: int
    """Rows, or pairs of rows, that it stands on."""
    groups: int
    """Of these, how many are independent: conversations, users, else rows."""
    gained: int | None = None
    """Pairs in which only the candidate's row counts: what the baseline got wrong, for accuracy."""
    lost: int | None = None
    """Pairs in which only the baseline's row counts."""
    method: str
    """How it was worked out, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """The loss that is acceptable in one metric."""

    bound: float
    """In the metric's unit, or as a share of the baseline's value."""
    share: bool = False
    """Whether ``bound`` is a share of the baseline's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unadjusted:
    """A change as the two logs have it, whatever rows they hold."""

    baseline: float
    candidate: float
    change: float
    interval: Interval | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One metric of both models, on all rows or in one segment, measured and judged."""

    metric: str
    """The check's id, or a column's name for its mean."""
    evaluator: str
    """``topic.name``; empty for the mean of a column."""
    column: str = ""
    """Column it is about; empty for target against prediction."""
    slice: str = ""
    """``segment=value``; empty for all rows."""
    baseline: float | None = None
    """The baseline model's value; under another mix of rows where ``unadjusted`` is given."""
    candidate: float | None = None
    """The candidate's value."""
    contrast: Contrast | None = None
    """Their difference; ``None`` where there is none to measure."""
    adjusted_p: float | None = None
    """The p-value after Holm's correction; at most the budget = the evidence stands."""
    margin: Margin | None = None
    """The loss that is acceptable."""
    allowed: float | None = None
    """The margin in the metric's unit, as a loss of this size."""
    worst: float | None = None
    """Largest loss that the interval leaves possible, beyond which it excludes; below zero = even
    then a gain."""
    detectable: float | None = None
    """Smallest true difference that such a sample would have shown in 4 of 5 trials."""
    unadjusted: Unadjusted | None = None
    """The figures before adjustment for another mix of rows."""
    decision: Decision
    """What it comes to."""
    because: str
    """The reason in one sentence, with the numbers."""
    required: bool = False
    """Whether the gate demands evidence on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """Pairs in which the two sides disagree about what was asked or what was true."""

    column: str
    rows: int
    """Pairs that differ in this column."""
    examples: tuple[tuple[str, str, str], ...] = ()
    """Id, the baseline's value, the candidate's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """How rows of both sides were brought together."""

    design: Design
    by: str = ""
    """Column of ids."""
    because: str
    """Why the rows are, or are not, taken for the same, in one sentence with the numbers."""
    pairs: int = 0
    """Ids on both sides that are compared."""
    only_baseline: int = 0
    """Ids that the candidate's log lacks."""
    only_candidate: int = 0
    """Ids that the baseline's log lacks."""
    repeated_baseline: int = 0
    """Rows left out because their id comes more than once."""
    repeated_candidate: int = 0
    """The same of the candidate's log."""
    without_id: int = 0
    """Rows of either side that hold no id."""
    inputs: tuple[Mismatch, ...] = ()
    """Columns of inputs that differ for one id; such pairs are left out."""
    truths: Mismatch | None = None
    """Ids with another truth on each side; such pairs are left out."""
    groups: str = ""
    """Column by which rows belong together; empty where each stands for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How unlike the rows of both sides are, and what adjusting for it costs."""

    effective_baseline: float
    """Rows that the weighted baseline rows are worth."""
    effective_candidate: float
    """The same of the candidate's."""
    overlap: float
    """Share of the candidate's rows that lie where the baseline has rows too."""
    drift: Information
    """How much the inputs tell of which side a row is from."""
    columns: tuple[tuple[str, float], ...] = ()
    """Columns that tell it apart most: name, and information in nats a row."""
    assumes: str = ""
    """What must hold for the adjusted figures to be true."""
    method: str = ""
    """How they were worked out, with its source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A row that the two models answer differently; its texts are hostile and must be escaped."""

    id: str
    favours: Literal["baseline", "candidate"]
    """Whose answer is the better one."""
    metric: str
    """By which metric or column."""
    gain: float
    """How much better the candidate's row is; below zero where it is worse."""
    asked: Mapping[str, str] = field(default_factory=dict)
    """What both were given: prompt, truth, a few inputs."""
    baseline: Mapping[str, str] = field(default_factory=dict)
    """What the baseline model answered: prediction, score, response."""
    candidate: Mapping[str, str] = field(default_factory=dict)
    """What the candidate answered."""
    sensitive: bool = False
    """Whether to fold it until a reader asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The one record of a comparison; every renderer, store and gate reads only this."""

    format: int = FORMAT
    """Version of this layout."""
    suite: str
    """The suite's name."""
    suite_path: str = ""
    """The suite's file; empty where it came from Python."""
    comparison_id: str
    """Unique name of the comparison."""
    created: str
    """ISO 8601, UTC."""
    outcome: Literal["pass", "critical", "inconclusive", "error"]
    """What the gate says: ``critical`` = shown worse, ``inconclusive`` = evidence that was demanded
    is not there."""
    because: str
    """The outcome in one or two sentences."""
    baseline: Side
    """Where the baseline model's rows came from."""
    candidate: Side
    """Where the candidate's rows came from."""
    pairing: Pairing
    """How their rows were brought together."""
    mix: Mix | None = None
    """How unlike the rows are; only for different rows."""
    policy: Policy
    """Budget, confidence and seed."""
    cards: Mapping[str, Card]
    """Metric -> what it says of itself."""
    differences: tuple[Difference, ...]
    """Every metric on all rows, then in segments, each with what needs attention first."""
    disagreements: tuple[Disagreement, ...] = ()
    """Rows on which the models differ most, of both kinds."""
    notes: tuple[str, ...] = ()
    """What was inferred, taken over or left out, one sentence each."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Versions of tidegauge and of what it computes with."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall time by stage."""

    @property
    def passed(self) -> bool:
        """True when nothing is shown worse, and evidence that was demanded is there."""
        return self.outcome == "pass"

    @property
    def overall(self) -> tuple[Difference, ...]:
        """Metrics on all rows."""
        return tuple(one for one in self.differences if not one.slice)

    @property
    def segments(self) -> tuple[Difference, ...]:
        """Metrics in segments."""
        return tuple(one for one in self.differences if one.slice)

    def of(self, metric: str, slice: str = "") -> Difference:
        """Find one metric by the check's id, the evaluator's name or the column.

        Raises
        ------
        KeyError
            When it was not compared.
        """
        for one in self.differences:
            if one.slice == slice and metric in (one.metric, one.evaluator, one.column):
                return one
        raise KeyError(metric)

    def assert_passed(self) -> None:
        """Raise ``AssertionError`` that lists what stands in the way, unless the gate passes."""
        if not self.passed:
            bad = [one.because for one in self.differences if one.decision == "worse"]
            raise AssertionError("\n  ".join([f"{self.suite}: {self.because}", *bad]))

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries, lists, strings and numbers, ready for JSON."""
        from tidegauge.report import to_dict

        return to_dict(self)

    def to_json(self) -> str:
        """JSON text that ``Comparison.from_json`` reads back."""
        from tidegauge.report import to_json

        return to_json(self)

    @staticmethod
    def from_json(text: str | bytes) -> Comparison:
        """Read a comparison back.

        Raises
        ------
        TidegaugeError
            When it is not JSON, not a comparison, or of another format version.
        """
        from tidegauge.comparison_json import comparison_from_json

        return comparison_from_json(text)

    def _repr_html_(self) -> str:
        from tidegauge.comparison_json import comparison_html

        return comparison_html(self)
