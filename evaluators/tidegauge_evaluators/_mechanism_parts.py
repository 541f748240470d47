"""The changed mechanisms' parts in a change, told with their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.records import Cause, Decomposition, Mechanism
from tidegauge_evaluators._causal_order import CausalOrder
from tidegauge_evaluators._domain import Domain, Estimate
from tidegauge_evaluators._mechanism_chain import chain_of, rows_kept
from tidegauge_evaluators._mechanism_shares import Shares, shares_of
from tidegauge_evaluators._nested import Chain, contributions
from tidegauge_evaluators._shapley import coalitions

Numbers = NDArray[np.float64]
Moved = Mapping[str, tuple[str, ...]]

SMALL = 0.05
"""Part of a change that may come from mechanisms that did not pass and is still let be; what
follows a changed mechanism is then taken along with it, which is more exact."""
WIDE = 0.2
"""Part of a change that no mechanism accounts for from which a reader is told."""
THIN = 0.1
"""Effective sample size over rows under which a reader is told."""
ALIKE = 0.05
"""Share of baseline rows among alike rows from which a current row counts as overlapping."""


def parts_of_mean(
    domain: Domain,
    order: CausalOrder,
    players: Sequence[str],
    moved: Moved,
    found: Mapping[str, Estimate],
    functional: Numbers,
    of: str,
    rng: np.random.Generator,
    confidence: float,
) -> tuple[Decomposition, list[str]]:
    """Divide the change of a functional's mean among changed mechanisms.

    Returns
    -------
    tuple
        The division, and what a reader must know of it.
    """
    kept = rows_kept(domain, len(players), rng)
    plan = coalitions(len(players), rng)

    def divided(*, together: bool, trees: bool = True) -> tuple[Chain, Shares, float]:
        chain = chain_of(
            domain, order, players, moved, functional, kept, together=together, trees=trees
        )
        rows, _, effective = contributions(chain, plan.sets, plan.shares)
        return chain, _shares(domain, chain, rows, kept, rng, confidence), effective

    _, quick, _ = divided(together=False, trees=False)
    adds_up = abs(quick.gap) <= max(SMALL, 2 * quick.gap_error)
    chain, shares, effective = divided(together=adds_up)
    ratios = sum((chunk.ratio for chunk in chain.chunks), np.zeros(len(kept)))
    overlap = float(np.mean(ratios[chain.current] < np.log(1 / ALIKE - 1)))
    now = domain.case.current
    decomposition = Decomposition(
        of=of,
        baseline=float(np.average(functional[~now], weights=domain.weights[~now])),
        current=float(np.average(functional[now], weights=domain.weights[now])),
        parts=_causes(domain.case, order, players, moved, found, shares, of),
        gap=shares.gap,
        effective=effective,
        overlap=overlap,
        assumes=f"the causal {order.basis} is right and no common cause is missing from it",
        method="Shapley values over changed mechanisms, nested regression with importance "
        f"weights (Quintas-Martinez et al. 2024), on {len(kept):,} of {len(now):,} rows",
    )
    return decomposition, _notes(shares, effective, of)


def _shares(
    domain: Domain,
    chain: Chain,
    rows: Numbers,
    kept: NDArray[np.int64],
    rng: np.random.Generator,
    confidence: float,
) -> Shares:
    blocks = domain.case.blocks
    return shares_of(
        rows,
        np.where(chain.current, 2.0, -2.0) * chain.weights * chain.functional,
        chain.current.astype(np.int64),
        None if blocks is None else blocks[kept],
        rng=rng,
        confidence=confidence,
    )


def parts_of_information(
    domain: Domain,
    order: CausalOrder,
    players: Sequence[str],
    moved: Moved,
    found: Mapping[str, Estimate],
    rng: np.random.Generator,
    confidence: float,
) -> Decomposition:
    """Divide what all columns tell about the side, by the chain rule along the order."""
    total = domain.information(order.names)
    shares = shares_of(
        np.column_stack([found[name].rows for name in players]),
        total.rows,
        domain.case.current.astype(np.int64),
        domain.case.blocks,
        rng=rng,
        confidence=confidence,
    )
    far = domain.log_odds(order.names)[domain.case.current]
    return Decomposition(
        of="drift",
        baseline=0.0,
        current=total.value,
        parts=_causes(domain.case, order, players, moved, found, shares, "drift"),
        gap=shares.gap,
        overlap=float(np.mean(far < np.log(1 / ALIKE - 1))),
        assumes=f"the causal {order.basis} is right and no common cause is missing from it",
        method="chain rule of the information about the side along the causal order",
    )


def _causes(
    case: Case,
    order: CausalOrder,
    players: Sequence[str],
    moved: Moved,
    found: Mapping[str, Estimate],
    shares: Shares,
    of: str,
) -> tuple[Cause, ...]:
    causes = [
        Cause(
            factor=name,
            verdict=_verdict(case, name, order.before[name]),
            share=float(shares.shares[place]),
            interval=shares.intervals[place],
            rank_one=float(shares.rank_one[place]),
            because=_because(name, order.before[name], found[name].z, place, shares, of),
            columns=(name,),
            moved=moved.get(name, ()),
        )
        for place, name in enumerate(players)
    ]
    return tuple(sorted(causes, key=lambda cause: -cause.share))


def _verdict(case: Case, name: str, before: Sequence[str]) -> Mechanism:
    if name == case.target:
        return "concept" if before else "label_shift"
    served = {case.prediction, *case.scores, case.model_version}
    return "serving" if name in served else "covariate"


def _because(
    name: str, before: Sequence[str], z: float, place: int, shares: Shares, of: str
) -> str:
    known = " and ".join(before) if len(before) <= 2 else f"the {len(before)} columns before it"
    what = f"how {name} follows from {known}" if before else f"the distribution of {name}"
    low, high = shares.intervals[place]
    unit = " nats a row" if of == "drift" else ""
    return (
        f"{what} changed (z {z:.1f}); that accounts for {shares.parts[place]:+.3g} of "
        f"{shares.total:+.3g}{unit} in {of}, {shares.shares[place]:.0%} ({low:.0%} to {high:.0%})"
    )


def _notes(shares: Shares, effective: float, of: str) -> list[str]:
    notes = []
    if abs(shares.total) < 2 * shares.total_error:
        notes.append(
            f"{of} changed by {shares.total:+.3g}, within its own error of "
            f"{shares.total_error:.2g}: shares of so small a change mean little"
        )
    if abs(shares.gap) > max(WIDE, 2 * shares.gap_error):
        notes.append(
            f"the mechanisms that changed account for {1 - shares.gap:.0%} of the change of {of}; "
            "the rest comes from smaller changes, or the order lacks a column"
        )
    if effective < THIN:
        notes.append(
            f"weights rest on {effective:.1%} of the rows: the shares lean on regressions that "
            "reach beyond what one side has seen"
        )
    return notes
