"""Which columns carry a drift, and which only moved along: no graph needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.findings import Carrier, Carriers, Step
from tidegauge.records import ExplainerCard, Information, Interval
from tidegauge_evaluators._domain import Domain, Estimate, told
from tidegauge_evaluators._links import links
from tidegauge_evaluators._marginals import evidence, marginals
from tidegauge_evaluators._redundancy import association, redundant, unusable

CARD = ExplainerCard(
    title="Columns that carry a drift",
    explain="Ranks columns by what they alone tell about the side a row is from, and names the "
    "fewest that leave nothing more to tell.",
    reference="Hinder et al. 2020, arXiv 2012.00499 (drift-inducing features); "
    "Lopez-Paz & Oquab 2017, ICLR (classifier two-sample test)",
)

FLOOR = 0.02
"""Weight of a column that tells something only beside others, as after a shuffle of its rows."""
SURE = 3.0
"""Standard errors from which information is taken to be there."""
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
MOST_STEPS = 6
MOST_SUSPECTS = 8
"""Columns of which it is asked what they tell beside all others."""
DRAWS = 400
GROUPS = 512
"""Groups of rows that are redrawn together: their sums are all that a draw needs."""


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
    if whole.z > SURE or _any_sure(shown[name] for name in names):
        least = max(whole.value, *(one.value for one in alone.values()), 1e-12)
        search = _Search(domain, alone, shown, groups, least, rng, confidence)
        steps = list(search.steps(_State(rest=frozenset(names))))
    return Carriers(
        total=total,
        ranked=steps[0].ranked if steps else (),
        steps=tuple(_with_moved(steps, shown, case)),
        marginals=alone_told,
        links=links(domain, names, rng),
        left_out=left_out,
    )


@dataclass(frozen=True, slots=True, eq=False)
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

    def steps(self, state: _State) -> Iterator[Step]:
        """Take causes one by one, until what is left is nothing or a trifle."""
        left = self._left(state)
        for number in range(MOST_STEPS):
            if not state.rest or (number and not self._matters(left, state)):
                return
            ranked = self._ranked(state)
            if not ranked:
                return
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

    def _left(self, state: _State) -> Estimate:
        return self.domain.information(state.rest, given=state.through)

    def _matters(self, left: Estimate, state: _State) -> bool:
        """Whether there is something left to explain, and more than a trifle."""
        alone = [] if state.through else [self.shown[name] for name in state.rest]
        evident = left.z > SURE or _any_sure(alone)
        enough = ENOUGH if state.through else LITTLE
        told = max(left.value, *(self.alone[n].value for n in state.rest if alone), 0.0)
        return evident and told > enough * self.whole

    def _ranked(self, state: _State) -> tuple[Carrier, ...]:
        """Score the suspects among the columns that are left."""
        rest = state.rest
        suspects = [group for group in self._suspects(state) if rest >= set(group)]
        known = state.through | rest
        sets = [known - set(group) for group in suspects]
        if state.through:
            sets += [state.through | set(group) for group in suspects]
        self.domain.learn([known, state.through, *sets])
        beside = [self.domain.information(group, given=known - set(group)) for group in suspects]
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
        return _scored(suspects, alone, beside, np.array(shown) > 2.0, self.rng)

    def _suspects(self, state: _State) -> list[tuple[str, ...]]:
        """Choose what is worth asking: what moved most, and what the trees lean on."""
        groups = [group for group in self.groups if state.rest >= set(group)]
        groups += [
            (name,) for name in sorted(state.rest - {name for group in groups for name in group})
        ]
        if len(groups) <= MOST_SUSPECTS:
            return groups
        leaned = self.domain.leaning(state.through | state.rest)
        by_moved = sorted(groups, key=lambda g: -max(self.shown[name] for name in g))
        by_leaned = sorted(groups, key=lambda g: -max(leaned[name] for name in g))
        half = MOST_SUSPECTS // 2
        return list(dict.fromkeys([*by_moved[:half], *by_leaned[:half]]))

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


def _scored(
    suspects: Sequence[tuple[str, ...]],
    alone: Sequence[Estimate],
    beside: Sequence[Estimate],
    shown: NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[Carrier, ...]:
    """Join both kinds of information into one score, and redraw rows to see how firm it is."""
    if not suspects:
        return ()
    marginal = _sums(alone, rng)
    conditional = _sums(beside, rng)
    if max(one.z for one in beside) < SURE:
        # Each is told by others: what made them move holds the most by itself (data processing).
        conditional[:] = 1.0 / len(conditional)
    scores = _scores(marginal.sum(0), conditional.sum(0), shown)
    draws = rng.standard_exponential((DRAWS, len(marginal)))
    redrawn = _scores(draws @ marginal, draws @ conditional, shown)
    first = np.bincount(np.argmax(redrawn, axis=-1), minlength=len(suspects)) / DRAWS
    return tuple(
        Carrier(
            columns=suspects[i],
            marginal=told(alone[i], f"side and {', '.join(suspects[i])}"),
            conditional=told(beside[i], f"side and {', '.join(suspects[i])}, others known"),
            score=float(scores[i]),
            rank_one=float(first[i]),
        )
        for i in np.argsort(-scores, kind="stable")
    )


def _scores(
    marginal: NDArray[np.float64], conditional: NDArray[np.float64], shown: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Shapes (..., suspects) -> the same, each between 0 and 1."""
    alone = np.where(shown, np.maximum(marginal, 0.0), 0.0)
    beside = np.maximum(conditional, 0.0)
    alone = alone / np.maximum(alone.max(axis=-1, keepdims=True), 1e-12)
    beside = beside / np.maximum(beside.max(axis=-1, keepdims=True), 1e-12)
    scored: NDArray[np.float64] = np.sqrt((FLOOR + beside) * (FLOOR + alone)) / (1 + FLOOR)
    return scored


def _sums(estimates: Sequence[Estimate], rng: np.random.Generator) -> NDArray[np.float64]:
    """Sum each estimate's rows over random groups: shape (groups, estimates)."""
    rows = len(estimates[0].rows)
    groups = min(GROUPS, rows)
    member = np.arange(rows) % groups  # rows are in no order that matters after the shuffle
    member = rng.permutation(member)
    return np.column_stack(
        [np.bincount(member, weights=one.rows, minlength=groups) / rows for one in estimates]
    )


def _with_moved(steps: Sequence[Step], shown: Mapping[str, float], case: Case) -> Iterator[Step]:
    """Say of each step which columns moved because of it: those nearest to it in the baseline."""
    causes = {name for step in steps for name in step.columns}
    movers = [name for name, z in shown.items() if name not in causes and z > SURE]
    through = [step for step in steps if step.way != "apart"]
    nearest: dict[str, list[str]] = {}
    for name in movers:
        if through:
            step = max(
                through, key=lambda s: max(association(case, name, other) for other in s.columns)
            )
            nearest.setdefault(step.columns[0], []).append(name)
    for step in steps:
        yield replace(step, moved=tuple(nearest.get(step.columns[0], ())))
