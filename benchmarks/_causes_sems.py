"""Track A: changes planted in rows that a random structural model draws.

Graphs are random or scale-free with 1.5 to 2 edges a node; mechanisms add noise to linear, tanh or
sine functions of the parents; three columns in ten are categories; the target is logistic in six
columns; a model is trained on rows of its own. Faults of measurement strike the current log only,
so that what depends on the column is as before; changes of the world pass on to what depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from _causes_changes import ANYWHERE, Changed, Ground, Unsuitable, tried
from _causes_models import Change, Drawn, Model, connected, draw, random_model
from _causes_planted import (
    FAULTS,
    TARGET,
    Columns,
    Planted,
    Served,
    Severity,
    Side,
    case_from,
    dose,
    fit,
    generator,
)
from tidegauge.case import Numbers

TRAINING = 5_000
SPARE = 8
"""Rows drawn for each that a selection may keep."""
NODES = (10, 20)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """A structural model with the model in production that learned from it."""

    model: Model
    pair: tuple[int, int]
    """Places of two columns with a common cause that is not logged; (0, 0) = none."""
    served: Served

    @property
    def hidden(self) -> int:
        """How many of the first nodes are not logged."""
        return int(self.pair != (0, 0))

    def side(
        self,
        rows: int,
        rng: np.random.Generator,
        changes: Mapping[int, Change] | None = None,
        effects: Numbers | None = None,
    ) -> Side:
        """Draw a log."""
        drawn = draw(self.model, rows, rng, changes, effects)
        columns = shown(self.model, drawn, self.hidden)
        return Side(columns=columns, target=drawn.target, output=self.served(columns))


def shown(model: Model, drawn: Drawn, hidden: int) -> Columns:
    """Columns that are logged, in the order of their names, which says nothing of causes."""
    return {name: drawn.columns[name] for name in sorted(model.names[hidden:])}


@lru_cache(maxsize=4)
def world(seed: int, nodes: int, common_cause: bool = False) -> World:
    """Draw a structural model and train the model in production: boosted trees, or logistic."""
    rng = generator(seed, "world", str(nodes), str(common_cause))
    model, pair = random_model(rng, nodes + common_cause, common_cause=common_cause)
    training = draw(model, TRAINING, rng)
    columns = shown(model, training, int(common_cause))
    served = fit(columns, training.target, "classification", linear=seed % 4 == 3)
    return World(model=model, pair=pair, served=served)


def planted(
    fault: str, severity: Severity, *, seed: int, rows: int = 5_000, nodes: int | None = None
) -> Planted:
    """Draw a model and plant a fault: baseline and current log of ``rows`` rows each.

    Raises
    ------
    Unsuitable
        When the model has no column that can have the fault.
    """
    nodes = nodes or NODES[seed % len(NODES)]
    here = world(seed, nodes, fault == "F13")
    rng = generator(seed, "A", fault, severity)
    if fault in OWN:
        changed = OWN[fault](here, severity, rows, rng)
    else:
        changed = tried(ANYWHERE[fault], ground_of(here, severity, rows, rng))
    tiers = without(here.model.tiers, here.model.names[: here.hidden])
    return Planted(
        case=case_from(changed.before, changed.now, "classification"),
        fault=fault,
        severity=severity,
        truth=changed.truth,
        verdict=changed.verdict or FAULTS[fault].verdict,
        seed=seed,
        source=here.model.said,
        said=changed.said,
        also=changed.also,
        beside=changed.beside,
        segment=changed.segment,
        inside=changed.inside,
        order=tiers,
        parents=None if here.hidden else here.model.graph,
        asks=changed.asks,
        shares=SHARES.get(fault, {}),
    )


def without(
    tiers: tuple[tuple[str, ...], ...], names: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    """Leave columns out of tiers, and tiers that are empty then."""
    left = (tuple(name for name in tier if name not in names) for tier in tiers)
    return tuple(tier for tier in left if tier)


def ground_of(here: World, severity: Severity, rows: int, rng: np.random.Generator) -> Ground:
    """Draw rows in which nothing is changed; only nodes with a neighbour are struck."""
    return Ground(
        before=here.side(rows, rng),
        now=here.side(rows, rng),
        spare=lambda: here.side(SPARE * rows, rng),
        served=here.served,
        rival=lambda: rival(here, rng),
        suspects=tuple(here.model.names[i] for i in connected(here.model)),
        severity=severity,
        rng=rng,
    )


def rival(here: World, rng: np.random.Generator) -> Served:
    """Train the other kind of model on rows of its own."""
    training = draw(here.model, TRAINING, rng)
    columns = shown(here.model, training, here.hidden)
    linear = hasattr(here.served.estimator, "max_iter")
    return fit(columns, training.target, "classification", linear=linear)


def mechanism(here: World, severity: Severity, rows: int, rng: np.random.Generator) -> Changed:
    """Change a node's coefficient of its strongest parent."""
    places = [i for i, node in enumerate(here.model.nodes) if node.parents]
    return intervened(here, (int(rng.choice(places)),), severity, rows, rng)


