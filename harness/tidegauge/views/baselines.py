"""Baselines: what each suite is held against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """A calibrated limit of a baseline."""

    check: str
    column: str = ""
    slice: str = ""
    when: str = ""
    """Which windows it is for: ``Monday``, ``06:00``; empty for all."""
    warn: str = ""
    """The bound as a text, with its direction: ``above 0.13``; empty for none."""
    critical: str = ""
    because: str = ""
    """Where it comes from, with the numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineUse:
    """A stretch of runs that were held against the same baseline."""

    digest: str
    """First digits of its SHA-256."""
    source: str
    since: str
    """End of the first window held against it, ISO 8601, UTC."""
    until: str
    """End of the last one."""
    runs: int
    n: int = 0
    """Rows of the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineLine:
    """What one suite is held against."""

    suite: str
    source: str
    """File or log, as the suite or the newest run names it."""
    kind: str
    """``file`` (frozen), ``log`` (counted anew each time), ``rolling``, ``seasonal``."""
    n: int = 0
    """Rows."""
    columns: int = 0
    digest: str = ""
    """SHA-256; show the first dozen."""
    created: str = ""
    """ISO 8601; empty where nobody knows."""
    model_version: str = ""
    """The version that most of its rows name."""
    promoted: str = ""
    """Which run it was promoted from, and by whom, in a few words; empty where it was not."""
    window: str = ""
    """``start/end``; empty for all rows."""
    calibrated: bool = False
    false_alarms: str = ""
    """The rate that calibration states, in a sentence; empty where it was not calibrated."""
    limits: tuple[LimitLine, ...] = ()
    """Calibrated ones, 200 at most."""
    limits_in_all: int = 0
    uses: tuple[BaselineUse, ...] = ()
    """Newest first, ten at most."""
    trouble: str = ""
    """Why the file cannot be used; empty where it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselinesView:
    """Page ``baselines``."""

    baselines: tuple[BaselineLine, ...]
    """By suite."""
