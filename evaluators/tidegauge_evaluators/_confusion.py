"""What follows from counts of target by prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable
from tidegauge.profile.classification import ClassificationProfile
from tidegauge.records import Interval, Part, Score
from tidegauge_evaluators._intervals import Bounded, Compared, compare_bounded, compare_rates
from tidegauge_evaluators._outcomes import require_rows, scored
from tidegauge_evaluators._rates import Rate, score_interval, square_and_add, two_sided_z

Average = Literal["macro", "weighted"]
Counts = NDArray[np.int64]


def hits(profile: ClassificationProfile) -> Counts:
    """Rows of each known class that were predicted as that class, shape (k,).

    A class never seen before is always wrong: nothing says that two such labels are one.
    """
    right: Counts = np.diag(profile.confusion)[:-1]
    return right


def targets(profile: ClassificationProfile) -> Counts:
    """Rows that are of each known class, shape (k,)."""
    rows: Counts = profile.confusion.sum(axis=1)[:-1]
    return rows


def predictions(profile: ClassificationProfile) -> Counts:
    """Rows that were predicted as each known class, shape (k,)."""
    rows: Counts = profile.confusion.sum(axis=0)[:-1]
    return rows


def class_parts(
    classes: Sequence[str],
    baseline: tuple[Counts, Counts],
    current: tuple[Counts, Counts],
    total: float,
) -> list[Part]:
    """One line a class that occurs on both sides: its rate, and what it adds to the whole.

    Parameters
    ----------
    classes
        Their names.
    baseline, current
        Numerators and denominators, both of shape (k,).
    total
        What the current numerators are divided by in the whole.
    """
    shown = np.flatnonzero((baseline[1] > 0) & (current[1] > 0)).tolist()
    parts = [
        Part(
            label=classes[i],
            baseline=float(baseline[0][i] / baseline[1][i]),
            current=float(current[0][i] / current[1][i]),
            contribution=float(current[0][i] / total),
        )
        for i in shown
    ]
    return sorted(parts, key=lambda part: -part.contribution)


class Ratio(NamedTuple):
    """A class's rate of hits: over its targets, its predictions, or half the sum of both."""

    of_targets: float
    of_predictions: float
    asked: str
    """What the rate is taken of, in words."""

    def denominators(self, profile: ClassificationProfile) -> NDArray[np.float64]:
        """Rows that each class's hits are divided by, shape (k,)."""
        both = self.of_targets * targets(profile), self.of_predictions * predictions(profile)
        return np.asarray(both[0] + both[1], dtype=np.float64)


RECALL = Ratio(1.0, 0.0, "labelled")
PRECISION = Ratio(0.0, 1.0, "predicted")
F1 = Ratio(0.5, 0.5, "labelled or predicted")


def averaged(
    ratio: Ratio,
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    average: Average,
    confidence: float,
) -> Score:
    """Average a rate over the classes for which it is defined on every side.

    Raises
    ------
    NotApplicable
        When it is defined for fewer than two classes.
    """
    sides = [side for side in (baseline, current) if side is not None]
    defined = np.all([ratio.denominators(side) > 0 for side in sides], axis=0)
    if defined.sum() < 2:
        raise NotApplicable(f"fewer than two of the classes are {ratio.asked} on every side")
    then = mean_ratio(baseline, ratio, defined, average) if baseline else None
    absent = [name for name, known in zip(current.classes, defined, strict=True) if not known]
    now = mean_ratio(current, ratio, defined, average)
    return scored(
        compare_bounded(now, then, confidence),
        current,
        n_baseline=baseline.labelled if baseline else 0,
        n_current=current.labelled,
        parts=_ratio_parts(ratio, baseline, current, defined) if baseline else (),
        details={"average": average} | ({"undefined": ", ".join(absent)} if absent else {}),
    )


def mean_ratio(
    profile: ClassificationProfile, ratio: Ratio, defined: NDArray[np.bool_], average: Average
) -> Bounded:
    """Mean of a rate over classes, with its variance by the delta method.

    The variance is taken with half a row of each class spread over the table, so that a table
    without mistakes has one too.
    """
    k = len(profile.classes)
    table = profile.confusion.astype(np.float64)
    value, _ = _mean_with_variance(table, ratio, defined, average)
    table[:k, :k] += 0.5 / k
    smooth, variance = _mean_with_variance(table, ratio, defined, average)
    return Bounded(value, smooth * (1 - smooth) / variance)


