"""What a suite says, as frozen records; checks and policy are in ``tidegauge.records``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from tidegauge.comparison import Margin
from tidegauge.records import ALARMS, Check, Kind, Outcome, Policy
from tidegauge.suite.acts import Action, Alerts, Owner, Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one side's rows come from: logs, or a stored baseline."""

    path: str = ""
    """File, folder, pattern or URL; relative paths are resolved against the suite's folder."""
    baseline: str = ""
    """A stored baseline file, instead of ``path``; on the baseline's side only."""
    format: str | None = None
    """One of ``FORMATS``; ``None`` = by the file's name."""
    window: str | None = None
    """Read the latest complete stretch of this length only: ``1d``, ``6h``."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Handed to the reader: delimiter, encoding, storage of a URL."""
    rolling: str = ""
    """The baseline is the stretch of this length before the window: ``28d``."""
    same: Literal["", "weekday", "hour"] = ""
    """The baseline is earlier windows of the same weekday, or hour of day."""
    last: int = 0
    """How many of these."""
    gap: str = ""
    """Time between such a baseline and the window."""
    skip: tuple[Outcome, ...] = ()
    """Windows that ended so in the history are left out of such a baseline."""
    history: bool = False
    """Whether such a baseline is added up from the history's profiles, not read from logs."""

    @property
    def moves(self) -> bool:
        """Whether the baseline moves along with the window."""
        return bool(self.rolling or self.same)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateLabels:
    """Where labels arrive that the log itself does not hold yet."""

    path: str
    """File, folder, pattern or URL; relative paths are resolved against the suite's folder."""
    id: str = ""
    """Column of ids; empty = named as in the log."""
    target: str = ""
    """Column of labels; empty = named as in the log."""
    timestamp: str = ""
    """Column of when a label was made; empty = later rows are newer."""
    format: str | None = None
    """One of ``FORMATS``; ``None`` = by the files' names."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Handed to the reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """Both sides of a comparison."""

    baseline: Source
    current: Source
    labels: LateLabels | None = None
    """Where labels of current rows arrive by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The column that holds the truth."""

    column: str
    arrives_after: timedelta | None = None
    """How long the truth takes to arrive; younger rows without it are not missing it."""
    positive: str | None = None
    """The class that counts as positive, as text; ``None`` = inferred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """The values a numeric column may take, bounds included."""

    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What each column is for; an empty role is inferred from the log."""

    id: str = ""
    timestamp: str = ""
    target: Target | None = None
    prediction: str = ""
    score: str | Mapping[str, str] = ""
    """One column, or class -> column where there are more than two classes."""
    latency: str = ""
    status: str = ""
    prompt: str = ""
    response: str = ""
    context: str = ""
    reference_answer: str = ""
    samples: str = ""
    """Further answers to the same prompt, a JSON list each."""
    tokens: str = ""
    model_version: str = ""
    conversation: str = ""
    """What rows belong together by: their errors are not independent."""
    features: Literal["*"] | tuple[str, ...] = "*"
    """``"*"`` = every column without another role."""
    segments: tuple[str, ...] = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """Columns whose kind must not be inferred."""
    valid: Mapping[str, Valid] = field(default_factory=dict)
    critical: tuple[str, ...] = ()
    """Features that matter most, for actions."""
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A scorer as a suite asks for it, before columns are known."""

    name: str
    """``topic.name``."""
    column: str
    """Column of its main number; the others begin with it and a dot."""
    on: str = ""
    """Role or column of the text it is about; empty = as its card says."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Keywords of the scorer's function."""
    sample: int = 0
    """Rows that a sampled scorer looks at on each side; 0 = as many as its evidence needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The model that answered, where it can be asked again: ``open_model(spec, base=base)``."""

    path: str
    """A file or folder, ``package.module:function``, or a URL such as ``models:/credit/3``."""
    base: Path = Path()
    """Folder where relative paths and modules begin: the suite's."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the suite says of how to ask it: ``columns``, ``unsafe_pickle``, ``output``."""

    @property
    def spec(self) -> dict[str, Any]:
        """Place and settings, as ``tidegauge.callers.open_model`` takes them."""
        return {"path": self.path, **self.settings}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain:
    """When to look for causes, in how many rows, and which model to ask."""

    on: tuple[Outcome, ...] | Literal["always", "never"] = ALARMS
    """Outcomes that set it off."""
    rows: int = 50_000
    """Rows of each side that are read."""
    model: Model | None = None
    """Asked what a repair brings back; ``None`` = a stand-in learned from logged predictions."""

    def wanted(self, outcomes: Iterable[Outcome]) -> bool:
        """Say whether a run with these outcomes is to be explained.

        Examples
        --------
        >>> Explain().wanted(["pass", "warn"]), Explain(on="never").wanted(["critical"])
        (True, False)
        """
        if isinstance(self.on, str):
            return self.on == "always"
        return any(outcome in self.on for outcome in outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """What a person knows of which column causes which: an order, or a graph."""

    order: tuple[tuple[str, ...], ...] = ()
    """Tiers of columns, causes first; columns of one tier do not cause each other."""
    edges: tuple[tuple[str, str], ...] = ()
    """A graph: each cause with its direct effect."""
    places: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Column -> file, line and key that name it, for complaints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When ``tidegauge serve`` runs a suite."""

    cron: str
    """Minute, hour, day of the month, month, day of the week; or ``@daily`` and its like."""
    timezone: str = "UTC"
    """Whose clock that is."""

    def __str__(self) -> str:
        return f"{self.cron} ({self.timezone})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """How two models are held against each other, and what a candidate must show."""

    metrics: Mapping[str, Literal["lower", "higher", ""]] = field(default_factory=dict)
    """Evaluator, check or column -> which way is good, empty = as its card says; no metrics =
    those of the suite."""
    margins: Mapping[str, Margin] = field(default_factory=dict)
    """Metric -> loss that is acceptable; the candidate must be shown to keep within it."""
    require: tuple[str, ...] = ()
    """Metrics on which a lack of evidence stops the gate."""
    inputs: tuple[str, ...] | None = None
    """Columns that must be the same on both sides of a pair; ``None`` = features, or the prompt."""
    cluster: str = ""
    """Column by which rows belong together; empty = ``columns.conversation``."""
    rows: Literal["auto", "paired", "unpaired"] = "auto"
    """Whether both models answered the same rows; ``auto`` = the ids tell."""
    segments: Literal["gate", "report", "off"] = "gate"
    """Whether a segment that is shown worse stops the gate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Where a suite's runs are kept, and for how long."""

    place: str = ""
    """Path or URL; empty = ``TIDEGAUGE_HISTORY``, else the default."""
    keep: timedelta | None = None
    """How long runs are kept; ``None`` = for ever."""
    keep_profiles: timedelta | None = None
    """How long each window keeps a profile of its own; ``None`` = as long as its run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A whole suite: what to read, what its columns are, what to check, how to decide."""

    name: str
    path: Path | None = None
    """The file it was read from; ``None`` where it came as text."""
    logs: Logs
    columns: Columns = field(default_factory=Columns)
    checks: tuple[Check, ...]
    """Those of the preset and those of the file, merged."""
    scorers: tuple[Wanted, ...] = ()
    """What turns texts into columns before anything is checked."""
    labels: str = ""
    """Sheet of labels of drawn rows, as ``tidegauge label`` writes it."""
    allow_download: bool = False
    """Whether a model that is missing may be fetched from a hub."""
    policy: Policy = field(default_factory=Policy)
    explain: Explain = field(default_factory=Explain)
    """When alarms are explained, and with what."""
    causes: Causes = field(default_factory=Causes)
    """Which column causes which, as far as a person knows."""
    compare: Compare = field(default_factory=Compare)
    """How a candidate is held against the model in production."""
    alerts: Alerts = field(default_factory=Alerts)
    """When an alarm becomes an incident, and when one ends."""
    actions: tuple[Action, ...] = ()
    """What follows an incident."""
    triggers: Mapping[str, Trigger] = field(default_factory=dict)
    """What an action can start, by name."""
    owners: Mapping[str, Owner] = field(default_factory=dict)
    """Who looks after a column or a check; ``default`` after all others."""
    schedule: Schedule | None = None
    """When ``tidegauge serve`` runs it; ``None`` = when it is asked to."""
    history: History = field(default_factory=History)
    """Where its runs are kept, and for how long."""
