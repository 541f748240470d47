"""Two models on different rows, held against each other on the inputs that both were asked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.comparison import Contrast, MethodCard, Mix
from tidegauge.errors import TooFewRows
from tidegauge.records import Information
from tidegauge_evaluators._domain import Domain, told
from tidegauge_evaluators._expected import design, expected
from tidegauge_evaluators._overlap import effective, on_shared
from tidegauge_evaluators._terms import at_least, contrast_of, share_error

CARD = MethodCard(
    title="Doubly robust comparison on shared inputs",
    explain="Whether two models differ on inputs that both were asked, where each answered rows of "
    "its own.",
    reference="Li, Morgan & Zaslavsky 2018, JASA 113 (overlap weights); Robins, Rotnitzky & Zhao "
    "1994, JASA 89 (double robustness)",
)

Numbers = NDArray[np.float64]

FEWEST = 60
"""Rows with a number that each side needs."""
TAUGHT = 20_000
"""Rows a side from which the expected number is learned."""
SHARED = 0.95
"""Chance of being the candidate's from which a row lies where the baseline has next to none."""
SHOWN = 5
"""Columns named that tell the sides apart."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shared:
    """Both sides' rows weighted to the same inputs."""

    domain: Domain
    names: tuple[str, ...]
    chance: Numbers
    """Shape (rows,): of being the candidate's, as if both sides had as many rows."""
    usual: Mapping[str, tuple[Numbers, Numbers]]
    """Metric -> its expected number on each side given the inputs, shape (rows,)."""
    rows: Mapping[str, Numbers]
    """Metric -> its number in each row; NaN where it has none."""
    mix: Mix
    confidence: float

    def contrast(self, name: str, inside: NDArray[np.bool_]) -> tuple[float, float, Contrast]:
        """Values of both sides and their difference on the shared inputs of some rows.

        Raises
        ------
        TooFewRows
            When a side has fewer than 60 rows with a number.
        """
        case, loss = self.domain.case, self.rows[name]
        known = np.isfinite(loss) & inside
        counts = [int(np.count_nonzero(known & (case.current == side))) for side in (False, True)]
        if min(counts) < FEWEST:
            raise TooFewRows(needed=FEWEST, n_baseline=counts[0], n_current=counts[1])
        now, weights = case.current, self.domain.weights * inside
        shared = weights * np.where(now, (1 - self.chance) ** 2, self.chance**2)
        sides = []
        for side, usual in enumerate(self.usual[name]):
            mine = now == bool(side)
            own = self.chance if not side else 1 - self.chance
            carried = weights * mine * own
            heard = float((carried * known).sum() / max(carried.sum(), 1e-300))
            carried = carried * known / max(heard, 1e-12)
            sides.append(on_shared(carried, np.where(known, loss, usual), usual, shared))
        then, today = sides
        terms = np.column_stack([then.influence, today.influence]) / case.n
        worth = (
            effective((weights * self.chance)[known & ~now]) * counts[0],
            effective((weights * (1 - self.chance))[known & now]) * counts[1],
        )
        found = contrast_of(
            today.value - then.value,
            terms,
            groups=case.blocks,
            confidence=self.confidence,
            method="doubly robust, overlap weights",
            n=sum(counts),
            df=max(min(worth) - 1.0, 1.0),
        )
        floor = [
            share_error(loss[known & (now == bool(side))], rows) for side, rows in enumerate(worth)
        ]
        found = at_least(found, math.hypot(*floor), self.confidence)
        return then.value, today.value, found


def reweighted(
    case: Case,
    rows: Mapping[str, Numbers],
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
) -> Shared:
    """Weight rows of both sides to the inputs that they share.

    Each row counts by its chance of having been the other side's, so that what one side alone was
    asked counts for little and no row counts for much; what a metric is expected to be, given the
    inputs, takes up what the weights leave. Both are learned on other rows than they are used on,
    and a first-order fault of either cancels.

    Parameters
    ----------
    case
        Rows of both sides; its features are the inputs.
    rows
        Metric -> its number in each row, shape (rows,); NaN where it has none.
    rng
        Which rows are learned from together.
    confidence
        Level of intervals.

    Raises
    ------
    TooFewRows
        When a side has fewer than 30 rows.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> side = np.arange(4_000) >= 2_000
    >>> x = rng.normal(size=4_000) + side        # the candidate was asked harder rows
    >>> loss = x + rng.normal(size=4_000)        # and is as good on each of them
    >>> found = reweighted(case_of({"x": x}, side), {"loss": loss}, rng=rng)
    >>> plain = loss[side].mean() - loss[~side].mean()
    >>> then, now, contrast = found.contrast("loss", np.ones(4_000, bool))
    >>> bool(plain > 0.9), abs(contrast.change) < 0.15
    (True, True)
    """
    domain = Domain(case, rng=rng)
    names = case.features
    chance = 1 / (1 + np.exp(-np.clip(domain.log_odds(names), -30, 30)))
    matrix, kinds = design(case, names, domain)
    usual = {}
    for name, numbers in rows.items():
        told_of = []
        for side in (False, True):
            learn = np.isfinite(numbers) & (case.current == side)
            learn[rng.permutation(np.flatnonzero(learn))[TAUGHT:]] = False
            values = np.where(np.isfinite(numbers), numbers, 0.0)
            told_of.append(expected(case, matrix, kinds, values, learn=learn, rng=rng))
        usual[name] = (told_of[0], told_of[1])
    return Shared(
        domain=domain,
        names=names,
        chance=chance,
        usual=usual,
        rows=rows,
        mix=_mix(domain, chance, names),
        confidence=confidence,
    )


def _mix(domain: Domain, chance: Numbers, names: tuple[str, ...]) -> Mix:
    now, weights = domain.case.current, domain.weights
    drift: Information = told(domain.information(names), "side and inputs")
    leaning = sorted(domain.leaning(names).items(), key=lambda pair: -pair[1]) if names else []
    before, after = weights[~now] * chance[~now], weights[now] * (1 - chance[now])
    return Mix(
        effective_baseline=effective(before) * domain.case.n_baseline,
        effective_candidate=effective(after) * domain.case.n_current,
        overlap=float(np.average(chance[now] < SHARED, weights=weights[now])),
        drift=drift,
        columns=tuple((name, added) for name, added in leaning[:SHOWN] if added > 0.001),
        assumes="whatever makes one side's rows harder than the other's is among the columns that "
        "were logged",
        method="overlap weights (Li, Morgan & Zaslavsky 2018), doubly robust, cross-fitted",
    )
