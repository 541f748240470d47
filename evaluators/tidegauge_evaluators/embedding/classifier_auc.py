"""How well a classifier tells the rows of both logs apart by their vectors."""

from __future__ import annotations

import math

import numpy as np

from tidegauge.profile import VectorSample
from tidegauge.records import Card, Interval, Score
from tidegauge_evaluators._classifier import Crossed, cross_fit, whitened
from tidegauge_evaluators._distributions import normal_quantile
from tidegauge_evaluators._drift_evidence import typical_rows, word_parts
from tidegauge_evaluators._permutation import chance_p, drawn_sides
from tidegauge_evaluators._power import power_details
from tidegauge_evaluators._vectors import FEWEST, MOST, Pool, nothing_varies, pooled

CARD = Card(
    title="Domain classifier AUC",
    explain="Probability that a classifier which never saw two texts, one of each log, says "
    "rightly which is the current one; 0.5 when nothing changed.",
    reads=("vector",),
    on="prompt",
    better="lower",
    unit="probability that a current text is told from a baseline one",
    range=(0.0, 1.0),
    reference="Lopez-Paz & Oquab 2017, ICLR; Rabanser et al. 2019, arXiv 1810.11953",
    over="sample",
)

FOLDS = 5
"""Parts of the rows; each is judged by a classifier fitted to the other four."""


def classifier_auc(
    baseline: VectorSample,
    current: VectorSample,
    *,
    permutations: int = 999,
    min_rows: int = FEWEST,
    max_rows: int = MOST,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Score:
    """Fit linear classifiers to parts of both logs, and have them judge the other parts.

    The p-value is that of the same cross-fit with sides drawn by chance. Duplicates count once a
    side, and rows of a cluster are never in two folds. Where there are texts, the comparison is
    made once more between texts of like length and script: "within like texts" are AUC and
    p-value of what neither explains.

    Parameters
    ----------
    baseline, current
        Vectors of one encoder.
    permutations
        How often the sides are drawn anew.
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
    >>> one, other = rng.normal(size=(2, 500, 4)).astype(np.float32)
    >>> moved = VectorSample(vectors=other + np.float32([2.0, 0.0, 0.0, 0.0]))
    >>> score = classifier_auc(VectorSample(vectors=one), moved, rng=rng)
    >>> round(score.value, 1), score.p_value < 0.001
    (0.9, True)
    """
    rng = rng or np.random.default_rng(0)
    pool = pooled(baseline, current, rng, min_rows=min_rows, most=max_rows)
    if pool.constant:
        return nothing_varies(pool, value=0.5)
    crossed = cross_fit(pool, whitened(pool), drawn_sides(pool, rng, permutations), folds=FOLDS)
    return Score(
        value=crossed.found,
        interval=_interval(pool, crossed, confidence),
        p_value=chance_p(crossed.found, crossed.permuted) if pool.exchangeable else None,
        n_baseline=pool.read[0],
        n_current=pool.read[1],
        parts=word_parts(pool),
        details={
            **pool.details(),
            "folds": float(FOLDS),
            "permutations": float(permutations),
            **_within(pool, rng, permutations),
            **power_details(pool),
        },
        examples=typical_rows(
            pool, crossed.scores, "most clearly of this log, said by a classifier that never saw it"
        ),
    )


def _interval(pool: Pool, crossed: Crossed, confidence: float) -> Interval:
    """Interval on the logit scale, so that it stays between 0 and 1.

    Folds share rows they are fitted to. What that adds to the error shows in the permutations,
    and fades as the sides come apart.
    """
    edge = 0.5 / min(pool.rows)
    area = min(max(crossed.found, edge), 1.0 - edge)
    fade = 4.0 * area * (1.0 - area)
    variance = max(
        crossed.variance, fade * float(crossed.permuted.var()), (area * (1.0 - area)) ** 2 * edge
    )
    middle = math.log(area / (1.0 - area))
    reach = normal_quantile(0.5 + confidence / 2.0) * math.sqrt(variance) / (area * (1.0 - area))
    low, high = (1.0 / (1.0 + math.exp(-x)) for x in (middle - reach, middle + reach))
    return Interval(min(low, crossed.found), max(high, crossed.found))


def _within(pool: Pool, rng: np.random.Generator, permutations: int) -> dict[str, float | str]:
    """AUC and p-value between texts of like length and script."""
    if not len(pool.band) or not pool.band.max():
        return {}
    sides = drawn_sides(pool, rng, permutations, pool.band)
    crossed = cross_fit(pool, whitened(pool, pool.band), sides, folds=FOLDS, band=pool.band)
    if not crossed.pairs:
        return {"within like texts": "no text of one log is like one of the other in length"}
    return {
        "AUC within like texts": crossed.found,
        "p-value within like texts": chance_p(crossed.found, crossed.permuted),
    }
