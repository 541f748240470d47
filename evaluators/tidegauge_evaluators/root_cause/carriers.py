"""Which columns carry a drift, and which only moved along: no graph needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import log
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.findings import Carrier, Carriers, Step
from tidegauge.records import ExplainerCard, Information, Interval
from tidegauge_evaluators._beside_steps import with_moved, with_weakened
from tidegauge_evaluators._carrier_scores import DRAWS, SURE, scored
from tidegauge_evaluators._dependence import Turned, turned
from tidegauge_evaluators._domain import Domain, Estimate, told
from tidegauge_evaluators._links import links
from tidegauge_evaluators._marginals import evidence, marginals
from tidegauge_evaluators._redundancy import redundant, unusable

CARD = ExplainerCard(
    title="Columns that carry a drift",
    explain="Ranks columns by what they alone tell about the side a row is from, and names the "
    "fewest that leave nothing more to tell.",
    reference="Hinder et al. 2020, arXiv 2012.00499 (drift-inducing features); "
    "Lopez-Paz & Oquab 2017, ICLR (classifier two-sample test)",
)

SEEN = 2.0
"""Standard errors from which what a column tells alone counts towards its score."""
ALIKE = 2.0
"""Standard errors below which what is left does not differ between the two ways."""
ENOUGH = 0.05
"""Part of the whole that may stay unexplained where something is held equal: trees hold it only
roughly equal, and what they miss looks like a cause."""
LITTLE = 0.005
"""The same where causes were taken out, which leaves nothing of them behind."""
CHANCE = 0.01
"""Chance that some column is taken to differ where none does."""
LOG_2 = log(2)
APART = 0.9
"""Part of all there is to tell (log 2) from which a column leaves no rows of equal value to compare
on both sides, so that it can only be taken out."""
CLOSE = 0.5
"""Part of the best score from which a column that says the same may be the cause as well."""
MOST_STEPS = 6
MOST_SUSPECTS = 8
"""Columns of which it is asked what they tell beside all others."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _State:
    """What is explained so far."""

    through: frozenset[str] = frozenset()
    """Columns at equal values of which the rest is compared."""
    rest: frozenset[str] = frozenset()
    """Columns not explained yet."""


def carriers(
    case: Case,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    domain: Domain | None = None,
) -> Carriers:
    """Rank the columns of a case and find the fewest that explain its drift.

    A column scores by what it tells about the side alone and by what it adds to all others: a
    changed mechanism moves itself and what follows from it alone, itself and its causes beside the
    others; a faulty measurement moves only itself alone, itself and its neighbours beside the
    others. In both the two together point at one column. The best is then taken out of the
    others (or held equal in them, whichever leaves less) and the question asked again, until
    what is left is nothing or a trifle.

    Parameters
    ----------
    case
        At least 30 rows a side; ``features`` are asked.
    rng
        Deals folds and redraws rows.
    confidence
        Of the intervals of shares.
    domain
        Answers about the sides of the same rows; made anew unless given.

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
    >>> step = carriers(case, rng=rng).steps[0]
    >>> step.columns, step.way
    (('income',), 'apart')
    """
    domain = domain or Domain(case, rng=rng)
    left_out = unusable(case)
    names = tuple(name for name in case.features if name not in left_out)
    alone, shown = marginals(domain, names), evidence(domain, names)
    groups = redundant(case, names)
    whole = domain.information(names)
    total = told(whole, "side and all columns")
    alone_told = {
        name: Information(about=f"side and {name}", value=one.value, z=max(one.z, shown[name]))
        for name, one in alone.items()
    }
    steps: list[Step] = []
    least = max(whole.value, *(one.value for one in alone.values()), 1e-12)
    search = _Search(domain, alone, shown, groups, least, rng, confidence, names)
    if whole.z > SURE or _any_sure(shown[name] for name in names):
        steps = list(search.steps(_State(rest=frozenset(names))))
        steps = [one for one in steps if one.share > LITTLE] or steps[:1]  # a try that failed
    else:
        steps = list(search.steps_by_pairs(frozenset(names)))
    return Carriers(
        total=total,
        ranked=steps[0].ranked if steps else (),
        steps=tuple(with_weakened(with_moved(steps, shown, case), domain, names)),
        marginals=alone_told,
        links=links(domain, names, rng),
        left_out=left_out,
    )


