"""What the first causes look like, where they are, when they began, what a repair brings back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tidegauge.causes.pictures import losses_over, picture
from tidegauge.causes.questions import (
    Answers,
    Inquiry,
    about_topics,
    began,
    confined,
    restorer,
    since,
)
from tidegauge.causes.sentences import with_words
from tidegauge.causes.verdicts import FAULTS
from tidegauge.records import Cause
from tidegauge.wording import listed

DETAILED = 3
"""Causes that are looked into: confined where, begun when, what a repair brings back."""


def detailed(inquiry: Inquiry, answers: Answers, causes: Sequence[Cause]) -> Iterator[Cause]:
    """Add to the first causes what they look like, where they are and when they began."""
    ask_for = restorer(inquiry) if any(one.verdict in FAULTS for one in causes) else None
    for place, cause in enumerate(causes):
        if place < DETAILED and cause.verdict == "concept":
            yield _of_losses(inquiry, answers, cause)
            continue
        if place >= DETAILED or cause.columns[:1] not in {(n,) for n in inquiry.case.features}:
            yield cause
            continue
        name, best = cause.columns[0], best_fit(answers, cause.columns)
        if name in inquiry.topics:
            cause = _with_topics(cause, about_topics(inquiry, name))
        fault = cause.verdict in FAULTS
        repaired = best.repaired if best is not None and fault else None
        yield replace(
            cause,
            picture=picture(inquiry.case, name, repaired),
            where=confined(inquiry, name, best) if cause.verdict == "distortion" else None,
            onset=began(inquiry, name, best),
            restored=ask_for(cause.columns, {} if repaired is None else {name: repaired})
            if fault and ask_for is not None and (repaired is None or len(cause.columns) == 1)
            else None,
        )


def _of_losses(inquiry: Inquiry, answers: Answers, cause: Cause) -> Cause:
    """Show where and when the loss rose: the columns themselves are as before."""
    losses, name = answers.losses, next(iter(cause.columns), "")
    if losses is None:
        return cause
    drawn = name in inquiry.case.features
    return replace(
        cause,
        picture=losses_over(inquiry.case, name, losses.rows, losses.of) if drawn else None,
        onset=since(inquiry, lambda: losses.rows),
    )


def _with_topics(cause: Cause, changes: Sequence[Cause]) -> Cause:
    """Say which topics grew or shrank, in which words, with texts of both sides."""
    if not changes:
        return cause
    named = listed([one.factor for one in changes])
    return replace(
        with_words(cause, f"chiefly {named}"),
        words=changes[0].words,
        examples=changes[0].examples,
    )


def best_fit(answers: Answers, columns: Sequence[str]) -> Any:
    """Best shape of the first column that has one; ``None`` where none has."""
    found = [answers.shapes.get(name, ()) for name in columns]
    return next((one[0] for one in found if one), None)
