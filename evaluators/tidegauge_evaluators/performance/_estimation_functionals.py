"""Measures of classification as functions of each row's chances: value, slopes, influence.

Where the class of a row is not known but the chance of each class is, an expected confusion
matrix takes the place of the counted one. The slope of a measure by a row's chances says what a
fault in them costs, and so corrects the estimate; its influence says how the measure moves when
other rows are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

LEAST = float(np.finfo(np.float64).eps)
"""Probabilities are kept this far from 0 and 1 before their logarithm is taken."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What the model said of some rows."""

    decided: NDArray[np.int64]
    """Shape (rows,): number of the class decided for; -1 = none of the known ones."""
    scores: Numbers | None = None
    """Shape (rows, classes): larger for a class that is more likely."""

    def of(self, rows: NDArray[np.bool_]) -> Answers:
        """Take some rows."""
        scores = None if self.scores is None else self.scores[rows]
        return Answers(decided=self.decided[rows], scores=scores)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Functional:
    """A measure on rows whose classes are chances."""

    value: float
    influence: Numbers
    """Shape (rows,), mean zero: what each row adds to the value."""
    slopes: Callable[[Answers], Numbers]
    """Shape (asked rows, classes): rows times the derivative by the chance of each class."""


Measure = Callable[[Numbers, Answers], Functional]
"""From chances, shape (rows, classes), and answers."""


def accuracy(chances: Numbers, answers: Answers) -> Functional:
    """Measure the expected share of rows that are of the class decided for.

    Examples
    --------
    >>> answers = Answers(decided=np.array([0, 1]))
    >>> accuracy(np.array([[0.9, 0.1], [0.4, 0.6]]), answers).value
    0.75
    """
    return _mean(chances, answers, _hits)


def brier(chances: Numbers, answers: Answers) -> Functional:
    """Measure the expected squared error: of one class, or summed over more than two."""
    return _mean(chances, answers, _squares)


def log_loss(chances: Numbers, answers: Answers) -> Functional:
    """Measure expected minus log of the probability given to the true class."""
    return _mean(chances, answers, _surprises)


def precision(chances: Numbers, answers: Answers) -> Functional:
    """Measure what share of the rows decided for as a class is of it; mean over classes."""
    return _ratio(chances, answers, hit=1.0, decided=1.0, true=0.0)


def recall(chances: Numbers, answers: Answers) -> Functional:
    """Measure what share of the rows of a class is decided for as it; mean over classes."""
    return _ratio(chances, answers, hit=1.0, decided=0.0, true=1.0)


def f1(chances: Numbers, answers: Answers) -> Functional:
    """Measure the harmonic mean of expected precision and recall; mean over classes."""
    return _ratio(chances, answers, hit=2.0, decided=1.0, true=1.0)


def auc(chances: Numbers, answers: Answers) -> Functional:
    """Measure the share of pairs in the right order, each class against all others.

    The mean over classes; two classes have one area, that of the last one.
    """
    assert answers.scores is not None
    places = [1] if chances.shape[1] == 2 else list(range(chances.shape[1]))
    parts = [_area(chances, answers.scores[:, k], k) for k in places]
    return _averaged(parts)


def _hits(answers: Answers, classes: int) -> Numbers:
    return np.asarray(answers.decided[:, None] == np.arange(classes), dtype=np.float64)


def _squares(answers: Answers, classes: int) -> Numbers:
    assert answers.scores is not None
    gaps = (answers.scores[:, None, :] - np.eye(classes)) ** 2
    return np.asarray(gaps.sum(axis=2) / (2.0 if classes == 2 else 1.0))


def _surprises(answers: Answers, classes: int) -> Numbers:
    assert answers.scores is not None
    return np.asarray(-np.log(np.clip(answers.scores, LEAST, 1 - LEAST)))


def _mean(
    chances: Numbers, answers: Answers, cost: Callable[[Answers, int], Numbers]
) -> Functional:
    """Mean of a cost that each class would have."""
    classes = chances.shape[1]
    rows = (chances * cost(answers, classes)).sum(axis=1)
    value = float(rows.mean())
    return Functional(
        value=value, influence=rows - value, slopes=lambda asked: cost(asked, classes)
    )


def _ratio(
    chances: Numbers, answers: Answers, *, hit: float, decided: float, true: float
) -> Functional:
    """Divide ``hit`` for each expected hit by ``decided`` a decision and ``true`` a row."""
    chosen = _hits(answers, chances.shape[1])
    places = [1] if chances.shape[1] == 2 else list(range(chances.shape[1]))
    parts = []
    for k in places:
        above = hit * chances[:, k] * chosen[:, k]
        below = decided * chosen[:, k] + true * chances[:, k]
        mass = float(below.mean())
        if mass > 0:  # a class that is neither decided for nor there has no ratio
            value = float(above.mean()) / mass
            slope = _ratio_slope(k, chances.shape[1], hit / mass, value * true / mass)
            parts.append(
                Functional(value=value, influence=(above - value * below) / mass, slopes=slope)
            )
    return _averaged(parts)


def _ratio_slope(k: int, classes: int, hit: float, true: float) -> Callable[[Answers], Numbers]:
    def slopes(asked: Answers) -> Numbers:
        found = np.zeros((len(asked.decided), classes))
        found[:, k] = hit * (asked.decided == k) - true
        return found

    return slopes


def _area(chances: Numbers, scores: Numbers, k: int) -> Functional:
    """Area under the curve of one class against all others, of pairs of different rows."""
    inside, outside = chances[:, k], 1.0 - chances[:, k]
    cuts, place = np.unique(scores, return_inverse=True)
    up_to = [
        np.concatenate([[0.0], np.cumsum(np.bincount(place, part, minlength=len(cuts)))])
        for part in (inside, outside)
    ]
    of_class, others = float(up_to[0][-1]), float(up_to[1][-1])
    own = inside * outside / 2  # no row makes a pair with itself
    pairs = of_class * others - 2 * float(own.sum())

    def beside(asked: Numbers) -> tuple[Numbers, Numbers]:
        low, high = np.searchsorted(cuts, asked, "left"), np.searchsorted(cuts, asked, "right")
        below = (up_to[1][low] + up_to[1][high]) / 2
        above = of_class - (up_to[0][low] + up_to[0][high]) / 2
        return below, above

    below, above = beside(scores)
    value = float(((inside * below).sum() - own.sum()) / pairs) if pairs > 0 else 0.5
    size = len(scores) / max(pairs, LEAST)

    def slopes(asked: Answers) -> Numbers:
        assert asked.scores is not None
        under, over = beside(asked.scores[:, k])
        found = np.zeros_like(asked.scores)
        found[:, k] = size * (under - over - value * (others - of_class))
        return found

    influence = size * (inside * (below - value * others) + outside * (above - value * of_class))
    return Functional(value=value, influence=influence - influence.mean(), slopes=slopes)


def _averaged(parts: Sequence[Functional]) -> Functional:
    if len(parts) == 1:
        return parts[0]

    def slopes(asked: Answers) -> Numbers:
        return np.asarray(sum(part.slopes(asked) for part in parts) / len(parts))

    return replace(
        parts[0],
        value=float(np.mean([part.value for part in parts])),
        influence=np.mean([part.influence for part in parts], axis=0),
        slopes=slopes,
    )
