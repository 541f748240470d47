"""Causes in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tidegauge.findings import Step
from tidegauge.records import Cause, Information, Mechanism, Segment
from tidegauge.wording import listed, number

SAID: dict[Mechanism, str] = {
    "none": "nothing changed that the evidence supports",
    "covariate": "it changed in the world",
    "distortion": "its values were changed on the way",
    "misaligned": "its rows were mixed up, as by a wrong join",
    "label_shift": "the mix of truths changed, and the inputs only with it",
    "concept": "the truth at equal inputs changed",
    "serving": "the model answers otherwise at equal inputs",
    "undetermined": "the data cannot tell a change of the world from a fault of the pipeline",
}


def because_of(
    cause: Cause, step: Step | None, one: Information | None = None, by: Sequence[str] = ()
) -> Cause:
    """Put the sentence to a cause; ``by`` = the features whose effect changed."""
    said = _said(cause)
    if by:
        said = f"{said}, chiefly by {listed(list(by))}"
    if cause.shape is not None and cause.verdict in ("distortion", "undetermined"):
        said = f"{said} ({cause.shape.said})"
    share = f"{number(100 * cause.share)} %"
    if cause.interval is not None:
        low, high = (number(100 * end) for end in cause.interval)
        share += f" ({low} % to {high} %)"
    sentence = f"{cause.factor}: {said}; it accounts for {share} of what differs"
    if step is not None:
        sentence += f"; {_way(step, cause.verdict)}"
    elif one is not None:
        sentence += (
            f"; {one.about}: {number(one.value)} nats a row, {number(one.z)} standard errors"
        )
    return replace(cause, because=sentence)


def with_words(cause: Cause, more: str) -> Cause:
    """Add to a cause's sentence."""
    return replace(cause, because=f"{cause.because}; {more}")


def parity_in_words(sides: Sequence[Any]) -> str:
    """Say how the model that can be asked answers, then and now."""
    then, now = sides
    return f"asked again, the model is {then.said} of the baseline, and now {now.said}"


def dearer_in_words(segment: Segment) -> str:
    """Say where the loss rose."""
    excess, share = number(segment.excess), number(100 * min(segment.share, 1.0))
    chance = "" if segment.p_value is None else f" (p = {number(segment.p_value)})"
    return (
        f"where {segment.where} the loss is {excess} above what the baseline lets expect, "
        f"{share} % of all that it rose by{chance}"
    )


def _said(cause: Cause) -> str:
    followed = cause.verdict == "covariate" and cause.moved
    return SAID[cause.verdict] + (", and other columns with it" if followed else "")


def _way(step: Step, verdict: Mechanism) -> str:
    if verdict == "misaligned" and step.weakened is not None:
        less = number(100 * min(step.weakened.share, 1.0))
        return f"its correlations with other columns are all {less} % weaker"
    if step.way == "apart" and verdict == "covariate":
        return "without it the other columns do not differ: it comes to depend on them otherwise"
    if step.way == "apart":
        return "without it the other columns do not differ"
    if step.way == "through":
        return "at equal values of it the other columns do not differ"
    return "the other columns do not differ, with it or without it"


def summed_up(verdict: Mechanism, causes: Sequence[Cause], tied: Sequence[str]) -> str:
    """Say the whole in a sentence or two: what, where, since when, and what a repair brings."""
    if not causes:
        return "No column differs between the sides by more than chance."
    if tied:
        return f"The cause is one of {listed(list(tied), len(tied))}; the data cannot tell which."
    first = _in_short(causes[0])
    others = [cause.factor for cause in causes[1:]]
    return f"{first}. Beside it: {listed(others)}." if others else f"{first}."


def _in_short(cause: Cause) -> str:
    said = _said(cause)
    if cause.shape is not None:
        known = cause.verdict != "undetermined"
        said = cause.shape.said if known else f"{said}; it looks like {cause.shape.said}"
    parts = [f"{cause.factor}: {said}"]
    if cause.where is not None:
        parts.append(f"only where {cause.where.where}")
    if cause.onset is not None:
        parts.append(f"since {cause.onset.at[:16].replace('T', ' ')}")
    sentence = ", ".join(parts)
    if cause.restored is not None:
        share = number(100 * cause.restored.share)
        brought = f"{share} % of what was lost" if cause.restored.share > 0 else "nothing"
        sentence += f"; repairing it brings back {brought}"
    return sentence
