"""Random structural models: graphs, mechanisms and what is drawn from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from _causes_planted import Columns
from tidegauge.case import Numbers, Variable

PILOT = 4_000
"""Rows that fix the scale of each node."""
WORDS = ("amber", "birch", "coral", "dune", "ember")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """One column and how it comes about: noise plus a sum of functions of its parents."""

    name: str
    parents: tuple[int, ...]
    """Places of its direct causes, all before its own."""
    weights: Numbers
    """Shape (parents,)."""
    link: Literal["linear", "tanh", "sin"]
    noise: float
    """Standard deviation of the noise; the rest of the unit variance is the parents'."""
    signal: float = 1.0
    """What the parents' sum is divided by."""
    cuts: Numbers = field(default_factory=lambda: np.zeros(0))
    """Thresholds that turn the number into a level; none for a number."""
    values: Numbers = field(default_factory=lambda: np.zeros(0))
    """What each level counts for its children."""
    place: float = 0.0
    """What a number is logged as: place + scale times the value."""
    scale: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """What is different about a node in the current log."""

    shift: float = 0.0
    """Added to the value before it is cut into levels."""
    spread: float = 1.0
    """Factor of the value before it is cut into levels."""
    coefficient: float = 1.0
    """Factor of the strongest parent's weight."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """Nodes in an order in which causes come first, and the target they decide."""

    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    """Places of the nodes that decide the target."""
    effects: Numbers
    """Shape (inputs,): their coefficients in the target's log odds."""
    said: str

    @property
    def names(self) -> tuple[str, ...]:
        """Columns, causes first."""
        return tuple(node.name for node in self.nodes)

    def children(self, place: int) -> list[int]:
        """Places of the nodes that one acts on."""
        return [i for i, node in enumerate(self.nodes) if place in node.parents]

    def descendants(self, place: int) -> set[int]:
        """Places of the nodes that one acts on, through others too."""
        found = {place}
        for i, node in enumerate(self.nodes):
            if found & set(node.parents):
                found.add(i)
        return found - {place}

    @property
    def tiers(self) -> tuple[tuple[str, ...], ...]:
        """Columns by the length of the longest path that leads to them."""
        depth: list[int] = []
        for node in self.nodes:
            depth.append(1 + max((depth[i] for i in node.parents), default=-1))
        return tuple(
            tuple(node.name for node, d in zip(self.nodes, depth, strict=True) if d == level)
            for level in range(max(depth) + 1)
        )

    @property
    def graph(self) -> dict[str, tuple[str, ...]]:
        """Direct causes of each column."""
        return {node.name: tuple(self.nodes[i].name for i in node.parents) for node in self.nodes}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Rows of a model."""

    columns: Columns
    target: Numbers
    latent: Numbers
    """Shape (nodes, rows): what the nodes count for their children."""


def draw(
    model: Model,
    rows: int,
    rng: np.random.Generator,
    changes: Mapping[int, Change] | None = None,
    effects: Numbers | None = None,
) -> Drawn:
    """Draw rows, with some nodes or the target's coefficients changed."""
    changes = changes or {}
    latent = np.empty((len(model.nodes), rows))
    columns = {}
    for i, node in enumerate(model.nodes):
        raw = value(node, latent, rng, changes.get(i, Change()))
        latent[i], columns[node.name] = logged(node, raw)
    odds = (model.effects if effects is None else effects) @ latent[list(model.inputs)]
    target = (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    return Drawn(columns=columns, target=target, latent=latent)


def value(node: Node, latent: Numbers, rng: np.random.Generator, change: Change) -> Numbers:
    """Value of a node before it is logged; shape (rows,)."""
    noise: Numbers = rng.normal(size=int(latent.shape[1]))
    if not node.parents:
        return change.spread * noise + change.shift
    weights: Numbers = node.weights.copy()
    weights[np.argmax(np.abs(weights))] *= change.coefficient
    signal = weights @ linked(node, latent) / node.signal
    raw: Numbers = np.sqrt(1 - node.noise**2) * signal + node.noise * noise
    return change.spread * raw + change.shift


def linked(node: Node, latent: Numbers) -> Numbers:
    """Functions of the parents' values; shape (parents, rows)."""
    above: Numbers = latent[list(node.parents)]
    if node.link == "linear":
        return above
    return np.tanh(2 * above) if node.link == "tanh" else np.sin(2 * above)


def logged(node: Node, raw: Numbers) -> tuple[Numbers, Variable]:
    """Return what a node counts for its children, and what the log shows of it."""
    if not len(node.cuts):
        return raw, Variable(name=node.name, values=node.place + node.scale * raw)
    codes = np.searchsorted(node.cuts, raw)
    levels = WORDS[: len(node.values)]
    return node.values[codes], Variable(
        name=node.name, values=codes.astype(np.float64), levels=levels
    )


def random_model(
    rng: np.random.Generator, nodes: int, *, common_cause: bool = False
) -> tuple[Model, tuple[int, int]]:
    """Draw a graph and its mechanisms: random or scale-free, links, noise, 30 % categories.

    With ``common_cause`` the first node acts on two others, whose places come back, too.
    """
    kind = ("random", "scale-free")[rng.integers(2)]
    edges = random_edges(rng, nodes, kind)
    pair = (0, 0)
    if common_cause:
        first, second = sorted(int(i) for i in rng.choice(np.arange(1, nodes), 2, replace=False))
        pair = (first, second)
        for child in range(1, nodes):
            edges[child].discard(0)
        edges[first].add(0)
        edges[second].add(0)
    link: Literal["linear", "tanh", "sin"] = ("linear", "tanh", "sin")[rng.integers(3)]
    noise = float(rng.choice([0.25, 0.8]))
    names = [f"x{i:02d}" for i in rng.permutation(nodes)]
    built: list[Node] = []
    pilot = np.empty((nodes, PILOT))
    for i in range(nodes):
        strong = common_cause and i in pair
        node = random_node(rng, names[i], edges[i], link, noise, strong=strong)
        if node.parents:
            spread = float(np.std(node.weights @ linked(node, pilot)))
            node = replace(node, signal=spread or 1.0)
        pilot[i], _ = logged(node, value(node, pilot, rng, Change()))
        built.append(node)
    visible = np.arange(1 if common_cause else 0, nodes)
    inputs = tuple(int(i) for i in rng.choice(visible, min(6, len(visible)), replace=False))
    effects = rng.uniform(0.5, 1.5, len(inputs)) * rng.choice([-1, 1], len(inputs))
    effects *= 2 / np.std(effects @ pilot[list(inputs)])
    said = f"{kind}, {nodes} nodes, {link}, noise {noise:g}"
    return Model(nodes=tuple(built), inputs=inputs, effects=effects, said=said), pair


def random_edges(rng: np.random.Generator, nodes: int, kind: str) -> list[set[int]]:
    """Draw 1.5 to 2 edges a node, each from an earlier node to a later one."""
    edges: list[set[int]] = [set() for _ in range(nodes)]
    wanted = int(rng.uniform(1.5, 2.0) * nodes)
    degree = np.ones(nodes)
    while sum(map(len, edges)) < wanted:
        child = int(rng.integers(1, nodes))
        weights = degree[:child] if kind == "scale-free" else np.ones(child)
        parent = int(rng.choice(child, p=weights / weights.sum()))
        if parent not in edges[child]:
            edges[child].add(parent)
            degree[[parent, child]] += 1
    return edges


def random_node(
    rng: np.random.Generator,
    name: str,
    parents: set[int],
    link: Literal["linear", "tanh", "sin"],
    noise: float,
    *,
    strong: bool,
) -> Node:
    """Draw a node's mechanism; ``strong`` lets its first parent dominate."""
    weights = rng.uniform(0.5, 1.5, len(parents)) * rng.choice([-1, 1], len(parents))
    places = tuple(sorted(parents))
    if strong:
        weights[0] = 2.0
    node = Node(
        name=name,
        parents=places,
        weights=weights,
        link="linear" if strong else link,
        noise=noise,
        place=float(rng.choice([0.0, 3.0, 10.0])),
        scale=float(np.exp(rng.normal(0, 1.5))),
    )
    if rng.random() >= 0.3:
        return node
    from scipy.special import ndtri

    levels = int(rng.integers(3, 6))
    cuts = ndtri(np.cumsum(rng.dirichlet(np.full(levels, 4.0)))[:-1])
    values = rng.permutation(np.linspace(-1.4, 1.4, levels))
    return replace(node, cuts=cuts, values=values)


def connected(model: Model) -> NDArray[np.int64]:
    """Places of nodes with a cause or an effect."""
    return np.array([i for i, node in enumerate(model.nodes) if node.parents or model.children(i)])
