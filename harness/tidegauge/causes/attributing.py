"""From a case to ranked causes with a verdict."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from tidegauge.case import Case
from tidegauge.causes import verdicts
from tidegauge.causes.questions import Answers, ask
from tidegauge.causes.sentences import because_of, summed_up
from tidegauge.findings import Step
from tidegauge.records import Cause, Explanation, Information, Interval, Mechanism, Shape

ABSTAIN = 0.6
"""Probability of being first below which no cause is called the first."""


def attribute(case: Case, *, seed: int = 0, confidence: float = 0.95) -> Explanation:
    """Say why the current rows of a case differ from its baseline rows.

    Parameters
    ----------
    case
        At least 30 rows a side.
    seed
        Deals folds and redraws rows.
    confidence
        Of intervals.

    Raises
    ------
    TooFewRows
        When a side has fewer than 30 rows.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> income, side = rng.normal(50, 10, 2_000), np.arange(2_000) >= 1_000
    >>> rent = income / 3 + rng.normal(0, 1, 2_000)
    >>> case = case_of({"income": np.where(side, 1.2, 1) * income, "rent": rent}, side)
    >>> found = attribute(case)
    >>> found.verdict, found.causes[0].factor
    ('distortion', 'income')
    """
    began = time.perf_counter()
    answers = ask(case, np.random.default_rng(seed), confidence)
    causes = tuple(sorted(_causes(answers), key=lambda cause: -cause.share))
    tied = _tied(answers, causes)
    verdict = _verdict(causes, tied)
    return Explanation(
        of="drift",
        verdict=verdict,
        because=summed_up(verdict, causes, tied),
        causes=causes,
        tied=tied,
        tests=_tests(answers),
        n_baseline=case.n_baseline,
        n_current=case.n_current,
        notes=tuple(f"{name} was left out: it {why}" for name, why in _left_out(answers)),
        seconds=time.perf_counter() - began,
    )


def _causes(answers: Answers) -> Iterator[Cause]:
    """Causes among the features, then what target and prediction add."""
    found, case = answers.carriers, answers.case
    links, total = found.links, found.total
    if verdicts.is_label_shift(links, total):
        moved = tuple(name for name, one in found.marginals.items() if one.z > verdicts.SURE)
        yield _whole("label_shift", case.target, 1.0, moved, links.target)
        return
    concept = verdicts.adds(links.target_given_features, total)
    served = verdicts.adds(links.prediction_given_features, total)
    beside = [
        one.value
        for one, there in (
            (links.target_given_features, concept),
            (links.prediction_given_features, served),
        )
        if one is not None and there
    ]
    drifted = max(total.value, 0.0) if found.steps else 0.0
    whole = drifted + sum(beside)
    for step in found.steps:
        yield _of_step(step, _shape(answers, step), drifted / whole)
    if concept and links.target_given_features is not None:
        one = links.target_given_features
        yield _whole("concept", case.target, one.value / whole, (), one)
    if served and links.prediction_given_features is not None:
        one = links.prediction_given_features
        yield _whole("serving", case.prediction or case.scores[0], one.value / whole, (), one)


def _of_step(step: Step, shape: Shape | None, part: float) -> Cause:
    verdict = verdicts.of_step(step, shape)
    low, high = step.interval
    cause = Cause(
        factor=", ".join(step.columns),
        verdict=verdict,
        share=step.share * part,
        interval=Interval(low * part, high * part),
        rank_one=step.rank_one,
        because="",
        columns=step.columns,
        shape=shape,
        moved=step.moved if verdict != "distortion" else (),
    )
    return because_of(cause, step)


def _whole(
    verdict: Mechanism, factor: str, share: float, moved: tuple[str, ...], one: Information | None
) -> Cause:
    cause = Cause(
        factor=factor, verdict=verdict, share=share, because="", columns=(factor,), moved=moved
    )
    return because_of(cause, None, one)


def _shape(answers: Answers, step: Step) -> Shape | None:
    found = [answers.shapes.get(name, ()) for name in step.columns]
    return next((one[0].shape for one in found if one), None)


def _tied(answers: Answers, causes: tuple[Cause, ...]) -> tuple[str, ...]:
    """List the columns among which no first one can be named; empty where one can."""
    steps = answers.carriers.steps
    if not steps or not causes or causes[0].columns != steps[0].columns:
        return ()
    if steps[0].rank_one >= ABSTAIN:
        return ()
    ranked = sorted(steps[0].ranked, key=lambda one: -one.rank_one)
    sums = np.cumsum([one.rank_one for one in ranked])
    enough = int(np.searchsorted(sums, 0.9)) + 1
    return tuple(", ".join(one.columns) for one in ranked[:enough])


def _verdict(causes: tuple[Cause, ...], tied: tuple[str, ...]) -> Mechanism:
    if not causes:
        return "none"
    return "undetermined" if tied else causes[0].verdict


def _tests(answers: Answers) -> tuple[Information, ...]:
    links = answers.carriers.links
    asked = (
        answers.carriers.total,
        links.target,
        links.target_given_features,
        links.features_given_target,
        links.prediction_given_features,
    )
    return tuple(one for one in asked if one is not None)


def _left_out(answers: Answers) -> list[tuple[str, str]]:
    return list(answers.carriers.left_out.items())
