"""Calibrated limits as records: what was learned, how it came about, where it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tidegauge.calibration.scales import Scale

CRITICAL = 0.1
"""Share of the asked rate that the critical limits together may raise."""
Bounds = tuple[float | None, float | None]
"""Lower and upper bound in the measure's unit; None where that side is not bad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Achieved:
    """Share of windows that alarmed though limits were learned without them and their like."""

    alarms: int
    windows: int
    rate: float
    low: float
    high: float
    """95 % interval; wider where alarms come in runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """The limits of one check on one column of one slice."""

    check: str
    """The check's id."""
    column: str = ""
    slice: str = ""
    usual: float
    """What windows usually score, in the measure's unit."""
    warn: Bounds
    critical: Bounds
    rows: float
    """Rows of the windows that the bounds are for; other sizes widen or narrow them."""
    noise: float = 0.0
    """Share of the variation between windows that comes from the chance of rows: smaller
    windows are allowed more by it."""
    surely: float = 0.0
    """Share of it that is so with confidence: larger windows are allowed less by it."""
    scale: Scale = "plain"
    """On which windows scatter nearly normally."""
    share: float
    """Probability that an unchanged window passes ``warn``."""
    df: float
    """Degrees of freedom of the scatter."""
    windows: int
    """Windows that were learned from."""
    beyond: int = 0
    """Windows of the baseline that pass ``warn`` themselves, odd ones included."""
    seasons: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Season -> what each of its groups adds, on the scale."""
    edited: bool = False
    """Whether a person changed a number since it was learned."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Check, column and slice."""
        return self.check, self.column, self.slice


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """A window of the baseline that stands apart, and was left out of what was learned."""

    window: str
    """Its start, ISO 8601."""
    because: str
    """The scores that stand apart, worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """All limits of a baseline, and how often they raise an alarm for nothing."""

    length: str
    """Length of a window: ``1d``."""
    first: str
    """Start of the first window, ISO 8601."""
    last: str
    """Start of the last window."""
    windows: int
    """Windows that were scored."""
    asked: float
    """Share of unchanged windows that may raise any alarm: the policy's."""
    achieved: Achieved
    """What windows did that the limits were not learned from."""
    needed: int
    """Fewest windows that can bear out what was asked."""
    tightened: float = 1.0
    """Factor on every share, where windows passed bounds more often than Student's t says."""
    reference: int = 0
    """Rows that each window was held against."""
    odd: tuple[Odd, ...] = ()
    limits: tuple[Calibrated, ...] = ()

    @property
    def bears(self) -> bool:
        """Whether there are windows enough for the rate that was asked for."""
        return self.windows >= self.needed
