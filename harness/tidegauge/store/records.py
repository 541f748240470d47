"""What a history says of its runs, as frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tidegauge.records import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run, without its report; all times are aware and in UTC."""

    id: str
    """Unique; the report's ``run_id``."""
    suite: str
    """Name of the suite."""
    at: datetime
    """Where it stands on a time axis: the end of its window, or when it was run."""
    window: str = ""
    """``start/end`` in ISO 8601, end excluded; empty for all rows."""
    window_start: datetime | None = None
    window_end: datetime | None = None
    created: datetime
    """When it was run."""
    revision: int = 1
    """1 for the first run of a suite over a window, 2 for the next."""
    superseded_by: str = ""
    """Id of the newer run over the same window; empty where this one counts."""
    outcome: Outcome
    because: str
    """The outcome in one sentence."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Outcome -> results."""
    n_baseline: int = 0
    n_current: int = 0
    """Rows read."""
    source: str = ""
    """Where the current rows came from."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """What was read in place of what the suite names."""
    suite_path: str = ""
    baseline_digest: str = ""
    current_digest: str = ""
    model_versions: tuple[str, ...] = ()
    """Versions seen in the current rows, the most frequent first."""
    seconds: float = 0.0
    """Wall time of the run."""

    @property
    def model_version(self) -> str:
        """The version that answered most rows; empty where the log names none."""
        return self.model_versions[0] if self.model_versions else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRow:
    """A suite at a glance."""

    name: str
    runs: int
    """Runs kept, superseded ones left out."""
    first: datetime
    """Where its oldest run stands."""
    latest: RunRow


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPoint:
    """A result in one run of a suite."""

    run_id: str
    at: datetime
    """End of the run's window, or when it was run."""
    check: str
    column: str
    slice: str
    value: float | None
    """The score; ``None`` where nothing could be measured."""
    low: float | None = None
    high: float | None = None
    """Its confidence interval."""
    p_value: float | None = None
    n: int = 0
    """Rows of the current log that were read."""
    baseline: float | None = None
    """The same measure on the baseline, where it has a meaning there."""
    outcome: Outcome
    warn: float | None = None
    """Value beyond which it warns, changes against the baseline worked out."""
    critical: float | None = None
    """Value beyond which it is critical."""
    broke: bool = False
    """Whether a limit was broken."""
    model_version: str = ""
