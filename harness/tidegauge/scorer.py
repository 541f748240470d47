"""What a scorer is: the texts of a row in, a few values out, in steps that the pipeline drives.

A scorer file ``topic/name.py`` holds one ``CARD`` (a ``ScorerCard``) and one function of the
file's name that returns a ``Scorer``. The function's keyword parameters are the scorer's settings
in a suite; one called ``shelf`` receives the ``Shelf`` that finds models.

The pipeline asks a scorer to ``split`` each row into units, the smallest things a model sees (a
text window, a pair of premise and claim); drops the units it knows already; sorts the others by
length; runs them through ``model.infer`` in batches under a token budget; and has the scorer
``join`` each row's outputs. A scorer without a model splits into nothing and joins from the texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tidegauge.records import Kind

Texts: TypeAlias = Mapping[str, str]
"""Argument of the scorer's card -> text of one row; missing and null texts are absent. What is
there is the logged text as it is: possibly empty, huge, or with any character in it."""

Unit: TypeAlias = tuple[str, ...]
"""One text, or the texts of a pair, that a model takes at once."""

Value: TypeAlias = float | str | bool | None


@dataclass(frozen=True, slots=True)
class Joined:
    """A row's values."""

    values: tuple[Value | NDArray[np.float32], ...]
    """One for each of the scorer's outputs; ``None`` = this output has no value here."""
    truncated: int = 0
    """Tokens of the row that no model saw."""
    because: str = ""
    """The sentence or words that decided the main value, to show beside an example."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """What a model made of a batch of units."""

    values: NDArray[np.float32]
    """Shape (units, width); rows of failed units are NaN."""
    failed: Mapping[int, str] = field(default_factory=dict)
    """Position in the batch -> reason; these are not cached and leave their rows unscored."""
    costs: Mapping[str, float] = field(default_factory=dict)
    """Counts by name: requests, tokens in, tokens out, cost in USD."""


class Model(Protocol):
    """Turns units into numbers; several scorers may share one, and with it the cache."""

    @property
    def identity(self) -> str:
        """SHA-256 in hex over weights, tokenizer and settings: whatever changes a number."""

    @property
    def width(self) -> int:
        """Numbers per unit."""

    @property
    def budget(self) -> int:
        """Most units times longest size of one batch; halved when memory runs out."""

    def size(self, unit: Unit) -> int:
        """Length in the model's own measure, mostly tokens; batches are sorted by it."""

    def infer(self, units: Sequence[Unit]) -> Inferred:
        """Run one batch; may raise ``MemoryError`` or torch's out-of-memory error."""


class Scorer(Protocol):
    """A scorer, loaded with its settings."""

    @property
    def outputs(self) -> Mapping[str, Kind]:
        """Suffix -> kind of each column.

        The first suffix is empty: the main value, a number unless the card says otherwise,
        higher = worse for toxicity and hallucination. A suffix ``flagged`` is the decision at
        the scorer's threshold, a boolean; ``insult.flagged`` is that of one category.
        """

    @property
    def identity(self) -> str:
        """SHA-256 in hex: equal identities give equal values for equal texts."""

    @property
    def model(self) -> Model | None:
        """What infers, where the scorer needs it."""

    @property
    def about(self) -> About:
        """What a report says of it."""

    def split(self, row: Texts) -> Sequence[Unit]:
        """Cut a row into units.

        Raises
        ------
        NotApplicable
            When the question makes no sense for this row: no context, an empty response.
        Unscored
            When it makes sense, and cannot be answered: a claim longer than the model takes.
        """

    def join(self, row: Texts, units: Sequence[Unit], outputs: NDArray[np.float32]) -> Joined:
        """Make the row's values of its units' outputs, shape (units, width); raises as above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a report says of a loaded scorer."""

    model: str = ""
    """Name of the model."""
    licence: str = ""
    """Its licence."""
    notes: tuple[str, ...] = ()
    """Sentences a reader must know: a degraded mode, a threshold and where it comes from."""
