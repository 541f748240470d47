"""A rate from labels of a probability sample and cheap scores of every row.

The rule: where at least ten rows of the rarer kind were labelled, Wilson's interval with the
effective number of labels (Korn & Graubard 1998, Survey Methodology 24); with fewer, the gamma
interval of Fay & Feuer (1997, Statistics in Medicine 16). Normal intervals of such estimates
cover far below their level at the rates that matter: ``benchmarks/rate_coverage.py`` measures it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable
from tidegauge.profile import LabelSample
from tidegauge.records import Interval
from tidegauge_evaluators._rates import score_interval, square_and_add, two_sided_z
from tidegauge_evaluators._special import gamma_quantile, student_quantile

Floats: TypeAlias = NDArray[np.float64]
Use: TypeAlias = Literal["strata", "difference", "tuned"]
"""How the cheap scores serve: to form strata only; as predictions whose mean error the labels
correct; or so, each prediction taken with the weight that makes the error smallest."""

ENOUGH = 10
"""Labelled rows of the rarer kind from which the effective number of labels can be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A rate over all rows of a log, with what its interval is made of."""

    value: float
    """The rate."""
    variance: float
    """Its sampling variance, of drawing rows and of the log itself."""
    df: int
    """Degrees of freedom of that variance: labelled clusters less strata."""
    labelled: int
    """Rows with a label."""
    positives: int
    """Labelled rows that count; clusters that hold one, where rows come in clusters."""
    negatives: int
    """Labelled rows that do not; again of clusters where there are any."""
    weight: float
    """Weight of the scores as predictions: 0 = strata only, 1 = difference."""
    masses: Floats
    """Shape (clusters or rows,): share of the log that each of the rarer kind stands for."""
    heaviest: float
    """Largest share of the log that any labelled cluster or row stands for."""

    @property
    def rare(self) -> int:
        """Rows or clusters of the rarer kind."""
        return min(self.positives, self.negatives)

    @property
    def method(self) -> str:
        """Name of the interval."""
        if self.rare >= ENOUGH:
            return "Wilson on effective n (Korn-Graubard)"
        return "gamma for weighted counts (Fay-Feuer)"

    @property
    def effective(self) -> float:
        """Labels that a plain random sample would need for the same variance."""
        spread = self.value * (1.0 - self.value)
        return spread / self.variance if self.variance > 0 and spread > 0 else float(self.labelled)

    @property
    def missing(self) -> int:
        """Further labels until ten of the rarer kind are to be expected."""
        return max(0, math.ceil(self.labelled * (ENOUGH / max(self.rare, 1) - 1.0)))


def estimate_rate(sample: LabelSample, *, use: Use = "strata") -> Estimate:
    r"""Estimate a rate by the stratified difference estimator.

    .. math:: \sum_h W_h [\lambda \bar f_h + \overline{(y - \lambda f)}_h]

    with the share :math:`W_h` of the log's rows in stratum h, the mean score
    :math:`\bar f_h` of all of them, and the mean over its labelled rows, weighted by the
    reciprocal of their probabilities. Rows without a score are taken with score 0, which keeps
    the estimate unbiased. A drawn row without a label is taken to be like the labelled ones of
    its stratum; a stratum with fewer than two labels joins its neighbour.

    Parameters
    ----------
    sample
        The labels and what is known of the log.
    use
        How the scores serve; ``strata`` unless at least ten of the rarer kind are labelled.

    Raises
    ------
    NotApplicable
        With fewer than two labels.

    References
    ----------
    Angelopoulos et al. 2023, Science 382 (difference estimator as prediction-powered inference);
    2311.01453 (its weight); 2406.04291 (by strata); Särndal, Swensson & Wretman 1992, chapter 9
    (the two-phase variance).

    Examples
    --------
    >>> sample = LabelSample(
    ...     labels=np.array([0.0, 0.0, 0.0, 1.0, 1.0, 0.0]), scores=np.zeros(6),
    ...     probabilities=np.ones(6), strata=np.array([0, 0, 0, 1, 1, 1]),
    ...     stratum_rows=np.array([90, 10]), stratum_means=np.zeros(2),
    ... )
    >>> round(estimate_rate(sample).value, 4)  # two thirds of a tenth
    0.0667
    """
    seen = np.isfinite(sample.labels) & (sample.stratum_rows[sample.strata] > 0)
    labelled = int(seen.sum())
    if labelled < 2:
        raise NotApplicable(f"needs at least 2 labels, found {labelled}")
    labels = sample.labels[seen]
    of_rows = sample.clusters[seen] if len(sample.clusters) else np.arange(labelled)
    clusters = np.unique(of_rows, return_inverse=True)[1].reshape(-1)
    joined = _joined(sample, seen)
    strata = joined[sample.strata[seen]]
    rows = np.bincount(joined, sample.stratum_rows)
    each = 1.0 / sample.probabilities[seen]
    masses = (rows / sample.n / np.bincount(strata, each))[strata] * each
    scores = np.nan_to_num(sample.scores[seen])
    hits = np.bincount(clusters, labels) > 0
    misses = np.bincount(clusters, 1.0 - labels) > 0
    # Labels of another log tell nothing for certain of this one's rows, however few these are.
    drawn = np.zeros(len(rows)) if sample.carried else np.minimum(np.bincount(strata) / rows, 1.0)
    spread = _Spread(strata, masses, clusters, drawn)
    weight = _weight(use, int(min(hits.sum(), misses.sum())), labels, scores, spread)
    predicted = float(sample.stratum_rows @ np.nan_to_num(sample.stratum_means)) / sample.n
    value = weight * predicted + float(masses @ (labels - weight * scores))
    value = min(1.0, max(0.0, value))
    rarer = labels if hits.sum() <= misses.sum() else 1.0 - labels
    return Estimate(
        value=value,
        variance=value * (1.0 - value) / sample.n + spread.of(labels - weight * scores),
        df=max(1, int(clusters.max()) - int(strata.max())),
        labelled=labelled,
        positives=int(hits.sum()),
        negatives=int(misses.sum()),
        weight=weight,
        masses=np.asarray(np.bincount(clusters, masses * rarer), np.float64),
        heaviest=float(np.bincount(clusters, masses).max()),
    )


def rate_interval(found: Estimate, confidence: float) -> Interval:
    """Confidence interval of an estimated rate; never of zero width."""
    if found.rare >= ENOUGH:
        z = two_sided_z(confidence)
        t = student_quantile((1.0 + confidence) / 2.0, found.df)
        return score_interval(found.value, found.effective * (z / t) ** 2, z)
    around = gamma_interval(found.masses, found.heaviest, confidence)
    if found.positives <= found.negatives:
        return around
    return Interval(1.0 - around.high, 1.0 - around.low)


def gamma_interval(masses: Floats, heaviest: float, confidence: float) -> Interval:
    """Interval of a weighted sum of rare counts (Fay & Feuer 1997, Stat Med 16).

    Parameters
    ----------
    masses
        Weight of each count found; zeros do not matter.
    heaviest
        Largest weight that a further count could have.
    confidence
        Level of the interval.

    Examples
    --------
    >>> gamma_interval(np.zeros(0), 0.01, 0.95).high  # -log(0.025) / 100
    0.0369
    """
    tail = (1.0 - confidence) / 2.0
    total, squares = float(masses.sum()), float(masses @ masses)
    low = squares / total * gamma_quantile(total * total / squares, tail) if total > 0 else 0.0
    total, squares = total + heaviest, squares + heaviest**2
    high = squares / total * gamma_quantile(total * total / squares, 1.0 - tail)
    return Interval(min(1.0, low), min(1.0, high))


def change_interval(now: Estimate, then: Estimate, confidence: float) -> Interval:
    """Interval of the rate now less the rate then, of samples drawn apart."""
    return square_and_add(
        now.value, rate_interval(now, confidence), then.value, rate_interval(then, confidence)
    )


def change_p(now: Estimate, then: Estimate) -> float:
    """Two-sided p-value of a change: the level at which its interval just holds zero."""
    low, high = 1e-12, 1.0 - 1e-12
    if _holds_zero(change_interval(now, then, low)):
        return 1.0
    for _ in range(50):
        middle = (low + high) / 2.0
        if _holds_zero(change_interval(now, then, middle)):
            high = middle
        else:
            low = middle
    return 1.0 - low


def _holds_zero(interval: Interval) -> bool:
    return interval.low <= 0.0 <= interval.high


class _Spread:
    """Sampling variance of a weighted mean, given values of the labelled rows."""

    __slots__ = ("clusters", "drawn", "masses", "strata")

    def __init__(
        self, strata: NDArray[np.int64], masses: Floats, clusters: NDArray[np.int64], drawn: Floats
    ) -> None:
        self.strata, self.masses = strata, masses
        self.clusters, self.drawn = clusters, drawn

    def parts(self, values: Floats) -> Floats:
        """Each cluster's part of the error, shape (clusters,); their squares sum to it."""
        middle = np.bincount(self.strata, self.masses * values) / np.bincount(
            self.strata, self.masses
        )
        size = np.bincount(self.strata)
        scale = np.sqrt(size / np.maximum(size - 1, 1) * (1.0 - self.drawn))
        own = self.masses * (values - middle[self.strata]) * scale[self.strata]
        return np.asarray(np.bincount(self.clusters, own))

    def of(self, values: Floats) -> float:
        """Variance that the drawing of rows adds."""
        found = self.parts(values)
        return float(found @ found)


def _joined(sample: LabelSample, seen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Give each stratum a new number, so that every number holds at least two labels."""
    counts = np.bincount(sample.strata[seen], minlength=len(sample.stratum_rows))
    joined, held = np.zeros(len(counts), np.int64), 0
    for stratum, count in enumerate(counts[:-1]):
        held += int(count)
        step = held >= 2 and int(counts[stratum + 1 :].sum()) >= 2
        joined[stratum + 1] = joined[stratum] + step
        held = 0 if step else held
    return joined


def _weight(use: Use, rare: int, labels: Floats, scores: Floats, spread: _Spread) -> float:
    """Weight of the scores as predictions."""
    if use == "strata" or rare < ENOUGH:
        return 0.0
    if use == "difference":
        return 1.0
    predicted = spread.parts(scores)
    own = float(predicted @ predicted)
    return min(1.0, max(0.0, float(predicted @ spread.parts(labels)) / own)) if own > 0 else 0.0
