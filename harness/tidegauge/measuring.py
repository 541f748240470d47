"""Applies checks to profiles: which columns, which slices, and what stood in the way."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np

from tidegauge.case import Case
from tidegauge.catalog import Evaluator, evaluator, nearest
from tidegauge.errors import NotApplicable, SuiteError
from tidegauge.judge import Measured
from tidegauge.profile import (
    CategoricalProfile,
    ClassificationProfile,
    DatasetProfile,
    LabelSample,
    Layout,
    VectorSample,
)
from tidegauge.records import Card, Check, Policy, Role, Score

WHOLE = {"classification", "regression", "keys", "dataset"}
"""What a card may read beside kinds of column."""
ARRIVED = 0.5
"""Share of labels from which on they are believed, and nothing is estimated in their place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Both sides of a run, and what measures may ask for beside them."""

    baseline: DatasetProfile
    current: DatasetProfile
    policy: Policy
    as_of: float
    """Moment of judging, in seconds since 1970."""
    samples: Mapping[str, tuple[VectorSample, VectorSample]] = field(default_factory=dict)
    """Vector column -> both sides' samples, for measures that no profile serves."""
    labels: Mapping[str, LabelSample] = field(default_factory=dict)
    """Column of a scorer's main number -> labels of some of the current log's rows."""
    rows: Callable[[], Case] | None = None
    """Draws rows of both sides, the current ones without their labels; asked only where needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a check is applied to; ``absent`` says why there is nothing to apply it to."""

    column: str = ""
    role: str = ""
    absent: str = ""


def measure(checks: Sequence[Check], bench: Bench) -> Iterator[Measured]:
    """Apply every check to all rows, then to each slice; column by column.

    Measures of one column follow each other, so that what they share is worked out once.
    """
    tasks = [
        (check, found, subject)
        for check in checks
        for found in [evaluator(check.evaluator)]
        for subject in subjects(check, found.card, bench)
    ]
    tasks.sort(key=lambda task: task[2].column)
    sliced = []
    for check, found, subject in tasks:
        whole = measure_one(check, found, subject, bench)
        yield whole
        applies = not isinstance(whole.problem, NotApplicable)
        if applies and check.slices and not (_is_global(found.card) or found.card.over == "sample"):
            sliced.append((check, found, subject))
    for label in bench.baseline.slices:
        for check, found, subject in sliced:
            yield measure_one(check, found, subject, bench, label)


def subjects(check: Check, card: Card, bench: Bench) -> list[Subject]:
    """List what a check is applied to, at least one entry."""
    if _is_global(card) or card.on == "outcome":
        return [Subject(role="target" if card.on == "outcome" else "")]
    layout = bench.baseline.layout
    if "labels" in card.reads:
        return _labelled(check, card, bench)
    found: dict[str, Subject] = {}
    for word in check.on or (card.on,):
        known = word in layout.kinds or word in layout.made
        columns = layout.columns_of(word) or ((word,) if known else ())
        for column in columns:
            found[column] = Subject(column=column, role=layout.roles.get(column, ""))
        if not columns:
            found[f"role {word}"] = Subject(role=word, absent=f"no column has the role {word}")
    return list(found.values())


def _labelled(check: Check, card: Card, bench: Bench) -> list[Subject]:
    """Scorers of which some rows are labelled, by topic or by column."""
    wanted = check.on or (card.on,)
    made = bench.baseline.layout.made
    found = [name for name in bench.labels if name in wanted or made[name].topic in wanted]
    absent = "no labels: draw rows with tidegauge label, and name the sheet under labels"
    role = wanted[0]
    return [Subject(column=name, role="scored") for name in found] or [
        Subject(role=role, absent=absent)
    ]


def require_subjects(checks: Sequence[Check], layout: Layout) -> None:
    """Refuse checks on a word that is neither a role nor a column.

    Raises
    ------
    SuiteError
        Naming the check, the word and what is near it.
    """
    topics = {made.topic for made in layout.made.values()}
    known = {*get_args(Role), "features", "segments", *topics, *layout.kinds, *layout.made}
    for check in checks:
        for word in check.on:
            if word not in known:
                raise SuiteError(
                    f'check {check.id} is on "{word}", which is neither a role nor a column',
                    nearest(word, known),
                )


def measure_one(
    check: Check, found: Evaluator, subject: Subject, bench: Bench, label: str = ""
) -> Measured:
    """Apply a check to one subject in one slice; whatever goes wrong stays with it."""
    score: Score | None = None
    problem: Exception | None = None
    try:
        if subject.absent:
            raise NotApplicable(subject.absent)
        sides = _sides(found.card, subject, bench, label)
        score = _finite(found.measure(*sides, **_arguments(check, found, subject, bench, label)))
    except Exception as error:
        score, problem = None, error
    return Measured(
        check=check,
        card=found.card,
        column=subject.column,
        role=subject.role,
        slice=label,
        score=score,
        problem=problem,
    )


