"""What a repaired column brings back, asked of the model itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Caller, Case
from tidegauge.errors import CannotMeasure, NotApplicable, TooFewRows
from tidegauge.records import ExplainerCard, Restored
from tidegauge_evaluators._losses import losses_of, task_of
from tidegauge_evaluators._parity import parity_of, threshold_of
from tidegauge_evaluators._put import Question, put
from tidegauge_evaluators._questions import Reply, Rows, losses_by
from tidegauge_evaluators._recovered import (
    Paired,
    Recovered,
    Sample,
    of_the_distance,
    of_the_mean,
)
from tidegauge_evaluators._repairs import (
    likeliest_repairs,
    repair_by_neighbours,
    repair_by_quantiles,
)
from tidegauge_evaluators.root_cause.stand_in import StandIn

__all__ = ["CARD", "repair_by_neighbours", "repair_by_quantiles", "restore"]

CARD = ExplainerCard(
    title="Restore test",
    explain="How much of the change goes when a column holds what it should have held?",
    reference="Kulinski & Inouye 2023, ICML (repair); Fieller 1954, JRSS B 16 (interval)",
    needs="a model that can be asked, or logged answers from which a stand-in can be learned",
)

Numbers = NDArray[np.float64]
FEW = 30
"""Rows that each side needs."""
SAME = 0.99
"""Share of equal answers from which logged ones may speak for the model."""


def restore(
    case: Case,
    caller: Caller,
    columns: tuple[str, ...],
    repaired: Mapping[str, Numbers] | None = None,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    budget: int = 10_000,
    of: str = "",
    repair: str = "",
    agreement: float = 0.95,
) -> Restored:
    """Ask a model for rows as logged and with columns repaired, and compare what that changes.

    With labels: (loss now - loss repaired) / (loss now - loss on the baseline), with Fieller's
    interval over blocks of rows. What is repaired is held against the model's own answers to the
    same rows as logged; where these are the logged ones, the rise is that of all logged rows.
    Without labels: the part of the Wasserstein distance between the scores of both sides that
    goes. Where a repaired value is not known the model is sent a missing one, or, if it refuses
    that, a value drawn from like rows of the baseline. The interval is about the rows that were
    asked; how well the repair itself is known is not in it.

    Parameters
    ----------
    caller
        The model, or a stand-in.
    columns
        Columns that are repaired together.
    repaired
        Column -> shape (current rows,), in the case's coding. A column that is not in it is
        repaired by ranks of the baseline; by draws from like rows where it holds categories, is
        missing more often than it was, or is distributed as before, so that only its order can
        be wrong.
    budget
        Rows that the model may be sent: a third each from the baseline, as logged, and repaired.
    of
        "log loss", "share of errors", "squared error", "absolute error", or "scores" for their
        distribution; empty = the loss where there are labels, else the scores.
    repair
        How the columns were repaired, in words, for the record.
    agreement
        Share of rows on which the model must answer as logged; 0 = it need not. A stand-in has
        been through a gate of its own.

    Raises
    ------
    NotApplicable
        When the model is not the one that answered, or there is no rise to be restored.
    TooFewRows
        When fewer than 30 rows of a side can be asked about.
    ModelError
        When the model fails.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> def model(columns):
    ...     return 1 / (1 + np.exp(-2 * columns["mass"]))
    >>> mass, side = rng.normal(size=2_000), np.arange(2_000) >= 1_000
    >>> truth = (rng.random(2_000) < model({"mass": mass})).astype(float)
    >>> logged = {"mass": mass + 2 * side, "y": truth}
    >>> case = case_of({**logged, "p": model(logged)}, side,
    ...     target="y", scores=("p",), task="classification")
    >>> print(f'{restore(case, model, ("mass",), {"mass": mass[side]}, rng=rng).share:.1f}')
    1.0
    """
    case = _checked(case, columns)
    open_ones = [name for name in columns if name not in (repaired or {})]
    guessed, how = likeliest_repairs(case, open_ones, columns, rng)
    repaired, repair = {**guessed, **(repaired or {})}, repair or how
    whole = {name: _in_place(case, name, repaired) for name in columns}
    asked_for, of = of, of or _what_for(case)
    asking = Question(case=case, caller=caller, repaired=whole, rng=rng)
    then, now = _drawn(case, of, max(budget // 3, FEW), rng)
    replies = [put(asking, then), put(asking, now), put(asking, now, repaired=True)]
    agrees = (
        0.0 if isinstance(caller, StandIn) else _agreement(asking, (then, now), replies, agreement)
    )
    if not asked_for and of == "log loss" and all(reply.hard for reply in replies):
        of = "share of errors"
    try:
        if of == "scores":
            found = of_the_distance(_sample(case, then, now, replies), confidence, rng)
        else:
            paired = _paired(case, of, (then, now), replies, whole=agrees >= SAME)
            found = of_the_mean(paired, confidence)
    except NotApplicable as error:
        raise NotApplicable(f"{of}: {error.message}", error.hint) from error
    asked = _named(caller)
    because = _sentence(columns, repair, found, of, confidence, len(now), asked)
    return Restored(share=found.share, interval=found.interval, asked=asked, because=because)


def _checked(case: Case, columns: Sequence[str]) -> Case:
    if not columns:
        raise NotApplicable("no column was named that could be restored")
    if missing := [name for name in columns if name not in case.variables]:
        raise NotApplicable(f"{', '.join(missing)}: no column of this case")
    return case


def _in_place(case: Case, name: str, repaired: Mapping[str, Numbers]) -> Numbers:
    """Lay repaired values of the current rows out over all rows."""
    if name not in repaired or len(repaired[name]) != case.n_current:
        raise NotApplicable(
            f"{name}: a repair holds one value for each of the {case.n_current:,} current rows"
        )
    values = np.array(case[name].values)
    values[case.current] = repaired[name]
    return values


def _what_for(case: Case) -> str:
    """Name what is compared: the loss where both sides have labels, else the scores."""
    try:
        rows = np.isfinite(case[case.target].values) if case.target in case.variables else None
        if rows is None or min(rows[case.current].sum(), rows[~case.current].sum()) < FEW:
            return "scores"
        return losses_of(case).of
    except CannotMeasure:  # labels, and nothing logged: the model's own answers have a loss too
        return "log loss" if task_of(case) == "classification" else "squared error"


def _drawn(case: Case, of: str, many: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Draw rows of both sides, those with labels where a loss is asked for."""
    usable = np.ones(case.n, dtype=bool)
    if of != "scores":
        if case.target not in case.variables:
            raise NotApplicable(f"{of} needs labels, and no column is the target")
        usable = np.isfinite(case[case.target].values)
    if case.weights is not None:
        usable &= case.weights > 0
    then, now = (
        np.sort(rng.permutation(np.flatnonzero(usable & side))[:many])
        for side in (~case.current, case.current)
    )
    _need(len(then), len(now), "with labels" if of != "scores" else "")
    return then, now


