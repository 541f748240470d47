"""Scores of two classes in rank order, as the grid holds them, and what follows from ranks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable
from tidegauge.profile.classification import ClassificationProfile, ScorePair
from tidegauge.profile.numeric import NumericProfile
from tidegauge.records import Part, Score
from tidegauge_evaluators._intervals import Bounded, compare_bounded, welch_df
from tidegauge_evaluators._outcomes import require_rows, scored

Floats = NDArray[np.float64]


class Ranked(NamedTuple):
    """Rows of a class and all other rows in each cell of the grid, lowest scores first."""

    positive: Floats
    """Shape (2 G + 3,): minus infinity, the grid's cells, plus infinity."""
    negative: Floats


class RankScore(NamedTuple):
    """A measure that reads ranks only, on one side."""

    estimate: Bounded
    resolution: float


class RankedSides(NamedTuple):
    """Classes that can be ranked on every side there is."""

    baseline: Mapping[str, Ranked] | None
    current: Mapping[str, Ranked]
    left_out: tuple[str, ...]
    """Classes with too few rows."""

    def rows(self, side: Mapping[str, Ranked] | None) -> int:
        """Rows of a side that have both label and score."""
        return max((int(a.sum() + b.sum()) for a, b in (side or {}).values()), default=0)


def ranked_sides(
    baseline: ClassificationProfile | None, current: ClassificationProfile, min_class: int
) -> RankedSides:
    """Rank the scores of each class on both sides.

    Raises
    ------
    NotApplicable
        When no scores are logged, or the rows hold one class only.
    TooFewRows
        When no class has ``min_class`` rows, and as many that are not of it, on each side.
    """
    names = scored_classes(current)
    now = {name: _ranked(current.scores[name]) for name in names}
    before = {name: _ranked(baseline.scores[name]) for name in names} if baseline else None
    enough = [
        name
        for name in names
        if _fewest(now[name]) >= min_class
        and (before is None or _fewest(before[name]) >= min_class)
    ]
    if not enough:
        _refuse(names, before, now, min_class)
    return RankedSides(
        {name: before[name] for name in enough} if before else None,
        {name: now[name] for name in enough},
        tuple(name for name in names if name not in enough),
    )


def scored_classes(profile: ClassificationProfile) -> tuple[str, ...]:
    """Classes to hold against all others by score; of two classes the positive one.

    Raises
    ------
    NotApplicable
        When no scores are logged.
    """
    if not profile.scores:
        raise NotApplicable("no scores are logged", "name the score columns in the suite")
    if len(profile.classes) > 2:
        return tuple(profile.scores)
    positive = profile.classes[-1]
    return (positive if positive in profile.scores else next(iter(profile.scores)),)


def _ranked(pair: ScorePair) -> Ranked:
    return Ranked(_in_order(pair.positive), _in_order(pair.negative))


def _in_order(profile: NumericProfile) -> Floats:
    return np.concatenate([[profile.neg_inf], profile.cells.astype(np.float64), [profile.pos_inf]])


def _fewest(ranked: Ranked) -> int:
    return int(min(ranked.positive.sum(), ranked.negative.sum()))


def _refuse(
    names: Sequence[str],
    before: Mapping[str, Ranked] | None,
    now: Mapping[str, Ranked],
    min_class: int,
) -> None:
    """Say why no class can be ranked, for the class that comes nearest."""
    best = max(names, key=lambda name: _fewest(now[name]))
    positive, negative = now[best].positive.sum(), now[best].negative.sum()
    if not positive or not negative:
        found = "only" if positive else "no"
        raise NotApplicable(f'{found} rows of class "{best}" have both label and score')
    fewer = f'"{best}"' if positive <= negative else f'other than "{best}"'
    n_baseline = _fewest(before[best]) if before else None
    require_rows(min_class, n_baseline, _fewest(now[best]), of=f"labelled {fewer}")


def area(ranked: Ranked) -> RankScore:
    """Area under the ROC curve with DeLong's variance, ties and shared cells counted half.

    Examples
    --------
    >>> area(Ranked(np.array([0.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.0]))).estimate.value
    0.875
    """
    a, b = ranked
    m, n = a.sum(), b.sum()
    beaten = (np.cumsum(b) - b / 2) / n
    beating = 1 - (np.cumsum(a) - a / 2) / m
    value = float(a @ beaten / m)
    by_positive = _spread(a, beaten, value, m)
    by_negative = _spread(b, beating, value, n)
    estimate = Bounded(
        value,
        _rows_worth(value, by_positive + by_negative, m, n),
        welch_df(((by_positive, m - 1), (by_negative, n - 1))),
    )
    return RankScore(estimate, float(a[1::2] @ b[1::2] / (2 * m * n)))


