"""Frechet distance of two samples of vectors, less what chance alone would give."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile import VectorSample
from tidegauge.records import Card, Interval, Score
from tidegauge_evaluators._distributions import normal_quantile
from tidegauge_evaluators._frechet import frechet_distances, principal
from tidegauge_evaluators._permutation import chance_p, drawn_sides
from tidegauge_evaluators._vectors import FEWEST, MOST, Matrix, Pool, nothing_varies, pooled

CARD = Card(
    title="Frechet distance of embeddings",
    explain="How far mean and spread of the texts' meaning moved together, as the squared "
    "Frechet distance of two normal distributions, without the part that chance explains.",
    reads=("vector",),
    on="prompt",
    better="lower",
    unit="squared distance; vectors have length 1",
    range=(0.0, None),
    reference="Dowson & Landau 1982, J Multivariate Anal 12; Heusel et al. 2017, NeurIPS",
    over="sample",
)

RESAMPLES = 100
"""Bootstrap samples that the interval is made of."""


def frechet_distance(
    baseline: VectorSample,
    current: VectorSample,
    *,
    dimensions: int = 32,
    permutations: int = 499,
    min_rows: int = FEWEST,
    max_rows: int = MOST,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Score:
    """Measure how far mean and covariance moved, as an effect size.

    The plain distance of two samples of one log is far from 0 where rows are few for their
    dimensions: it is taken in the directions of largest variance of both sides together, and
    the mean of what chance gives is subtracted. The interval comes from units drawn anew within
    each side.

    Parameters
    ----------
    baseline, current
        Vectors of one encoder.
    dimensions
        Directions compared; the share of variance they hold is among the details.
    permutations
        How often the sides are drawn anew.
    min_rows
        Fewer rows without a duplicate, or clusters, on either side are refused.
    max_rows
        Rows of each side that are compared; more are thinned at random.
    confidence
        Level of the interval.
    rng
        Draws permutations and bootstrap samples.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> one, other = rng.normal(size=(2, 4_000, 3)).astype(np.float32)
    >>> wider = VectorSample(vectors=2.0 * other)
    >>> round(frechet_distance(VectorSample(vectors=one), wider, rng=rng).value)
    3
    """
    rng = rng or np.random.default_rng(0)
    pool = pooled(baseline, current, rng, min_rows=min_rows, most=max_rows)
    if pool.constant:
        return nothing_varies(pool)
    held = pool.held[pool.unit].astype(np.float32)
    rows, kept = principal(pool.vectors, held.astype(np.float64), dimensions)
    now = drawn_sides(pool, rng, permutations)[pool.unit]
    found = frechet_distances(rows, now, held[:, None] - now)
    permuted = found[1:]
    value = float(found[0] - permuted.mean())
    spread = max(float(_resampled(pool, rows, rng).std()), float(permuted.std()))
    reach = normal_quantile(0.5 + confidence / 2.0) * spread
    return Score(
        value=max(0.0, value),
        interval=Interval(max(0.0, value - reach), max(0.0, value + reach)),
        p_value=chance_p(float(found[0]), permuted) if pool.exchangeable else None,
        n_baseline=pool.read[0],
        n_current=pool.read[1],
        details={
            **pool.details(),
            "distance with noise": float(found[0]),
            "by_chance": float(permuted.mean()),
            "dimensions": float(rows.shape[1]),
            "variance in these dimensions": kept,
            "permutations": float(permutations),
        },
    )


def _resampled(pool: Pool, rows: Matrix, rng: np.random.Generator) -> NDArray[np.float64]:
    """Distances of sides whose units were drawn with replacement."""
    weights = []
    for side in (pool.now, pool.before):
        units = np.flatnonzero(side)
        drawn = rng.multinomial(len(units), np.full(len(units), 1.0 / len(units)), RESAMPLES)
        table = np.zeros((len(side), RESAMPLES), np.float32)
        table[units] = drawn.T
        weights.append(table[pool.unit])
    return frechet_distances(rows, *weights)