def _need(then: int, now: int, of: str) -> None:
    if min(then, now) < FEW:
        raise TooFewRows(needed=FEW, n_baseline=then, n_current=now, of=of)


def _agreement(
    asking: Question, sides: tuple[Rows, Rows], replies: Sequence[Reply], least: float
) -> float:
    """Share of rows answered as logged, on the side where it is lower; 0 = nothing is logged.

    Raises
    ------
    NotApplicable
        When it is below ``least``, so that another model answered.
    """
    case = asking.case
    then, now = (parity_of(case, *pair) for pair in zip(sides, replies[:2], strict=True))
    if then is not None and then.share < least:
        raise NotApplicable(
            f"the model is not the one that answered: on the baseline it is {then.said}",
            "name the version that answered, and the columns as they were sent to it",
        )
    if now is None or now.share >= least:
        return min(then.share, now.share) if then and now else 0.0
    mended = parity_of(case, sides[1], replies[2])
    if mended is not None and mended.share >= least:
        raise NotApplicable(
            f"the model saw what {', '.join(asking.repaired)} should have held: with it repaired "
            f"its answers are {mended.said}, and as logged they are {now.said}; "
            "so the log is wrong and the answers are not",
        )
    raise NotApplicable(
        f"another model answers now: on the baseline this one is {then.said if then else 'unknown'}"
        f", and now it is {now.said}",
    )


