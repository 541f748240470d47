"""Root of the mean squared error of numeric predictions."""

from __future__ import annotations

import math

from tidegauge.errors import NotApplicable
from tidegauge.profile.regression import RegressionProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._intervals import Logged, compare_logged
from tidegauge_evaluators._outcomes import labelled, scored

CARD = Card(
    title="RMSE",
    explain="Typical size of an error, large ones weighing more, in the target's own unit.",
    reads=("regression",),
    on="outcome",
    better="lower",
    unit="units of the target",
    reference="Gauss 1823, Theoria combinationis observationum",
    range=(0.0, None),
)


def rmse(
    baseline: RegressionProfile | None,
    current: RegressionProfile,
    *,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> Score:
    """Root of the mean squared difference of prediction and target.

    The interval is by the delta method on the logarithm of the mean squared error, whose
    variance the profile holds; no normal errors are assumed.

    A few large errors carry it: with heavy tails it says more about those than about the
    usual row, and its interval is too short. MAE is steadier.

    Parameters
    ----------
    baseline, current
        Profiles of residuals; the baseline's may be absent.
    min_rows
        Fewer labelled rows on either side are refused.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> profile = RegressionProfile().lay([0.0, 0.0] * 15, [3.0, 1.0] * 15)
    >>> round(rmse(None, profile).value, 4)
    2.2361
    """
    before = labelled(baseline, current, min_rows)
    return scored(
        compare_logged(
            _log_error(current),
            _log_error(before) if before else None,
            _log_error(before.merge(current)) if before else None,
            confidence,
            math.exp,
        ),
        current,
        n_baseline=before.labelled if before else 0,
        n_current=current.labelled,
    )


def _log_error(profile: RegressionProfile) -> Logged:
    n, mean, _ = squared = profile.squared
    if not mean < math.inf:
        raise NotApplicable("some errors are too large for their square to be a number")
    if mean == 0:
        return Logged(-math.inf, 0.0, n)
    return Logged(math.log(mean) / 2, math.sqrt(squared.variance) / mean / 2, n)
