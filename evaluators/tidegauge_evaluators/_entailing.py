"""Which output of a model of language inference means what: read from names, then proven."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import permutations
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import ModelError
from tidegauge.models import Shelf
from tidegauge_evaluators._probes import Means, Proven, Relation, means, refusal, stands_out
from tidegauge_evaluators._transformer import Transformer

Meaning: TypeAlias = Literal["entailment", "contradiction", "neutral", "not_entailment"]

_MEANINGS: tuple[tuple[Meaning, re.Pattern[str]], ...] = (
    ("not_entailment", re.compile(r"^(?:not|non|no|un)_?(?:entail|support)")),
    ("contradiction", re.compile(r"contradict|^contra$|refut|^conflict")),
    ("neutral", re.compile(r"neutral|^nei$|not_enough|no_info|^unknown$|unrelated|unverif")),
    ("entailment", re.compile(r"entail|^supports?$|^supported$")),
)
_WHOLE = (
    {"entailment", "contradiction", "neutral"},
    {"entailment", "contradiction"},
    {"entailment", "not_entailment"},
)
"""Sets of outputs that make a model of inference."""
_KINDS: dict[Meaning, tuple[Relation, ...]] = {
    "entailment": ("entailment",),
    "contradiction": ("contradiction",),
    "neutral": ("neutral",),
    "not_entailment": ("contradiction", "neutral"),
}


class Order(NamedTuple):
    """Positions of a model's outputs."""

    entailment: int
    contradiction: int | None
    """``None`` where the model does not tell it from neutral."""
    neutral: int | None


def order_of(labels: Sequence[str], name: str) -> Order:
    """Read the order of the outputs from their names.

    Raises
    ------
    ModelError
        When a name says nothing (``LABEL_0``), or the names together make no sense.

    Examples
    --------
    >>> order_of(["SUPPORTS", "REFUTES", "NOT ENOUGH INFO"], "albert")
    Order(entailment=0, contradiction=1, neutral=2)
    """
    read = [meaning_of(label) for label in labels]
    known = [meaning for meaning in read if meaning]
    if len(known) < len(read) or len(set(known)) < len(known) or set(known) not in _WHOLE:
        listed = ", ".join(f'"{label}"' for label in labels)
        raise ModelError(
            f"{name}: its outputs are called {listed}, which does not say which of them means "
            "entailment",
            "if its model card tells, name them in order in the suite, for instance "
            "labels: [contradiction, entailment, neutral]; probe pairs then prove it",
        )
    places = {meaning: place for place, meaning in enumerate(known)}
    return Order(places["entailment"], places.get("contradiction"), places.get("neutral"))


def meaning_of(label: str) -> Meaning | None:
    """Read one output's name.

    Examples
    --------
    >>> [meaning_of(name) for name in ("ENTAILMENT", "contra", "NEI", "not_entailment", "LABEL_1")]
    ['entailment', 'contradiction', 'neutral', 'not_entailment', None]
    """
    plain = re.sub(r"[\s_-]+", "_", label.strip().casefold())
    return next((meaning for meaning, name in _MEANINGS if name.search(plain)), None)


def entailing(shelf: Shelf, model: str, labels: Sequence[str], scorer: str) -> tuple[Proven, Order]:
    """Find a model of inference; what its outputs mean is proven before the first answer.

    Parameters
    ----------
    shelf
        Where models are found.
    model
        A folder, or a name on the shelf.
    labels
        Names of the outputs in order, where the folder's own say nothing or are wrong.
    scorer
        Who asks, for messages.

    Raises
    ------
    ModelError
        When the folder is missing or damaged, or its labels cannot be read.
    """
    folder = shelf.find(model)
    inner = Transformer(
        folder, device=shelf.device, activation="softmax", labels=tuple(map(str, labels))
    )
    name = f"{scorer}: {folder.manifest.name}"
    order = order_of(inner.labels, name)

    def proof(values: NDArray[np.float32]) -> None:
        prove(values, inner.labels, name)

    return Proven(inner, lambda premise, claim: (premise, claim), proof), order


def prove(values: NDArray[np.float32], labels: Sequence[str], name: str) -> None:
    """Hold the outputs for the probes against what the labels promise.

    Each output must be clearly higher on its own pairs than on others, and no other order may
    fit better.

    Raises
    ------
    ModelError
        Naming what was found, and the order that would fit.
    """
    mean = means(values)
    meanings = [meaning for label in labels if (meaning := meaning_of(label))]
    best = max(permutations(meanings), key=lambda order: _agreement(mean, order))
    if _fits(mean, meanings) and _agreement(mean, best) <= _agreement(mean, meanings) + 1e-6:
        return
    found = "; ".join(
        f"{kind}: " + ", ".join(f"{label} {p:.2f}" for label, p in zip(labels, ps, strict=True))
        for kind, ps in mean.items()
    )
    raise refusal(
        name,
        f"its outputs are called {', '.join(labels)}, and do not behave so",
        found,
        f"they fit labels: [{', '.join(best)}]; set that if its model card agrees"
        if _fits(mean, best)
        else "name a model trained for natural-language inference",
    )


def _fits(mean: Means, meanings: Sequence[Meaning]) -> bool:
    """Whether each output is clearly higher on its own pairs than on all others."""
    return all(
        stands_out(
            min(mean[kind][place] for kind in _KINDS[meaning]),
            [mean[kind][place] for kind in _others(meaning, meanings)],
        )
        for place, meaning in enumerate(meanings)
    )


def _others(meaning: Meaning, meanings: Sequence[Meaning]) -> list[Relation]:
    """Relations on which an output must be low; a model without "neutral" may call it either."""
    known: list[Relation] = ["entailment", "contradiction"]
    if "neutral" in meanings or "not_entailment" in meanings:
        known.append("neutral")
    return [kind for kind in known if kind not in _KINDS[meaning]]


def _agreement(mean: Means, order: Sequence[Meaning]) -> float:
    return sum(
        float(np.mean([mean[kind][place] for kind in _KINDS[meaning]]))
        for place, meaning in enumerate(order)
    )
