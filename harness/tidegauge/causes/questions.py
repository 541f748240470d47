"""What units are asked about a case, and what they answered, before a mechanism is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Caller, Case
from tidegauge.catalog import explainer
from tidegauge.causes import verdicts
from tidegauge.errors import CannotMeasure, TidegaugeError
from tidegauge.findings import Carriers, Checked
from tidegauge.records import Cause, Decomposition, Onset, Restored, Segment

FLAGGED = ".flagged"
"""Ending of columns that hold a scorer's decisions."""
ENOUGH_ROWS = 10_000
"""Rows of each side that the question whose effect changed is put to."""


@dataclass(slots=True, kw_only=True, eq=False)
class Inquiry:
    """One case, the units that answer questions about it, and why some could not."""

    case: Case
    seed: int
    confidence: float
    caller: Caller | None = None
    topics: Mapping[str, Any] = field(default_factory=dict)
    """Column of topics -> what it was made from."""
    notes: list[str] = field(default_factory=list)
    domain: Any = None
    """What tells the sides apart; every unit asks it, so that it learns once."""
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.domain = explainer("root_cause.sides").explain(self.case, rng=self.rng)

    def ask(self, unit: str, *given: Any, **settings: Any) -> Any:
        """Ask a unit; ``None`` where the question makes no sense of this case."""
        try:
            return explainer(f"root_cause.{unit}").explain(*given, **settings)
        except CannotMeasure:
            return None

    def ask_or_note(self, unit: str, *given: Any, **settings: Any) -> Any:
        """Ask a unit that a reader expects an answer of; where it has none, a note says why."""
        try:
            return explainer(f"root_cause.{unit}").explain(*given, **settings)
        except TidegaugeError as error:
            note = f"{explainer(f'root_cause.{unit}').card.title}: {error.message}"
            if note not in self.notes:
                self.notes.append(note)
            return None

    @property
    def shared(self) -> dict[str, Any]:
        """What every unit takes."""
        return {"rng": self.rng, "confidence": self.confidence}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What units found of one case."""

    carriers: Carriers
    shapes: Mapping[str, Sequence[Any]]
    """Column of a cause -> how its values were changed, best first."""
    checks: Mapping[tuple[str, ...], Checked] = field(default_factory=dict)
    """Columns of a cause -> whether the truth goes with their values as logged, or as repaired."""
    mechanisms: Any = None
    """Which mechanisms of a given order changed."""
    concept: Any = None
    """Whose effect on the target changed."""
    losses: Any = None
    """How far each row's answer was from the truth."""
    performance: Decomposition | None = None
    segments: tuple[Segment, ...] = ()
    mix: Any = None
    """How the mix of truths changed, where that is what changed."""
    parity: Any = None
    """Whether the model still answers as logged, where the answers changed."""


def ask(inquiry: Inquiry, functional: NDArray[np.float64] | None, of: str) -> Answers:
    """Ask what can be asked of the case.

    Parameters
    ----------
    functional
        Shape (rows,): the number whose change is explained; ``None`` = what differs at all.
    of
        What it is called.
    """
    case, domain = inquiry.case, inquiry.domain
    found: Carriers = explainer("root_cause.carriers").explain(
        case, domain=domain, **inquiry.shared
    )
    ordered = case.order or case.parents is not None
    shapes = _shapes(inquiry, found)
    return Answers(
        carriers=found,
        shapes=shapes,
        checks=_checks(inquiry, found, shapes) if case.target else {},
        mechanisms=inquiry.ask_or_note(
            "mechanisms", case, functional, of=of, domain=domain, **inquiry.shared
        )
        if ordered
        else None,
        mix=inquiry.ask("label_shift", case, domain=domain, **inquiry.shared)
        if verdicts.is_label_shift(found.links, found.total)
        else None,
        parity=inquiry.ask("parity", case, inquiry.caller, rng=inquiry.rng)
        if inquiry.caller is not None
        and verdicts.adds(found.links.prediction_given_features, found.total)
        else None,
        **(_of_performance(inquiry, found) if case.target else {}),
    )


def _shapes(inquiry: Inquiry, found: Carriers) -> dict[str, Sequence[Any]]:
    """Ask how the values of each cause were changed."""
    names = dict.fromkeys(name for step in found.steps for name in step.columns)
    return {
        name: inquiry.ask(
            "shape",
            inquiry.case,
            name,
            given=[other for other in found.marginals if other != name],
            rng=inquiry.rng,
        )
        or ()
        for name in names
    }


