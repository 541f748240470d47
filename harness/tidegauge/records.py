"""The records that travel through a run: frozen data, no maths, no input or output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
"""Version of the report's layout; a reader refuses what it does not know."""

Kind = Literal[
    "numeric", "categorical", "boolean", "datetime", "text", "id", "empty", "nested", "vector"
]
"""What a column holds."""

TextRole = Literal["prompt", "response", "context", "reference_answer", "samples"]
"""What a text is for; ``samples`` are further answers to the same prompt."""

Role = Literal[
    "feature", "target", "prediction", "score", "id", "timestamp", "segment", "latency", "status",
    "prompt", "response", "context", "reference_answer", "samples",
    "tokens", "model_version", "conversation",
    "scored", "flagged", "vector", "scorer_status",
]  # fmt: skip
"""What a column is for; the last four are what scorers add."""

Outcome = Literal[
    "pass", "info", "warn", "critical", "inconclusive", "not_applicable", "skipped", "error"
]
Severity = Literal["info", "warn", "critical"]
Mechanism = Literal[
    "none", "covariate", "distortion", "misaligned", "label_shift", "concept", "serving",
    "undetermined",
]  # fmt: skip
"""What happened: nothing; inputs changed in the world; a column's values were changed on the way;
rows of a column were mixed up (join or shuffle); the mix of truths changed; the truth given the
inputs changed; the model or how it is served changed; the data cannot tell."""
LimitsOf = Literal["written", "calibrated"]
"""Whose limits hold: those that the suite writes, or those that the baseline's windows taught."""
ModelChange = Literal["note", "refuse"]
"""What to do when another version of the model answers than in the baseline."""
ALARMS: tuple[Outcome, ...] = ("critical", "warn")
"""Outcomes that ask for a person's attention, worst first."""