def _mean_with_variance(
    table: NDArray[np.float64], ratio: Ratio, defined: NDArray[np.bool_], average: Average
) -> tuple[float, float]:
    """Mean of the classes' rates, and its variance over multinomial tables like this one."""
    rows, columns = table.sum(axis=1)[:-1], table.sum(axis=0)[:-1]
    whole = np.where(defined, ratio.of_targets * rows + ratio.of_predictions * columns, 1.0)
    rates = np.where(defined, np.diag(table)[:-1] / whole, 0.0)
    weights = defined * (rows if average == "weighted" else 1.0)
    total = float(weights.sum())
    value = float(weights @ rates / total)
    slopes = np.append(weights / total / whole, 0.0)
    falls = slopes * np.append(rates, 0.0)
    slope = np.diag(slopes) - ratio.of_targets * falls[:, None] - ratio.of_predictions * falls
    if average == "weighted":
        slope += np.append(defined * (rates - value) / total, 0.0)[:, None]
    return value, float((table * slope * slope).sum())


def _ratio_parts(
    ratio: Ratio,
    baseline: ClassificationProfile,
    current: ClassificationProfile,
    defined: NDArray[np.bool_],
) -> list[Part]:
    then, now = (
        hits(side) / np.maximum(ratio.denominators(side), 0.5) for side in (baseline, current)
    )
    parts = [
        Part(
            label=current.classes[i],
            baseline=float(then[i]),
            current=float(now[i]),
            contribution=float(now[i] / defined.sum()),
        )
        for i in np.flatnonzero(defined).tolist()
    ]
    return sorted(parts, key=lambda part: -part.contribution)


def of_class(
    ratio: Ratio,
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    positive: str,
    min_class: int,
    confidence: float,
) -> Score:
    """Rate of hits of one class, all others taken together.

    Raises
    ------
    NotApplicable
        When there is no such class, or nothing to take the rate of.
    TooFewRows
        When there are fewer than ``min_class`` rows to take the rate of.
    """
    if positive not in current.classes:
        known = ", ".join(current.classes)
        raise NotApplicable(f'there is no class "{positive}"; the baseline holds {known}')
    now = _rate(ratio, current, positive)
    then = _rate(ratio, baseline, positive) if baseline else None
    then = then if then and then.of else None
    if not now.of:
        raise NotApplicable(f'no row is {ratio.asked} "{positive}", so there is nothing to judge')
    require_rows(min_class, then.of if then else None, now.of, of=f'{ratio.asked} "{positive}"')
    compare = _compare_f1 if ratio is F1 else compare_rates
    return scored(
        compare(now, then, confidence),
        current,
        n_baseline=then.of if then else 0,
        n_current=now.of,
        details={"positive": positive},
    )


def _rate(ratio: Ratio, profile: ClassificationProfile, positive: str) -> Rate:
    """Hits of all rows that could be one; for F1 those labelled or predicted as the class."""
    i = profile.classes.index(positive)
    hit, rows, columns = hits(profile)[i], targets(profile)[i], predictions(profile)[i]
    of = rows + columns - hit if ratio is F1 else rows if ratio is RECALL else columns
    return Rate(int(hit), int(of))


def _compare_f1(now: Rate, then: Rate | None, confidence: float) -> Compared:
    """F1 is ``2 J / (1 + J)`` of the rate J of hits, so J's exact interval and test are its own."""
    rates = compare_rates(now, then, confidence)
    value, around = _f1(now.share), rates.interval and _f1_ends(rates.interval)
    if then is None:
        return Compared(value, around)
    z = two_sided_z(confidence)
    ends = [_f1_ends(score_interval(side.share, side.of, z)) for side in (now, then)]
    change = square_and_add(value, ends[0], _f1(then.share), ends[1])
    return Compared(value, around, _f1(then.share), change, rates.p_value)


def _f1(jaccard: float) -> float:
    return 2 * jaccard / (1 + jaccard)


def _f1_ends(jaccard: Interval) -> Interval:
    return Interval(_f1(jaccard.low), _f1(jaccard.high))


def one_or_averaged(
    ratio: Ratio,
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    *,
    positive: str | None,
    average: Average,
    min_class: int,
    confidence: float,
) -> Score:
    """Rate of the positive class where there is one, else the average over classes."""
    if positive is None and len(current.classes) > 2:
        return averaged(ratio, baseline, current, average, confidence)
    chosen = current.classes[-1] if positive is None else positive
    return of_class(ratio, baseline, current, chosen, min_class, confidence)
