"""What each column holds and is for, as frozen with the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tidegauge.records import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLayout:
    """The column of labels and how to read it."""

    column: str
    task: Literal["classification", "regression"]
    classes: tuple[str, ...] = ()
    """With two classes the positive one is last."""
    arrives_after: float | None = None
    """Seconds after the timestamp at which a label is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Kinds and roles of columns; what a profile of a log is laid out by."""

    kinds: Mapping[str, Kind]
    """Every column of the baseline that is not ignored, in its order."""
    features: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    target: TargetLayout | None = None
    prediction: str = ""
    scores: Mapping[str, str] = field(default_factory=dict)
    """Class -> column of its probabilities; for two classes the positive one alone."""
    id: str = ""
    timestamp: str = ""
    latency: str = ""
    status: str = ""
    valid: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Declared ranges; the baseline's own range holds for other numeric columns."""

    @property
    def roles(self) -> dict[str, str]:
        """Column -> its role, for every column that has one."""
        roles = dict.fromkeys(self.segments, "segment") | dict.fromkeys(self.features, "feature")
        roles |= dict.fromkeys(self.scores.values(), "score")
        single = {
            "id": self.id,
            "timestamp": self.timestamp,
            "latency": self.latency,
            "status": self.status,
            "prediction": self.prediction,
            "target": self.target.column if self.target else "",
        }
        return roles | {column: role for role, column in single.items() if column}

    def columns_of(self, role: str) -> tuple[str, ...]:
        """Columns that play a role; ``features`` and ``feature`` are the same word."""
        if role in ("feature", "features"):
            return self.features
        if role in ("segment", "segments"):
            return self.segments
        return tuple(column for column, played in self.roles.items() if played == role)