@dataclass(frozen=True, eq=False)
class _Search:
    """The questions of one search, with what they share."""

    domain: Domain
    alone: Mapping[str, Estimate]
    shown: Mapping[str, float]
    """Evidence that a column differs by itself, in standard errors."""
    groups: tuple[tuple[str, ...], ...]
    whole: float
    rng: np.random.Generator
    confidence: float
    names: tuple[str, ...]

    @cached_property
    def pairs(self) -> Turned:
        """Correlations that changed; asked where nothing else tells."""
        return turned(self.domain, self.names)

    def steps_by_pairs(self, rest: frozenset[str]) -> Iterator[Step]:
        """Take columns one by one that go together with others otherwise than before."""
        whole = self.pairs.amount(rest)
        for _ in range(MOST_STEPS):
            if self.pairs.chance(rest) > CHANCE:
                return
            state = _State(rest=rest)
            groups = self._grouped(rest)
            amounts = self.pairs.amounts(groups, [rest - set(g) for g in groups], self.rng, 0)[0]
            most = np.argsort(-amounts, kind="stable")[:MOST_SUSPECTS]
            ranked = self._ranked(state, [groups[i] for i in most])
            after = rest - set(ranked[0].columns)
            own = self.pairs.amounts([ranked[0].columns], [after], self.rng, DRAWS)[:, 0]
            shares = own / (whole - own[0] + own)
            low, high = np.quantile(
                shares[1:], (0.5 - self.confidence / 2, 0.5 + self.confidence / 2)
            )
            yield Step(
                columns=ranked[0].columns,
                way="apart",
                share=float(shares[0]),
                interval=Interval(float(low), float(high)),
                residual=told(self._left(_State(rest=after)), "side and the columns left"),
                rank_one=ranked[0].rank_one,
                ranked=ranked,
            )
            rest = after

    def steps(self, state: _State) -> Iterator[Step]:
        """Take causes one by one, until what is left is nothing or a trifle."""
        left = self._left(state)
        for number in range(MOST_STEPS):
            if not state.rest or (number and not self._matters(left, state)):
                return
            ranked = self._ranked(state, self._suspects(state))
            first = set(ranked[0].columns)
            apart = replace(state, rest=state.rest - first)
            through = replace(apart, through=state.through | first)
            self.domain.learn(
                [through.through, apart.through | apart.rest, state.through | state.rest]
            )
            after = {"apart": self._left(apart)}
            if max(self.alone[name].value for name in first) < APART * LOG_2:
                after["through"] = self._left(through)
            states = {"apart": apart, "through": through}
            calm = [way for way, one in after.items() if not self._matters(one, states[way])]
            way = min(after, key=lambda name: after[name].value)
            apart_from = after.get("through", after["apart"]).rows - after["apart"].rows
            alike = abs(apart_from.mean()) <= ALIKE * self.domain.error(apart_from)
            either = len(calm) == len(after) and alike
            if either and self._let_go(state, apart):
                either, way = False, "apart"
            gone = Estimate(
                rows=left.rows - after[way].rows,
                error=self.domain.error(left.rows - after[way].rows),
            )
            yield Step(
                columns=ranked[0].columns,
                way="either" if either else way,  # type: ignore[arg-type]
                share=min(1.0, max(0.0, gone.value / self.whole)),
                interval=self._interval(gone, left),
                residual=told(after[way], "side and the columns left"),
                rank_one=ranked[0].rank_one,
                ranked=ranked,
            )
            state, left = states[way], after[way]

    def _let_go(self, state: _State, apart: _State) -> bool:
        """Whether only pairs tell of the columns in between, and nothing of those that are left."""
        taken = state.rest - apart.rest
        if state.through or max(self.shown[name] for name in taken) > SURE:
            return False
        return self.pairs.chance(state.rest) < CHANCE < self.pairs.chance(apart.rest)

    def _left(self, state: _State) -> Estimate:
        return self.domain.information(state.rest, given=state.through)

    def _matters(self, left: Estimate, state: _State) -> bool:
        """Whether there is something left to explain, and more than a trifle."""
        alone = [] if state.through else [self.shown[name] for name in state.rest]
        evident = left.z > SURE or _any_sure(alone)
        enough = ENOUGH if state.through else LITTLE
        told = max(left.value, *(self.alone[n].value for n in state.rest if alone), 0.0)
        return evident and told > enough * self.whole

    def _ranked(self, state: _State, suspects: Sequence[tuple[str, ...]]) -> tuple[Carrier, ...]:
        """Score some of the columns that are left."""
        known = state.through | state.rest
        sets = [known - set(group) for group in suspects]
        if state.through:
            sets += [state.through | set(group) for group in suspects]
        self.domain.learn([known, state.through, *sets])
        first, *rest = self._compared(suspects, state, [known - set(group) for group in suspects])
        return (self._narrowed(first, state), *rest)

    def _compared(
        self,
        suspects: Sequence[tuple[str, ...]],
        state: _State,
        others: Sequence[frozenset[str]],
    ) -> tuple[Carrier, ...]:
        """Score suspects by what each tells alone, and beside others."""
        beside = [
            self.domain.information(group, given=given)
            for group, given in zip(suspects, others, strict=True)
        ]
        alone = [
            self.domain.information(group, given=state.through)
            if state.through
            else max((self.alone[name] for name in group), key=lambda one: one.value)
            for group in suspects
        ]
        shown = [
            alone[i].z if state.through else max(self.shown[name] for name in group)
            for i, group in enumerate(suspects)
        ]
        linked = None
        if max(one.z for one in beside) < SURE and not state.through:
            linked = self._linked(suspects, others, state)
        return scored(suspects, alone, beside, np.array(shown) > SEEN, linked, self.rng)

    def _linked(
        self,
        suspects: Sequence[tuple[str, ...]],
        others: Sequence[frozenset[str]],
        state: _State,
    ) -> NDArray[np.float64] | None:
        """Ask pairs what each suspect tells beside others, where no column moved by itself.

        Where one did, correlations of what follows from it may change along.
        """
        if max(self.shown[name] for name in state.rest) > SEEN:
            return None
        if self.pairs.chance(state.rest) > CHANCE:
            return None
        return self.pairs.amounts(suspects, others, self.rng, DRAWS)

    def _narrowed(self, carrier: Carrier, state: _State) -> Carrier:
        """Of columns that say the same, keep those that can be the cause, asked one by one."""
        group = carrier.columns
        if len(group) == 1:
            return carrier
        around = (state.through | state.rest) - set(group)
        self.domain.learn([around, *(around | {name} for name in group)])
        ranked = self._compared([(name,) for name in group], state, [around] * len(group))
        kept = {one.columns[0] for one in ranked if one.score > CLOSE * ranked[0].score}
        return replace(carrier, columns=tuple(name for name in group if name in kept))

    def _suspects(self, state: _State) -> list[tuple[str, ...]]:
        """Choose what is worth asking: what moved most, and what the trees lean on."""
        groups = self._grouped(state.rest)
        if len(groups) <= MOST_SUSPECTS:
            return groups
        leaned = self.domain.leaning(state.through | state.rest)
        by_moved = sorted(groups, key=lambda g: -max(self.shown[name] for name in g))
        by_leaned = sorted(groups, key=lambda g: -max(leaned[name] for name in g))
        half = MOST_SUSPECTS // 2
        return list(dict.fromkeys([*by_moved[:half], *by_leaned[:half]]))

    def _grouped(self, rest: frozenset[str]) -> list[tuple[str, ...]]:
        """Columns that say the same, and all others by themselves."""
        groups = [group for group in self.groups if rest >= set(group)]
        alone = rest - {name for group in groups for name in group}
        return [*groups, *((name,) for name in sorted(alone))]

    def _interval(self, gone: Estimate, left: Estimate) -> Interval:
        z = NormalDist().inv_cdf(0.5 + self.confidence / 2)
        share = gone.value / self.whole
        # The whole is uncertain too; a ratio's error by the delta method.
        error = self.domain.error((gone.rows - share * left.rows) / self.whole)
        low, high = np.clip((share - z * error, share + z * error), 0.0, 1.0)
        return Interval(float(low), float(high))


def _any_sure(shown: Iterable[float]) -> bool:
    """Whether one of many columns differs, by a bar that rises with their number (Bonferroni)."""
    found = list(shown)
    return bool(found) and max(found) > NormalDist().inv_cdf(1.0 - CHANCE / len(found))
