"""Coefficient of determination of numeric predictions."""

from __future__ import annotations

import math

from tidegauge.errors import NotApplicable
from tidegauge.profile.regression import RegressionProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._intervals import Logged, compare_logged
from tidegauge_evaluators._outcomes import labelled, scored

CARD = Card(
    title="R2",
    explain="Share of the target's variance that the predictions account for; "
    "0 is as good as always answering the mean, below 0 is worse.",
    reads=("regression",),
    on="outcome",
    better="higher",
    unit="share of the target's variance",
    reference="Wright 1921, Journal of Agricultural Research 20(7)",
    range=(None, 1.0),
)


def r2(
    baseline: RegressionProfile | None,
    current: RegressionProfile,
    *,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> Score:
    """One minus the squared error over the squared deviation from the mean.

    The interval is by the delta method on ``log(1 - R2)``, from the variances of squared
    error and squared deviation and their covariance, all of which the profile holds.

    It falls when the target varies less, though no error grew: read it beside the RMSE.

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
    >>> profile = RegressionProfile().lay([1.0, 2.0, 3.0] * 10, [1.0, 2.5, 3.0] * 10)
    >>> r2(None, profile).value
    0.875
    """
    before = labelled(baseline, current, min_rows)
    then = _unexplained(before) if before and before.target.m2 > 0 else None
    together = _unexplained(before.merge(current)) if before and then else None
    return scored(
        compare_logged(
            _unexplained(current), then, together, confidence, lambda log: 1 - math.exp(log)
        ),
        current,
        n_baseline=before.labelled if before else 0,
        n_current=current.labelled,
    )


def _unexplained(profile: RegressionProfile) -> Logged:
    """Log of the squared error over the squared deviation, with the spread of a row's influence."""
    n, target, squared = profile.target.n, profile.target, profile.squared
    if not 0 < target.m2 < math.inf or not squared.mean < math.inf:
        what = "is the same in every row" if target.m2 == 0 else "or its error is too large"
        raise NotApplicable(f"the target {what}, so no variance is there to account for")
    if squared.mean == 0:
        return Logged(-math.inf, 0.0, n)
    error, deviation = squared.mean, target.m2 / n
    variance = (
        squared.m2 / error**2
        + (profile.shape.yyyy - target.m2 * deviation) / deviation**2
        - 2 * profile.shape.uyy / (error * deviation)
    ) / (n - 1)
    spread = math.sqrt(max(variance, 0.0)) if variance < math.inf else math.inf
    return Logged(math.log(error / deviation), spread, n)
