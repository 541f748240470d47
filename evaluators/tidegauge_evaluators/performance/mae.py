"""Mean absolute error of numeric predictions."""

from __future__ import annotations

from tidegauge.profile.regression import RegressionProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._intervals import compare_means
from tidegauge_evaluators._outcomes import labelled, scored

CARD = Card(
    title="MAE",
    explain="Mean size of an error, in the target's own unit.",
    reads=("regression",),
    on="outcome",
    better="lower",
    unit="units of the target",
    reference="Willmott & Matsuura 2005, Climate Research 30",
    range=(0.0, None),
)


def mae(
    baseline: RegressionProfile | None,
    current: RegressionProfile,
    *,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> Score:
    """Mean absolute difference of prediction and target, with Student's interval.

    It does not tell many small errors from few large ones: RMSE does. Its interval is too
    short where a handful of rows carry most of the error.

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
    >>> profile = RegressionProfile().lay([0.0, 1.0] * 15, [0.5, 0.0] * 15)
    >>> mae(None, profile).value
    0.75
    """
    before = labelled(baseline, current, min_rows)
    return scored(
        compare_means(current.absolute, before.absolute if before else None, confidence),
        current,
        n_baseline=before.labelled if before else 0,
        n_current=current.labelled,
    )