class Interval(NamedTuple):
    """A confidence interval at the level the policy states (0.95 by default)."""

    low: float
    """Lower end."""
    high: float
    """Upper end."""


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
    stands_for: str = ""
    """The evaluator whose value it estimates while labels are missing."""
    assumes: str = ""
    """What must hold for it to be true, in words: "that the inputs did not move"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerCard:
    """What a scorer says of itself; every scorer file holds one."""

    title: str
    """The field's name for it, as a heading: "Toxicity, Detoxify checkpoint"."""
    explain: str
    """One sentence that tells a reader what the main number means."""
    reads: Mapping[str, str]
    """Argument -> role of the column it is read from unless the suite says otherwise. The first
    one is the text that the scorer is about: ``on:`` in a suite names another column for it."""
    optional: frozenset[str] = frozenset()
    """Arguments that a row, or a whole log, may lack."""
    better: Literal["lower", "higher", "none"]
    """Which way is good for the main number."""
    unit: str
    """Of the main number, in words: "probability", "characters"."""
    reference: str
    """The paper, standard or model card that defines it."""
    range: tuple[float | None, float | None] = (None, None)
    """Smallest and largest value possible; ``None`` = unbounded."""
    sensitive: bool = False
    """Whether its worst texts may hurt a reader and are folded in reports."""
    cached: bool = True
    """Whether results are worth keeping: false for what is cheaper to work out than to look up."""
    sampled: bool = False
    """Whether only a sample of rows is scored: for vectors, which no profile counts."""
    extra: str = ""
    """Optional dependency group it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainerCard:
    """What a unit of root-cause attribution says of itself; every such file holds one."""

    title: str
    """The field's name for it, as a heading: "Shapley attribution to mechanisms"."""
    explain: str
    """The question it answers, in one sentence."""
    reference: str
    """The paper or standard that defines it."""
    needs: str = ""
    """What it cannot do without, in words: "labels on both sides", "a causal order"."""
    extra: str = ""
    """Optional dependency group it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A row shown as evidence; its texts are hostile and must be escaped."""

    side: Literal["baseline", "current"]
    """Which log it is from."""
    texts: Mapping[str, str]
    """Role -> text, cut to a few hundred characters around what matters."""
    value: float | None = None
    """The scorer's or measure's number for this row."""
    id: str = ""
    """The row's id in its log; empty where it has none."""
    because: str = ""
    """What to look at: the unsupported sentence, the nearest topic."""
    sensitive: bool = False
    """Whether to fold it until a reader asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of one side's rows in a scorer."""

    rows: int = 0
    """Rows that came in."""
    unique: int = 0
    """Different texts among them, batch by batch."""
    ok: int = 0
    """Rows with a number."""
    unscored: Mapping[str, int] = field(default_factory=dict)
    """Reason -> rows that should have got a number and did not."""
    not_applicable: Mapping[str, int] = field(default_factory=dict)
    """Reason -> rows for which the question makes no sense."""
    truncated_rows: int = 0
    """Rows of which a model did not see every token."""
    truncated_tokens: int = 0
    """Tokens it did not see."""
    cached: int = 0
    """Rows answered from the cache."""
    seconds: float = 0.0
    """Wall time."""
    costs: Mapping[str, float] = field(default_factory=dict)
    """Further counts by name: requests, tokens in, tokens out, cost in USD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """A scorer's part in a run."""

    scorer: str
    """Name: ``topic.name``."""
    column: str
    """Column of its main number; the others begin with it and a dot."""
    card: ScorerCard
    """What it says of itself."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Settings that the suite gave."""
    model: str = ""
    """Name of its model, where it has one."""
    licence: str = ""
    """The model's licence."""
    identity: str = ""
    """SHA-256 over model, parameters and version: equal identities give equal numbers."""
    notes: tuple[str, ...] = ()
    """What a reader must know: degraded modes, thresholds and where they come from."""
    baseline: Tally = field(default_factory=Tally)
    """What became of the baseline's rows."""
    current: Tally = field(default_factory=Tally)
    """What became of the current log's rows."""
    examples: tuple[Example, ...] = ()
    """The current log's worst rows, worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One line of a score's evidence: a bin, a level, a column, a class."""

    label: str
    """What the line is about."""
    baseline: float
    """Share, count or value on the baseline's side."""
    current: float
    """The same on the current log's side."""
    contribution: float = 0.0
    """What this part adds to the score's value, where the value is a sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a measure found; never whether that is good."""

    value: float
    """The number itself, in the unit the card names."""
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
    """Rows of the baseline that were read."""
    n_current: int
    """Rows of the current log that were read."""
    resolution: float = 0.0
    """Largest difference from the value on all raw rows, caused by reading a grid."""
    parts: tuple[Part, ...] = ()
    """Evidence, largest contribution first; at most a few dozen."""
    details: Mapping[str, float | str] = field(default_factory=dict)
    """Further named numbers: degrees of freedom, bins pooled, share of labels arrived."""
    examples: tuple[Example, ...] = ()
    """Rows that show it, a few of each side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A bound on a score, at one severity.

    ``versus="value"`` bounds the value itself (from above where lower is better, from below
    where higher is better); ``drop`` and ``rise`` bound the change against the baseline, as a
    fraction of it where ``share`` is set; ``any`` is passed by whatever change the evidence
    supports; ``calibrated`` takes the bound of the baseline file, which bounds one window to come
    and so holds the chance of its rows already.
    """

    severity: Severity
    """Outcome when it is broken."""
    versus: Literal["value", "drop", "rise", "any", "calibrated"]
    """What the bound is laid against."""
    bound: float = 0.0
    """Where the limit lies; unused for ``any``."""
    share: bool = False
    """Whether a drop or rise is a fraction of the baseline."""
    floor: float | None = None
    """Lower bound beside ``bound``, where a calibrated limit has one on each side."""
    source: str = ""
    """Where a calibrated bound comes from, in words; or why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of a suite: an evaluator, where to apply it, and its limits."""

    id: str
    """Unique in the suite: the evaluator's name, with a suffix where it is used twice."""
    evaluator: str
    """Name of the evaluator: ``topic.name``."""
    on: tuple[str, ...] = ()
    """Roles or column names; empty = where the evaluator's card says."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Settings passed to the evaluator."""
    limits: tuple[Limit, ...] = ()
    """Bounds on the score, every severity; empty = shown, not judged."""
    slices: bool = True
    """Whether each segment value is judged too."""
    require: bool = False
    """Whether too little evidence fails the run (exit code 3)."""
    persist: int = 1
    """Windows in a row that must be beyond the limit before it alarms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the judge decides."""

    false_alarms: float = 0.05
    """Share of unchanged runs that may raise any alarm at all."""
    confidence: float = 0.95
    """Level of every interval."""
    seed: int = 0
    """Start of every random step."""
    limits: LimitsOf = "written"
    """Whether the baseline file's limits stand in for those that the suite writes."""
    model_change: ModelChange = "note"
    """What to do when the current log has a model version that the baseline has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judge decided, in one sentence that holds the numbers."""

    outcome: Outcome
    """What it comes to."""
    because: str
    """The reason, with the numbers."""
    limit: Limit | None = None
    """The limit that was broken."""
    adjusted_p: float | None = None
    """The p-value after the run's false-alarm budget; below the budget the evidence stands."""
    streak: int = 0
    """Windows in a row that were beyond a warn or critical limit, as far as they are known, this
    one included; 0 = this one is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A score in one window of the current log."""

    label: str
    """Name of the window, usually its start in ISO 8601."""
    value: float
    """The score in the window."""
    n: int
    """Rows in the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One check on one column of one slice, measured and judged."""

    check: str
    """The check's id."""
    evaluator: str
    """Name of the evaluator: ``topic.name``."""
    column: str = ""
    """Column name; empty for checks of the whole log."""
    role: str = ""
    """What the column is for."""
    slice: str = ""
    """``segment=value``; empty for all rows."""
    score: Score | None = None
    """What was measured; ``None`` where nothing could be."""
    verdict: Verdict
    """What the judge made of it."""
    series: tuple[Point, ...] = ()
    """The value window by window, where the log has timestamps."""
    limits: tuple[Limit, ...] = ()
    """The bounds that held here, where they are calibrated and so not the check's own."""


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
    """The same for the current log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Both cumulative distribution functions at common points, for drawing."""

    at: tuple[float, ...]
    """Values of the column, ascending."""
    baseline: tuple[float, ...]
    """Share of the baseline's rows at or below each value."""
    current: tuple[float, ...]
    """The same for the current log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a reader wants to know of one column, both sides."""

    name: str
    """Name in the log."""
    kind: Kind
    """What it holds."""
    role: str
    """What it is for."""
    n_baseline: int
    """Rows in the baseline."""
    n_current: int
    """Rows in the current log."""
    missing_baseline: float
    """Share of rows."""
    missing_current: float
    """Share of rows."""
    summary_baseline: Mapping[str, float | str] = field(default_factory=dict)
    """mean, sd, min, median, max; or levels and the most frequent one."""
    summary_current: Mapping[str, float | str] = field(default_factory=dict)
    """The same for the current log."""
    shares: Shares | None = None
    """The distribution, where one can be drawn."""
    curves: Curves | None = None
    """Both cumulative distributions, for numeric columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Where one side's rows came from."""

    source: str
    """Path, pattern, URL or "frame"."""
    n: int
    """Rows read."""
    digest: str = ""
    """SHA-256 of the baseline file, or of names, sizes and times of the log files."""
    window: str = ""
    """``start/end`` in ISO 8601, end excluded; empty for all rows."""
    created: str = ""
    """When the baseline file was written, ISO 8601."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Information:
    """An amount of information, in nats a row, and how sure it is that there is any."""

    about: str
    """What was asked, in words: "side and features", "side and target, features known"."""
    value: float
    """The information; not above zero where there is none."""
    z: float
    """The value over its standard error."""
    p_value: float | None = None
    """After correction for the other questions of its kind, where there are any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How the values of a column were changed: a unit, a sentinel, merged categories."""

    name: str
    """``unit``, ``bias``, ``sentinel``, ``nulls``, ``remap``, ``merge``, ``clip``, ``sign``,
    ``scale``, ``time_zone``, ``stale``, ``noise``, ``shuffle``, ``new_level``."""
    said: str
    """In a few words, with the numbers: "times 0.4536 (pounds to kilograms)"."""
    fit: float
    """Part of the column's change that it explains, 0 to 1."""
    exact: bool = False
    """Whether a constant or a rule stands behind it that nature would not have chosen."""
    params: Mapping[str, float | str] = field(default_factory=dict)
    """Its numbers by name: factor, offset, share, value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """When a change began, and whether it came at once."""

    at: str
    """First moment of the changed stretch, ISO 8601."""
    low: str = ""
    """Earliest moment that the data allow."""
    high: str = ""
    """Latest moment that the data allow."""
    form: Literal["step", "ramp"] = "step"
    """At once, as a deployment does, or by and by, as the world does."""
    because: str = ""
    """One sentence with the numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Rows on which a change is larger than elsewhere."""

    where: str
    """The rule: "region = north and income below 30,000"."""
    columns: tuple[str, ...]
    """Columns in the rule."""
    excess: float
    """Mean of current minus expected loss, or of what was asked, inside."""
    interval: Interval | None = None
    """Confidence interval of ``excess``, from rows that did not choose the rule."""
    share: float = 0.0
    """Part of the whole change that comes from inside."""
    support: float = 0.0
    """Share of the current rows that are inside."""
    support_baseline: float = 0.0
    """Share of the baseline's rows that are inside."""
    p_value: float | None = None
    """After correction for all rules that were tested."""
    n: int = 0
    """Current rows inside, among those that tested it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What repairing a column brings back, asked of the model itself or of a stand-in."""

    share: float
    """Part of the loss's increase that is recovered; 1 = all of it."""
    interval: Interval | None
    """Confidence interval of ``share``."""
    asked: str
    """Who answered: "the model", "a stand-in (R2 0.98 on both sides)"."""
    because: str
    """One sentence with the numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decomposition:
    """A change of a mean, split by where it comes from; the parts add up to ``total``."""

    of: str
    """What changed: "log loss", "share of errors", a column."""
    baseline: float
    """Mean on the baseline."""
    current: float
    """Mean on the current log."""
    parts: tuple[Cause, ...]
    """Covariate shift and concept shift, or mechanisms; each share is of the change."""
    gap: float = 0.0
    """What the parts fail to add up to, as a share of the change."""
    effective: float = 1.0
    """Effective sample size of the weights over the number of rows, the smallest there was."""
    overlap: float = 1.0
    """Share of current rows that lie where the baseline has rows too."""
    assumes: str = ""
    """What must hold for it to be true."""
    method: str = ""
    """How it was worked out, with its source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A factor before, after, and repaired, for drawing: numbers over its bins or levels."""

    labels: tuple[str, ...]
    """Level names; empty for numeric bins."""
    edges: tuple[float, ...]
    """Bin edges, one more than bins; empty for levels."""
    baseline: tuple[float, ...]
    """Share of rows in each bin or level."""
    current: tuple[float, ...]
    """The same for the current log."""
    repaired: tuple[float, ...] = ()
    """The same after the repair; empty where there is none."""
    of: str = ""
    """What the numbers are where they are no shares of rows, such as a mean loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A factor with its share of a change."""

    factor: str
    """Column, group of columns, segment, topic, model version or mechanism."""
    verdict: Mechanism = "undetermined"
    """What became of it."""
    share: float
    """Part of the change that it accounts for."""
    interval: Interval | None = None
    """Confidence interval of ``share``."""
    rank_one: float | None = None
    """Probability that it is the first of all causes, over redrawn rows."""
    because: str
    """One sentence with the evidence."""
    columns: tuple[str, ...] = ()
    """The columns that stand behind the factor."""
    shape: Shape | None = None
    """How its values were changed, where that has a name."""
    moved: tuple[str, ...] = ()
    """Columns that moved because of it, and are no causes themselves."""
    where: Segment | None = None
    """The rows that it is confined to."""
    onset: Onset | None = None
    """When it began."""
    restored: Restored | None = None
    """What its repair brings back."""
    picture: Picture | None = None
    """Before, after and repaired."""
    words: tuple[Part, ...] = ()
    """Words that became more or less frequent, for texts."""
    examples: tuple[Example, ...] = ()
    """Rows that show it."""
    results: tuple[str, ...] = ()
    """Findings that it explains: ``check|column|slice``."""

    @property
    def low(self) -> float | None:
        """Lower end of the share's interval."""
        return self.interval.low if self.interval else None

    @property
    def high(self) -> float | None:
        """Upper end of the share's interval."""
        return self.interval.high if self.interval else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why the current log differs from the baseline, or why a number changed."""

    of: str
    """What is explained: "drift", or a quantity such as "log loss"."""
    verdict: Mechanism
    """The mechanism."""
    because: str
    """The whole of it in one or two sentences."""
    causes: tuple[Cause, ...] = ()
    """Ranked, the first one first."""
    tied: tuple[str, ...] = ()
    """Factors among which the data cannot tell; empty where they can."""
    basis: Literal["profiles", "rows", "order", "graph"] = "rows"
    """What it rests on: marginal profiles, rows without a graph, a given order, a given graph."""
    order: tuple[tuple[str, ...], ...] = ()
    """The causal order that was used, which is an assumption; empty for none."""
    order_source: str = ""
    """Who said so: "the suite", "built in for texts", "suggested by the data"."""
    tests: tuple[Information, ...] = ()
    """The questions behind the verdict."""
    decomposition: Decomposition | None = None
    """A change of performance split into covariate and concept shift, or by mechanism."""
    segments: tuple[Segment, ...] = ()
    """Where it is worst, tested on rows that did not choose the rule."""
    onset: Onset | None = None
    """When it began."""
    n_baseline: int = 0
    """Rows of the baseline that were read."""
    n_current: int = 0
    """Rows of the current log that were read."""
    notes: tuple[str, ...] = ()
    """What a reader must know: columns left out, what was assumed, what could not be asked."""
    seconds: float = 0.0
    """Wall time."""

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries, lists, strings and numbers, ready for JSON."""
        from tidegauge.report import to_dict

        return to_dict(self)

    def _repr_html_(self) -> str:
        from tidegauge.report import explanation_html

        return explanation_html(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The one record of a run; every renderer, store and action reads only this."""

    format: int = FORMAT
    """Version of this layout."""
    suite: str
    """The suite's name."""
    suite_path: str = ""
    """The suite's file, as it was named; empty where it came from Python."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """What was read instead of what the suite names: ``current`` and ``baseline``, each a path,
    or "frame"."""
    run_id: str
    """Unique name of the run."""
    created: str
    """ISO 8601, UTC."""
    outcome: Literal["pass", "warn", "critical", "inconclusive", "error"]
    """The worst that was found."""
    because: str
    """The outcome in one sentence."""
    baseline: Side
    """Where the baseline rows came from."""
    current: Side
    """Where the current rows came from."""
    policy: Policy
    """How it was judged."""
    checks: tuple[Check, ...]
    """The checks that were asked for."""
    cards: Mapping[str, Card]
    """Evaluator name -> card, for every evaluator used."""
    results: tuple[Result, ...]
    """Worst first; nothing that was asked for is left out."""
    columns: tuple[Column, ...]
    """Every column, drawn or not."""
    scorings: tuple[Scoring, ...] = ()
    """Every scorer that ran."""
    explanations: tuple[Explanation, ...] = ()
    """What explains the alarms: of the drift, and of each number that changed."""
    notes: tuple[str, ...] = ()
    """What was inferred or repaired on the way, one sentence each."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Versions of tidegauge and of what it computes with."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall time by stage."""

    @property
    def passed(self) -> bool:
        """True when nothing critical was found and every check could run."""
        return self.outcome not in ("critical", "error")

    @property
    def causes(self) -> tuple[Cause, ...]:
        """All causes, the first explanation's first."""
        return tuple(cause for one in self.explanations for cause in one.causes)

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

    def to_json(self) -> str:
        """JSON text that ``tidegauge.report.from_json`` reads back."""
        from tidegauge.report import to_json

        return to_json(self)

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
