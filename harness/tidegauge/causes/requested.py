"""What is done on request only: an order that the data suggest, and dowhy's answer beside ours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.catalog import explainer
from tidegauge.errors import CannotMeasure, TidegaugeError
from tidegauge.records import Cause, Decomposition
from tidegauge.wording import listed, number

SHOWN = 5
"""Parts of dowhy's answer that are told, the largest first."""


def suggested(case: Case, rng: np.random.Generator) -> tuple[Case, str]:
    """Order a case's features as its baseline suggests, and say on what that rests.

    Raises
    ------
    TidegaugeError
        When the case has an order already, or causal-learn is not installed.
    CannotMeasure
        When too little of the baseline can be ordered.
    """
    if case.order or case.parents is not None:
        raise TidegaugeError(
            "found an order to suggest where one is given", "ask for it, or give one; not both"
        )
    found = explainer("root_cause.order").explain(case, rng=rng)
    left_out = f"; not placed: {listed(found.left_out)}" if found.left_out else ""
    return replace(case, order=found.tiers), f"The causal order was {found.note}{left_out}."


def by_dowhy(
    case: Case, functional: NDArray[np.float64] | None, of: str, rng: np.random.Generator
) -> str:
    """Say how dowhy divides the change of a number, or of the loss, among mechanisms.

    Parameters
    ----------
    functional
        Shape (rows,): the number that is called ``of``; ``None`` = the loss.

    Raises
    ------
    TidegaugeError
        When there is no order, nothing to divide, or dowhy is not installed.
    """
    if not case.order and case.parents is None:
        raise TidegaugeError(
            "dowhy divides a change along a causal order, and none is given",
            "add causes: {order: ...} to the suite, or ask for a suggested one",
        )
    if functional is None:
        try:
            losses = explainer("root_cause.losses").explain(case)
        except CannotMeasure as error:
            raise TidegaugeError(
                f"dowhy divides the change of a number, and there is no loss: {error.message}",
                "name a column or check whose number it is to divide",
            ) from error
        functional, of = losses.rows, losses.of
    placed = of in (case.parents or ()) or any(of in tier for tier in case.order)
    found: Decomposition = explainer("root_cause.dowhy").explain(
        case, None if placed else functional, of=of, rng=rng
    )
    return _sentence(found)


def _sentence(found: Decomposition) -> str:
    change = f"{found.of} from {number(found.baseline)} to {number(found.current)}"
    parts = listed([_part(one) for one in found.parts[:SHOWN]], SHOWN)
    return f"{found.method} divides the change of {change}: {parts}; it assumes {found.assumes}."


def _part(one: Cause) -> str:
    return f"{one.factor} {number(100 * one.share)} %"