def _checks(
    inquiry: Inquiry, found: Carriers, shapes: Mapping[str, Sequence[Any]]
) -> dict[tuple[str, ...], Checked]:
    """Ask of each cause that can be repaired whether the truth goes with the repair."""
    asked = {}
    for step in found.steps:
        best = {name: shapes[name][0].repaired for name in step.columns if shapes[name]}
        if len(best) == len(step.columns) and all(one is not None for one in best.values()):
            asked[step.columns] = inquiry.ask(
                "repair_check", inquiry.case, step.columns, best, rng=inquiry.rng
            )
    return {columns: one for columns, one in asked.items() if one is not None}


def _of_performance(inquiry: Inquiry, found: Carriers) -> dict[str, Any]:
    """Ask how well the model did, where, and whose effect on the truth changed."""
    case, domain = inquiry.case, inquiry.domain
    answers: dict[str, Any] = {}
    losses = inquiry.ask("losses", case)
    whole = domain if losses is None or np.isfinite(losses.rows).all() else None
    if losses is not None:
        answers["losses"] = losses
        answers["performance"] = inquiry.ask(
            "performance", case, losses, domain=whole, **inquiry.shared
        )
        answers["segments"] = (
            inquiry.ask("segments", case, losses.rows, domain=whole, **inquiry.shared) or ()
        )
    if found.links.target_given_features is not None:
        fewer = thinned(case, ENOUGH_ROWS, inquiry.rng)
        answers["concept"] = inquiry.ask("concept", fewer, **inquiry.shared)
    return answers


def thinned(case: Case, most: int, rng: np.random.Generator) -> Case:
    """Keep at most so many rows of each side, in their order."""
    if max(case.n_baseline, case.n_current) <= most:
        return case
    sides = [np.flatnonzero(case.current == now) for now in (False, True)]
    kept = [rng.permutation(rows)[:most] for rows in sides]
    return case.only(np.sort(np.concatenate(kept)))


def about_topics(inquiry: Inquiry, name: str) -> Sequence[Cause]:
    """Ask which topics grew or shrank, with words and texts."""
    case = inquiry.case
    flags = [one for one in case.features if one.endswith(FLAGGED)]
    values = case[flags[0]].values if flags else np.zeros(case.n)
    found = inquiry.ask(
        "within_topics", case, inquiry.topics[name], values, confidence=inquiry.confidence
    )
    return found.causes if found is not None else ()


def confined(inquiry: Inquiry, name: str, shape: Any) -> Segment | None:
    """Ask which rows a fault is confined to."""
    found: Segment | None = inquiry.ask(
        "where", inquiry.case, name, _suspicion(inquiry, name, shape), **inquiry.shared
    )
    return found


def _suspicion(inquiry: Inquiry, name: str, shape: Any) -> NDArray[Any]:
    """Say how wrong each row looks by one column."""
    values = inquiry.case[name].values
    said = shape.shape if shape is not None else None
    if said is not None and said.name == "nulls":
        return np.isnan(values)
    if (
        said is not None
        and said.name == "sentinel"
        and not isinstance(said.params.get("value", ""), str)
    ):
        return np.isclose(values, float(said.params["value"]))
    odds: NDArray[Any] = inquiry.domain.log_odds([name])
    return odds


def began(inquiry: Inquiry, name: str, shape: Any) -> Onset | None:
    """Ask when a column began to differ."""

    def values() -> NDArray[np.float64]:
        variable = inquiry.case[name]
        if variable.categorical or shape is None or shape.shape.name == "nulls":
            return _suspicion(inquiry, name, shape).astype(np.float64)
        return variable.values

    return since(inquiry, values)


def since(inquiry: Inquiry, values: Callable[[], NDArray[np.float64]]) -> Onset | None:
    """Ask when a number of each row changed; where rows have a time it is worked out."""
    case = inquiry.case
    if not case.timestamp:
        return None
    found: Onset | None = inquiry.ask(
        "onset",
        case[case.timestamp].values,
        values(),
        case.current,
        blocks=case.blocks,
        **inquiry.shared,
    )
    return found


def restorer(inquiry: Inquiry) -> Callable[[tuple[str, ...], Mapping[str, Any]], Restored | None]:
    """Find whom to ask what a repair brings back: the model, or a stand-in; ask it by columns."""
    case = inquiry.case
    answered = bool(case.scores or case.prediction)
    caller = inquiry.caller
    if caller is None and answered:
        caller = inquiry.ask_or_note("stand_in", case, rng=inquiry.rng)

    def restored(columns: tuple[str, ...], repaired: Mapping[str, Any]) -> Restored | None:
        if caller is None:
            return None
        given = (case, caller, columns, repaired or None)
        found: Restored | None = inquiry.ask("restore", *given, **inquiry.shared)
        if found is None:  # no loss rose that could be brought back: the answers may have moved
            found = inquiry.ask_or_note("restore", *given, of="scores", **inquiry.shared)
        return found

    return restored
