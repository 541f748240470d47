"""Columns of the shapes that break measures elsewhere, before and now."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.profile import CategoricalProfile


class Pair(NamedTuple):
    """Raw rows of both sides."""

    baseline: NDArray[np.float64]
    current: NDArray[np.float64]


def pairs() -> dict[str, Pair]:
    rng = np.random.default_rng(7)

    def zeros(n: int, share: float) -> NDArray[np.float64]:
        return np.where(rng.random(n) < share, 0.0, rng.lognormal(0.0, 2.0, n))

    normal = rng.normal(size=3_000)
    return {
        "small": Pair(rng.normal(size=40), rng.normal(0.5, 1.0, 35)),
        "normal": Pair(normal, rng.normal(0.2, 1.1, 1_000)),
        "long": Pair(rng.normal(size=200_000), rng.normal(0.01, 1.0, 20_000)),
        "ties": Pair(
            rng.poisson(3.0, 5_000).astype(np.float64), rng.poisson(3.3, 700).astype(np.float64)
        ),
        "atom": Pair(zeros(4_000, 0.9), zeros(3_000, 0.85)),
        "heavy tails": Pair(rng.standard_cauchy(10_000), 1.3 * rng.standard_cauchy(2_000)),
        "two values": Pair(
            (rng.random(500) < 0.1).astype(np.float64), (rng.random(400) < 0.2).astype(np.float64)
        ),
        "constant": Pair(np.full(100, 5.0), np.full(80, 5.0)),
        "constant moved": Pair(np.full(100, 5.0), np.full(80, 6.0)),
        "outlier": Pair(normal, np.append(rng.normal(size=999), 1e6)),
        "outlier before": Pair(np.append(normal, -1e6), rng.normal(size=999)),
        "new unit": Pair(normal, 1_000.0 * rng.normal(size=500)),
        "apart": Pair(normal, rng.normal(50.0, 1.0, 500)),
    }


@pytest.fixture(params=sorted(pairs()))
def pair(request: pytest.FixtureRequest) -> Pair:
    found: Pair = pairs()[request.param]
    return found


def by_value(pair: Pair, bins: int = 10) -> tuple[list[int], list[int]]:
    """Rows of both sides in bins of about equal baseline mass, worked out row by row.

    The rule in words: a value belongs to the bin in which the middle of its rows falls, a value
    with more than its share stands alone, and the thinnest bin joins its thinner neighbour until
    each expects five rows on the smaller side. Holds where every baseline value is a cut point.
    """
    n, m = len(pair.baseline), len(pair.current)
    bins = max(2, min(bins, int(min(n, m) / 5)))
    cuts = sorted(set(pair.baseline.tolist()))
    places = {cut: 2 * i + 1 for i, cut in enumerate(cuts)}
    cells = [[0, 0] for _ in range(2 * len(cuts) + 1)]
    for side, rows in enumerate(pair):
        for row in rows.tolist():
            place = places.get(row)
            cells[place if place is not None else 2 * sum(c < row for c in cuts)][side] += 1
    groups: list[list[int]] = []
    last, seen = None, 0
    for i, (before, now) in enumerate(cells):
        alone = i % 2 == 1 and (before * bins > n or len(cuts) <= bins)
        name = (
            ("alone", i) if alone else ("bin", min(bins - 1, int(bins * (seen + before / 2) / n)))
        )
        seen += before
        if name != last:
            groups.append([0, 0])
        groups[-1] = [groups[-1][0] + before, groups[-1][1] + now]
        last = name
    groups = [group for group in groups if sum(group)]
    while len(groups) > 1:
        sizes = [sum(group) for group in groups]
        thin = sizes.index(min(sizes))
        if sizes[thin] * min(n, m) >= 5 * (n + m):
            break
        around = [i for i in (thin - 1, thin + 1) if 0 <= i < len(groups)]
        other = min(around, key=lambda i: sizes[i])
        first, second = sorted((thin, other))
        groups[first] = [x + y for x, y in zip(groups[first], groups.pop(second), strict=True)]
    return [before for before, _ in groups], [now for _, now in groups]


@pytest.fixture(params=["small", "ties", "two values", "constant", "constant moved", "atom"])
def exact_pair(request: pytest.FixtureRequest) -> tuple[Pair, list[int], list[int]]:
    """Rows of both sides, and by hand their counts in the bins that measures use."""
    found: Pair = pairs()[request.param]
    return found, *by_value(found)


@pytest.fixture
def regions() -> tuple[CategoricalProfile, CategoricalProfile]:
    """Profiles of 60 north and 40 south before, 30 north, 50 south and 20 west now."""
    baseline = CategoricalProfile.freeze(["north"] * 60 + ["south"] * 40)
    return baseline, baseline.lay(["north"] * 30 + ["south"] * 50 + ["west"] * 20)


@pytest.fixture(scope="session")
def profiles() -> Any:
    """Both sides' profiles of levels, from pairs of counts."""

    def made(counts: list[tuple[int, int]]) -> list[CategoricalProfile]:
        levels = tuple(f"level {i}" for i in range(len(counts)))
        sides = [np.array(side) for side in zip(*counts, strict=True)]
        return [CategoricalProfile(levels=levels, counts=c, n=int(c.sum())) for c in sides]

    return made
