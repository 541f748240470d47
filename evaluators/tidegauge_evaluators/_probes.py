"""Pairs whose answer every model of inference must know: the proof of what its outputs mean."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import ModelError
from tidegauge.scorer import Inferred, Unit
from tidegauge_evaluators._transformer import Transformer

Relation: TypeAlias = Literal["entailment", "contradiction", "neutral"]
Means: TypeAlias = dict[Relation, NDArray[np.float64]]
"""Relation -> mean outputs over its probes, shape (width,)."""


class Probe(NamedTuple):
    """A pair whose relation is beyond doubt."""

    premise: str
    claim: str
    relation: Relation


_NURSE = "Maria lives in Lisbon and works as a nurse."
_MUSEUM = "The museum opened in 1950 and closed in 1998."
_GUESTS = "All of the guests ate soup before the concert."
_CAR = "The red car was sold to a farmer for 900 dollars."

PROBES = (
    Probe(_NURSE, "Maria works as a nurse.", "entailment"),
    Probe(_MUSEUM, "The museum closed in 1998.", "entailment"),
    Probe(_GUESTS, "The guests ate soup.", "entailment"),
    Probe(_CAR, "The red car was sold.", "entailment"),
    Probe("Maria does not work as a nurse.", "Maria is not a nurse.", "entailment"),
    Probe(_NURSE, "Maria does not work as a nurse.", "contradiction"),
    Probe(_MUSEUM, "The museum never closed.", "contradiction"),
    Probe(_GUESTS, "None of the guests ate soup.", "contradiction"),
    Probe(_CAR, "The red car was not sold.", "contradiction"),
    Probe(
        "The museum is open and has never closed.", "The museum closed in 1998.", "contradiction"
    ),
    Probe(_NURSE, "Maria has two brothers.", "neutral"),
    Probe(_MUSEUM, "The museum showed paintings from Spain.", "neutral"),
    Probe(_GUESTS, "The guests liked the music.", "neutral"),
    Probe(_CAR, "The farmer has three children.", "neutral"),
    Probe("The farmer has three children.", "The red car was sold.", "neutral"),
)
"""Some claims stand under two relations, so that no model passes that reads the claim alone."""

MARGIN = 0.1
"""Gap by which an output's mean over its own pairs must exceed its mean over every other kind:
far below what trained models show, far above what an untrained one does."""

Proof: TypeAlias = Callable[[NDArray[np.float32]], None]
"""Takes the outputs for ``PROBES``, shape (probes, width); raises ``ModelError``."""


class Proven:
    """A model that answers once it has answered the probes.

    The proof is made when the weights are first needed, so that a run whose numbers are all in
    the cache, which only a proven model can have filled, loads nothing.
    """

    def __init__(self, model: Transformer, put: Callable[[str, str], Unit], proof: Proof) -> None:
        self.inner = model
        self._put = put
        self._proof = proof
        self._proven = False
        self._lock = threading.RLock()

    @property
    def identity(self) -> str:
        """SHA-256 of the model."""
        return self.inner.identity

    @property
    def width(self) -> int:
        """Numbers per unit."""
        return self.inner.width

    @property
    def budget(self) -> int:
        """Tokens of one batch."""
        return self.inner.budget

    @property
    def max_length(self) -> int:
        """Tokens of the longest unit."""
        return self.inner.max_length

    def size(self, unit: Unit) -> int:
        """Tokens that the model will see of a unit."""
        return self.inner.size(unit)

    def excess(self, unit: Unit) -> int:
        """Tokens of a unit that the model would not see."""
        return self.inner.excess(unit)

    def infer(self, units: Sequence[Unit]) -> Inferred:
        """Run one batch; raises ``ModelError`` where the proof fails."""
        with self._lock:
            if not self._proven:
                probes = [self._put(probe.premise, probe.claim) for probe in PROBES]
                self._proof(self.inner.infer(probes).values)
                self._proven = True
        return self.inner.infer(units)


def means(values: NDArray[np.float32]) -> Means:
    """Mean outputs over the probes of each relation, shape (width,)."""
    relations = np.array([probe.relation for probe in PROBES])
    kinds: tuple[Relation, ...] = ("entailment", "contradiction", "neutral")
    return {kind: values[relations == kind].mean(axis=0, dtype=np.float64) for kind in kinds}


def stands_out(own: float, others: Sequence[float]) -> bool:
    """Whether an output is clearly higher on its own pairs than on any others."""
    return own - max(others) > MARGIN


def refusal(name: str, why: str, found: str, hint: str) -> ModelError:
    """Say why a model is not believed, and what it answered."""
    return ModelError(
        f"{name}: {why}. On {len(PROBES)} pairs whose answer is beyond doubt it gave on average "
        f"{found}",
        hint,
    )
