"""Profile of class predictions and scores against targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile.arrays import coded, dense
from tidegauge.profile.moments import NO_MOMENTS, Moments
from tidegauge.profile.numeric import NumericProfile

TINY = float(np.finfo(np.float64).eps)
"""Probabilities are kept this far from 0 and 1 before their logarithm is taken."""


class ScorePair(NamedTuple):
    """A class's scores, apart for rows of the class and all other rows."""

    positive: NumericProfile
    negative: NumericProfile


class Judged(NamedTuple):
    """Rows one by one, as a profile counts them."""

    truth: NDArray[np.int64]
    """Place of each row's class; -1 where there is no label, ``len(classes)`` where it is new."""
    decided: NDArray[np.int64]
    """Place of the decided class, likewise."""
    log_loss: NDArray[np.float64]
    """NaN where it is not counted."""
    brier: NDArray[np.float64]
    """NaN where it is not counted."""
    scores: Mapping[str, NDArray[np.float64]]
    """Class -> probability; NaN where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassificationProfile:
    """Confusion counts and scores over rows whose label has arrived.

    With two classes there is one score, the positive class's probability; with more, one a
    class. Where no decision is logged it is taken from the scores: 0.5, or the largest.
    """

    classes: tuple[str, ...]
    """The baseline's classes; with two, the positive one is last."""
    confusion: NDArray[np.int64]
    """Shape (k + 1, k + 1): target by prediction; the last place is a class never seen before."""
    n: int = 0
    """All rows."""
    pending: int = 0
    """Rows whose label is not due yet."""
    unlabelled: int = 0
    """Rows whose label is due and missing."""
    unpredicted: int = 0
    """Labelled rows without a prediction."""
    scores: Mapping[str, ScorePair] = field(default_factory=dict)
    """Class -> its scores."""
    log_loss: Moments = NO_MOMENTS
    """Of each row's minus log of the true class's probability."""
    brier: Moments = NO_MOMENTS
    """Of each row's squared error of probability: of the positive class, or summed over classes."""

    @classmethod
    def over_grid(
        cls, classes: tuple[str, ...], scores: Mapping[str, NumericProfile]
    ) -> ClassificationProfile:
        """Empty profile over classes and, for each class that is scored, a grid."""
        size = len(classes) + 1
        return cls(
            classes=classes,
            confusion=np.zeros((size, size), dtype=np.int64),
            scores={name: ScorePair(grid.blank(), grid.blank()) for name, grid in scores.items()},
        )

    def blank(self) -> ClassificationProfile:
        """Return the grid without its counts."""
        return ClassificationProfile.over_grid(
            self.classes, {name: pair.positive for name, pair in self.scores.items()}
        )

    def lay(
        self,
        target: Any,
        prediction: Any = None,
        scores: Mapping[str, Any] | None = None,
        *,
        due: Any = None,
    ) -> ClassificationProfile:
        """Count rows into a new profile.

        Parameters
        ----------
        target
            Arrow column, array or sequence of labels; null where not arrived.
        prediction
            Decided classes, or None to take them from the scores.
        scores
            Class -> column of its probabilities.
        due
            Shape (n,): whether each row's label should have arrived; all by default.
        """
        rows = self.rows(target, prediction, scores)
        truth, decided, table = rows.truth, rows.decided, rows.scores
        known = truth >= 0
        judged = known & (decided >= 0)
        size = len(self.classes) + 1
        cells = truth[judged] * size + decided[judged]
        pending = int((~known & ~np.asarray(due)).sum()) if due is not None else 0
        return replace(
            self,
            confusion=np.bincount(cells, minlength=size * size).reshape(size, size),
            n=len(truth),
            pending=pending,
            unlabelled=int((~known).sum()) - pending,
            unpredicted=int((known & (decided < 0)).sum()),
            scores={
                name: self._lay_pair(pair, truth, known, name, table[name])
                for name, pair in self.scores.items()
            },
            log_loss=Moments.of(rows.log_loss[~np.isnan(rows.log_loss)]),
            brier=Moments.of(rows.brier[~np.isnan(rows.brier)]),
        )

    def rows(
        self, target: Any, prediction: Any = None, scores: Mapping[str, Any] | None = None
    ) -> Judged:
        """Read labels, decisions, scores and losses row by row, as ``lay`` counts them."""
        truth = coded(target, self.classes)
        table = {name: dense(column) for name, column in (scores or {}).items()}
        decided = coded(prediction, self.classes) if prediction is not None else self._decide(table)
        return Judged(truth, decided, *self._losses(truth, table), table)

    def merge(self, other: ClassificationProfile) -> ClassificationProfile:
        """Profile of both sets of rows together; both must lie over one grid."""
        return replace(
            self,
            confusion=self.confusion + other.confusion,
            n=self.n + other.n,
            pending=self.pending + other.pending,
            unlabelled=self.unlabelled + other.unlabelled,
            unpredicted=self.unpredicted + other.unpredicted,
            scores={
                name: ScorePair(
                    pair.positive.merge(other.scores[name].positive),
                    pair.negative.merge(other.scores[name].negative),
                )
                for name, pair in self.scores.items()
            },
            log_loss=self.log_loss.merge(other.log_loss),
            brier=self.brier.merge(other.brier),
        )

    @property
    def labelled(self) -> int:
        """Rows that can be judged: label and prediction present."""
        return int(self.confusion.sum())

    def _decide(self, table: Mapping[str, NDArray[np.float64]]) -> NDArray[np.int64]:
        places = np.array([self.classes.index(name) for name in table])
        stacked = np.column_stack(list(table.values()))
        absent = np.isnan(stacked).any(axis=1)
        if len(table) == 1:
            chosen = np.where(stacked[:, 0] >= 0.5, places[0], 1 - places[0])
        else:
            chosen = places[np.where(np.isnan(stacked), -np.inf, stacked).argmax(axis=1)]
        return np.where(absent, -1, chosen)

    def _lay_pair(
        self,
        pair: ScorePair,
        truth: NDArray[np.int64],
        known: NDArray[np.bool_],
        name: str,
        scores: NDArray[np.float64],
    ) -> ScorePair:
        mine = truth == self.classes.index(name)
        return ScorePair(pair.positive.lay(scores[mine]), pair.negative.lay(scores[known & ~mine]))

    def _losses(
        self, truth: NDArray[np.int64], table: Mapping[str, NDArray[np.float64]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Log loss and Brier score row by row, where every class has a probability."""
        log, brier = np.full((2, len(truth)), np.nan)
        if not table or (len(self.classes) > 2 and len(table) < len(self.classes)):
            return log, brier
        if len(table) == 1:
            (name, positive), *_ = table.items()
            hit = (truth == self.classes.index(name)).astype(np.float64)
            stacked, hits = positive[:, None], hit[:, None]
            true = np.where(hit == 1, positive, 1 - positive)
        else:
            stacked = np.column_stack([table[name] for name in self.classes])
            hits = (truth[:, None] == np.arange(len(self.classes))).astype(np.float64)
            true = (stacked * hits).sum(axis=1)
        valid = (truth >= 0) & (truth < len(self.classes))
        valid &= ((stacked >= 0) & (stacked <= 1)).all(axis=1)
        squared = ((stacked - hits) ** 2).sum(axis=1)
        log[valid] = -np.log(np.clip(true[valid], TINY, 1 - TINY))
        brier[valid] = squared[valid]
        return log, brier
