"""Profile of numeric predictions against targets: errors as moments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tidegauge.profile.arrays import dense
from tidegauge.profile.moments import NO_COMOMENTS, NO_MOMENTS, Comoments, Moments


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionProfile:
    """Moments of residuals (prediction minus target) over rows whose label has arrived.

    Examples
    --------
    >>> RegressionProfile().lay([1.0, 2.0, None], [2.0, 2.0, 5.0]).residual.mean
    0.5
    """

    n: int = 0
    """All rows."""
    pending: int = 0
    """Rows whose label is not due yet."""
    unlabelled: int = 0
    """Rows whose label is due and missing."""
    unpredicted: int = 0
    """Labelled rows without a finite prediction."""
    residual: Moments = NO_MOMENTS
    absolute: Moments = NO_MOMENTS
    squared: Moments = NO_MOMENTS
    target: Moments = NO_MOMENTS
    """Of the targets that have a prediction."""
    shape: Comoments = NO_COMOMENTS
    """Of the targets, and of the squared residuals with them."""

    def blank(self) -> RegressionProfile:
        """Empty profile."""
        return RegressionProfile()

    def lay(self, target: Any, prediction: Any, *, due: Any = None) -> RegressionProfile:
        """Count rows into a new profile.

        Parameters
        ----------
        target, prediction
            Arrow columns, arrays or sequences of one length.
        due
            Shape (n,): whether each row's label should have arrived; all by default.
        """
        y, p = dense(target), dense(prediction)
        labelled, predicted = np.isfinite(y), np.isfinite(p)
        both = labelled & predicted
        with np.errstate(over="ignore"):
            residual = p[both] - y[both]
            squared = residual**2
        awaited = ~labelled
        pending = int((awaited & ~np.asarray(due)).sum()) if due is not None else 0
        return RegressionProfile(
            n=len(y),
            pending=pending,
            unlabelled=int(awaited.sum()) - pending,
            unpredicted=int((labelled & ~predicted).sum()),
            residual=Moments.of(residual),
            absolute=Moments.of(np.abs(residual)),
            squared=Moments.of(squared),
            target=Moments.of(y[both]),
            shape=Comoments.of(y[both], squared),
        )

    def merge(self, other: RegressionProfile) -> RegressionProfile:
        """Profile of both sets of rows together."""
        return RegressionProfile(
            n=self.n + other.n,
            pending=self.pending + other.pending,
            unlabelled=self.unlabelled + other.unlabelled,
            unpredicted=self.unpredicted + other.unpredicted,
            residual=self.residual.merge(other.residual),
            absolute=self.absolute.merge(other.absolute),
            squared=self.squared.merge(other.squared),
            target=self.target.merge(other.target),
            shape=self.shape.merge(
                other.shape, (self.target, other.target), (self.squared, other.squared)
            ),
        )

    @property
    def labelled(self) -> int:
        """Rows that can be judged: label and prediction present."""
        return self.residual.n