def precision_area(ranked: Ranked) -> RankScore:
    """Average precision, each cell one threshold, with its variance by the delta method.

    Examples
    --------
    >>> precision_area(Ranked(np.array([1.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0]))).estimate.value
    0.8333
    """
    a, b = (side[::-1] for side in ranked)
    m, above, wrong = a.sum(), np.cumsum(a), np.cumsum(b)
    chosen = np.maximum(above + wrong, 1.0)
    precision = above / chosen
    value = float(a @ precision / m)
    # What one row more in a cell adds, through every threshold at or below it.
    by_positive = (precision - value) / m + _from_below(a * wrong / chosen**2) / m
    by_negative = -_from_below(a * above / chosen**2) / m
    variance = float(a @ by_positive**2 + b @ by_negative**2)
    smooth = (value * m + 0.5) / (m + 1)
    rows = min(float(m), smooth * (1 - smooth) / variance) if variance > 0 else float(m)
    return RankScore(Bounded(value, rows, m - 1), _hidden(a, b, above, wrong))


def _from_below(terms: Floats) -> Floats:
    """Sum of each place's term and all after it."""
    sums: Floats = np.cumsum(terms[::-1])[::-1]
    return sums


def _hidden(a: Floats, b: Floats, above: Floats, wrong: Floats) -> float:
    """Most that the order of rows within open cells can change average precision."""
    before, clear = above - a, wrong - b
    # At best all rows of the class come first and share one score; at worst last, one by one.
    best = a * above / np.maximum(above + clear, 1.0)
    worst = np.where(a > 0, a - wrong * _harmonic(before + wrong, a), 0.0)
    tied = a * above / np.maximum(above + wrong, 1.0)
    open_cells = np.arange(len(a)) % 2 == 1
    most = max(np.where(open_cells, abs(end - tied), 0.0).sum() for end in (best, worst))
    return float(most / a.sum())


def _harmonic(start: Floats, terms: Floats) -> Floats:
    """Sum of ``1 / (start + j)`` for j from 1 to ``terms``."""
    from scipy.special import digamma  # 0.2 s that no other measure needs

    sums: Floats = digamma(start + terms + 1) - digamma(start + 1)
    return sums


def mean_score(scores: Sequence[RankScore]) -> RankScore:
    """Mean over classes, its variance bounded as if their errors moved together."""
    if len(scores) == 1:
        return scores[0]
    estimates = [score.estimate for score in scores]
    value = sum(e.value for e in estimates) / len(estimates)
    error = sum(math.sqrt(e.variance) for e in estimates) / len(estimates)
    smooth = min(max(value, 1e-6), 1 - 1e-6)
    mean = Bounded(value, smooth * (1 - smooth) / error**2, min(e.df for e in estimates))
    return RankScore(mean, sum(score.resolution for score in scores) / len(scores))


def rank_score(
    measure: Callable[[Ranked], RankScore],
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    min_class: int,
    confidence: float,
) -> Score:
    """Measure each class against all others on both sides, and compare the means."""
    sides = ranked_sides(baseline, current, min_class)
    now = {name: measure(ranked) for name, ranked in sides.current.items()}
    then = {name: measure(ranked) for name, ranked in (sides.baseline or {}).items()}
    value = mean_score([*now.values()])
    before = mean_score([*then.values()]) if then else None
    return scored(
        compare_bounded(value.estimate, before.estimate if before else None, confidence),
        current,
        n_baseline=sides.rows(sides.baseline),
        n_current=sides.rows(sides.current),
        resolution=max(value.resolution, before.resolution if before else 0.0),
        parts=_by_class(then, now) if len(then) > 1 else (),
        details={"left_out": ", ".join(sides.left_out)} if sides.left_out else {},
    )


def _by_class(then: Mapping[str, RankScore], now: Mapping[str, RankScore]) -> list[Part]:
    parts = [
        Part(
            label=name,
            baseline=then[name].estimate.value,
            current=now[name].estimate.value,
            contribution=now[name].estimate.value / len(now),
        )
        for name in then
    ]
    return sorted(parts, key=lambda part: -part.contribution)


def _spread(rows: Floats, places: Floats, value: float, total: float) -> float:
    """Variance of a mean of placement values."""
    return float(rows @ (places - value) ** 2 / (total - 1) / total) if total > 1 else math.inf


def _rows_worth(value: float, variance: float, m: float, n: float) -> float:
    """Rows of a plain rate as uncertain as this area, at most as many as separation allows.

    Where the classes hardly overlap the variance found is too small or zero; it is held above
    the variance of two exponential distributions (Newcombe 2006) at one mistaken pair.
    """
    edge = min(max(value, 0.5 / (m * n)), 1 - 0.5 / (m * n))
    shape = max(edge, 1 - edge)
    more = (m + n) / 2 - 1
    model = m * n / (1 + more * (1 - shape) / (2 - shape) + more * shape / (1 + shape))
    if variance <= 0 or not 0 < value < 1:
        return float(model)
    return value * (1 - value) / variance
