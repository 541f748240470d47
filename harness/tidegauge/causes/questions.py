"""What is asked of the sides of a case before a mechanism is named: who knows what about whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidegauge.case import Case
from tidegauge.catalog import explainer, explainer_names
from tidegauge.errors import CannotMeasure
from tidegauge.findings import Carriers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What units found of one case."""

    case: Case
    carriers: Carriers
    shapes: Mapping[str, Any]
    """Column of a cause -> how its values were changed, best first."""


def ask(case: Case, rng: np.random.Generator, confidence: float) -> Answers:
    """Ask every question that needs no order."""
    found: Carriers = explainer("root_cause.carriers").explain(case, rng=rng, confidence=confidence)
    return Answers(case=case, carriers=found, shapes=_shapes(case, found, rng))


def _shapes(case: Case, found: Carriers, rng: np.random.Generator) -> dict[str, Sequence[Any]]:
    """Ask how the values of each cause were changed."""
    shapes: dict[str, Sequence[Any]] = {}
    if "root_cause.shape" not in explainer_names():
        return shapes
    for name in dict.fromkeys(name for step in found.steps for name in step.columns):
        given = [other for other in found.marginals if other != name]
        try:
            shapes[name] = explainer("root_cause.shape").explain(case, name, given=given, rng=rng)
        except CannotMeasure:
            shapes[name] = ()
    return shapes