def _sample(case: Case, then: Rows, now: Rows, replies: Sequence[Reply]) -> Sample:
    """Lay out the scores of the rows that have an answer of every kind."""
    three = [reply.told for reply in replies]
    first = np.isfinite(three[0]).all(axis=1)
    both = np.isfinite(three[1]).all(axis=1) & np.isfinite(three[2]).all(axis=1)
    _need(int(first.sum()), int(both.sum()), "that the model answers")
    rows = np.concatenate([then[first], now[both]])
    return Sample(
        baseline=three[0][first],
        logged=three[1][both],
        repaired=three[2][both],
        weights=_weights(case)[rows],
        blocks=_blocks(case)[rows],
    )


def _paired(
    case: Case, of: str, sides: tuple[Rows, Rows], replies: Sequence[Reply], *, whole: bool
) -> Paired:
    """Lay out losses as logged, of all rows or of those asked, and what the repair takes off."""
    (then, now), logged = sides, _logged_losses(case, of)
    cut = threshold_of(case, then, replies[0]) if of == "share of errors" else 0.5
    three = [
        losses_by(case, rows, reply, of, cut)
        for rows, reply in zip((then, now, now), replies, strict=True)
    ]
    # A row that the model refuses as it was logged counts with the logged answer.
    three[1] = np.where(np.isfinite(three[1]), three[1], logged[now])
    before, gain = np.full(case.n, np.nan), np.full(case.n, np.nan)
    before[then], before[now], gain[now] = three[0], three[1], three[1] - three[2]
    known = np.isfinite(before)
    _need(int(known[then].sum()), int(np.isfinite(gain).sum()), "that the model answers")
    return Paired(
        current=case.current,
        before=np.where(np.isfinite(logged), logged, before) if whole else before,
        gain=gain,
        weights=_weights(case),
        blocks=_blocks(case),
    )


def _logged_losses(case: Case, of: str) -> Numbers:
    """Losses of the logged answers, shape (rows,); NaN where they are of another kind."""
    try:
        logged = losses_of(case, absolute=of == "absolute error")
    except CannotMeasure:
        return np.full(case.n, np.nan)
    return logged.rows if logged.of == of else np.full(case.n, np.nan)


def _weights(case: Case) -> Numbers:
    return np.ones(case.n) if case.weights is None else case.weights


def _blocks(case: Case) -> NDArray[np.int64]:
    return np.arange(case.n) if case.blocks is None else case.blocks


def _named(caller: Any) -> str:
    if isinstance(caller, StandIn):
        return caller.said
    name = getattr(caller, "name", "")
    return f"the model ({name})" if isinstance(name, str) and name else "the model"


def _sentence(
    columns: Sequence[str],
    repair: str,
    found: Recovered,
    of: str,
    confidence: float,
    rows: int,
    asked: str,
) -> str:
    low, high = found.interval
    how = f" ({repair})" if repair else ""
    what = (
        f"of the scores' distance to the baseline's, {found.logged:.3g} now and "
        f"{found.repaired:.3g} restored"
        if of == "scores"
        else f"of the rise in {of}: {found.baseline:.4g} on the baseline, {found.logged:.4g} now, "
        f"{found.repaired:.4g} restored"
    )
    return (
        f"restoring {', '.join(columns)}{how} recovers {_percent(found.share)} "
        f"({100 * confidence:.4g}% interval {_percent(low)} to {_percent(high)}) {what} "
        f"({rows:,} current rows put to {asked})"
    )


def _percent(share: float) -> str:
    return f"{round(100 * share)}%"
