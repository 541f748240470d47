"""Which columns come before which, from the tiers or the graph that a case was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Literal

import numpy as np

from tidegauge.case import Case
from tidegauge.errors import NotApplicable


@dataclass(frozen=True, slots=True, kw_only=True)
class CausalOrder:
    """Columns in tiers, causes first, and what each is thought to depend on."""

    tiers: tuple[tuple[str, ...], ...]
    """No column depends on another of its tier."""
    before: Mapping[str, tuple[str, ...]]
    """Column -> its parents in the graph, or all columns of earlier tiers."""
    basis: Literal["order", "graph"]
    left_out: tuple[str, ...] = ()
    """Columns that were asked for and stand in no tier."""

    @property
    def names(self) -> tuple[str, ...]:
        """All columns, causes first."""
        return tuple(name for tier in self.tiers for name in tier)

    def redrawn(self, rng: np.random.Generator) -> tuple[str, ...]:
        """Draw a full order that agrees with the tiers or the graph."""
        if self.basis == "order":
            return tuple(str(name) for tier in self.tiers for name in rng.permutation(tier))
        waiting = {name: set(parents) for name, parents in self.before.items()}
        drawn: list[str] = []
        while waiting:
            free = sorted(name for name, parents in waiting.items() if not parents)
            drawn.append(free[int(rng.integers(len(free)))])
            del waiting[drawn[-1]]
            for parents in waiting.values():
                parents.discard(drawn[-1])
        return tuple(drawn)


def causal_order(case: Case, names: Sequence[str] | None = None) -> CausalOrder:
    """Read the graph of a case, or else its tiers.

    Parameters
    ----------
    case
        With ``parents`` or ``order``; columns that it does not hold are passed over.
    names
        Keep only these columns; all of the order, or of the graph, unless given.

    Raises
    ------
    NotApplicable
        When there is neither, nothing of it is left, or the graph runs in a circle.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> side = np.array([False, True])
    >>> case = case_of({"a": [1.0, 2.0], "b": [1.0, 2.0]}, side, order=(("a",), ("b",)))
    >>> causal_order(case).before["b"]
    ('a',)
    """
    if case.parents is None and not case.order:
        raise NotApplicable("needs a causal order or a graph, and there is none")
    wanted = set(case.variables) if names is None else set(names) & set(case.variables)
    found = _from_order(case, wanted) if case.parents is None else _from_graph(case, wanted)
    if not found.names:
        raise NotApplicable("no column of the causal order is among the rows")
    asked = case.features if names is None else names
    return CausalOrder(
        tiers=found.tiers,
        before=found.before,
        basis=found.basis,
        left_out=tuple(name for name in asked if name not in found.before),
    )


def _from_order(case: Case, wanted: set[str]) -> CausalOrder:
    seen: list[str] = []
    tiers: list[tuple[str, ...]] = []
    before: dict[str, tuple[str, ...]] = {}
    for given in case.order:
        tier = tuple(dict.fromkeys(one for one in given if one in wanted and one not in seen))
        before |= dict.fromkeys(tier, tuple(seen))
        seen += tier
        tiers += [tier] if tier else []
    return CausalOrder(tiers=tuple(tiers), before=before, basis="order")


def _from_graph(case: Case, wanted: set[str]) -> CausalOrder:
    """Read the graph; a column without rows hands its own parents down to its children."""
    graph = {name: _unique(parents) for name, parents in (case.parents or {}).items()}
    known: dict[str, tuple[str, ...]] = {}
    try:
        for name in TopologicalSorter(graph).static_order():
            parents = [
                one
                for parent in graph.get(name, ())
                for one in ((parent,) if parent in wanted else known[parent])
            ]
            known[name] = tuple(_unique(parents))
    except CycleError as problem:
        circle = " -> ".join(str(name) for name in problem.args[1])
        raise NotApplicable(f"the causal graph runs in a circle: {circle}") from problem
    before = {name: parents for name, parents in known.items() if name in wanted}
    return CausalOrder(tiers=_generations(before), before=before, basis="graph")


def _generations(before: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    sorter = TopologicalSorter(before)
    sorter.prepare()
    tiers: list[tuple[str, ...]] = []
    while sorter.is_active():
        tiers.append(tuple(sorted(sorter.get_ready(), key=list(before).index)))
        sorter.done(*tiers[-1])
    return tuple(tiers)


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