def _finite(score: Score) -> Score:
    """Refuse a score that is no number, before anything is decided on it."""
    if not math.isfinite(score.value):
        raise ArithmeticError(f"its value is {score.value}")
    return score


def _is_global(card: Card) -> bool:
    return "dataset" in card.reads or "keys" in card.reads


def _sides(card: Card, subject: Subject, bench: Bench, label: str) -> tuple[Any, Any]:
    """Find what the measure reads of the baseline and of the current log."""
    before, now = _of_slice(bench, label)
    if "dataset" in card.reads:
        return before, now
    if "keys" in card.reads:
        if before.keys is None or now.keys is None:
            raise NotApplicable("no column has the role id")
        return before.keys, now.keys
    if card.stands_for:
        return _unlabelled(card, before, now, bench)
    if card.on == "outcome":
        return _outcomes(card, before, now)
    if "labels" in card.reads:
        return None, bench.labels[subject.column]
    if card.over == "sample":
        return _samples(subject, bench)
    return _columns(card, subject, before, now)


def _outcomes(card: Card, before: DatasetProfile, now: DatasetProfile) -> tuple[Any, Any]:
    if now.outcome is None:
        raise NotApplicable("needs a target and a prediction or score in the current log")
    task = "classification" if isinstance(now.outcome, ClassificationProfile) else "regression"
    if task not in card.reads:
        raise NotApplicable(f"is for {' and '.join(card.reads)}, the target is for {task}")
    return before.outcome, now.outcome


def _unlabelled(
    card: Card, before: DatasetProfile, now: DatasetProfile, bench: Bench
) -> tuple[Any, Any]:
    """Give the baseline's outcome and rows of both sides, unless the labels are there."""
    if before.outcome is None or not before.outcome.labelled:
        raise NotApplicable("needs a target, and a prediction or score, in the baseline")
    task = "classification" if isinstance(before.outcome, ClassificationProfile) else "regression"
    if task not in card.reads:
        raise NotApplicable(f"is for {' and '.join(card.reads)}, the target is for {task}")
    arrived = now.outcome.labelled / now.n if now.outcome and now.n else 0.0
    if arrived >= ARRIVED:
        share = f"{100 * arrived:.0f} %"
        raise NotApplicable(f"{share} of labels are there, so {card.stands_for} counts")
    if bench.rows is None:
        raise NotApplicable("needs rows of both sides, and none can be read here")
    return before.outcome, bench.rows()


def _samples(subject: Subject, bench: Bench) -> tuple[VectorSample, VectorSample]:
    layout = bench.baseline.layout
    column = subject.column
    vectors = column if column in bench.samples else layout.vectors_of(column)
    if vectors not in bench.samples:
        raise NotApplicable("no scorer made vectors of this column")
    return bench.samples[vectors]


def _columns(
    card: Card, subject: Subject, before: DatasetProfile, now: DatasetProfile
) -> tuple[Any, Any]:
    kind = before.layout.kinds[subject.column]
    if subject.role == "status":
        kind = "categorical"
    if kind not in card.reads:
        raise NotApplicable(f"reads {', '.join(card.reads)} columns, this one is {kind}")
    if subject.column not in now.columns:
        raise NotApplicable("the column is missing from the current log")
    return before.columns[subject.column], now.columns[subject.column]


def _arguments(
    check: Check, found: Evaluator, subject: Subject, bench: Bench, label: str
) -> dict[str, Any]:
    """Keywords of the measure: the suite's parameters, and what it declares to need."""
    offered = {"confidence": bench.policy.confidence, "as_of": bench.as_of}
    given: dict[str, Any] = {name: offered[name] for name in found.asks & offered.keys()}
    sides = _of_slice(bench, label)
    if "seen" in found.asks:
        given["seen"] = tuple(side.n for side in sides)
    if "unscored" in found.asks:
        given["unscored"] = tuple(_unscored(subject.column, side) for side in sides)
    if "clusters" in found.asks:
        given["clusters"] = tuple(side.clusters.get(subject.column) for side in sides)
    if "rng" in found.asks:
        place = f"{check.id}|{subject.column}|{label}".encode()
        entropy = int.from_bytes(hashlib.sha256(place).digest()[:8], "little")
        given["rng"] = np.random.default_rng([bench.policy.seed, entropy])
    return given | dict(check.params)


def _of_slice(bench: Bench, label: str) -> tuple[DatasetProfile, DatasetProfile]:
    if not label:
        return bench.baseline, bench.current
    return bench.baseline.slices[label], bench.current.slices[label]


def _unscored(column: str, side: DatasetProfile) -> int:
    """Rows that the column's scorer should have scored and did not."""
    made = side.layout.made.get(column)
    profile = side.columns.get(f"{made.main}.status") if made else None
    if not isinstance(profile, CategoricalProfile):
        return 0
    levels = dict(zip(profile.levels, profile.counts.tolist(), strict=True)) | dict(profile.unseen)
    return sum(rows for level, rows in levels.items() if level.startswith("unscored"))
