"""Distance of two samples' mean vectors, less what chance alone would give."""

from __future__ import annotations

import math

import numpy as np

from tidegauge.profile import VectorSample
from tidegauge.records import Card, Interval, Score
from tidegauge_evaluators._distributions import normal_quantile
from tidegauge_evaluators._drift_evidence import typical_rows
from tidegauge_evaluators._kernel import kernel_gap
from tidegauge_evaluators._permutation import chance_p, drawn_sides
from tidegauge_evaluators._vectors import FEWEST, MOST, nothing_varies, pooled

CARD = Card(
    title="Centroid distance of embeddings",
    explain="How far the average text moved in meaning: the Euclidean distance of both logs' "
    "mean vectors, without the part that chance alone explains.",
    reads=("vector",),
    on="prompt",
    better="lower",
    unit="distance; vectors have length 1",
    range=(0.0, None),
    reference="Szekely & Rizzo 2013, J Stat Plan Inference 143, energy statistics",
    over="sample",
)


def centroid_distance(
    baseline: VectorSample,
    current: VectorSample,
    *,
    permutations: int = 999,
    min_rows: int = FEWEST,
    max_rows: int = MOST,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Score:
    """Measure how far the mean vector moved, as an effect size that does not shrink with rows.

    The squared distance is estimated without bias, pairs of rows of one cluster left out, so two
    small samples of one log are not apart. The share of the vectors' own spread that it is, and
    the distance as it stands, are among the details.

    Parameters
    ----------
    baseline, current
        Vectors of one encoder.
    permutations
        How often the sides are drawn anew for the p-value.
    min_rows
        Fewer rows without a duplicate, or clusters, on either side are refused.
    max_rows
        Rows of each side that are compared; more are thinned at random.
    confidence
        Level of the interval.
    rng
        Draws the permutations.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> one, other = rng.normal(size=(2, 2_000, 4)).astype(np.float32)
    >>> moved = VectorSample(vectors=other + np.float32([1.0, 0.0, 0.0, 0.0]))
    >>> round(centroid_distance(VectorSample(vectors=one), moved, rng=rng).value, 1)
    1.0
    """
    rng = rng or np.random.default_rng(0)
    pool = pooled(baseline, current, rng, min_rows=min_rows, most=max_rows)
    if pool.constant:
        return nothing_varies(pool)
    gap = kernel_gap(pool, drawn_sides(pool, rng, permutations))
    reach = normal_quantile(0.5 + confidence / 2.0) * math.sqrt(
        gap.variance + float(gap.permuted.var())
    )
    value = math.sqrt(max(0.0, gap.found))
    row_sides = pool.now[pool.unit], pool.before[pool.unit]
    means = [pool.vectors[side].mean(axis=0, dtype=np.float64) for side in row_sides]
    spread = float((pool.vectors.astype(np.float64) ** 2).sum(axis=1).mean())
    return Score(
        value=value,
        interval=Interval(
            math.sqrt(max(0.0, gap.found - reach)), math.sqrt(max(0.0, gap.found + reach))
        ),
        p_value=chance_p(gap.found, gap.permuted) if pool.exchangeable else None,
        n_baseline=pool.read[0],
        n_current=pool.read[1],
        details={
            **pool.details(),
            "distance with noise": float(np.linalg.norm(means[0] - means[1])),
            "distance by spread": value / math.sqrt(spread),
            "permutations": float(permutations),
        },
        examples=typical_rows(
            pool, gap.witness[pool.unit], "furthest along the way that the mean moved"
        ),
    )
