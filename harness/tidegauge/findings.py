"""What units of attribution find out: the links between them, before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tidegauge.records import Information, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A column, or columns that say the same, with what it tells about the side."""

    columns: tuple[str, ...]
    marginal: Information
    """Alone."""
    conditional: Information
    """Beside all other columns."""
    score: float
    """Square root of the product of both, each relative to its largest; 1 = first in both."""
    rank_one: float
    """Probability of the highest score, over redrawn rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakened:
    """By which one factor the correlations of a column have shrunk."""

    share: float
    """0 = not at all, 1 = to nothing; above 1 they turned over."""
    error: float
    p_value: float
    """Of correlations that shrank so unlike each other, if all shrank by the same factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One cause out of the fewest that leave nothing more to tell."""

    columns: tuple[str, ...]
    way: Literal["apart", "through", "either"]
    """``apart``: without it the other columns do not differ, so its values were changed after
    they were made; ``through``: at equal values of it they do not differ, so they moved because of
    it; ``either``: both hold, for nothing hangs on it."""
    share: float
    """Part of the whole information that goes with it."""
    interval: Interval
    residual: Information
    """What is left after it."""
    rank_one: float
    ranked: tuple[Carrier, ...]
    """All candidates as they stood, best first."""
    moved: tuple[str, ...] = ()
    """Columns that tell something alone and nothing more after this step."""
    weakened: Weakened | None = None
    """How its correlations with others have shrunk; ``None`` = it has none, or was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What target and prediction know about the side, beside the features and alone."""

    target: Information | None = None
    """The target alone; ``None`` where there is none, or too few labels on a side."""
    target_given_features: Information | None = None
    """Above zero where the truth at equal features changed."""
    features_given_target: Information | None = None
    """About zero where the mix of truths changed and nothing else."""
    prediction_given_features: Information | None = None
    """Above zero where the model at equal features answers otherwise."""
    labelled: int = 0
    """Labelled rows of both sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriers:
    """What carries the drift of a case."""

    total: Information
    """Of all columns together."""
    ranked: tuple[Carrier, ...]
    """Best first."""
    steps: tuple[Step, ...]
    """The fewest causes, in the order in which they were found; empty where nothing drifted."""
    marginals: Mapping[str, Information]
    links: Links
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Column -> why it was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Whether the truth goes with a column's values as logged, or as repaired."""

    gain: float
    """How much better the repaired ones foretell it: mean loss as logged minus as repaired."""
    z: float
    """The gain over its standard error; below zero where the logged ones foretell it better."""
    rows: int
    """Labelled rows that the repair changes."""
