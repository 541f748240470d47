"""Where a loss rose: segments of rows, found on one half and tested on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.errors import TooFewRows
from tidegauge.records import ExplainerCard, Interval, Segment
from tidegauge_evaluators._domain import Domain
from tidegauge_evaluators._expected import design, expected
from tidegauge_evaluators._halves import (
    Contrast,
    Half,
    carried,
    contrast,
    corrected,
    halves,
    jaccard,
)
from tidegauge_evaluators._lattice import Lattice, Picked
from tidegauge_evaluators._slices import axes_of

CARD = ExplainerCard(
    title="Segments of excess loss",
    explain="On which rows did the loss rise more than elsewhere?",
    reference="Sagadeeva & Boehm 2021, SIGMOD (lattice search); Cox 1975, Biometrika 62 "
    "(search on one half, test on the other)",
    needs="labels on both sides, or a number for each row",
)

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST = 60
"""Rows with a value that each side needs."""
LIKE = 0.8
"""Jaccard index above which two rules are one."""
INSIDE = 15
"""Current rows that a rule needs, however small its share."""


def segments(
    case: Case,
    values: Numbers,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    depth: int = 3,
    bins: int = 10,
    min_support: float = 0.01,
    top: int = 5,
    names: Sequence[str] | None = None,
    domain: Domain | None = None,
) -> tuple[Segment, ...]:
    """Find segments on which the current loss is above what the baseline lets expect.

    What is searched is the excess: the loss less its mean given the features, which is learned
    from the baseline and corrected by what it missed there at like inputs; so rows that were hard
    before are no finding, and neither is a rise that is the same everywhere. Rules are found on
    one half of both sides and judged on the other, by how much higher the excess is inside than
    outside.

    Parameters
    ----------
    values
        Shape (rows,): the loss, or another number, of each row; NaN = none.
    rng
        Which rows search and which test.
    confidence
        Level of the intervals; findings are those with a corrected p-value below its complement.
    depth
        Conditions in a rule, at most 3.
    bins
        Cells that numbers are cut into; a condition is a run of cells.
    min_support
        Share of the current rows that a segment holds at least.
    top
        Segments returned at most.
    names
        Columns for rules; the features unless given.
    domain
        Answers about the sides for the same rows; made anew unless given.

    Returns
    -------
    Largest contribution first; p-values are corrected by Benjamini & Hochberg (1995). The share
    of a segment is its part of the rise of the mean; 0 where the mean did not rise.

    Raises
    ------
    TooFewRows
        When a side has fewer than 60 rows with a value.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> plan, side = rng.choice(["free", "paid"], 2_000), np.arange(2_000) >= 1_000
    >>> loss = rng.normal(size=2_000) + (side & (plan == "paid"))
    >>> [one.where for one in segments(case_of({"plan": plan}, side), loss, rng=rng)]
    ['plan = paid']
    """
    values = np.where(np.isfinite(values), values, np.nan)
    known = ~np.isnan(values)
    sides = known & ~case.current, known & case.current
    n_before, n_now = (int(np.count_nonzero(side)) for side in sides)
    if min(n_before, n_now) < FEWEST:
        raise TooFewRows(needed=FEWEST, n_baseline=n_before, n_current=n_now, of="with a loss")
    columns = case.features if names is None else tuple(names)
    axes = axes_of(case, columns, bins=bins)
    if not axes:
        return ()
    domain = Domain(case, rng=rng) if domain is None else domain
    weights = carried(domain.log_odds(columns), sides[0])
    search, test = halves(case, known, rng)
    excess = _excess(case, columns, values, (search, test), domain, rng)
    rules = _found(
        Lattice(
            axes,
            search.now,
            excess[search.now],
            search.then,
            excess[search.then],
            weights_before=weights[search.then],
            least=max(INSIDE, min_support * len(search.now)),
            depth=depth,
        ),
        case,
        top,
    )
    tested = _judged(case, [rule.inside for rule in rules], test, excess, weights)
    adjusted = corrected([p for _, p in tested])
    rise = float(values[sides[1]].mean() - values[sides[0]].mean())
    kept = [
        _segment(rule, sides, one, p, confidence, rise)
        for rule, (one, _), p in zip(rules, tested, adjusted, strict=True)
        if p <= 1 - confidence and one.mean > 0
    ]
    return tuple(sorted(kept, key=lambda one: -one.excess * one.support))


def _excess(
    case: Case,
    columns: Sequence[str],
    values: Numbers,
    parts: Sequence[Half],
    domain: Domain,
    rng: np.random.Generator,
) -> Numbers:
    """Take off what the baseline of a row's own half lets expect, so that halves share nothing."""
    matrix, kinds = design(case, columns, domain)
    excess = np.full(case.n, np.nan)
    for half in parts:
        rows = np.concatenate([half.then, half.now])
        own = replace(case, texts={}).only(rows)
        usual = expected(own, matrix[rows], kinds, values[rows], learn=~own.current, rng=rng)
        excess[rows] = values[rows] - usual
    return excess


def _found(lattice: Lattice, case: Case, top: int) -> list[Picked]:
    """Rules one after the other, each on what the ones before it leave."""
    rules: list[Picked] = []
    for _ in range(top):
        one = lattice.best()
        if one is None or one.z <= 0 or (rules and one.score <= 0):
            break
        picked = lattice.picked(one.rule, case)
        if all(jaccard(picked.inside, other.inside) <= LIKE for other in rules):
            rules.append(picked)
        if one.score <= 0:
            break
        lattice.forget(picked.inside)
    return rules


def _judged(
    case: Case, rules: Sequence[Mask], half: Half, excess: Numbers, weights: Numbers
) -> list[tuple[Contrast, float]]:
    """Test each rule, the effect of those before it taken away: its excess, and the p-value."""
    left = excess.copy()
    tested = []
    for inside in rules:
        beyond = contrast(case, half, left, inside, weights)
        tested.append((contrast(case, half, excess, inside, weights), beyond.p_value))
        left[case.current & inside] -= beyond.gap
    return tested


def _segment(
    rule: Picked,
    sides: tuple[Mask, Mask],
    one: Contrast,
    p_value: float,
    confidence: float,
    rise: float,
) -> Segment:
    before, support = (float(rule.inside[side].mean()) for side in sides)
    return Segment(
        where=rule.where,
        columns=rule.columns,
        excess=one.mean,
        interval=Interval(*one.around(confidence)),
        share=one.mean * support / rise if rise > 0 else 0.0,
        support=support,
        support_baseline=before,
        p_value=p_value,
        n=one.n,
    )
