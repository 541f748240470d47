"""What each column holds and is for, as frozen with the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from tidegauge.records import Kind, Role


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
class Made:
    """A column that a scorer added."""

    scorer: str
    """Name of the scorer: ``topic.name``."""
    kind: Kind
    role: Role
    """``scored``, ``flagged``, ``vector`` or ``scorer_status``."""
    source: str
    """Column of the text it is about; empty where the log has none."""
    main: str
    """Column of the scorer's main number; its status has the same name and ``.status``."""

    @property
    def topic(self) -> str:
        """First part of the scorer's name."""
        return self.scorer.partition(".")[0]


NOTHING: Mapping[str, Made] = MappingProxyType({})
"""No column is a scorer's."""


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
    texts: Mapping[str, str] = field(default_factory=dict)
    """Role -> column, of texts: prompt, response, context, reference_answer, samples."""
    tokens: str = ""
    model_version: str = ""
    conversation: str = ""
    made: Mapping[str, Made] = field(default_factory=dict)
    """Columns that scorers added; those of vectors have no kind, for no profile counts them."""
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
            "tokens": self.tokens,
            "model_version": self.model_version,
            "conversation": self.conversation,
            **self.texts,
        }
        roles |= {name: made.role for name, made in self.made.items()}
        return roles | {column: role for role, column in single.items() if column}

    def columns_of(self, role: str) -> tuple[str, ...]:
        """Columns that play a role; ``features`` and ``feature`` are the same word.

        A scorer's topic stands for what its scorers flagged.
        """
        if role in ("feature", "features"):
            return self.features
        if role in ("segment", "segments"):
            return self.segments
        found = tuple(column for column, played in self.roles.items() if played == role)
        return found or tuple(
            name
            for name, made in self.made.items()
            if made.role == "flagged" and made.topic == role
        )

    def vectors_of(self, column: str) -> str:
        """Column of the vectors of a text column; empty where no scorer made any."""
        vectors = (name for name, made in self.made.items() if made.kind == "vector")
        return next((name for name in vectors if self.made[name].source == column), "")
