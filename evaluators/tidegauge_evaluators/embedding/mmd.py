"""Maximum mean discrepancy of two samples of vectors, with a permutation test."""

from __future__ import annotations

import math

import numpy as np

from tidegauge.profile import VectorSample
from tidegauge.records import Card, Interval, Score
from tidegauge_evaluators._distributions import normal_quantile
from tidegauge_evaluators._drift_evidence import typical_rows, word_parts
from tidegauge_evaluators._kernel import gaussian, kernel_gap, median_distance
from tidegauge_evaluators._permutation import chance_p, drawn_sides
from tidegauge_evaluators._power import power_details
from tidegauge_evaluators._vectors import FEWEST, MOST, nothing_varies, pooled

CARD = Card(
    title="Maximum mean discrepancy of embeddings",
    explain="How unlike the texts of both logs are in meaning, as the squared distance of their "
    "mean embeddings under a Gaussian kernel; 0 when nothing changed.",
    reads=("vector",),
    on="prompt",
    better="lower",
    unit="squared distance in the kernel's space",
    range=(0.0, 2.0),
    reference="Gretton et al. 2012, JMLR 13, A Kernel Two-Sample Test",
    over="sample",
)


def mmd(
    baseline: VectorSample,
    current: VectorSample,
    *,
    permutations: int = 999,
    min_rows: int = FEWEST,
    max_rows: int = MOST,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Score:
    """Compare two samples of vectors by an unbiased MMD, as it is had chance drawn the sides.

    The bandwidth is the median distance of both sides' rows together, one for the value and all
    permutations. Duplicates count once a side; rows of a cluster change sides together, and
    pairs within one do not count. Memory grows with rows times permutations, not with their
    square. What the unbiased estimate has below 0 is noise and reads 0.

    Parameters
    ----------
    baseline, current
        Vectors of one encoder.
    permutations
        How often the sides are drawn anew; the p-value follows the tail of what that gives.
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
    >>> one, other = rng.normal(size=(2, 100, 8)).astype(np.float32)
    >>> score = mmd(VectorSample(vectors=one), VectorSample(vectors=other + 1.0), rng=rng)
    >>> score.value > 0.05, score.p_value < 0.001
    (True, True)
    """
    rng = rng or np.random.default_rng(0)
    pool = pooled(baseline, current, rng, min_rows=min_rows, most=max_rows)
    if pool.constant:
        return nothing_varies(pool)
    bandwidth = median_distance(pool.vectors)
    gap = kernel_gap(pool, drawn_sides(pool, rng, permutations), gaussian(pool.vectors, bandwidth))
    reach = normal_quantile(0.5 + confidence / 2.0) * math.sqrt(
        gap.variance + float(gap.permuted.var())
    )
    return Score(
        value=max(0.0, gap.found),
        interval=Interval(max(0.0, gap.found - reach), max(0.0, gap.found + reach)),
        p_value=chance_p(gap.found, gap.permuted) if pool.exchangeable else None,
        n_baseline=pool.read[0],
        n_current=pool.read[1],
        parts=word_parts(pool),
        details={
            **pool.details(),
            "unbiased estimate": gap.found,
            "bandwidth": bandwidth,
            "permutations": float(permutations),
            **power_details(pool),
        },
        examples=typical_rows(
            pool, gap.witness[pool.unit], "rows like this are rarer in the other log"
        ),
    )