def root(here: World, severity: Severity, rows: int, rng: np.random.Generator) -> Changed:
    """Shift a root that acts on something, or widen it."""
    nodes = here.model.nodes
    places = [i for i, node in enumerate(nodes) if not node.parents and here.model.children(i)]
    return intervened(here, (int(rng.choice(places)),), severity, rows, rng)


def two(here: World, severity: Severity, rows: int, rng: np.random.Generator) -> Changed:
    """Change two nodes, mechanisms or roots."""
    places = rng.choice(connected(here.model), 2, replace=False)
    return intervened(here, tuple(int(i) for i in places), severity, rows, rng)


def intervened(
    here: World, places: tuple[int, ...], severity: Severity, rows: int, rng: np.random.Generator
) -> Changed:
    """Change nodes and let the rest follow."""
    changes = {i: change_of(here.model, i, severity, rng) for i in places}
    names = tuple(here.model.names[i] for i in places)
    said = "; ".join(f"{n}: {c}" for n, c in zip(names, map(worded, changes.values()), strict=True))
    return Changed(before=here.side(rows, rng), now=here.side(rows, rng, changes), truth=names,
                   said=said)  # fmt: skip


def change_of(model: Model, place: int, severity: Severity, rng: np.random.Generator) -> Change:
    """Change the coefficient of a node with parents; shift or widen a root."""
    if model.nodes[place].parents:
        return Change(coefficient=dose(severity, (0.5, 0.0, -1.0)))
    if rng.random() < 1 / 3:
        return Change(spread=dose(severity, (1.25, 1.6, 2.5)))
    return Change(shift=float(rng.choice([-1, 1])) * dose(severity, (0.2, 0.5, 1.0)))


def worded(change: Change) -> str:
    """Say what is different about a node."""
    if change.coefficient != 1:
        return f"coefficient x {change.coefficient:g}"
    return f"mean {change.shift:+g} sd" if change.shift else f"sd x {change.spread:g}"


def concept(here: World, severity: Severity, rows: int, rng: np.random.Generator) -> Changed:
    """Change the coefficient of one column in the target's log odds."""
    which = int(rng.integers(len(here.model.inputs)))
    factor = dose(severity, (0.5, 0.0, -1.0))
    effects = here.model.effects.copy()
    effects[which] *= factor
    name = here.model.names[here.model.inputs[which]]
    now = here.side(rows, rng, effects=effects)
    said = f"effect of {name} on the target x {factor:g}"
    return Changed(before=here.side(rows, rng), now=now, truth=(name,), beside=(TARGET,),
                   said=said)  # fmt: skip


def common_cause(here: World, severity: Severity, rows: int, rng: np.random.Generator) -> Changed:
    """Shift a cause that is not logged: the two columns it acts on move together."""
    shift = dose(severity, (0.2, 0.5, 1.0))
    now = here.side(rows, rng, {0: Change(shift=shift)})
    pair = tuple(here.model.names[i] for i in here.pair)
    said = f"what moves {' and '.join(pair)} shifted by {shift:g} sd"
    return Changed(before=here.side(rows, rng), now=now, truth=pair, said=said)


def small_among_harmless(
    here: World, severity: Severity, rows: int, rng: np.random.Generator
) -> Changed:
    """Let two columns that the target does not need drift, and bias one that it does need."""
    model = here.model
    harmless = [
        i for i in connected(model)
        if i not in model.inputs and not model.descendants(int(i)) & set(model.inputs)
    ]  # fmt: skip
    numbers = [i for i in model.inputs if not len(model.nodes[i].cuts)]
    if not harmless or not numbers:
        raise Unsuitable("no column is harmless, or none that matters is a number")
    drifting = rng.choice(harmless, min(2, len(harmless)), replace=False)
    now = here.side(rows, rng, {int(i): Change(shift=1.0) for i in drifting})
    cause = int(rng.choice(numbers))
    name = model.names[cause]
    values = now.columns[name].values
    bias = dose(severity, (0.3, 0.6, 1.0)) * float(np.std(values)) * float(rng.choice([-1, 1]))
    return Changed(
        before=here.side(rows, rng),
        now=now.struck(name, values + bias, here.served),
        truth=(name,),
        said=f"{name}: {bias:+.3g}; {', '.join(model.names[i] for i in drifting)} drift by 1 sd",
        asks="loss",
    )


OWN = {
    "F7": mechanism, "F8": root, "F9": concept, "F13": common_cause, "F14": small_among_harmless,
    "F16": two,
}  # fmt: skip
"""What needs the structural model itself."""
INPUTS: Mapping[str, float] = {"covariate": 1.0, "concept": 0.0}
SHARES: Mapping[str, Mapping[str, float]] = {
    **dict.fromkeys(("F7", "F8", "F11", "F13"), INPUTS), "F9": {"covariate": 0.0, "concept": 1.0},
}  # fmt: skip
"""Whether a change of the loss is one of the inputs or of the truth given them."""
