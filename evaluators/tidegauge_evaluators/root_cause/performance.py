"""A change of performance, split into other inputs and another truth given the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.errors import TooFewRows
from tidegauge.records import Cause, Decomposition, ExplainerCard, Interval
from tidegauge_evaluators._domain import Domain
from tidegauge_evaluators._estimates import Drawn, drawn, mean_of
from tidegauge_evaluators._expected import design, expected
from tidegauge_evaluators._foreseen import foreseen
from tidegauge_evaluators._losses import Losses, losses_of
from tidegauge_evaluators._overlap import effective, on_shared

CARD = ExplainerCard(
    title="Shared-support decomposition of a change of performance",
    explain="Did the loss change because the inputs did, or because the truth given them did?",
    reference="Cai, Namkoong & Yadlowsky 2023, arXiv 2303.02011; Li, Morgan & Zaslavsky 2018, "
    "JASA 113 (overlap weights)",
    needs="labels of the baseline; of the current log too for concept shift",
)

Numbers = NDArray[np.float64]

FEWEST = 60
"""Rows with a loss that each side needs."""
TAUGHT = 20_000
"""Rows a side that the expected loss is learned from."""
SHARED = 0.95
"""Chance of being current from which a row lies where the baseline has next to none."""


def performance(
    case: Case,
    losses: Losses | None = None,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    domain: Domain | None = None,
) -> Decomposition:
    """Split the change of the mean loss by where it comes from.

    The inputs that both sides have in common, weighted by the chance of either side, are the
    ground on which the loss given the inputs is compared; the rest of the change goes with the
    inputs, up to that ground and beyond it. Both the weights and the expected losses are learned
    on rows other than those they are used on, and enter such that a first-order fault of either
    cancels. Without current labels the loss is estimated from what was logged, and all of its
    change goes with the inputs.

    Parameters
    ----------
    losses
        Loss of each row; from ``losses_of`` unless given.
    domain
        Answers about the sides for the same rows; made anew where some have no loss.

    Returns
    -------
    Two parts, covariate shift and concept shift, whose shares add up to one; without current
    labels covariate shift alone.

    Raises
    ------
    TooFewRows
        When fewer than 60 rows of the baseline have a loss.
    NotApplicable
        When there is no target, or nothing to hold against it.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> x, side = rng.normal(size=4_000), np.arange(4_000) >= 2_000
    >>> case = case_of({"x": x, "y": (x + rng.normal(size=4_000) > side).astype(float),
    ...     "p": 1 / (1 + np.exp(-1.7 * x))}, side, target="y", scores=("p",))
    >>> covariate, concept = performance(case, rng=rng).parts
    >>> abs(covariate.share) < 0.1 < concept.share
    True
    """
    losses = losses_of(case) if losses is None else losses
    known = np.isfinite(losses.rows)
    n_before = int(np.count_nonzero(known & ~case.current))
    n_now = int(np.count_nonzero(known & case.current))
    if n_before < FEWEST:
        raise TooFewRows(
            needed=FEWEST, n_baseline=n_before, n_current=case.n_current, of="with a loss"
        )
    read = known if n_now >= FEWEST else known | case.current
    if not read.all() or domain is None:
        case = replace(case, texts={}).only(read)
        losses = replace(losses, rows=losses.rows[read])
        domain = Domain(case, rng=rng)
    if n_now >= FEWEST:
        return _compared(case, losses, domain, rng, confidence)
    return _estimated(case, losses, domain, rng, confidence)


def _compared(
    case: Case, losses: Losses, domain: Domain, rng: np.random.Generator, confidence: float
) -> Decomposition:
    names = case.features
    now, loss, weights = case.current, losses.rows, domain.weights
    chance = 1 / (1 + np.exp(-np.clip(domain.log_odds(names), -30, 30)))
    before, after = (_usual(case, names, loss, side, domain, rng) for side in (~now, now))
    shared = weights * np.where(now, (1 - chance) ** 2, chance**2)
    then_there = on_shared(weights * ~now * chance, loss, before, shared)
    now_there = on_shared(weights * now * (1 - chance), loss, after, shared)
    then = mean_of(loss, weights * ~now)
    today = mean_of(loss, weights * now)
    up_to, beyond = then_there - then, today - now_there
    parts = {
        "covariate": up_to + beyond,
        "concept": now_there - then_there,
        "up to": up_to,
        "beyond": beyond,
        "all": today - then,
    }
    redrawn = drawn(parts, rng=rng, confidence=confidence, blocks=case.blocks)
    return Decomposition(
        of=losses.of,
        baseline=then.value,
        current=today.value,
        parts=_parts(losses.of, then.value, today.value, redrawn),
        effective=min(
            effective(weights[~now] * chance[~now]), effective(weights[now] * (1 - chance[now]))
        ),
        overlap=float(np.average(chance[now] < SHARED, weights=weights[now])),
        assumes="rows whose label has arrived are like all others; what concept shift there is "
        "away from the shared inputs counts as covariate shift",
        method="shared-support decomposition (Cai, Namkoong & Yadlowsky 2023), doubly robust, "
        "cross-fitted",
    )


def _usual(
    case: Case,
    names: Sequence[str],
    loss: Numbers,
    side: NDArray[np.bool_],
    domain: Domain,
    rng: np.random.Generator,
) -> Numbers:
    matrix, kinds = design(case, names, domain)
    learn = side.copy()
    learn[rng.permutation(np.flatnonzero(side))[TAUGHT:]] = False
    return expected(case, matrix, kinds, loss, learn=learn, rng=rng, weights=case.weights)


def _parts(of: str, then: float, today: float, redrawn: Drawn) -> tuple[Cause, Cause]:
    value, whole = redrawn.values, f"the {of} went from {then:.4g} to {today:.4g}; "
    low, high = redrawn.interval("covariate")
    covariate = (
        f"{whole}{value['covariate']:+.4g} ({low:+.4g} to {high:+.4g}) of it goes with other "
        f"inputs: {value['up to']:+.4g} up to those that both sides share, "
        f"{value['beyond']:+.4g} beyond them"
    )
    low, high = redrawn.interval("concept")
    concept = (
        f"{whole}on inputs that both sides share it changed by {value['concept']:+.4g} "
        f"({low:+.4g} to {high:+.4g})"
    )
    return (
        _cause("covariate", "covariate shift", covariate, redrawn),
        _cause("concept", "concept shift", concept, redrawn),
    )


def _cause(kind: str, factor: str, because: str, redrawn: Drawn) -> Cause:
    return Cause(
        factor=factor,
        verdict="concept" if kind == "concept" else "covariate",
        share=redrawn.share(kind, "all"),
        interval=redrawn.share_interval(kind, "all"),
        rank_one=redrawn.first(kind, ("covariate", "concept")),
        because=because,
    )


def _estimated(
    case: Case, losses: Losses, domain: Domain, rng: np.random.Generator, confidence: float
) -> Decomposition:
    """Work the current loss out from what was logged, as if the truth given it were as before."""
    now, weights = case.current, domain.weights
    loss = np.where(now, 0.0, losses.rows)
    logged = [name for name in (*case.scores, case.prediction) if name in case.variables]
    odds = domain.log_odds({*case.features, *logged})
    usual = foreseen(case, losses, logged, domain, rng)
    carried = weights * ~now * np.exp(np.clip(odds, -30, 3))
    then = mean_of(loss, weights * ~now)
    plain = mean_of(usual, weights * now)
    today = plain + mean_of(loss - usual, carried)
    corrected = today.value > 0  # no loss is below it, and few rows may lead there
    if not corrected:
        today = plain
    redrawn = drawn({"all": today - then}, rng=rng, confidence=confidence, blocks=case.blocks)
    low, high = redrawn.interval("all")
    return Decomposition(
        of=losses.of,
        baseline=then.value,
        current=today.value,
        parts=(
            Cause(
                factor="covariate shift",
                verdict="covariate",
                share=1.0,
                interval=Interval(1.0, 1.0),
                because=f"the {losses.of} is estimated to go from {then.value:.4g} to "
                f"{today.value:.4g}, by {today.value - then.value:+.4g} ({low:+.4g} to "
                f"{high:+.4g}), with the inputs and what was predicted for them",
            ),
        ),
        effective=effective(carried[~now]),
        overlap=float(np.average(odds[now] < np.log(SHARED / (1 - SHARED)), weights=weights[now])),
        assumes="the truth given the inputs is as before: no label of the current log has "
        "arrived, so a concept change cannot be seen",
        method="calibrated predictions of the current log"
        + (", corrected by reweighted residuals of the baseline" if corrected else ""),
    )
