"""From a case to ranked causes with a verdict."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Caller, Case
from tidegauge.causes import verdicts
from tidegauge.causes.details import best_fit, detailed
from tidegauge.causes.questions import Answers, Inquiry, ask, thinned
from tidegauge.causes.sentences import (
    because_of,
    dearer_in_words,
    parity_in_words,
    summed_up,
    with_words,
)
from tidegauge.findings import Step
from tidegauge.records import (
    Cause,
    Decomposition,
    Explanation,
    Information,
    Interval,
    Mechanism,
    Shape,
)
from tidegauge.wording import listed

ABSTAIN = 0.6
"""Probability of being first below which no cause is called the first."""
VALUES = 1_200_000
"""Values, rows times features, that are learned from: more rows tell little more and cost."""
LEAST_ROWS = 10_000
"""Rows of a side that are learned from, however many features there are."""
LEAST = 1e-6
"""Nats that a cause holds at least, where tests that need fewer rows have shown it."""
HALF = 0.5
"""Part of what was lost from which a repair that brings it back puts its cause first."""


def attribute(
    case: Case,
    functional: NDArray[np.float64] | None = None,
    *,
    of: str = "drift",
    caller: Caller | None = None,
    topics: Mapping[str, Any] = MappingProxyType({}),
    seed: int = 0,
    confidence: float = 0.95,
) -> Explanation:
    """Say why the current rows of a case differ from its baseline rows.

    Parameters
    ----------
    case
        At least 30 rows a side. With ``order`` or ``parents``, mechanisms are tested along them.
    functional
        Shape (rows,): a number of each row whose change is to be divided among mechanisms; needs
        an order or a graph.
    of
        What is explained, in words.
    caller
        The model, where it can be asked what a repair brings back.
    topics
        Column of topics -> what it was made from, for words and example texts.
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
    began_at = time.perf_counter()
    whole = case
    most = max(LEAST_ROWS, VALUES // (2 * max(1, len(case.features))))
    if max(case.n_baseline, case.n_current) > most and functional is None:
        case = thinned(case, most, np.random.default_rng(seed))
    inquiry = Inquiry(case=case, seed=seed, confidence=confidence, caller=caller, topics=topics)
    answers = ask(inquiry, functional, of)
    ranked = sorted(_causes(case, answers), key=lambda cause: -cause.share)
    told = detailed(inquiry, answers, ranked)
    causes = tuple(sorted(told, key=partial(_order, answers)))
    tied = _tied(answers, causes)
    verdict = _verdict(causes, tied)
    return Explanation(
        of=of,
        verdict=verdict,
        because=summed_up(verdict, causes, tied),
        causes=causes,
        tied=tied,
        basis=answers.mechanisms.basis if answers.mechanisms else "rows",
        tests=_tests(answers),
        decomposition=_decomposition(answers, functional is not None),
        segments=answers.segments,
        onset=next((cause.onset for cause in causes if cause.onset), None),
        n_baseline=case.n_baseline,
        n_current=case.n_current,
        notes=(*_said_of_rows(whole, case), *_notes(inquiry, answers)),
        seconds=time.perf_counter() - began_at,
    )


def _order(answers: Answers, cause: Cause) -> tuple[float, float, float]:
    """Put first what costs most, by what its repair brings back; then what moved most."""
    check, restored = answers.checks.get(cause.columns), cause.restored
    costs = check.gain if check is not None and check.z > verdicts.SURE else 0.0
    brings = restored.share if restored is not None and restored.share > HALF else 0.0
    return -brings, -costs, -cause.share


def _causes(case: Case, answers: Answers) -> Iterator[Cause]:
    """Causes among the features, then what target and prediction add."""
    found = answers.carriers
    links, total = found.links, found.total
    if verdicts.is_label_shift(links, total):
        moved = tuple(name for name, one in found.marginals.items() if one.z > verdicts.SURE)
        cause = _whole("label_shift", case.target, 1.0, moved, links.target)
        yield cause if answers.mix is None else with_words(cause, answers.mix.because)
        return
    concept, served = links.target_given_features, links.prediction_given_features
    if not verdicts.adds(concept, total):
        concept = None
    if not verdicts.adds(served, total):
        served = None
    told = answers.concept is not None and answers.concept.causes  # with fewer rows than trees need
    world = all(_mechanism(answers, step) == "covariate" for step in found.steps)
    if told or (served is None and world and verdicts.dearest(answers.segments) is not None):
        concept = links.target_given_features
    drifted = max(total.value, 0.0) if found.steps else 0.0
    whole = drifted + sum(max(one.value, LEAST) for one in (concept, served) if one is not None)
    if whole <= 0:
        whole = 1.0  # marginals alone told of it: shares are of what little there is
    yield from _of_features(answers, drifted / whole)
    if concept is not None:
        yield from _concept(case, answers, concept, max(concept.value, LEAST) / whole)
    if served is not None:
        factor = case.prediction or case.scores[0]
        cause = _whole("serving", factor, max(served.value, LEAST) / whole, (), served)
        yield (
            cause if answers.parity is None else with_words(cause, parity_in_words(answers.parity))
        )


def _of_features(answers: Answers, part: float) -> Iterator[Cause]:
    """Take the mechanisms of a given order, unless a fault of measurement explains them all."""
    steps = answers.carriers.steps
    faults = {
        name: step
        for step in steps
        if _mechanism(answers, step) in verdicts.FAULTS
        for name in step.columns
    }
    by_order = answers.mechanisms
    if by_order is None or by_order.decomposition is None or len(faults) == len(steps) > 0:
        for step in steps:
            yield _of_step(answers, step, part)
        return
    parts = [
        part for part in by_order.decomposition.parts if part.verdict not in ("concept", "serving")
    ]  # what target and prediction add is told from the features as a whole
    for one in parts:
        fault = next((faults[name] for name in one.columns if name in faults), None)
        yield one if fault is None else _of_step(answers, fault, part)


def _mechanism(answers: Answers, step: Step) -> Mechanism:
    shape, check = _shape(answers, step.columns), answers.checks.get(step.columns)
    return verdicts.of_step(step, shape, check)


def _of_step(answers: Answers, step: Step, part: float) -> Cause:
    shape, verdict = _shape(answers, step.columns), _mechanism(answers, step)
    low, high = step.interval
    cause = Cause(
        factor=", ".join(step.columns),
        verdict=verdict,
        share=step.share * part,
        interval=Interval(low * part, high * part),
        rank_one=step.rank_one,
        because="",
        columns=step.columns,
        shape=None if verdict == "covariate" else shape,
        moved=step.moved if verdict not in verdicts.FAULTS else (),
    )
    return because_of(cause, step)


def _concept(case: Case, answers: Answers, one: Information, share: float) -> Iterator[Cause]:
    """Name where the truth at equal inputs changed.

    That is the feature that is sure, else the rows on which the loss rose, else features that are
    less sure, else the target itself.
    """
    found = () if answers.concept is None else answers.concept.causes
    features = [cause for cause in found if cause.factor != case.target]
    names = [cause.factor for cause in features]
    sure = [cause.factor for cause in features if (cause.rank_one or 0.0) > verdicts.MOSTLY][:1]
    rows = verdicts.dearest(answers.segments, confined=True)
    if rows is not None and sure and sure[0] not in rows.columns:
        rows = None
    elif rows is None and not names:
        rows = verdicts.dearest(answers.segments)
    columns = tuple(sure) or (rows.columns if rows is not None else tuple(names[:1]))
    factor = f"{case.target} given {listed(list(columns))}" if columns else case.target
    cause = _whole("concept", factor, share, (), one)
    if rows is not None:
        confined = rows if verdicts.is_confined(rows) else None
        cause = replace(with_words(because_of(cause, None), dearer_in_words(rows)), where=confined)
    elif names:
        cause = because_of(cause, None, one, by=names[:3])
    yield replace(cause, columns=columns or cause.columns)


def _whole(
    verdict: Mechanism, factor: str, share: float, moved: tuple[str, ...], one: Information | None
) -> Cause:
    cause = Cause(
        factor=factor, verdict=verdict, share=share, because="", columns=(factor,), moved=moved
    )
    return because_of(cause, None, one)


def _shape(answers: Answers, columns: Sequence[str]) -> Shape | None:
    best = best_fit(answers, columns)
    return None if best is None else best.shape


def _tied(answers: Answers, causes: Sequence[Cause]) -> tuple[str, ...]:
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


def _verdict(causes: Sequence[Cause], tied: Sequence[str]) -> Mechanism:
    if not causes:
        return "none"
    return "undetermined" if tied else causes[0].verdict


def _decomposition(answers: Answers, asked: bool) -> Decomposition | None:
    """Show how a number's change divides: the one asked for, else the loss where it changed."""
    if asked and answers.mechanisms is not None:
        found: Decomposition | None = answers.mechanisms.decomposition
        return found
    split = answers.performance
    if split is None or not any(_is_off_zero(part.interval) for part in split.parts):
        return None
    return split


def _is_off_zero(interval: Interval | None) -> bool:
    return interval is not None and not interval.low <= 0.0 <= interval.high


def _tests(answers: Answers) -> tuple[Information, ...]:
    links = answers.carriers.links
    asked = (
        answers.carriers.total,
        links.target,
        links.target_given_features,
        links.features_given_target,
        links.prediction_given_features,
    )
    by_order = answers.mechanisms.tests if answers.mechanisms else ()
    return (*(one for one in asked if one is not None), *by_order)


def _said_of_rows(whole: Case, case: Case) -> Iterator[str]:
    if case.n < whole.n:
        yield (
            f"{case.n_baseline:,} of {whole.n_baseline:,} baseline rows and {case.n_current:,} of "
            f"{whole.n_current:,} current rows, drawn at random, were learned from"
        )


def _notes(inquiry: Inquiry, answers: Answers) -> Iterator[str]:
    for name, why in answers.carriers.left_out.items():
        yield f"{name} was left out: it {why}"
    yield from inquiry.notes
    yield from answers.mechanisms.notes if answers.mechanisms else ()
