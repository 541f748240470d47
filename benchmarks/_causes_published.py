"""Track C: setups that others published, drawn anew from their descriptions.

A week in a supply chain (the example that dowhy documents, after Budhathoki, Janzing, Bloebaum &
Ng 2021): what the change of each mechanism did to the mean is known in closed form. A confounder
that makes a model wrong (Zhang, Singh, Ghassemi & Joshi 2023): the loss changes because of one
known mechanism. Shuffled sensors in a Gaussian copula (Kulinski, Bagchi & Inouye 2020): marginals
are as before, and the less the sensors know about each other the harder it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import numpy as np

from _causes_planted import (
    SCORE,
    SEVERITIES,
    TARGET,
    Columns,
    Planted,
    Severity,
    Side,
    case_from,
    fit,
    generator,
)
from tidegauge.case import Numbers, Variable, case_of

PUBLISHED: Mapping[str, str] = {
    "supply chain": "demand doubles, confirmation doubles",
    "backdoor": "the confounder's grip on the target or on X3",
    "copula": "one of 25 sensors shuffled",
}
CHAIN = {
    "constraint": (),
    "demand": (),
    "submitted": ("constraint", "demand"),
    "confirmed": ("submitted",),
    "received": ("confirmed",),
}
CHAIN_CHANGE = 6.0
CHAIN_PARTS: Mapping[str, float] = {"demand": 3.0, "confirmed": 3.0}
"""Shapley values of the mean of ``received``; the other mechanisms have none."""


def supply_chain(*, seed: int, rows: int = 1_000) -> Planted:
    """Draw a week before and a week after; ``received`` is to be explained, its mean rises by 6.

    Submitted is demand less constraint, plus one; its mean is 2 before and 4 after, of which
    confirmed is one part before and two after. Each mechanism's Shapley value is its average
    effect over both orders: (2 + 4) / 2 = 3 for demand, (2 + 4) / 2 = 3 for confirmed.
    """
    rng = generator(seed, "C", "supply chain")
    weeks = [week(rows, rng, demand=2.0, factor=1.0), week(rows, rng, demand=4.0, factor=2.0)]
    columns = {name: np.concatenate([one[name] for one in weeks]) for name in CHAIN}
    current = np.repeat([False, True], rows)
    tiers = (("constraint", "demand"), ("submitted",), ("confirmed",), ("received",))
    return Planted(
        case=case_of(columns, current),
        fault="supply chain",
        severity="gross",
        truth=("demand", "confirmed"),
        verdict="covariate",
        seed=seed,
        source="5 columns",
        said=PUBLISHED["supply chain"],
        order=tiers,
        parents=CHAIN,
        shares={name: part / CHAIN_CHANGE for name, part in CHAIN_PARTS.items()},
        of="received",
        number=columns["received"],
    )


def week(
    rows: int, rng: np.random.Generator, *, demand: float, factor: float
) -> dict[str, Numbers]:
    """Draw a week, in whole pieces."""
    constraint = rng.normal(1, 1, rows)
    wanted = rng.normal(demand, 1, rows)
    submitted = wanted - constraint + rng.normal(1, 1, rows)
    confirmed = factor * submitted + rng.normal(0, 0.1, rows)
    received = confirmed + rng.normal(0, 0.1, rows)
    drawn = (constraint, wanted, submitted, confirmed, received)
    return {name: np.round(values) for name, values in zip(CHAIN, drawn, strict=True)}


BACKDOOR: Mapping[str, tuple[str, ...]] = {
    "G": (),
    TARGET: ("G",),
    "X1": (TARGET,),
    "X2": (TARGET, "G"),
    "X3": (TARGET, "G"),
}
GRID: tuple[tuple[float, float], ...] = (
    *((q, 3.0) for q in (0.0, 0.1, 0.3, 0.5, 0.7)), *((0.9, mu) for mu in (-1.0, 0.0, 1.0, 2.0)),
)  # fmt: skip
"""Target's agreement with the confounder, and the confounder's effect on X3: 0.9 and 3 before."""


def backdoor(*, seed: int, rows: int = 5_000, q: float, mu: float) -> Planted:
    """Draw rows in which the target follows a confounder less, or X3 does; the model reads X only.

    The whole change of the loss comes from the mechanism that changed.
    """
    rng = generator(seed, "C", "backdoor", f"{q} {mu}")
    training = confounded(rows, rng, q=0.9, mu=3.0)
    served = fit(model_inputs(training[0]), training[1], "classification", linear=seed % 2 == 0)
    before, now = (
        Side(columns=columns, target=target, output=served(model_inputs(columns)))
        for columns, target in (
            confounded(rows, rng, q=0.9, mu=3.0),
            confounded(rows, rng, q=q, mu=mu),
        )
    )
    case = case_from(before, now, "classification")
    cause = TARGET if mu == 3.0 else "X3"
    return Planted(
        case=case,
        fault="backdoor",
        severity="gross",
        truth=(cause,),
        verdict="concept" if cause == TARGET else "covariate",
        seed=seed,
        source="logistic" if seed % 2 == 0 else "boosted trees",
        said=f"agreement 0.9 to {q:g}, effect on X3 3 to {mu:g}",
        order=(("G",), (TARGET,), ("X1", "X2", "X3")),
        parents=BACKDOOR,
        asks="loss",
        shares={cause: 1.0},
        of="squared error",
        number=(case[SCORE].values - case[TARGET].values) ** 2,
    )


def model_inputs(columns: Columns) -> Columns:
    """Leave the confounder out."""
    return {name: one for name, one in columns.items() if name != "G"}


def confounded(
    rows: int, rng: np.random.Generator, *, q: float, mu: float, noise: float = 0.25
) -> tuple[Columns, Numbers]:
    """Draw the confounder, the target that agrees with it, three columns of both."""
    confounder = rng.random(rows) < 0.5
    target = confounder ^ (rng.random(rows) >= q)
    drawn = {"G": confounder.astype(np.float64)}
    for name, effect in (("X1", 0.0), ("X2", 1.0), ("X3", mu)):
        seen = target ^ (rng.random(rows) < noise)
        drawn[name] = seen + effect * confounder + rng.normal(size=rows)
    columns = {name: Variable(name=name, values=values) for name, values in drawn.items()}
    return columns, target.astype(np.float64)


Graph = Literal["complete", "grid", "cycle", "random"]
GRAPHS: tuple[Graph, ...] = ("complete", "grid", "cycle", "random")
KNOWN = (0.2, 0.1, 0.05, 0.01)
"""Nats that the others know about the sensor in the middle."""
SIDE = 5


def copula(*, seed: int, graph: Graph, known: float, attacked: bool, rows: int = 1_000) -> Planted:
    """Draw 25 sensors on both sides; shuffle the rows of one of them, or none."""
    rng = generator(seed, "C", "copula", graph, str(known), str(attacked))
    covariance = sensors(graph, known)
    drawn = rng.multivariate_normal(np.zeros(SIDE**2), covariance, 2 * rows, method="cholesky")
    values = arcsine(drawn / np.sqrt(np.diag(covariance)))
    names = [f"s{i:02d}" for i in range(SIDE**2)]
    place = int(rng.integers(SIDE**2))
    if attacked:
        values[rows:, place] = rng.permutation(values[rows:, place])
    columns = {name: values[:, i] for i, name in enumerate(names)}
    severity: Severity = SEVERITIES[2 - min(2, KNOWN.index(known))]
    return Planted(
        case=case_of(columns, np.repeat([False, True], rows)),
        fault="copula",
        severity=severity,
        truth=(names[place],) if attacked else (),
        verdict="misaligned" if attacked else "none",
        seed=seed,
        source=f"{known:g} nats",
        said=f"{graph}: {names[place]} shuffled" if attacked else "nothing",
    )


def arcsine(normal: Numbers) -> Numbers:
    """Turn standard normal values into ones with the Beta(1/2, 1/2) distribution."""
    from scipy.special import ndtr

    values: Numbers = np.sin(np.pi / 2 * ndtr(normal)) ** 2
    return values


@lru_cache
def sensors(graph: Graph, known: float) -> Numbers:
    """Covariance of sensors whose precision is one plus a weight for each edge.

    The weight is the one at which the others know so much about the sensor in the middle, which
    for precision 1 is half the log of its variance.
    """
    from scipy.optimize import brentq

    edges = edges_of(graph)
    middle = len(edges) // 2
    most = 1 / -float(np.linalg.eigvalsh(edges)[0])

    def covariance(weight: float) -> Numbers:
        precision = np.eye(len(edges)) + weight * edges
        return np.asarray(np.linalg.inv(precision), dtype=np.float64)

    def excess(weight: float) -> float:
        return 0.5 * float(np.log(covariance(weight)[middle, middle])) - known

    return covariance(brentq(excess, 0.0, most * (1 - 1e-6)))


def edges_of(graph: Graph) -> Numbers:
    """Adjacency of the sensors; shape (25, 25)."""
    n = SIDE**2
    if graph == "complete":
        return np.ones((n, n)) - np.eye(n)
    edges: Numbers = np.zeros((n, n))
    if graph == "cycle":
        edges[np.arange(n), (np.arange(n) + 1) % n] = 1.0
    elif graph == "grid":
        for i in range(n):
            if (i + 1) % SIDE:
                edges[i, i + 1] = 1.0
            if i + SIDE < n:
                edges[i, i + SIDE] = 1.0
    else:
        rng = np.random.default_rng(0)
        edges += np.triu(rng.random((n, n)) < 0.1, 1)
        middle = n // 2
        edges[middle, middle + 1] = 1.0  # the one in the middle must have a neighbour
    both_ways: Numbers = np.maximum(edges, edges.T)
    return both_ways


def published(name: str, *, seed: int) -> Planted:
    """Draw a case of one setup; seeds go through its grid."""
    if name == "supply chain":
        return supply_chain(seed=seed)
    if name == "backdoor":
        q, mu = GRID[seed % len(GRID)]
        return backdoor(seed=seed, q=q, mu=mu)
    turn, attacked = divmod(seed, 2)
    known, graph = KNOWN[turn % len(KNOWN)], GRAPHS[(turn + turn // len(KNOWN)) % len(GRAPHS)]
    return copula(seed=seed, graph=graph, known=known, attacked=attacked == 0)
